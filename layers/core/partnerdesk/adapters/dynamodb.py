"""The ledger of the desk on AWS: records, history, outbox and marks in one DynamoDB table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from partnerdesk.adapters.codec import decode, decode_cells, decode_message
from partnerdesk.adapters.dynamodb_steps import DUE, NEW, THERE, Step, Steps
from partnerdesk.adapters.dynamodb_table import (
    EVENT,
    RECORD,
    Table,
    answering,
    event_key,
    named,
    number,
    text,
)
from partnerdesk.adapters.system import pause
from partnerdesk.domain.chain import instant
from partnerdesk.domain.change import Change, Mark, Snapshot
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.retry import due_again
from partnerdesk.ports import (
    Found,
    KeptEvent,
    LedgerBusyError,
    Letter,
    NoSuchRecordError,
    RecordT,
    SettledError,
    UnclaimedError,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from partnerdesk.adapters.dynamodb_table import Item

MOST_CONFLICTS = 5
"""How often a transaction that met another one is tried again."""

PARKED = "outbox#parked"
"""The worklist of the messages that wait for a person."""


class DynamoLedger:
    """Ledger and Archive of the desk on AWS."""

    def __init__(
        self, client: "DynamoDBClient", table: str, *, wait: Callable[[int], None] = pause
    ) -> None:
        self._table = Table(client, table)
        self._steps = Steps(table)
        self._wait = wait

    def get(self, kind: type[RecordT], ref: str) -> RecordT:
        """
        Return a record as last committed.

        :raises NoSuchRecordError: when there is none
        :raises LedgerBusyError: when DynamoDB does not answer
        """
        found = self._table.get(f"{kind.KIND}#{ref}", RECORD)
        if not found:
            raise NoSuchRecordError(kind.KIND, ref)
        return _record(kind, found)

    def holder(self, claim: str) -> str:
        """
        Return who holds a claim.

        :raises UnclaimedError: when nobody does
        """
        found = self._table.get(f"CLAIM#{claim}", "CLAIM")
        if not found:
            raise UnclaimedError(claim)
        return text(found, "holder")

    def history(self, kind: type[Record], ref: str) -> Sequence[KeptEvent]:
        """Return the events of a record, oldest first; empty when it has none."""
        return tuple(map(_event, self._table.query(f"{kind.KIND}#{ref}", EVENT)))

    def event(self, kind: str, ref: str, version: int) -> KeptEvent:
        """
        Return one event.

        :raises NoSuchRecordError: when there is none
        """
        found = self._table.get(f"{kind}#{ref}", event_key(version))
        if not found:
            raise NoSuchRecordError(kind, f"{ref}@{version}")
        return _event(found)

    def worklist(self, name: str, *, until: str = "", limit: int = 100) -> Sequence[Found]:
        """Return records on a worklist by place, up to and including `until` if one is given."""
        if not name:
            return ()
        found = map(_found, self._table.index("worklist", name, until=until, limit=limit))
        return tuple(sorted(found, key=lambda it: (it.place, it.kind, it.ref)))

    def family(self, name: str) -> Sequence[Found]:
        """Return the records of a family, in the order of kind and reference."""
        if not name:
            return ()
        found = map(_found, self._table.index("family", name))
        return tuple(sorted(found, key=lambda it: (it.kind, it.ref)))

    def snapshots(self, workbook: Workbook) -> Mapping[tuple[str, str], Snapshot]:
        """Return the acknowledged staff cells of a workbook, by kind and reference."""
        kept = {}
        for row in self._table.query(f"ROW#{workbook}"):
            kind, ref = named(row, "sk")
            cells = decode_cells(text(row, "cells"))
            kept[kind, ref] = Snapshot(workbook, kind, ref, cells, number(row, "revision"))
        return kept

    def commit(self, change: Change) -> None:
        """
        Make the whole change true in one transaction, or leave everything as it was.

        A transaction that merely met another one is tried again. After a lost
        answer nobody knows what became of it: read back by claim.

        :raises ConflictError: a claim, a record, a row, a number or the message moved on
        :raises LimitReachedError: a limit has no use left
        :raises LedgerBusyError: DynamoDB was throttled or engaged elsewhere, or did not answer
        """
        steps = tuple(self._steps.of(change))
        if not steps:
            return
        for tries in range(1, MOST_CONFLICTS + 1):
            if self._made_true(steps):
                return
            self._wait(tries)
        if not self._made_true(steps):
            raise LedgerBusyError

    def walk(self, kind: type[RecordT]) -> Iterator[RecordT]:
        """Yield every record of a kind by reference."""
        keys = self._keys(
            "sk = :sk AND begins_with(pk, :kind)",
            {"sk": {"S": RECORD}, "kind": {"S": f"{kind.KIND}#"}},
        )
        return map(partial(_record, kind), self._table.together(keys))

    def histories(self) -> Iterator[KeptEvent]:
        """Yield every event by kind, reference and version."""
        keys = self._keys("begins_with(sk, :event)", {"event": {"S": EVENT}})
        return map(_event, self._table.together(keys))

    def heads(self) -> Iterator[tuple[str, str, int, str, str]]:
        """Yield kind, reference, version, head and canonical body of every record, sorted."""
        for it in self._table.together(self._keys("sk = :sk", {"sk": {"S": RECORD}})):
            kind, ref = named(it, "pk")
            yield kind, ref, number(it, "version"), text(it, "head"), text(it, "body")

    def claims(self) -> Iterator[tuple[str, str]]:
        """Yield every claim with its holder, by name."""
        held = self._table.scan("sk = :sk", {"sk": {"S": "CLAIM"}}, "pk, holder")
        yield from sorted(
            (text(it, "pk").removeprefix("CLAIM#"), text(it, "holder")) for it in held
        )

    def _keys(self, condition: str, values: "Item") -> list[tuple[str, str]]:
        """Return the keys that meet a condition, by kind, reference and version."""
        found = self._table.scan(condition, values, "pk, sk")
        keys = [(text(it, "pk"), text(it, "sk")) for it in found]
        return sorted(keys, key=lambda key: (key[0].split("#", 1), key[1]))

    def _made_true(self, steps: Sequence[Step]) -> bool:
        """
        Try the steps as one transaction; False when it met another one on the same items.

        :raises DeskError: the first complaint among the steps
        :raises LedgerBusyError: when DynamoDB was throttled or did not answer
        """
        client = self._table.client
        try:
            with answering():
                # The SDK adds one ClientRequestToken and keeps it through its own retries.
                client.transact_write_items(TransactItems=[step.action for step in steps])
        except client.exceptions.TransactionCanceledException as cancelled:
            reasons = cancelled.response["CancellationReasons"]
            for step, reason in zip(steps, reasons, strict=True):
                if reason["Code"] == "ConditionalCheckFailed":
                    raise step.refusal(cast("Item", reason.get("Item", {}))) from cancelled
            codes = {reason["Code"] for reason in reasons} - {"None"}
            if codes == {"TransactionConflict"}:
                return False
            if codes <= TOO_BUSY:
                raise LedgerBusyError(" ".join(sorted(codes))) from cancelled
            raise
        return True


class DynamoOutbox:
    """The messages whose work is not done yet; those of a stream's first minutes included."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._table = Table(client, table)

    def due(self, *, at: datetime, limit: int = 100) -> Sequence[str]:
        """Return the ids of messages that want to be handed out, longest due first."""
        found = self._table.index("worklist", DUE, until=instant(at), limit=limit)
        by_place = sorted((text(it, "place"), _message_id(it)) for it in found)
        return tuple(message for _, message in by_place)

    def lend(self, message: str, *, at: datetime) -> Letter:
        """
        Hand a message out: one try more, due again after the loan.

        The first try takes one call; later ones take a second to lengthen the loan.

        :raises SettledError: when its work is done, or waits for a person
        """
        lent = self._update(
            message,
            "SET place = :place ADD tries :one",
            "worklist = :due",
            {"place": instant(due_again(1, at=at)), "one": 1, "due": DUE},
        )
        if not lent:
            raise SettledError(message)
        letter = _letter(lent)
        if letter.tries > 1:
            self.put_back(message, due_at=due_again(letter.tries, at=at), tries=letter.tries)
        return letter

    def put_back(self, message: str, *, due_at: datetime, tries: int) -> None:
        """Let a message wait until an instant, at a number of tries; not if settled or parked."""
        self._update(
            message,
            "SET place = :place, tries = :tries",
            "worklist = :due",
            {"place": instant(due_at), "tries": tries, "due": DUE},
        )

    def park(self, message: str, *, why: str) -> None:
        """Set a message aside for a person, with the reason; nothing if it is settled."""
        self._update(
            message, "SET worklist = :parked, why = :why", THERE, {"parked": PARKED, "why": why}
        )

    def try_again(self, message: str, *, at: datetime) -> None:
        """Make a parked message due, with fresh tries; nothing if it is settled or at work."""
        self._update(
            message,
            "SET worklist = :due, place = :place, tries = :none, why = :no",
            "worklist = :parked",
            {"due": DUE, "place": instant(at), "none": 0, "no": "", "parked": PARKED},
        )

    def parked(self) -> Sequence[Letter]:
        """Return the messages that wait for a person, the oldest first."""
        found = self._table.index("worklist", PARKED)
        keys = [(text(it, "pk"), text(it, "sk")) for it in found]
        letters = map(_letter, self._table.together(keys))
        return tuple(sorted(filter(_is_parked, letters), key=lambda it: (it.since, it.id)))

    def waiting(self) -> int:
        """Return how many messages are neither settled nor parked."""
        return self._table.count("worklist", DUE)

    def _update(
        self, message: str, change: str, condition: str, values: Mapping[str, str | int]
    ) -> "Item":
        return self._table.update(
            f"OUTBOX#{message}", "OUTBOX", change=change, condition=condition, values=values
        )


class DynamoMarks:
    """The rows of each workbook that are out of date, and who may write them."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._table = Table(client, table)

    def stale(self) -> Sequence[Workbook]:
        """Return the workbooks that have marks."""
        return tuple(workbook for workbook in Workbook if self.take(workbook, limit=1))

    def take(self, workbook: Workbook, *, limit: int = 500) -> Sequence[Mark]:
        """Return marks of a workbook by kind and reference; they stay until cleared."""
        found = self._table.query(f"DIRTY#{workbook}", limit=limit)
        return tuple(map(partial(_mark, workbook), found))

    def clear(self, marks: Sequence[Mark]) -> None:
        """Clear marks, each only if it is not newer than the version given."""
        for mark in marks:
            self._table.delete(
                f"DIRTY#{mark.workbook}",
                f"{mark.kind}#{mark.ref}",
                condition="version <= :version",
                values={"version": mark.version},
            )

    def add(self, marks: Sequence[Mark]) -> None:
        """Mark rows as stale outside a commit; a mark that is there stays as it is."""
        for mark in marks:
            self._table.update(
                f"DIRTY#{mark.workbook}",
                f"{mark.kind}#{mark.ref}",
                change="SET version = :version",
                condition=NEW,
                values={"version": mark.version},
            )

    def lease(self, workbook: Workbook, *, holder: str, at: datetime, until: datetime) -> bool:
        """Take or extend the right to write a workbook; False when another holds it."""
        return bool(
            self._table.update(
                f"LEASE#{workbook}",
                "LEASE",
                change="SET holder = :holder, #until = :until",
                condition="attribute_not_exists(pk) OR holder = :holder OR #until <= :at",
                values={"holder": holder, "until": instant(until), "at": instant(at)},
                names={"#until": "until"},  # a word that DynamoDB keeps for itself
            )
        )

    def release(self, workbook: Workbook, *, holder: str) -> None:
        """Give the right to write a workbook up, if held."""
        self._table.delete(
            f"LEASE#{workbook}", "LEASE", condition="holder = :holder", values={"holder": holder}
        )


TOO_BUSY = frozenset({"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"})
"""Why a transaction was cancelled when the same one may succeed later."""


def _record(kind: type[RecordT], found: "Item") -> RecordT:
    return decode(
        kind, text(found, "body"), version=number(found, "version"), head=text(found, "head")
    )


def _event(found: "Item") -> KeptEvent:
    kind, ref = named(found, "pk")
    version = int(text(found, "sk").removeprefix(EVENT))
    return KeptEvent(
        kind, ref, version, text(found, "entry"), text(found, "digest"), text(found, "body")
    )


def _mark(workbook: Workbook, found: "Item") -> Mark:
    kind, ref = named(found, "sk")
    return Mark(workbook, kind, ref, number(found, "version"))


def _found(keys: "Item") -> Found:
    kind, ref = named(keys, "pk")
    return Found(kind, ref, text(keys, "place"))


def _message_id(keys: "Item") -> str:
    return text(keys, "pk").removeprefix("OUTBOX#")


def _letter(found: "Item") -> Letter:
    message = decode_message(text(found, "body"))
    return Letter(
        _message_id(found),
        message.queue.value,
        message.work,
        message.about,
        datetime.fromisoformat(text(found, "since")).astimezone(UTC),
        number(found, "tries"),
        parked=text(found, "worklist") == PARKED,
        why=text(found, "why"),
    )


def _is_parked(letter: Letter) -> bool:
    return letter.parked
