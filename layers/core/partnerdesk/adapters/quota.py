"""What all of us together may ask of the spreadsheet service, counted in the ledger."""

from datetime import timedelta
from typing import Final

from partnerdesk.domain.change import Change, Limit
from partnerdesk.ports import Clock, Ledger, LimitReachedError, SheetUnavailableError

WINDOW: Final = timedelta(seconds=12)
AT_MOST: Final = 8
"""
Calls in one window: forty a minute.

Any sixty seconds touch six windows at most, so they never see more than 48 of
the 60 that Google grants; the rest is for people and for repairs (sheets.md A9).
"""


class LedgerQuota:
    """One kind of call, shared by every process that makes it."""

    def __init__(self, name: str, ledger: Ledger, clock: Clock) -> None:
        self._name = name
        self._ledger = ledger
        self._clock = clock

    def take(self) -> None:
        """
        Use one call.

        :raises SheetUnavailableError: when none is left for now
        :raises LedgerBusyError: when nobody could count it
        """
        now = self._clock.now()
        number = int(now.timestamp() // WINDOW.total_seconds())
        window = Limit(f"{self._name}/{number}", at_most=AT_MOST, until=now + WINDOW)
        try:
            self._ledger.commit(Change(at=now, limits=(window,)))
        except LimitReachedError as reached:
            message = "The spreadsheet service is asked for no more this minute."
            raise SheetUnavailableError(message, why="quota") from reached
