"""Whose turn it is on a record: one computed line, never typed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

ONE_DAY_BEFORE: Final = timedelta(days=1)
"""When the second warning is due, besides the one at half time. Rule SLA-4."""


class Party(StrEnum):
    """Who has to act. Rule ORD-9."""

    US = "Us"
    PARTNER = "Partner"
    CUSTOMER = "Customer"
    COMPLIANCE = "Compliance"
    FINANCE = "Finance"
    NOBODY = "Nobody"


class Flag(StrEnum):
    """What to look at first (sheets.md C3)."""

    NONE = ""
    DUE_SOON = "Due soon"
    OVERDUE = "Overdue"
    NEEDS_A_PERSON = "Needs a person"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who has to do what, since when and until when; and what comes by itself after that."""

    party: Party
    what: str = ""
    since: datetime | None = None
    due_at: datetime | None = None
    next_step: str = ""
    next_at: datetime | None = None

    @property
    def line(self) -> str:
        """Return the line of Rule ORD-9: `Party: what, since DATE; next STEP on DATE`."""
        line = f"{self.party}: {self.what}" if self.what else str(self.party)
        if self.since:
            line += f", since {day(self.since)}"
        if self.next_at:
            line += f"; next {self.next_step} on {day(self.next_at)}"
        return line

    def flag(self, at: datetime) -> Flag:
        """
        Return what an instant makes of the clock: due soon from half time and a day before.

        Without a clock there is nothing to warn of. Rule SLA-4.
        """
        if self.due_at is None:
            return Flag.NONE
        if at > self.due_at:
            return Flag.OVERDUE
        warned_at = self.due_at - ONE_DAY_BEFORE
        if self.since:
            warned_at = max(warned_at, self.since + (self.due_at - self.since) / 2)
        return Flag.DUE_SOON if at >= warned_at else Flag.NONE


def day(on: date) -> str:
    """Return a date as people write it: `25 Nov 2026`."""
    return f"{on.day} {on:%b %Y}"
