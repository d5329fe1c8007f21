"""Random names for what the server creates."""

from __future__ import annotations

import secrets
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
