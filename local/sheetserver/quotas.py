"""Google's quota: so many reads and so many writes a minute for each user, counted or enforced."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from sheetserver import errors

if TYPE_CHECKING:
    from sheetserver.clock import Clock
    from sheetserver.messages import Message

LIMIT = 60  # calls a minute, reads and writes apart
_REMEMBERED = 120  # minutes


class Quotas:
    """The calls of each user in each minute. Counting goes on whether or not it is enforced."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[tuple[int, str, str]] = Counter()
        self.limit: int | None = None  # None: count only

    def spend(self, user: str, metric: str) -> None:
        """
        Count one call.

        :raises ApiError: if the user has none left in this minute
        """
        minute = int(self._clock().timestamp() // 60)
        with self._lock:
            key = (minute, user, metric)
            if self.limit is not None and self._counts[key] >= self.limit:
                raise errors.quota_exceeded(metric)
            self._counts[key] += 1
            for old in [each for each in self._counts if each[0] < minute - _REMEMBERED]:
                del self._counts[old]

    def shown(self) -> list[Message]:
        """Return the counters, oldest minute first."""
        with self._lock:
            listed = sorted(self._counts.items())
        return [
            {"minute": minute, "user": user, "metric": metric, "calls": calls}
            for (minute, user, metric), calls in listed
        ]

    def reset(self) -> None:
        """Forget every counter."""
        with self._lock:
            self._counts.clear()
