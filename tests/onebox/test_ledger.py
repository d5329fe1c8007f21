import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from onebox.database import (
    DamagedLedgerError,
    Database,
    FolderInUseError,
    ForeignLedgerError,
    NoLedgerError,
)
from onebox.ledger import SqliteLedger
from partnerdesk.domain import chain
from partnerdesk.domain.change import Claim
from partnerdesk.domain.licence import Licence
from partnerdesk.ports import ClaimTakenError, LedgerBusyError, StaleRecordError
from tests.builders import a_licence, a_person, kept, writing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "desk.db"


@pytest.fixture
def ledger(path):
    kept_open = SqliteLedger(path)
    yield kept_open
    kept_open.close()


@contextmanager
def running(module, path):
    process = subprocess.Popen(  # noqa: S603 - a module of these tests
        [sys.executable, "-m", f"tests.onebox.{module}", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize("lines", [1, 7, 40, 150, 400])
def test_a_kill_loses_nothing_that_was_promised(path, lines):
    with running("ledger_load", path) as process:
        promised = [process.stdout.readline().strip() for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        promised += process.stdout.read().split("\n")[:-1]

    ledger = SqliteLedger(path)
    heads = list(ledger.heads())
    kept_refs = {ref for _, ref, version, _, _ in heads if version == 2}
    assert set(promised) <= kept_refs
    for kind, ref, version, head, body in heads:
        events = ledger.history(Licence, ref)
        assert (kind, len(events), events[-1].digest) == ("licence", version, head)
        assert events[-1].body == body
        assert [chain.digest(event.entry) for event in events] == [it.digest for it in events]
        assert ledger.holder(ref) == ref
    assert ledger.waiting() == len(heads)
    ledger.close()


def test_a_second_process_on_the_folder_is_refused_and_told_what_to_do(path):
    with running("ledger_load", path) as process:
        process.stdout.readline()
        with pytest.raises(FolderInUseError) as refused:
            SqliteLedger(path)

    assert str(refused.value) == (
        f"Another desk (process {process.pid}) already works in {path.parent}. "
        "Stop that one with Ctrl-C, or start this one in another folder with DESK_DATA."
    )
    SqliteLedger(path).close()


def test_a_full_disk_is_said_before_anything_is_promised(path):
    """Robustness.md SYS-08: and the desk goes on when there is room again."""
    with running("ledger_full", path) as process:
        promised, still, later = map(int, process.stdout.readline().split())

    assert (still, later) == (promised, promised + 5)
    ledger = SqliteLedger(path)
    assert len(list(ledger.walk(Licence))) == len(list(ledger.claims())) == later
    ledger.close()


def test_changes_that_wait_share_one_sync(path):
    """Each of 8 threads waits for its own; the writer takes all that wait together."""
    syncs = []
    database = Database(path)
    database.write(lambda connection: connection.set_trace_callback(syncs.append))

    def insert(n):
        sql = "INSERT INTO claim VALUES (?, '')"
        database.write(lambda connection: connection.execute(sql, (str(n),)))
        return database.read("SELECT count(*) FROM claim WHERE name = ?", str(n))

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(insert, range(200)))

    assert seen == [[(1,)]] * 200
    assert syncs.count("COMMIT") <= 100
    database.close()


def test_a_hundred_commits_at_one_record_all_end(ledger):
    """Robustness.md SYS-13."""
    ledger.commit(writing(a_licence(seats=0)))

    def add_one(_):
        while True:
            read = ledger.get(Licence, "LIC-1")
            try:
                return ledger.commit(writing(replace(read, seats=read.seats + 1)))
            except StaleRecordError:
                continue

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(100)))

    assert ledger.get(Licence, "LIC-1").seats == 100
    assert len(ledger.history(Licence, "LIC-1")) == 101


def test_of_many_that_claim_one_name_one_gets_it(ledger):
    def claim(n):
        try:
            ledger.commit(writing(a_licence(f"LIC-{n}"), claims=(Claim("grant:1", str(n)),)))
        except ClaimTakenError as taken:
            return taken.holder
        return str(n)

    with ThreadPoolExecutor(8) as pool:
        (holder,) = set(pool.map(claim, range(40)))

    assert [it.ref for it in ledger.walk(Licence)] == [f"LIC-{holder}"]


def test_a_bug_in_one_change_leaves_its_neighbours_alone(path):
    database = Database(path)

    def stumble(connection):
        connection.execute("INSERT INTO claim VALUES ('half', '')")
        message = "a bug"
        raise KeyError(message)

    with pytest.raises(KeyError, match="a bug"):
        database.write(stumble)
    with pytest.raises(sqlite3.IntegrityError):
        database.write(lambda it: it.execute("INSERT INTO claim VALUES (NULL, '')"))
    database.write(lambda it: it.execute("INSERT INTO claim VALUES ('whole', '')"))

    assert database.read("SELECT name FROM claim") == [("whole",)]
    database.close()


def test_when_the_transaction_fails_nobody_is_told_yes(path):
    """What a full disk does in the middle of a change: SQLite ends the transaction by itself."""
    database = Database(path)

    def ends_in_silence(connection):
        connection.execute("INSERT INTO claim VALUES ('a', '')")
        connection.execute("ROLLBACK")

    def ends_in_an_error(connection):
        ends_in_silence(connection)
        connection.execute("INSERT INTO nowhere VALUES (1)")

    def fails_alone(connection):
        connection.execute("INSERT INTO nowhere VALUES (1)")

    for work in (ends_in_silence, ends_in_an_error, fails_alone):
        with pytest.raises(LedgerBusyError):
            database.write(work)
    database.write(lambda it: it.execute("INSERT INTO claim VALUES ('b', '')"))

    assert database.read("SELECT name FROM claim") == [("b",)]
    database.close()


def test_a_place_that_cannot_be_written_is_said_at_once(path):
    path.mkdir()

    with pytest.raises(LedgerBusyError):
        SqliteLedger(path)
    path.rmdir()
    SqliteLedger(path).close()


def test_a_damaged_file_is_called_so(path):
    ledger = SqliteLedger(path)
    for n in range(50):
        ledger.commit(writing(a_licence(f"LIC-{n}")))
    ledger.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(len(whole) - 8192))

    reader = SqliteLedger(path, readonly=True)
    with pytest.raises(DamagedLedgerError, match="restore it from a backup"):
        list(reader.heads())
    reader.close()


def test_the_file_is_as_safe_as_it_is_said_to_be(path):
    database = Database(path)

    settings = database.write(
        lambda it: [
            it.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    )

    assert settings == ["wal", 2, 5000]
    strict = database.read("SELECT name, strict FROM pragma_table_list WHERE type = 'table'")
    assert [name for name, is_strict in strict if not is_strict] == [
        name for name, _ in strict if name.startswith("sqlite_")
    ]
    database.close()


def test_a_file_opened_again_has_everything(path):
    ledger = SqliteLedger(path)
    read = kept(ledger, a_licence(), claims=(Claim("grant:1", "LIC-1"),))
    ledger.close()

    ledger = SqliteLedger(path)
    assert ledger.get(Licence, "LIC-1") == read
    assert ledger.holder("grant:1") == "LIC-1"
    assert len(ledger.history(Licence, "LIC-1")) == 1
    ledger.close()


def test_listeners_hear_of_a_change_once_it_is_true(ledger):
    heard = []
    ledger.on_commit(lambda change: heard.append((change, ledger.get(Licence, "LIC-1").seats)))
    change = writing(a_licence(seats=7))

    ledger.commit(change)
    with pytest.raises(StaleRecordError):
        ledger.commit(change)

    assert heard == [(change, 7)]


def test_a_reader_beside_a_running_desk_sees_one_instant(ledger, path):
    ledger.commit(writing(a_licence()))
    reader = SqliteLedger(path, readonly=True)
    assert [it.ref for it in reader.walk(Licence)] == ["LIC-1"]

    ledger.commit(writing(a_licence("LIC-2")))

    assert [it.ref for it in reader.walk(Licence)] == ["LIC-1"]
    with pytest.raises(LedgerBusyError):
        reader.commit(writing(a_licence("LIC-3")))
    reader.close()


def test_a_reader_needs_no_desk_that_runs(path):
    ledger = SqliteLedger(path)
    ledger.commit(writing(a_licence()))
    ledger.close()

    reader = SqliteLedger(path, readonly=True)
    assert reader.get(Licence, "LIC-1").seats == 50
    reader.close()


def test_there_is_nothing_to_read_before_a_desk_started(path):
    with pytest.raises(NoLedgerError, match="start the desk there once"):
        SqliteLedger(path, readonly=True)
    assert not path.exists()


def test_a_file_that_is_no_ledger_is_left_alone(path):
    path.write_text("Dear diary, " * 100)

    for readonly in (False, True):
        with pytest.raises(ForeignLedgerError, match="cannot be used as a ledger"):
            SqliteLedger(path, readonly=readonly)
    assert path.read_text() == "Dear diary, " * 100


def test_a_ledger_of_a_newer_desk_is_left_alone(path):
    SqliteLedger(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()

    for readonly in (False, True):
        with pytest.raises(ForeignLedgerError, match="its layout is 2, not 1"):
            SqliteLedger(path, readonly=readonly)


def test_a_closed_ledger_promises_nothing(path):
    ledger = SqliteLedger(path)
    ledger.close()
    ledger.close()

    with pytest.raises(LedgerBusyError):
        ledger.commit(writing(a_licence()))
    with ThreadPoolExecutor(1) as pool, pytest.raises(LedgerBusyError):
        pool.submit(ledger.get, Licence, "LIC-1").result()


def test_threads_that_ended_leave_no_connection_open(ledger):
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    ledger.commit(writing(a_person(), a_licence()))
    before = open_files()

    for _ in range(50):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(ledger.get, Licence, "LIC-1").result()

    assert open_files() - before < 10
