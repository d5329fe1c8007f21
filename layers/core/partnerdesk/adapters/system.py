"""The time of the machine and its dice: secrets nobody guesses, pauses that do not repeat."""

import secrets
import time
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

SECRET_BYTES = 16
"""128 bits."""

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


def secret() -> str:
    """Return 128 random bits as 26 characters of lower-case Base32."""
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=").lower()


def pause(tries: int, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait for a moment drawn at random, on average longer after every try."""
    sleep(secrets.SystemRandom().uniform(0, FIRST_PAUSE * 2**tries))


def dice() -> float:
    """Return a random number from 0 to 1."""
    return secrets.SystemRandom().random()
