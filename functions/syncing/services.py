"""The ports that syncing may touch, and what a visit may remember of the last one."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from console.schema import Cells, Place
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.settings import Settings
from partnerdesk.ports import Block, Clock, Ids, Ledger, Marks, SheetMessage, SheetsClient

ListDays: TypeAlias = Callable[[], Mapping[str, datetime]]
"""Returns when each restricted-party list was last known to be current."""

A_MINUTE: Final = timedelta(minutes=1)


def unknown_lists() -> Mapping[str, datetime]:
    """Return that nobody here knows the lists."""
    return {}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a row says in the cells that a Summary counts by, as of its `_rev`."""

    rev: str
    cells: Cells


@dataclass(slots=True)
class Memory:
    """What a visit may know from earlier ones; lost without harm, it is found again."""

    places: dict[Workbook, Mapping[str, Place]] = field(default_factory=dict)
    """Where the tabs and columns lay."""

    surveyed_at: dict[Workbook, datetime] = field(default_factory=dict)
    compared_at: dict[Workbook, datetime] = field(default_factory=dict)
    told_at: dict[Workbook, datetime] = field(default_factory=dict)
    """When the boards were last written."""

    shown: dict[Workbook, dict[tuple[str, str], Shown]] = field(default_factory=dict)
    """What a Summary counts by, of every row, by tab and id."""

    calls: deque[datetime] = field(default_factory=deque)
    """When the spreadsheet service was called in the last minute."""

    def calls_at(self, now: datetime) -> int:
        """Return how many calls were made in the minute before an instant."""
        while self.calls and now - self.calls[0] > A_MINUTE:
            self.calls.popleft()
        return len(self.calls)


@dataclass(frozen=True, slots=True)
class Counted:
    """The spreadsheet service, each call of which is remembered for a minute."""

    client: SheetsClient
    clock: Clock
    calls: deque[datetime]

    @property
    def account(self) -> str:
        """Return the e-mail address that the service knows us by, empty for none."""
        return self.client.account

    def describe(self, workbook: Workbook, *, until: datetime) -> SheetMessage:
        """Return a workbook without its cells: two calls."""
        self._count(2)
        return self.client.describe(workbook, until=until)

    def read(
        self, workbook: Workbook, ranges: Sequence[str], *, until: datetime
    ) -> Sequence[Block]:
        """Return the cells of some ranges."""
        self._count(1)
        return self.client.read(workbook, ranges, until=until)

    def write(
        self,
        workbook: Workbook,
        requests: Sequence[SheetMessage],
        *,
        echo: Sequence[str] = (),
        until: datetime,
    ) -> Sequence[Block]:
        """Do all requests or none."""
        self._count(1)
        return self.client.write(workbook, requests, echo=echo, until=until)

    def _count(self, calls: int) -> None:
        self.calls.extend([self.clock.now()] * calls)


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind visits."""

    ledger: Ledger
    marks: Marks
    clock: Clock
    ids: Ids
    sheets: SheetsClient
    settings: Settings
    lists: ListDays = unknown_lists
    memory: Memory = field(default_factory=Memory)

    @property
    def counted_sheets(self) -> Counted:
        """Return the spreadsheet service, whose calls the health line tells of."""
        return Counted(self.sheets, self.clock, self.memory.calls)
