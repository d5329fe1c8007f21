"""The one file in which a desk on one machine keeps everything, and who may write to it."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import IO, TypeVar, cast

from partnerdesk.domain.errors import ConflictError, MissingError, RefusedError
from partnerdesk.ports import LedgerBusyError

AnswerT = TypeVar("AnswerT")
Row = tuple[object, ...]
Work = Callable[[sqlite3.Connection], AnswerT]

LAYOUT = 1
"""The version of the tables, kept as SQLite's `user_version`."""

MOST_TOGETHER = 100
"""The most changes that share one sync to the disk."""

PAGE = 500
"""How many rows a walk over everything reads at a time."""

TABLES = """
CREATE TABLE record (
    kind TEXT NOT NULL, ref TEXT NOT NULL, version INTEGER NOT NULL, head TEXT NOT NULL,
    body TEXT NOT NULL, worklist TEXT NOT NULL, place TEXT NOT NULL, family TEXT NOT NULL,
    PRIMARY KEY (kind, ref)
) STRICT;
CREATE INDEX record_worklist ON record (worklist, place) WHERE worklist != '';
CREATE INDEX record_family ON record (family, kind, ref) WHERE family != '';
CREATE TABLE event (
    kind TEXT NOT NULL, ref TEXT NOT NULL, version INTEGER NOT NULL,
    entry TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, ref, version)
) STRICT;
CREATE TABLE claim (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL) STRICT;
CREATE TABLE counted (
    name TEXT NOT NULL PRIMARY KEY, used INTEGER NOT NULL, expires TEXT NOT NULL
) STRICT;
CREATE INDEX counted_expires ON counted (expires);
CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, latest INTEGER NOT NULL) STRICT;
CREATE TABLE series (
    name TEXT NOT NULL PRIMARY KEY, latest INTEGER NOT NULL, latest_on TEXT NOT NULL
) STRICT;
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until TEXT NOT NULL
) STRICT;
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL, since TEXT NOT NULL, due_at TEXT NOT NULL,
    tries INTEGER NOT NULL, parked INTEGER NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (parked, due_at);
CREATE TABLE mark (
    workbook TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (workbook, kind, ref)
) STRICT;
CREATE TABLE snapshot (
    workbook TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, revision INTEGER NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (workbook, kind, ref)
) STRICT;
"""


class FolderInUseError(ConflictError):
    """Another desk works in this data folder."""

    code = "folder-in-use"

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(
            f"Another desk (process {holder or 'unknown'}) already works in {folder}. "
            "Stop that one with Ctrl-C, or start this one in another folder with DESK_DATA.",
        )


class NoLedgerError(MissingError):
    """There is no ledger to read yet."""

    code = "no-ledger"

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no ledger at {path} yet: start the desk there once.")


class DamagedLedgerError(RefusedError):
    """The file cannot be read through any more."""

    code = "damaged-ledger"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The ledger {path} is damaged ({why}): restore it from a backup.")


class ForeignLedgerError(RefusedError):
    """The file is no ledger of ours, or one of a newer desk."""

    code = "foreign-ledger"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be used as a ledger: {why}.")


@dataclass(frozen=True, slots=True)
class _Job:
    """One change that waits for the writer, and where its outcome goes."""

    work: Work[object]
    done: Future[object] = field(default_factory=Future)


class Database:
    """
    One SQLite file: any thread reads on a connection of its own, one thread writes.

    The writer puts all changes that wait into one transaction, each under a
    savepoint of its own, and syncs once for all of them; `write` returns after
    the sync that holds its change. One that only reads sees a single instant.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        """
        Open the file, and make it if need be.

        :raises FolderInUseError: when another process writes here
        :raises NoLedgerError: when there is nothing to read
        :raises ForeignLedgerError: when the file was not made by this desk
        :raises LedgerBusyError: when the disk is full or cannot be written
        """
        self._path = path
        self._readonly = readonly
        self._gate = Lock()
        self._closed = False
        self._readers: dict[Thread, sqlite3.Connection] = {}
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._writer = Thread(target=self._run, name="ledger writer", daemon=True)
        self._lock: IO[str] | None = None
        if readonly:
            self._check()
        else:
            self._lock = _lock(path)
            try:
                self._connection = self._prepare()
            except BaseException:
                self._lock.close()
                raise
            self._writer.start()

    def read(self, sql: str, *values: object) -> list[Row]:
        """
        Return rows as last committed.

        :raises LedgerBusyError: when the file does not answer
        :raises DamagedLedgerError: when what it answers makes no sense
        """
        try:
            return self._reader().execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            raise LedgerBusyError(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise DamagedLedgerError(self._path, str(error)) from error

    def walk(
        self, columns: str, table: str, key: str, *, where: str = "TRUE", values: Row = ()
    ) -> Iterator[Row]:
        """
        Yield the columns of all rows by a key, which must be the first of the columns.

        Read in pages, so that no long reading keeps this thread in the past.
        """
        size = key.count(",") + 1
        start = f"SELECT {columns} FROM {table} WHERE {where}"  # noqa: S608 - names of ours alone
        order = f" ORDER BY {key} LIMIT {PAGE}"
        onward = f" AND ({key}) > ({', '.join('?' * size)})"
        page = self.read(start + order, *values)
        while page:
            yield from page
            page = self.read(start + onward + order, *values, *page[-1][:size])

    def write(self, work: Work[AnswerT]) -> AnswerT:
        """
        Do some work in the writer's transaction, and return its answer once it is on the disk.

        :raises LedgerBusyError: when nothing can be written; then nothing was
        """
        job = _Job(work)
        with self._gate:
            if self._closed or self._readonly:
                raise LedgerBusyError(why="closed" if self._closed else "read-only")
            self._jobs.put(job)
        return cast("AnswerT", job.done.result())

    def close(self) -> None:
        """Finish what waits, and let go of the file."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        if not self._readonly:
            self._writer.join()
        for reader in self._readers.values():
            reader.close()
        if self._lock:
            self._connection.close()
            self._lock.close()

    def _check(self) -> None:
        """Begin to read, unless there is nothing that this desk wrote."""
        if not self._path.exists():
            raise NoLedgerError(self._path)
        try:
            ((layout,),) = self.read("PRAGMA user_version")
        except DamagedLedgerError as error:
            self.close()
            raise ForeignLedgerError(self._path, str(error)) from error
        if layout != LAYOUT:
            self.close()
            raise ForeignLedgerError(self._path, f"its layout is {layout}, not {LAYOUT}")

    def _prepare(self) -> sqlite3.Connection:
        connection = self._open()
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            layout = connection.execute("PRAGMA user_version").fetchone()[0]
            if not layout:
                for statement in filter(str.strip, TABLES.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {LAYOUT}")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            if isinstance(error, sqlite3.OperationalError):
                raise LedgerBusyError(str(error)) from error
            raise ForeignLedgerError(self._path, str(error)) from error
        if layout not in (0, LAYOUT):
            connection.close()
            raise ForeignLedgerError(self._path, f"its layout is {layout}, not {LAYOUT}")
        return connection

    def _open(self) -> sqlite3.Connection:
        mode = "ro" if self._readonly else "rwc"
        try:
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,  # each thread has its own; only close() closes them all
            )
        except sqlite3.OperationalError as error:
            raise LedgerBusyError(str(error)) from error
        connection.execute("PRAGMA busy_timeout = 5000")
        return connection

    def _reader(self) -> sqlite3.Connection:
        thread = current_thread()
        if thread not in self._readers:
            with self._gate:
                if self._closed:
                    raise LedgerBusyError(why="closed")
                for gone in [each for each in self._readers if not each.is_alive()]:
                    self._readers.pop(gone).close()
                reader = self._open()
                reader.execute("PRAGMA query_only = ON")
                if self._readonly:
                    reader.execute("BEGIN")
                self._readers[thread] = reader
        return self._readers[thread]

    def _run(self) -> None:
        going = True
        while going:
            jobs = self._waiting()
            going = jobs[-1] is not None
            together = [job for job in jobs if job is not None]
            if together:
                _commit_together(self._connection, together)

    def _waiting(self) -> list[_Job | None]:
        jobs = [self._jobs.get()]
        with suppress(Empty):
            while jobs[-1] is not None and len(jobs) < MOST_TOGETHER:
                jobs.append(self._jobs.get_nowait())
        return jobs


def _lock(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_suffix(".lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise FolderInUseError(path.parent, holder) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _commit_together(connection: sqlite3.Connection, jobs: list[_Job]) -> None:
    """
    Make the changes of some jobs true in one transaction, and answer them after its sync.

    Refusals wait, too: what they refer to may be a neighbour's change, which is
    true only once the transaction is.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        answers = [_attempt(connection, job) for job in jobs]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        for job in jobs:
            job.done.set_exception(LedgerBusyError(str(error)))
        return
    for answer in answers:
        answer()


def _attempt(connection: sqlite3.Connection, job: _Job) -> Callable[[], None]:
    """Do one job's work or leave no trace of it, and return how to answer it."""
    connection.execute("SAVEPOINT job")
    try:
        answer = job.work(connection)
    except Exception as error:  # handed to whoever waits; its neighbours go on
        if not connection.in_transaction:  # a full disk ends the transaction by itself
            message = "the transaction ended"
            raise sqlite3.OperationalError(message) from error
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        refusal = error
        if isinstance(error, sqlite3.OperationalError):
            refusal = LedgerBusyError(str(error))
        return lambda: job.done.set_exception(refusal)
    connection.execute("RELEASE job")
    return lambda: job.done.set_result(answer)
