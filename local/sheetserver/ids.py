"""Random names for what the server creates."""

from __future__ import annotations

import random
import secrets
import uuid
from typing import Protocol

_MAX_INT32 = 2**31 - 1


class Ids(Protocol):
    """Where new ids come from; tests hand in a predictable one."""

    def number(self) -> int:
        """Return a positive int32, as tabs, protections and filters have."""

    def text(self) -> str:
        """Return an id of 44 characters that is safe in an address, as spreadsheets have."""

    def secret(self) -> str:
        """Return an access token that nobody can guess."""

    def nonce(self) -> str:
        """Return a UUID, for a message that counts once."""


class RandomIds:
    """Ids from the operating system's dice."""

    def number(self) -> int:
        """Return a positive int32."""
        return 1 + secrets.randbelow(_MAX_INT32)

    def text(self) -> str:
        """Return an id of 44 characters that is safe in an address."""
        return secrets.token_urlsafe(33)

    def secret(self) -> str:
        """Return an access token that nobody can guess."""
        return "local." + secrets.token_urlsafe(32)

    def nonce(self) -> str:
        """Return a UUID."""
        return str(uuid.uuid4())


class Delays:
    """Waiting times that look like a real service's: half below one figure, 1 % above another."""

    _P99 = 2.326  # standard deviations

    def __init__(self, seed: int, p50: float, p99: float) -> None:
        self._dice = random.Random(seed)  # noqa: S311 (test controls want the same delays again)
        self._p50 = p50
        self._spread = (p99 / p50) ** (1 / self._P99) if p50 > 0 else 1.0

    def next(self) -> float:
        """Return the next waiting time, in the unit of the two figures."""
        return float(self._p50 * self._spread ** self._dice.gauss(0, 1))
