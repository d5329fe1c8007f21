"""The ledger of a desk on one machine: records, history, outbox and marks in one SQLite file."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

from onebox.database import Database, Row
from partnerdesk.adapters.codec import (
    Kept,
    decode,
    decode_cells,
    decode_message,
    encode_cells,
    encode_message,
    kept,
)
from partnerdesk.domain.chain import instant
from partnerdesk.domain.change import Change, Mark, Snapshot
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.retry import due_again
from partnerdesk.ports import (
    ClaimTakenError,
    Found,
    KeptEvent,
    Letter,
    LimitReachedError,
    NoSuchRecordError,
    NotTheHolderError,
    RecordT,
    SettledError,
    StaleRecordError,
    StaleSeriesError,
    StaleSnapshotError,
    UnclaimedError,
)

Listener = Callable[[Change], None]

MESSAGE = "message"
LETTER = "id, body, since, tries, parked, why"
EVENT = "kind, ref, version, entry, digest, body"


class SqliteLedger:
    """
    Ledger, Archive, Outbox and Marks of a desk on one machine.

    Whoever listens is told of each change after it reached the disk, in the
    thread that committed it: it should set an event, and must not fail. New
    messages are due at once, since no queue stands between outbox and worker.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        """
        Open the ledger; one that only reads may be opened beside a running desk.

        :raises FolderInUseError: when another process writes here
        :raises NoLedgerError: when there is nothing to read
        :raises ForeignLedgerError: when the file was not made by this desk
        :raises LedgerBusyError: when the disk is full or cannot be written
        """
        self._database = Database(path, readonly=readonly)
        self._listeners: tuple[Listener, ...] = ()

    def on_commit(self, listener: Listener) -> None:
        """Tell a listener of every change from now on, once it is on the disk."""
        self._listeners = (*self._listeners, listener)

    def close(self) -> None:
        """Finish what waits to be written, and let go of the file."""
        self._database.close()

    def get(self, kind: type[RecordT], ref: str) -> RecordT:
        """
        Return a record as last committed.

        :raises NoSuchRecordError: when there is none
        """
        rows = self._database.read(
            "SELECT version, head, body FROM record WHERE kind = ? AND ref = ?", kind.KIND, ref
        )
        for row in rows:
            return _record(kind, row)
        raise NoSuchRecordError(kind.KIND, ref)

    def holder(self, claim: str) -> str:
        """
        Return who holds a claim.

        :raises UnclaimedError: when nobody does
        """
        for (holder,) in self._database.read("SELECT holder FROM claim WHERE name = ?", claim):
            return str(holder)
        raise UnclaimedError(claim)

    def history(self, kind: type[Record], ref: str) -> Sequence[KeptEvent]:
        """Return the events of a record, oldest first; empty when it has none."""
        rows = self._database.read(
            f"SELECT {EVENT} FROM event WHERE kind = ? AND ref = ? ORDER BY version",  # noqa: S608 - names of ours alone
            kind.KIND,
            ref,
        )
        return tuple(map(_event, rows))

    def event(self, kind: str, ref: str, version: int) -> KeptEvent:
        """
        Return one event.

        :raises NoSuchRecordError: when there is none
        """
        rows = self._database.read(
            f"SELECT {EVENT} FROM event WHERE kind = ? AND ref = ? AND version = ?",  # noqa: S608 - names of ours alone
            kind,
            ref,
            version,
        )
        for row in rows:
            return _event(row)
        raise NoSuchRecordError(kind, f"{ref}@{version}")

    def worklist(self, name: str, *, until: str = "", limit: int = 100) -> Sequence[Found]:
        """Return records on a worklist by place, up to and including `until` if one is given."""
        rows = self._database.read(
            "SELECT kind, ref, place FROM record WHERE worklist = ? AND worklist != ''"
            " AND (place <= ?2 OR ?2 = '') ORDER BY place, kind, ref LIMIT ?3",
            name,
            until,
            limit,
        )
        return tuple(Found(str(kind), str(ref), str(place)) for kind, ref, place in rows)

    def family(self, name: str) -> Sequence[Found]:
        """Return the records of a family, in the order of kind and reference."""
        rows = self._database.read(
            "SELECT kind, ref FROM record WHERE family = ? AND family != '' ORDER BY kind, ref",
            name,
        )
        return tuple(Found(str(kind), str(ref), "") for kind, ref in rows)

    def snapshots(self, workbook: Workbook) -> Mapping[tuple[str, str], Snapshot]:
        """Return the acknowledged staff cells of a workbook, by kind and reference."""
        rows = self._database.read(
            "SELECT kind, ref, cells, revision FROM snapshot WHERE workbook = ?", workbook.value
        )
        found = cast("list[tuple[str, str, str, int]]", rows)
        return {
            (kind, ref): Snapshot(workbook, kind, ref, decode_cells(cells), revision)
            for kind, ref, cells, revision in found
        }

    def commit(self, change: Change) -> None:
        """
        Make the whole change true, or leave everything as it was; return after its sync.

        :raises ConflictError: a claim, a record, a row, a number or the message moved on
        :raises LimitReachedError: a limit has no use left
        :raises LedgerBusyError: the disk is full or cannot be written
        """
        written = tuple(kept(write, at=change.at) for write in change.writes)
        self._database.write(partial(_make_true, change=change, written=written))
        for listener in self._listeners:
            listener(change)

    def walk(self, kind: type[RecordT]) -> Iterator[RecordT]:
        """Yield every record of a kind by reference."""
        rows = self._database.walk(
            "ref, version, head, body", "record", "ref", where="kind = ?", values=(kind.KIND,)
        )
        return (_record(kind, row[1:]) for row in rows)

    def histories(self) -> Iterator[KeptEvent]:
        """Yield every event by kind, reference and version."""
        return map(_event, self._database.walk(EVENT, "event", "kind, ref, version"))

    def heads(self) -> Iterator[tuple[str, str, int, str, str]]:
        """Yield kind, reference, version, head and canonical body of every record, sorted."""
        rows = self._database.walk("kind, ref, version, head, body", "record", "kind, ref")
        return cast("Iterator[tuple[str, str, int, str, str]]", rows)

    def claims(self) -> Iterator[tuple[str, str]]:
        """Yield every claim with its holder, by name."""
        rows = self._database.walk("name, holder", "claim", "name")
        return cast("Iterator[tuple[str, str]]", rows)

    def due(self, *, at: datetime, limit: int = 100) -> Sequence[str]:
        """Return the ids of messages that want to be handed out, longest due first."""
        rows = self._database.read(
            "SELECT id FROM outbox WHERE NOT parked AND due_at <= ? ORDER BY due_at, id LIMIT ?",
            instant(at),
            limit,
        )
        return tuple(str(row[0]) for row in rows)

    def lend(self, message: str, *, at: datetime) -> Letter:
        """
        Hand a message out: one try more, due again after the loan.

        :raises SettledError: when its work is done, or waits for a person
        """
        return self._database.write(partial(_lend, message=message, at=at))

    def put_back(self, message: str, *, due_at: datetime, tries: int) -> None:
        """Let a message wait until an instant, at a number of tries; not if settled or parked."""
        self._change(
            "UPDATE outbox SET due_at = ?, tries = ? WHERE id = ? AND NOT parked",
            instant(due_at),
            tries,
            message,
        )

    def park(self, message: str, *, why: str) -> None:
        """Set a message aside for a person, with the reason; nothing if it is settled."""
        self._change("UPDATE outbox SET parked = 1, why = ? WHERE id = ?", why, message)

    def try_again(self, message: str, *, at: datetime) -> None:
        """Make a parked message due, with fresh tries; nothing if it is settled or at work."""
        self._change(
            "UPDATE outbox SET parked = 0, why = '', tries = 0, due_at = ? WHERE id = ? AND parked",
            instant(at),
            message,
        )

    def parked(self) -> Sequence[Letter]:
        """Return the messages that wait for a person, the oldest first."""
        rows = self._database.read(
            f"SELECT {LETTER} FROM outbox WHERE parked ORDER BY since, id"  # noqa: S608 - names of ours alone
        )
        return tuple(map(_letter, rows))

    def waiting(self) -> int:
        """Return how many messages are neither settled nor parked."""
        ((count,),) = self._database.read("SELECT count(*) FROM outbox WHERE NOT parked")
        return cast("int", count)

    def stale(self) -> Sequence[Workbook]:
        """Return the workbooks that have marks."""
        marked = {row[0] for row in self._database.read("SELECT DISTINCT workbook FROM mark")}
        return tuple(workbook for workbook in Workbook if workbook in marked)

    def take(self, workbook: Workbook, *, limit: int = 500) -> Sequence[Mark]:
        """Return marks of a workbook by kind and reference; they stay until cleared."""
        rows = self._database.read(
            "SELECT kind, ref, version FROM mark WHERE workbook = ? ORDER BY kind, ref LIMIT ?",
            workbook.value,
            limit,
        )
        found = cast("list[tuple[str, str, int]]", rows)
        return tuple(Mark(workbook, kind, ref, version) for kind, ref, version in found)

    def clear(self, marks: Sequence[Mark]) -> None:
        """Clear marks, each only if it is not newer than the version given."""
        self._change_each(
            "DELETE FROM mark WHERE workbook = ? AND kind = ? AND ref = ? AND version <= ?",
            map(_mark_row, marks),
        )

    def add(self, marks: Sequence[Mark]) -> None:
        """Mark rows as stale outside a commit; a mark that is there stays as it is."""
        self._change_each(TOUCH, map(_mark_row, marks))

    def lease(self, workbook: Workbook, *, holder: str, at: datetime, until: datetime) -> bool:
        """Take or extend the right to write a workbook; False when another holds it."""
        return bool(
            self._change(
                "INSERT INTO lease (name, holder, until) VALUES (?1, ?2, ?3)"
                " ON CONFLICT DO UPDATE SET holder = ?2, until = ?3"
                " WHERE holder = ?2 OR until <= ?4",
                workbook.value,
                holder,
                instant(until),
                instant(at),
            )
        )

    def release(self, workbook: Workbook, *, holder: str) -> None:
        """Give the right to write a workbook up, if held."""
        self._change("DELETE FROM lease WHERE name = ? AND holder = ?", workbook.value, holder)

    def count_up(self, counter: str, *, by: int) -> int:
        """Take the next numbers of a counter, and return the last of them."""

        def work(connection: sqlite3.Connection) -> int:
            cursor = connection.execute(
                "INSERT INTO counter (name, latest) VALUES (?1, ?2)"
                " ON CONFLICT DO UPDATE SET latest = latest + ?2 RETURNING latest",
                (counter, by),
            )
            ((latest,),) = cursor.fetchall()
            return int(latest)

        return self._database.write(work)

    def _change(self, sql: str, *values: object) -> int:
        return self._database.write(lambda connection: connection.execute(sql, values).rowcount)

    def _change_each(self, sql: str, rows: Iterable[Row]) -> None:
        ready = list(rows)
        self._database.write(lambda connection: connection.executemany(sql, ready).rowcount)


MARK = "INSERT OR REPLACE INTO mark (workbook, kind, ref, version) VALUES (?, ?, ?, ?)"
TOUCH = "INSERT OR IGNORE INTO mark (workbook, kind, ref, version) VALUES (?, ?, ?, ?)"


def _make_true(
    connection: sqlite3.Connection, *, change: Change, written: tuple[Kept, ...]
) -> None:
    """Do every step of a change; the order of the steps is the order of complaint."""
    _take_claims(connection, change)
    _give_up_claims(connection, change)
    _count_limits(connection, change)
    _settle(connection, change)
    _write_records(connection, change, written)
    _keep_snapshots(connection, change)
    _number(connection, change)
    _post(connection, change)
    connection.executemany(MARK, map(_mark_row, change.marks()))
    connection.executemany(TOUCH, map(_mark_row, change.touched()))


def _take_claims(connection: sqlite3.Connection, change: Change) -> None:
    for claim in change.claims:
        taken = connection.execute("SELECT holder FROM claim WHERE name = ?", (claim.name,))
        for (holder,) in taken.fetchall():
            raise ClaimTakenError(claim.name, holder=holder)
        connection.execute("INSERT INTO claim VALUES (?, ?)", (claim.name, claim.holder))


def _give_up_claims(connection: sqlite3.Connection, change: Change) -> None:
    for release in change.releases:
        sql = "DELETE FROM claim WHERE name = ? AND holder = ?"
        if not connection.execute(sql, (release.name, release.holder)).rowcount:
            raise NotTheHolderError(release.name)


def _count_limits(connection: sqlite3.Connection, change: Change) -> None:
    if change.limits:
        connection.execute("DELETE FROM counted WHERE expires < ?", (instant(change.at),))
    for limit in change.limits:
        used = connection.execute(
            "INSERT INTO counted (name, used, expires) SELECT ?1, 1, ?2 WHERE ?3 > 0"
            " ON CONFLICT DO UPDATE SET used = used + 1 WHERE used < ?3",
            (limit.name, instant(limit.until), limit.at_most),
        )
        if not used.rowcount:
            raise LimitReachedError(limit.name, until=limit.until)


def _settle(connection: sqlite3.Connection, change: Change) -> None:
    if change.settles:
        gone = connection.execute("DELETE FROM outbox WHERE id = ?", (change.settles,))
        if not gone.rowcount:
            raise SettledError(change.settles)


def _write_records(
    connection: sqlite3.Connection, change: Change, written: tuple[Kept, ...]
) -> None:
    for write, it in zip(change.writes, written, strict=True):
        record, event = write.record, it.event
        stands = (event.version, event.digest, it.body)
        found = (record.worklist, record.place, record.family)
        if record.version:
            stored = connection.execute(
                "UPDATE record SET version = ?, head = ?, body = ?, worklist = ?, place = ?,"
                " family = ? WHERE kind = ? AND ref = ? AND version = ? AND head = ?",
                (*stands, *found, event.kind, event.ref, record.version, record.head),
            )
        else:
            stored = connection.execute(
                "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (event.kind, event.ref, *stands, *found),
            )
        explained = connection.execute(
            "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)",
            (event.kind, event.ref, event.version, event.entry, event.digest, event.body),
        )
        if not (stored.rowcount and explained.rowcount):
            raise StaleRecordError(event.kind, event.ref)


def _keep_snapshots(connection: sqlite3.Connection, change: Change) -> None:
    for it in change.snapshots:
        cells = encode_cells(it.cells)
        key = (it.workbook.value, it.kind, it.ref)
        if it.revision:
            stored = connection.execute(
                "UPDATE snapshot SET revision = revision + 1, cells = ?"
                " WHERE workbook = ? AND kind = ? AND ref = ? AND revision = ?",
                (cells, *key, it.revision),
            )
        else:
            stored = connection.execute(
                "INSERT OR IGNORE INTO snapshot VALUES (?, ?, ?, 1, ?)", (*key, cells)
            )
        if not stored.rowcount:
            raise StaleSnapshotError(it.workbook, it.ref)


def _number(connection: sqlite3.Connection, change: Change) -> None:
    for it in change.series:
        on = it.on.isoformat()
        if it.number == 1:
            sql = "INSERT OR IGNORE INTO series (name, latest, latest_on) VALUES (?1, ?2, ?3)"
        else:
            sql = (
                "UPDATE series SET latest = ?2, latest_on = ?3"
                " WHERE name = ?1 AND latest = ?2 - 1 AND latest_on <= ?3"
            )
        if not connection.execute(sql, (it.name, it.number, on)).rowcount:
            raise StaleSeriesError(it.name)


def _post(connection: sqlite3.Connection, change: Change) -> None:
    now = instant(change.at)
    for outgoing in change.outgoing():
        posted = connection.execute(
            "INSERT OR IGNORE INTO outbox (id, body, since, due_at, tries, parked, why)"
            " VALUES (?1, ?2, ?3, ?3, 0, 0, '')",
            (outgoing.id, encode_message(outgoing.message), now),
        )
        if not posted.rowcount:
            raise StaleRecordError(MESSAGE, outgoing.id)


def _lend(connection: sqlite3.Connection, *, message: str, at: datetime) -> Letter:
    rows = connection.execute(
        f"UPDATE outbox SET tries = tries + 1 WHERE id = ? AND NOT parked RETURNING {LETTER}",  # noqa: S608 - names of ours alone
        (message,),
    ).fetchall()
    for row in rows:
        letter = _letter(row)
        connection.execute(
            "UPDATE outbox SET due_at = ? WHERE id = ?",
            (instant(due_again(letter.tries, at=at)), message),
        )
        return letter
    raise SettledError(message)


def _record(kind: type[RecordT], row: Row) -> RecordT:
    version, head, body = cast("tuple[int, str, str]", row)
    return decode(kind, body, version=version, head=head)


def _event(row: Row) -> KeptEvent:
    return KeptEvent(*cast("tuple[str, str, int, str, str, str]", row))


def _letter(row: Row) -> Letter:
    name, body, since, tries, parked, why = cast("tuple[str, str, str, int, int, str]", row)
    message = decode_message(body)
    return Letter(
        name,
        message.queue.value,
        message.work,
        message.about,
        datetime.fromisoformat(since).astimezone(UTC),
        tries,
        parked=bool(parked),
        why=why,
    )


def _mark_row(mark: Mark) -> Row:
    return mark.workbook.value, mark.kind, mark.ref, mark.version
