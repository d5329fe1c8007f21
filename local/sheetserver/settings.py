"""How a server is set up: where it keeps things, what it is called, whom it lets in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sheetserver.clock import Clock, system_clock
from sheetserver.ids import Ids, RandomIds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Persona:
    """
    Somebody a person at the grid can be.

    `writes` and `reads` are titles of spreadsheets; those that do not exist
    yet are shared with the persona when they are made.
    """

    name: str
    email: str
    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    writes_all: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """
    Where edits made in the grid are reported, as the Apps Script would.

    `deliver` sends one POST (address, headers, body); without it the server
    does so itself, in a thread of its own. Every so many seconds each
    spreadsheet tells that it is alive.
    """

    url: str
    secret: str
    deliver: Callable[[str, dict[str, str], bytes], None] | None = None
    beats_every: float = 600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a server is told when it is built."""

    folder: Path
    root: str  # public address without a slash at its end, such as http://127.0.0.1:8787
    hosts: frozenset[str] = frozenset()  # names in Host besides the one in root
    is_anonymous: bool = False  # calls without a token are let in, with every right
    has_test_controls: bool = False
    clock: Clock = system_clock
    ids: Ids = field(default_factory=RandomIds)
    personas: tuple[Persona, ...] = ()
    webhook: Webhook | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)  # scrypt hashes by persona's e-mail
