"""The time of the machine, and patience that keeps two from repeating in step."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

FIRST_PAUSE = 0.02
"""Seconds; each further pause may be twice as long."""


class SystemClock:
    """The machine's own clock, held where it would run backwards."""

    def __init__(self) -> None:
        self._gate = Lock()
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the present instant in UTC, in whole milliseconds, never before an earlier one."""
        real = datetime.now(UTC)
        whole = real.replace(microsecond=real.microsecond // 1000 * 1000)
        with self._gate:
            self._latest = max(self._latest, whole)
            return self._latest


def pause(tries: int, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait for a moment drawn at random, on average longer after every try."""
    sleep(secrets.SystemRandom().uniform(0, FIRST_PAUSE * 2**tries))
