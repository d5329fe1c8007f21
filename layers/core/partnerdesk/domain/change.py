"""What one act makes true: everything at once, or nothing at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from partnerdesk.domain.record import Record, Workbook

MOST_ACTIONS = 100
"""The most actions that one DynamoDB transaction takes."""


class Queue(StrEnum):
    """Where a message waits for the function that does its work."""

    SCREENING = "screening"
    LICENSING = "licensing"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, in the past tense, who did it, and the facts that show why. Rule GEN-2."""

    what: str
    actor: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """A record as it shall be, and the event that explains it; no write without one."""

    record: Record
    event: Event


@dataclass(frozen=True, slots=True)
class Claim:
    """A name with one holder, for good: an idempotency or business key. Rule GEN-11."""

    name: str
    holder: str


@dataclass(frozen=True, slots=True)
class Release:
    """A claim given up by its holder."""

    name: str
    holder: str


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many uses of a name until an instant; the window is part of the name."""

    name: str
    at_most: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Series:
    """The next number of a gapless series and the date of its document. Rule INV-1."""

    name: str
    number: int
    on: date


@dataclass(frozen=True, slots=True)
class Message:
    """Work that must follow: which work, on which queue, about which written record."""

    queue: Queue
    work: str
    about: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    A row's staff cells as last acknowledged (sheets.md C6).

    `revision` is the one it was read at, 0 for none; the commit adds one.
    """

    workbook: Workbook
    kind: str
    ref: str
    cells: Mapping[str, str]
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of a workbook that is out of date since this version of its record (sheets.md C5)."""

    workbook: Workbook
    kind: str
    ref: str
    version: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message with the id under which the outbox keeps it: `work/ref@version.n`."""

    id: str
    message: Message


def outgoing_id(work: str, about: str, *, version: int, n: int = 1) -> str:
    """Return the id of the nth message of a commit, about a record at its new version."""
    return f"{work}/{about}@{version}.{n}"


ACTIVITY = "activity"
"""The kind of a mark that stands for one event: its ref is `kind#ref@version`."""


class TooLargeChangeError(Exception):
    """A bug of ours: a change of more actions than one transaction takes, or one item twice."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    All that one use case makes true in one commit (architecture.md 3).

    At most 100 actions, each on its own item: checked when it is made, so that
    no engine can disagree later about what fits.

    :raises TooLargeChangeError: when it does not fit or touches an item twice
    """

    at: datetime
    writes: tuple[Write, ...] = ()
    claims: tuple[Claim, ...] = ()
    releases: tuple[Release, ...] = ()
    limits: tuple[Limit, ...] = ()
    series: tuple[Series, ...] = ()
    outbox: tuple[Message, ...] = ()
    settles: str = ""
    snapshots: tuple[Snapshot, ...] = ()
    touches: tuple[Mark, ...] = ()
    """Rows to show again though their record did not change, such as a refused Action's."""

    def __post_init__(self) -> None:
        """Check that one transaction takes it."""
        items = list(self._items())
        if len(items) > MOST_ACTIONS:
            message = f"A change of {len(items)} actions does not fit into one transaction."
            raise TooLargeChangeError(message)
        twice = {item for item in items if items.count(item) > 1}
        if twice:
            message = f"A change touches an item twice: {sorted(map(str, twice))}"
            raise TooLargeChangeError(message)

    def _items(self) -> Iterator[tuple[str, ...]]:
        for write in self.writes:
            yield "record", write.record.KIND, write.record.ref
            yield "event", write.record.KIND, write.record.ref
        yield from (("claim", claim.name) for claim in self.claims)
        yield from (("claim", release.name) for release in self.releases)
        yield from (("limit", limit.name) for limit in self.limits)
        yield from (("series", series.name) for series in self.series)
        yield from (("message", outgoing.id) for outgoing in self.outgoing())
        if self.settles:
            yield "message", self.settles
        yield from (("snapshot", it.workbook, it.kind, it.ref) for it in self.snapshots)
        for mark in (*self.marks(), *self.touched()):
            yield "mark", mark.workbook, mark.kind, mark.ref

    def outgoing(self) -> tuple[Outgoing, ...]:
        """
        Return the messages with their ids.

        :raises ValueError: when a message is about a record that this change does not write
        """
        versions = {write.record.ref: write.record.version + 1 for write in self.writes}
        missing = [each.about for each in self.outbox if each.about not in versions]
        if missing:
            message = f"A message must be about a written record: {missing}"
            raise ValueError(message)
        return tuple(
            Outgoing(outgoing_id(each.work, each.about, version=versions[each.about], n=n), each)
            for n, each in enumerate(self.outbox, start=1)
        )

    def marks(self) -> tuple[Mark, ...]:
        """Return the rows that this change makes stale: each record's own, and its new event's."""
        return tuple(
            mark
            for write in self.writes
            for workbook in write.record.SHOWN_IN
            for mark in _marks_of(workbook, write.record)
        )

    def touched(self) -> tuple[Mark, ...]:
        """
        Return the touches whose rows have no mark of their own in this change.

        A touch never replaces a mark that is there: its version may be the
        older one, and clearing it would then lose the newer row.
        """
        own = {(mark.workbook, mark.kind, mark.ref) for mark in self.marks()}
        return tuple(
            mark for mark in self.touches if (mark.workbook, mark.kind, mark.ref) not in own
        )


def _marks_of(workbook: Workbook, record: Record) -> tuple[Mark, Mark]:
    version = record.version + 1
    event = f"{record.KIND}#{record.ref}@{version}"
    return (
        Mark(workbook, record.KIND, record.ref, version),
        Mark(workbook, ACTIVITY, event, version),
    )
