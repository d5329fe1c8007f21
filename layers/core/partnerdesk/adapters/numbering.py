"""How records are numbered: from counters, a block of numbers at a time."""

from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

from partnerdesk.adapters.system import secret

BLOCK = 20
"""How many numbers are taken at once: a form then costs 1 + 1/20 calls (robustness.md C2)."""

WITHOUT_YEAR = frozenset({"PTR", "CUS"})
"""Partners and customers stay for years, so their ids name none (rules.md 1)."""


class Counter(Protocol):
    """Gives out numbers, each once."""

    def count_up(self, counter: str, *, by: int) -> int:
        """Take the next numbers of a counter, and return the last of them."""


class BlockIds:
    """
    Ids from counters, of which a block is taken at a time.

    What is left of a block when the process ends is a gap, which record ids may
    have; a number is never given out twice.
    """

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._gate = Lock()
        self._left: dict[str, range] = {}

    def next(self, prefix: str, *, at: datetime) -> str:
        """Return the next id of a kind, such as `TRL-2026-000123` or `PTR-000123`."""
        series = prefix if prefix in WITHOUT_YEAR else f"{prefix}-{at.astimezone(UTC).year}"
        with self._gate:
            left = self._left.get(series) or self._block(series)
            self._left[series] = left[1:]
        return f"{series}-{left[0]:06}"

    def secret(self) -> str:
        """Return 128 random bits as 26 characters of lower-case Base32."""
        return secret()

    def _block(self, series: str) -> range:
        last = self._counter.count_up(series, by=BLOCK)
        return range(last - BLOCK + 1, last + 1)
