"""The ports that syncing may touch, and what a visit may remember of the last one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeAlias

from console.schema import Place
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.settings import Settings
from partnerdesk.ports import Clock, Ids, Ledger, Marks, SheetsClient

Reported: TypeAlias = Callable[[Workbook, int, int, int], str]
"""Returns who edited a cell: workbook, sheet id, row and column from 0; empty if unknown."""

FORGOTTEN_AFTER: Final = timedelta(minutes=2)
"""Rows move, so a report tells nothing of an edit that is read much later."""


def nobody(_workbook: Workbook, _sheet_id: int, _row: int, _column: int) -> str:
    """Return that nobody reported an edit: where no doorbell rings."""
    return ""


@dataclass(frozen=True, slots=True)
class Span:
    """The cells of a doorbell's message, counted from 0, with ends that are not included."""

    top: int
    left: int
    bottom: int
    right: int

    def has(self, row: int, column: int) -> bool:
        """Test whether a cell is among them."""
        return self.top <= row < self.bottom and self.left <= column < self.right


@dataclass(frozen=True, slots=True)
class Report:
    """Who edited which cells, as the sheet said at an instant."""

    workbook: Workbook
    sheet_id: int
    span: Span
    user: str
    at: datetime


@dataclass(slots=True)
class Reports:
    """
    What the doorbell told of late: only who, never what (sheets.md C10).

    Lost without harm: then a row says that the person was not reported.
    """

    clock: Clock
    _heard: tuple[Report, ...] = ()
    _gate: Lock = field(default_factory=Lock)

    def hear(self, workbook: Workbook, sheet_id: int, span: Span, user: str) -> None:
        """Remember who edited some cells just now."""
        now = self.clock.now()
        report = Report(workbook, sheet_id, span, user, now)
        with self._gate:
            fresh = (it for it in self._heard if now - it.at < FORGOTTEN_AFTER)
            self._heard = (*fresh, report)

    def who(self, workbook: Workbook, sheet_id: int, row: int, column: int) -> str:
        """Return who edited a cell last, empty when nobody said."""
        now = self.clock.now()
        for it in reversed(self._heard):
            is_here = (it.workbook, it.sheet_id) == (workbook, sheet_id)
            if is_here and it.span.has(row, column) and now - it.at < FORGOTTEN_AFTER:
                return it.user
        return ""


@dataclass(slots=True)
class Memory:
    """What a visit may know from earlier ones; lost without harm, it is found again."""

    places: dict[Workbook, Mapping[str, Place]] = field(default_factory=dict)
    """Where the tabs and columns lay."""

    surveyed_at: dict[Workbook, datetime] = field(default_factory=dict)
    compared_at: dict[Workbook, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind visits."""

    ledger: Ledger
    marks: Marks
    clock: Clock
    ids: Ids
    sheets: SheetsClient
    settings: Settings
    reported: Reported = nobody
    memory: Memory = field(default_factory=Memory)
