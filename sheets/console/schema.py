"""What the console's tabs are made of: columns, steps, and what a row remembers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from partnerdesk.domain.change import Snapshot
from partnerdesk.domain.lifecycle import Lifecycle
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.waiting import Flag, Party, Waiting
from partnerdesk.ports import Block, CellValue, SheetMessage

RecordT = TypeVar("RecordT", bound=Record)

Value: TypeAlias = str | int | bool | date | datetime | None
"""What a column shows of a record, before it becomes a cell."""

EPOCH: Final = date(1899, 12, 30)
"""The day that the service counts dates from."""

DAY: Final = timedelta(days=1)
FINEST: Final = 9
"""The digits of a day that we write: less than a millisecond, and no more than a cell holds."""

MOST_CHARACTERS: Final = 50_000
"""The longest text that a cell takes."""


class Tone(Enum):
    """A colour with its meaning (sheets.md C4); words say the same."""

    DONE = "#D9EAD3"
    WAITING = "#FFF2CC"
    IN_PROGRESS = "#CFE2F3"
    NEEDS_A_PERSON = "#F4CCCC"
    CLOSED = ""
    """Grey text instead of a colour."""


class Cell(Enum):
    """
    How a column keeps its values, as the service's number format.

    Text is TEXT even where staff type it: else a person who opens a cell and
    presses Enter would turn `00123` or `=1+1` into something else (sheets.md A3).
    """

    TEXT = ("TEXT", "@")
    NUMBER = ("NUMBER", "#,##0")
    INSTANT = ("DATE_TIME", "d mmm yyyy hh:mm")
    TICK = ("", "")

    @property
    def number_format(self) -> Mapping[str, str]:
        """Return the service's number format; empty for a tick."""
        kind, pattern = self.value
        return {"type": kind, "pattern": pattern} if kind else {}


TICK: Final[SheetMessage] = {"condition": {"type": "BOOLEAN"}, "strict": True}
"""The rule that makes a cell a box to tick."""


def cell_value(value: Value) -> CellValue:
    """Return a value as its cell holds it: dates as days since 30 December 1899, empty as None."""
    if isinstance(value, datetime):
        midnight = datetime.combine(value.date(), datetime.min.time(), value.tzinfo)
        return round((value.date() - EPOCH).days + (value - midnight) / DAY, FINEST)
    if isinstance(value, date):
        return (value - EPOCH).days
    if isinstance(value, str):
        return value[:MOST_CHARACTERS] or None
    return value


def typed(value: Value) -> Mapping[str, object]:
    """
    Return a value as a typed cell value; nothing for an empty one.

    What starts with `=` stays text: there is no formula in any cell of ours.
    """
    held = cell_value(value)
    if held is None:
        return {}
    if isinstance(held, bool):
        return {"boolValue": held}
    return {"stringValue": held} if isinstance(held, str) else {"numberValue": held}


def text_of(held: CellValue) -> str:
    """Return what staff put into a cell as text: a tick as `TRUE`, no tick as nothing."""
    if isinstance(held, bool):
        return "TRUE" if held else ""
    if isinstance(held, float) and held.is_integer():
        return str(int(held))
    return "" if held is None else str(held)


def words(name: str) -> str:
    """Return a code as words for people: `handed_over` becomes `Handed over`."""
    spaced = name.replace("_", " ")
    return spaced[:1].upper() + spaced[1:]


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a record's history, as a row tells of it."""

    kind: str
    ref: str
    version: int
    what: str
    who: str
    at: datetime
    facts: Mapping[str, str]
    state: str
    """The record's state after it, as its code; empty when it has none."""

    @property
    def id(self) -> str:
        """Return the id of the event's row."""
        return f"{self.ref}@{self.version}"


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What a row remembers between visits: staff cells as acknowledged, and our answer in it.

    It is the snapshot of sheets.md C6. `turn` counts our answers; the row's
    `_rev` repeats it, so that a row shows whether it has the latest one.
    """

    revision: int = 0
    staff: Mapping[str, str] = field(default_factory=dict)
    handled: frozenset[str] = frozenset()
    """Staff cells that were dealt with and are to be emptied; not dealt with again."""

    previewed: str = ""
    """The version of the record that Preview tells of: its Action waits for Confirm."""

    preview: str = ""
    result: str = ""
    note: str = ""
    """What the Action cell's note says about a faulty entry."""

    turn: int = 0
    is_away: bool = False
    """Whether staff deleted the row of a closed record."""

    SERVICE: ClassVar[tuple[str, ...]] = ("previewed", "preview", "result", "note")

    @property
    def is_pending(self) -> bool:
        """Test whether an Action waits for Confirm."""
        return bool(self.previewed)

    def answered(self, **parts: Any) -> "Kept":  # noqa: ANN401 - the fields, as replace takes them
        """Return it with a new answer."""
        return replace(self, turn=self.turn + 1, **parts)

    def acknowledged(self, emptied: Iterable[str]) -> "Kept":
        """Return it with some handled cells seen empty."""
        gone = self.handled & frozenset(emptied)
        staff = {name: "" if name in gone else text for name, text in self.staff.items()}
        return replace(self, staff=staff, handled=self.handled - gone)

    def snapshot(self, workbook: Workbook, kind: str, ref: str) -> Snapshot:
        """Return it as the ledger keeps it, read at its revision."""
        cells = {f"staff.{name}": text for name, text in self.staff.items() if text}
        cells |= {name: text for name in self.SERVICE if (text := getattr(self, name))}
        cells |= {"handled": " ".join(sorted(self.handled))} if self.handled else {}
        cells |= {"away": "yes"} if self.is_away else {}
        return Snapshot(workbook, kind, ref, cells | {"turn": str(self.turn)}, self.revision)

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Kept":
        """Return what a snapshot of the ledger says."""
        cells = snapshot.cells
        return cls(
            revision=snapshot.revision,
            staff={
                name.removeprefix("staff."): text
                for name, text in cells.items()
                if name.startswith("staff.")
            },
            handled=frozenset(cells.get("handled", "").split()),
            turn=int(cells["turn"]),
            is_away="away" in cells,
            **{name: cells.get(name, "") for name in cls.SERVICE},
        )


@dataclass(frozen=True, slots=True)
class Seen(Generic[RecordT]):
    """A record with all that its row tells: relatives, latest event, answer, and the time."""

    record: RecordT
    related: Mapping[str, Any]
    """Relatives by the name of the relation; one that is gone is missing."""

    last: Happening
    kept: Kept
    at: datetime

    def find(self, path: str) -> Value:
        """Return what a dotted path names, such as `contact.email`; None where it is gone."""
        first, _, rest = path.partition(".")
        if not rest:
            value: Value = getattr(self.record, first)
            return value
        relative = self.related.get(first)
        return None if relative is None else getattr(relative, rest)


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column. Its `field` is its identity, its heading only how it looks.

    A column shows the field of that name of the record or of a relative, unless
    it says how its value is made.
    """

    field: str
    heading: str
    cell: Cell = Cell.TEXT
    note: str = ""
    width: int = 120
    value: Callable[[Seen[Any]], Value] | None = None
    is_staff: bool = False
    is_hidden: bool = False
    is_wrapped: bool = False
    """Whether long text goes on in a second line."""

    def shown(self, seen: Seen[Any]) -> Value:
        """Return what the column shows of a record."""
        value = self.value(seen) if self.value else seen.find(self.field)
        return words(value.value.lower()) if isinstance(value, StrEnum) else value


@dataclass(frozen=True, slots=True)
class Action:
    """A step that staff may choose in a row. Rule GEN-1."""

    label: str
    may: Callable[[Any], bool]
    """Tests whether a record allows it now."""

    help: str
    """What it does, for the staff guide."""

    is_dangerous: bool = False
    """Whether it needs a preview, Confirm and a Reason. Rule GEN-9."""

    @property
    def shown(self) -> str:
        """Return its label as the guide has it: a dangerous step is marked."""
        return f"{self.label}!" if self.is_dangerous else self.label


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row must say in a column to be seen; the kind as the service names it."""

    field: str
    kind: str
    value: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """A filter view of a queue: the rows that meet all its conditions."""

    title: str
    conditions: tuple[Condition, ...]


def _waiting_on(whom: str, party: Party) -> View:
    starts = Condition("waiting_for", "TEXT_STARTS_WITH", {"userEnteredValue": party.value})
    return View(f"Waiting on {whom}", (starts,))


def _flagged(flag: Flag) -> View:
    return View(flag.value, (Condition("flag", "TEXT_EQ", {"userEnteredValue": flag.value}),))


FLAGGED: Final = (_flagged(Flag.NEEDS_A_PERSON), _flagged(Flag.OVERDUE))

CLOSED: Final = View(
    "Closed this month",
    (
        Condition("waiting_for", "TEXT_EQ", {"userEnteredValue": Waiting(Party.NOBODY).line}),
        # The service knows the month up to today, not the one of the calendar.
        Condition("updated", "DATE_AFTER", {"relativeDate": "PAST_MONTH"}),
    ),
)


def views_for(us: Party, *, has_partners: bool) -> tuple[View, ...]:
    """Return the filter views of a queue in a workbook whose staff are `us` (sheets.md C4)."""
    partners = (_waiting_on("partner", Party.PARTNER),) if has_partners else ()
    return (_waiting_on("us", us), *partners, *FLAGGED, CLOSED)


VIEWS: Final = views_for(Party.US, has_partners=True)


@dataclass(frozen=True, slots=True)
class Relation:
    """Another record that a record names in a field; its own name is that field's."""

    name: str
    kind: type[Record]


ID: Final = Column("id", "ID", width=150, note="The record's number. The desk finds the row by it.")
REV: Final = Column("_rev", "_rev", is_hidden=True, width=60)
CHECK: Final = (ID.field, REV.field)
"""The columns that tell whose row it is: its ID, and the second copy of it."""


def _about(text: str) -> str:
    return f"{text} The desk writes it."


QUEUE_START: Final = (
    ID,
    Column("name", "Name", width=200, note=_about("Whom or what the row is about.")),
    Column("status", "Status", width=150, note=_about("Where the record stands.")),
    Column(
        "flag",
        "Flag",
        width=110,
        note=_about("Due soon, Overdue, or Needs a person: look at these first."),
    ),
    Column("waiting_for", "Waiting for", width=380, note=_about("Whose turn it is, since when.")),
    Column("due", "Due", Cell.INSTANT, width=160, note=_about("Until when, in UTC.")),
    Column(
        "action",
        "Action",
        width=160,
        is_staff=True,
        note="Choose the next step here. The list holds what is possible now; "
        "the desk does it and answers in Result.",
    ),
    Column(
        "preview",
        "Preview",
        width=400,
        note=_about("What a step would do, before it is done."),
        is_wrapped=True,
    ),
    Column(
        "confirm",
        "Confirm",
        Cell.TICK,
        width=80,
        is_staff=True,
        note="Tick it after reading Preview; only then is the step done.",
    ),
    Column(
        "reason",
        "Reason",
        width=200,
        is_staff=True,
        note="Why. Steps that cannot be taken back need one; it is kept for good.",
    ),
    Column(
        "result",
        "Result",
        width=430,
        note=_about("What became of your step."),
        is_wrapped=True,
    ),
    Column(
        "owner",
        "Owner",
        width=140,
        is_staff=True,
        note="Who looks after this row. Yours to fill in.",
    ),
)
"""The first columns of every queue (sheets.md C3)."""

QUEUE_END: Final = (
    Column(
        "notes",
        "Notes",
        width=220,
        is_staff=True,
        note="Yours to fill in. It stays with the record wherever the row goes.",
    ),
    Column("link", "Link", width=120, note=_about("Where to read more.")),
    Column("updated", "Updated", Cell.INSTANT, width=160, note=_about("The latest event, in UTC.")),
    Column("updated_by", "Updated by", width=240, note=_about("Who caused the latest event.")),
    REV,
)
"""The last columns of every queue."""


@dataclass(frozen=True, kw_only=True)
class Tab(ABC):
    """What all tabs have: a title in a workbook and columns."""

    title: str
    workbook: Workbook
    purpose: str
    """What it is for, in one sentence for staff."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Return the tab's identity, whatever its title becomes."""

    @property
    @abstractmethod
    def every_column(self) -> tuple[Column, ...]:
        """Return all its columns in their order."""

    @cached_property
    def by_field(self) -> Mapping[str, Column]:
        """Return its columns by field."""
        return {column.field: column for column in self.every_column}

    @cached_property
    def staff_fields(self) -> tuple[str, ...]:
        """Return the fields of the cells that belong to staff."""
        return tuple(column.field for column in self.every_column if column.is_staff)


@dataclass(frozen=True, kw_only=True)
class QueueTab(Tab, Generic[RecordT]):
    """A tab of records that staff act on, a row each."""

    kind: type[RecordT]
    lifecycle: Lifecycle[Any, Any]
    name: str
    """The path of what stands in the column Name."""

    status: Callable[[Seen[RecordT]], str]
    waiting_for: Callable[[RecordT], Waiting]
    is_closed: Callable[[RecordT], bool]
    columns: tuple[Column, ...]
    actions: tuple[Action, ...] = ()
    relations: tuple[Relation, ...] = ()
    tones: Mapping[str, Tone] = field(default_factory=dict)
    """The colour of each word in Status."""

    views: tuple[View, ...] = VIEWS
    not_here: str = ""
    """Where new records come from, for whoever types one into this tab."""

    counted: tuple[str, ...] = ()
    """Columns of its own that a Summary counts by."""

    @cached_property
    def tallied(self) -> tuple[str, ...]:
        """Return the fields that a Summary counts by."""
        return (*TALLIED, *self.counted)

    @property
    def key(self) -> str:
        """Return the kind of its records."""
        return self.kind.KIND

    @cached_property
    def every_column(self) -> tuple[Column, ...]:
        """Return the fixed columns around its own."""
        return (*QUEUE_START, *self.columns, *QUEUE_END)

    def legal(self, record: RecordT) -> tuple[Action, ...]:
        """Return the steps that are possible now, in the order of the dropdown."""
        return tuple(action for action in self.actions if action.may(record))

    def flag(self, seen: Seen[RecordT]) -> Flag:
        """Return what to look at first: work that was set aside, then the clock."""
        if seen.last.what == PARKED:
            return Flag.NEEDS_A_PERSON
        return self.waiting_for(seen.record).flag(seen.at)


TALLIED: Final = ("status", "flag", "waiting_for", "due")
"""The fixed columns of a queue that a Summary counts by."""

PARKED: Final = "work parked"
"""The event of work that waits for a person."""

LOG_START: Final = (
    ID,
    Column("time", "Time", Cell.INSTANT, width=160, note=_about("When it happened, in UTC.")),
    Column("who", "Who", width=220, note=_about("The person or the machine behind it.")),
    Column("how", "How", width=120, note=_about("By which way: form, sheet, or by itself.")),
    Column("record", "Record", width=150, note=_about("What it is about.")),
    Column("what", "What", width=260, note=_about("What happened.")),
    Column("outcome", "Outcome", width=180, note=_about("Where the record stood afterwards.")),
)
LOG_END: Final = (Column("link", "Link", width=120, note=_about("Where to read more.")), REV)


@dataclass(frozen=True, kw_only=True)
class LogTab(Tab):
    """A tab of events that takes no edits, the latest at the bottom."""

    values: Mapping[str, Callable[[Happening], Value]]
    """What each column shows of an event, by field."""

    columns: tuple[Column, ...] = ()
    most_rows: int = 5_000

    @property
    def key(self) -> str:
        """Return the name that stands for all events."""
        return "activity"

    @cached_property
    def every_column(self) -> tuple[Column, ...]:
        """Return the fixed columns around its own."""
        return (*LOG_START, *self.columns, *LOG_END)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the console fares, for the line on top of a Summary (sheets.md C4)."""

    edits: str
    """What is known of live edits, in words."""

    waiting: int = 0
    """The rows that are out of date and are not being written now."""

    calls: int = 0
    """Calls of the spreadsheet service in the last minute."""

    lists: Mapping[str, datetime] = field(default_factory=dict)
    """When each restricted-party list was last known to be current; empty if nobody knows."""


Cells: TypeAlias = Mapping[str, str]
"""What some cells of a row say, by field, as text."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a board may tell of: what the rows of the queues say, and how the console fares."""

    at: datetime
    rows: Mapping[str, Sequence[Cells]]
    """By the tab's key."""

    health: Health


NOTHING: Final = Picture(datetime.min.replace(tzinfo=UTC), {}, Health(edits=""))
"""What a board that always says the same is told."""


def instant(text: str) -> datetime | None:
    """Return the instant that a cell's text stands for, None for an empty one."""
    if not text:
        return None
    return datetime.combine(EPOCH, datetime.min.time(), UTC) + timedelta(days=float(text))


BoardLine: TypeAlias = tuple[Value, ...]
"""A line of a board: a value for each of its columns that belong to the desk."""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of a board under a title; always as many, so that charts and colours stay in place."""

    title: str
    """Empty where the lines need none."""

    size: int
    lines: Callable[[Picture], Iterable[BoardLine]]
    chart: str = ""
    """The kind of chart that shows its first two columns, as the service names it."""

    tones: tuple[Tone, ...] = ()
    """The colours of its last lines, where they explain colours."""


@dataclass(frozen=True, kw_only=True)
class BoardTab(Tab):
    """A tab that tells of other tabs. It has no records, and takes no edits."""

    name: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    is_fixed: bool = False
    """Whether it says the same whatever happens."""

    @property
    def key(self) -> str:
        """Return its name in its workbook."""
        return f"board.{self.name}"

    @property
    def every_column(self) -> tuple[Column, ...]:
        """Return all its columns in their order."""
        return self.columns

    @cached_property
    def told(self) -> tuple[str, ...]:
        """Return the fields that the desk writes."""
        return tuple(column.field for column in self.columns if not column.is_staff)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Return the row of each section's first line, counted from 0."""
        at, found = 1, []
        for section in self.sections:
            found.append(at + bool(section.title))
            at = found[-1] + section.size + 1
        return tuple(found)

    @property
    def height(self) -> int:
        """Return how many rows it takes, the heading included."""
        return self.starts[-1] + self.sections[-1].size

    def lines(self, picture: Picture) -> tuple[BoardLine, ...]:
        """Return what stands below the heading, each section under its title."""
        blank = ("",) * len(self.told)
        lines: list[BoardLine] = []
        for section in self.sections:
            lines += [blank] * bool(lines)
            lines += [(section.title, *blank[1:])] * bool(section.title)
            lines += [(*line, *blank)[: len(blank)] for line in section.lines(picture)]
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Rev:
    """The second copy of a row's identity: whose row was last written, and how new it was."""

    ref: str
    version: int
    turn: int

    @classmethod
    def read(cls, text: str) -> "Rev | None":
        """Return what a `_rev` cell says, None when it says nothing of ours."""
        ref, _, numbers = text.rpartition("@")
        version, _, turn = numbers.partition(".")
        is_ours = bool(ref) and version.isdecimal() and turn.isdecimal()
        return cls(ref, int(version), int(turn)) if is_ours else None

    def __str__(self) -> str:
        """Return the text of the cell."""
        return f"{self.ref}@{self.version}.{self.turn}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: where it lies, whose it is, and the staff's cells as text."""

    index: int
    """Counted from 0, the heading included."""

    id: str
    rev: str
    cells: Mapping[str, str]

    @property
    def is_bare(self) -> bool:
        """Test whether staff have nothing in it."""
        return not self.id and not any(self.cells.values())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tab and its columns lie at the moment; people may move both."""

    sheet_id: int
    title: str
    columns: Mapping[str, int]
    """Field -> index from 0."""

    @property
    def headings(self) -> str:
        """Return the range of the heading row."""
        return f"{quoted(self.title)}!1:1"

    def spans(self, fields: Iterable[str]) -> tuple[tuple[int, int], ...]:
        """Return the first and last columns of the runs in which some fields lie."""
        return runs(self.columns[name] for name in fields)

    def ranges(self, fields: Iterable[str]) -> tuple[str, ...]:
        """Return the ranges to read for some fields, the heading row first."""
        spans = (
            f"{quoted(self.title)}!{letters(first)}:{letters(last)}"
            for first, last in self.spans(fields)
        )
        return (self.headings, *spans)

    def rows(self, fields: Sequence[str], blocks: Sequence[Block]) -> tuple[Row, ...]:
        """
        Return the rows of what `ranges` asked for, empty ones too, from the second row on.

        `blocks` are the ranges' cells without the heading row's; the service drops
        empty ends, so short ones are filled up.
        """
        sheet: dict[tuple[int, int], CellValue] = {}
        for (first, _), block in zip(self.spans(fields), blocks, strict=True):
            for at, row in enumerate(block):
                sheet |= {(at, first + n): held for n, held in enumerate(row)}
        height = max((len(block) for block in blocks), default=0)
        staff = [name for name in fields if name not in CHECK]
        identity, rev = (self.columns.get(name) for name in CHECK)
        return tuple(
            Row(
                index=at,
                id=text_of(sheet.get((at, identity))) if identity is not None else "",
                rev=text_of(sheet.get((at, rev))) if rev is not None else "",
                cells={name: text_of(sheet.get((at, self.columns[name]))) for name in staff},
            )
            for at in range(1, height)
        )


def runs(indexes: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return the first and last of each run of neighbours."""
    ordered = enumerate(sorted(indexes))
    grouped = (tuple(run) for _, run in groupby(ordered, key=lambda pair: pair[1] - pair[0]))
    return tuple((run[0][1], run[-1][1]) for run in grouped)


def quoted(title: str) -> str:
    """Return a tab's title as a range names it, whatever is in it."""
    return "'" + title.replace("'", "''") + "'"


def letters(index: int) -> str:
    """Return the letters of a column, counted from 0: `A`, `Z`, `AA`."""
    name = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        name = chr(ord("A") + rest) + name
        index -= 1
    return name
