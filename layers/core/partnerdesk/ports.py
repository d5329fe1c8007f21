"""What the business needs from the outside world, and how each of it may fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from partnerdesk.domain.errors import (
    ConflictError,
    MissingError,
    RefusedError,
    UnavailableError,
)
from partnerdesk.domain.record import Record, Workbook

if TYPE_CHECKING:
    from partnerdesk.domain.change import Change, Mark, Queue, Snapshot
    from partnerdesk.domain.messages import Email
    from partnerdesk.domain.screening import Party, Verdict

RecordT = TypeVar("RecordT", bound=Record)

CellValue: TypeAlias = str | int | float | bool | None
"""What a cell holds: text, a number (dates are numbers, too), a tick, or nothing."""

Block: TypeAlias = Sequence[Sequence[CellValue]]
"""The cells of a range by rows; empty cells and rows at its ends may be left out."""

SheetMessage: TypeAlias = Mapping[str, object]
"""A request to, or an answer of, the spreadsheet service as its published schema has it."""


class NoSuchRecordError(MissingError):
    """Nothing is kept under this reference."""

    code = "no-such-record"

    def __init__(self, kind: str, ref: str) -> None:
        super().__init__(f"There is no {kind} {ref}.", kind=kind, ref=ref)


class UnclaimedError(MissingError):
    """Nobody holds this claim."""

    code = "unclaimed"

    def __init__(self, claim: str) -> None:
        super().__init__("There is nothing under this name.", claim=claim)


class ClaimTakenError(ConflictError):
    """Another record holds this claim, and is named."""

    code = "claim-taken"

    def __init__(self, claim: str, *, holder: str) -> None:
        super().__init__(f"{claim} already belongs to {holder}.", claim=claim, holder=holder)
        self.claim = claim
        self.holder = holder


class NotTheHolderError(ConflictError):
    """Who wants to give up a claim does not hold it."""

    code = "not-the-holder"

    def __init__(self, claim: str) -> None:
        super().__init__(f"{claim} is not held by who gives it up.", claim=claim)


class LimitReachedError(UnavailableError):
    """Too many of these for now; `until` says when the next one is welcome."""

    code = "limit-reached"

    def __init__(self, limit: str, *, until: datetime) -> None:
        super().__init__("There have been too many requests; please try again later.", limit=limit)
        self.until = until


class SettledError(ConflictError):
    """The message's work is done already; there is nothing left to do."""

    code = "settled"

    def __init__(self, message: str) -> None:
        super().__init__(f"The work {message} is done.", work=message)


class StaleRecordError(ConflictError):
    """The record changed since it was read."""

    code = "stale-record"

    def __init__(self, kind: str, ref: str) -> None:
        super().__init__(f"{ref} changed meanwhile.", kind=kind, ref=ref)


class StaleSnapshotError(ConflictError):
    """The row's acknowledged cells changed since they were read."""

    code = "stale-snapshot"

    def __init__(self, workbook: str, ref: str) -> None:
        super().__init__(f"The row of {ref} changed meanwhile.", workbook=workbook, ref=ref)


class StaleSeriesError(ConflictError):
    """The series has moved on, or a date would run backwards. Rule INV-1."""

    code = "stale-series"

    def __init__(self, series: str) -> None:
        super().__init__(f"The series {series} has moved on.", series=series)


class LedgerBusyError(UnavailableError):
    """The ledger is engaged elsewhere or throttled; nothing was changed."""

    code = "ledger-busy"

    def __init__(self, why: str = "busy") -> None:
        super().__init__("The ledger is busy; please try again in a moment.", why=why)


class SignerUnavailableError(UnavailableError):
    """The signing key cannot be used just now."""

    code = "signer-unavailable"


class MailerUnavailableError(UnavailableError):
    """The mail service took nothing; whether it did may be unknown."""

    code = "mailer-unavailable"


class MailRefusedError(RefusedError):
    """The mail service will never take this mail."""

    code = "mail-refused"


class QueueUnavailableError(UnavailableError):
    """A queue took nothing, or nobody knows whether it did."""

    code = "queue-unavailable"


class SecretUnavailableError(UnavailableError):
    """The desk's secrets cannot be read just now."""

    code = "secret-unavailable"


class SheetUnavailableError(UnavailableError):
    """The spreadsheet service did not answer, or asks us to wait."""

    code = "sheet-unavailable"


class SheetRefusedError(RefusedError):
    """The spreadsheet service will never do this: our plan is stale or wrong (sheets.md A8)."""

    code = "sheet-refused"


class WorkbookUnreachableError(MissingError):
    """The workbook is gone, or we have no right to it; somebody must see to it."""

    code = "workbook-unreachable"


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event of a record's history as the ledger keeps it; `entry` is its canonical text."""

    kind: str
    ref: str
    version: int
    entry: str
    digest: str
    body: str
    """The record's canonical body after the event; empty for personal records."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record that an index names. Indexes lag: read the record before deciding anything."""

    kind: str
    ref: str
    place: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the outbox that was handed out."""

    id: str
    queue: str
    work: str
    about: str
    since: datetime
    tries: int
    parked: bool = False
    why: str = ""


class Ledger(Protocol):
    """Everything the desk knows; the only truth. Rule GEN-1."""

    def get(self, kind: type[RecordT], ref: str) -> RecordT:
        """
        Return a record as last committed.

        :raises NoSuchRecordError: when there is none
        :raises LedgerBusyError: when the ledger does not answer
        """

    def holder(self, claim: str) -> str:
        """
        Return who holds a claim.

        :raises UnclaimedError: when nobody does
        """

    def history(self, kind: type[Record], ref: str) -> Sequence[KeptEvent]:
        """Return the events of a record, oldest first; empty when it has none."""

    def event(self, kind: str, ref: str, version: int) -> KeptEvent:
        """
        Return one event.

        :raises NoSuchRecordError: when there is none
        """

    def worklist(self, name: str, *, until: str = "", limit: int = 100) -> Sequence[Found]:
        """Return records on a worklist by place, up to and including `until` if one is given."""

    def family(self, name: str) -> Sequence[Found]:
        """Return the records of a family, in the order of kind and reference."""

    def snapshots(self, workbook: Workbook) -> Mapping[tuple[str, str], "Snapshot"]:
        """Return the acknowledged staff cells of a workbook, by kind and reference."""

    def commit(self, change: "Change") -> None:
        """
        Make the whole change true, or leave everything as it was.

        Complaints come in the order claims, releases, limits, settles, records,
        snapshots, series: a form posted twice must hear about its claim.

        :raises ClaimTakenError: another record holds a claim
        :raises NotTheHolderError: a released claim is not held by its holder
        :raises LimitReachedError: a limit has no use left
        :raises SettledError: the message to settle is gone
        :raises StaleRecordError: a record is no longer at its version and head
        :raises StaleSnapshotError: a row's snapshot moved on
        :raises StaleSeriesError: a number is not the next, or its date runs backwards
        :raises LedgerBusyError: nothing changed, or the outcome is unknown; read back by claim
        """


class Archive(Protocol):
    """The whole ledger, for proofs and repairs only: no use case, schedule or sweep reads it."""

    def walk(self, kind: type[RecordT]) -> Iterator[RecordT]:
        """Yield every record of a kind by reference."""

    def histories(self) -> Iterator[KeptEvent]:
        """Yield every event by kind, reference and version."""

    def heads(self) -> Iterator[tuple[str, str, int, str, str]]:
        """Yield kind, reference, version, head and canonical body of every record, sorted."""

    def claims(self) -> Iterator[tuple[str, str]]:
        """Yield every claim with its holder."""


class Outbox(Protocol):
    """The messages whose work is not done yet."""

    def due(self, *, at: datetime, limit: int = 100) -> Sequence[str]:
        """Return the ids of messages that want to be handed out, longest due first."""

    def lend(self, message: str, *, at: datetime) -> Letter:
        """
        Hand a message out: one try more, due again after the loan (architecture.md 3).

        A parked message is not handed out, however late its last delivery comes.

        :raises SettledError: when its work is done, or waits for a person
        """

    def put_back(self, message: str, *, due_at: datetime, tries: int) -> None:
        """Let a message wait until an instant, at a number of tries; not if settled or parked."""

    def park(self, message: str, *, why: str) -> None:
        """Set a message aside for a person, with the reason; nothing if it is settled."""

    def try_again(self, message: str, *, at: datetime) -> None:
        """Make a parked message due, with fresh tries; nothing if it is settled or at work."""

    def parked(self) -> Sequence[Letter]:
        """Return the messages that wait for a person, the oldest first."""

    def waiting(self) -> int:
        """Return how many messages are neither settled nor parked."""


class Marks(Protocol):
    """The rows of each workbook that are out of date, and who may write them."""

    def stale(self) -> Sequence[Workbook]:
        """Return the workbooks that have marks."""

    def take(self, workbook: Workbook, *, limit: int = 500) -> Sequence["Mark"]:
        """Return marks of a workbook by kind and reference; they stay until cleared."""

    def clear(self, marks: Sequence["Mark"]) -> None:
        """Clear marks, each only if it is not newer than the version given."""

    def add(self, marks: Sequence["Mark"]) -> None:
        """
        Mark rows as stale outside a commit: for repairs, where no record changes.

        A mark that is there stays as it is, since it may be the newer one.
        """

    def lease(self, workbook: Workbook, *, holder: str, at: datetime, until: datetime) -> bool:
        """Take or extend the right to write a workbook; False when another holds it."""

    def release(self, workbook: Workbook, *, holder: str) -> None:
        """Give the right to write a workbook up, if held."""


class Ids(Protocol):
    """New names."""

    def next(self, prefix: str, *, at: datetime) -> str:
        """Return the next id of a kind, such as `TRL-2026-000123`: gaps allowed, never reused."""

    def secret(self) -> str:
        """Return 128 random bits as 26 characters of lower-case Base32."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the present instant in UTC, in whole milliseconds, never before an earlier one."""


class Signer(Protocol):
    """A private key that never leaves its place (licence-format.md 8)."""

    @property
    def key_id(self) -> str:
        """Return the first 16 hexadecimal digits of the SHA-256 of the DER public key."""

    def sign(self, payload: bytes) -> bytes:
        """
        Return the RSASSA-PKCS1-v1_5 SHA-512 signature, 256 bytes, the same each time.

        :raises SignerUnavailableError: when the key cannot be used now
        """

    def public_key(self) -> str:
        """
        Return the public key as PEM SubjectPublicKeyInfo.

        :raises SignerUnavailableError: when it cannot be read now
        """


class Mailer(Protocol):
    """Somebody who delivers mail."""

    def send(self, email: "Email") -> None:
        """
        Hand one mail over under our own Message-ID.

        :raises MailRefusedError: when it will never be taken
        :raises MailerUnavailableError: when it was not taken, or that is unknown
        """


class Screener(Protocol):
    """The restricted-party lists and embargo rules, ready to be asked."""

    def screen(self, parties: Sequence["Party"], *, on: date, at: datetime) -> "Verdict":
        """
        Return the worst finding over all parties, with the lists it rests on.

        `on` chooses the rules in force; `at` judges how old the lists are. A
        missing, broken or stale list is REVIEW, never CLEAR. Rule SCR-2.
        """


class Courier(Protocol):
    """Brings messages to the function that does their work: their ids, never what they say."""

    def carry(self, queue: "Queue", messages: Sequence[str]) -> Sequence[str]:
        """
        Put the ids of messages on a queue, and return those that it did not take.

        A message may arrive twice or late; whoever works on it settles it once.

        :raises QueueUnavailableError: when it is unknown what arrived
        """


class Waker(Protocol):
    """Sends somebody to look at a workbook, without a word on what there is to see."""

    def wake(self, workbook: Workbook, *, at: datetime) -> None:
        """
        Ask for a visit to a workbook because of something that happened at an instant.

        Wake-ups a few seconds apart become one visit. Rule: sheets.md C5.

        :raises QueueUnavailableError: when it is unknown whether anybody was woken
        """


class SheetsClient(Protocol):
    """
    The spreadsheet service, as little of it as we need: one batched read, one atomic write.

    Every call takes the instant by which it must be over; one that could not be
    is not begun (sheets.md A9).
    """

    @property
    def account(self) -> str:
        """Return the e-mail address that the service knows us by, empty for none."""

    def describe(self, workbook: Workbook, *, until: datetime) -> SheetMessage:
        """
        Return a workbook without its cells, and with the metadata of tabs and columns.

        :raises SheetUnavailableError: when the service does not answer
        :raises WorkbookUnreachableError: when it is gone, or not ours to read
        """

    def read(
        self, workbook: Workbook, ranges: Sequence[str], *, until: datetime
    ) -> Sequence[Block]:
        """
        Return the cells of some ranges, in their order: unformatted, dates as numbers.

        :raises SheetRefusedError: when a range names no tab or lies outside
        :raises SheetUnavailableError: when the service does not answer
        :raises WorkbookUnreachableError: when it is gone, or not ours to read
        """

    def write(
        self,
        workbook: Workbook,
        requests: Sequence[SheetMessage],
        *,
        echo: Sequence[str] = (),
        until: datetime,
    ) -> Sequence[Block]:
        """
        Do all requests or none, and return the cells of the `echo` ranges as they then are.

        :raises SheetRefusedError: when a request cannot be done; then none was
        :raises SheetUnavailableError: when that is unknown
        :raises WorkbookUnreachableError: when it is gone, or not ours to write
        """
