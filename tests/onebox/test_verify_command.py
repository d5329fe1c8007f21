"""`desk verify`: one line for each invariant, beside a running desk or without one."""

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from onebox.place import Place
from onebox.verify_command import verify
from partnerdesk.domain.errors import MissingError
from partnerdesk.usecases.verify_ledger import INVARIANTS
from tests.desk import SmallDesk


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def desk(place):
    running = SmallDesk(place.data)
    running.ask()
    running.work()
    yield running
    running.close()


def said(place, *words):
    return CliRunner().invoke(verify, words, obj=place)


def tamper(place):
    with closing(sqlite3.connect(place.ledger)) as connection, connection:
        connection.execute("UPDATE record SET head = 'x' WHERE kind = 'licence'")


@pytest.mark.usefixtures("desk")
def test_a_whole_ledger_is_said_in_one_line_each_beside_a_running_desk(place):
    answer = said(place)

    lines = answer.output.splitlines()
    assert answer.exit_code == 0
    assert [line.split()[:2] for line in lines[:-1]] == [[it.id, "ok"] for it in INVARIANTS]
    assert "V8  ok   the audit chains are unbroken: 6 records, 14 events" in lines
    assert lines[-1] == "7 of 7 hold."


def test_it_needs_no_desk_that_runs(desk, place):
    desk.close()

    assert said(place, "--full").exit_code == 0


@pytest.mark.usefixtures("desk")
def test_what_is_broken_is_named_and_told_to_the_shell(place):
    tamper(place)

    answer = said(place)

    assert answer.exit_code == 1
    assert (
        "V8  BAD  the audit chains are unbroken: 6 records, 14 events; 1 bad, "
        "first licence LIC-2026-000001: the record's head is not its last event"
    ) in answer.output
    assert answer.output.endswith("6 of 7 hold.\n")


@pytest.mark.usefixtures("desk")
def test_programs_read_json(place):
    whole = said(place, "--json", "--full")
    tamper(place)
    broken = said(place, "--json")

    assert (whole.exit_code, json.loads(whole.output)["ok"]) == (0, True)
    assert (broken.exit_code, json.loads(broken.output)["ok"]) == (1, False)
    chains = next(it for it in json.loads(broken.output)["invariants"] if it["id"] == "V8")
    assert chains == {
        "id": "V8",
        "holds": "the audit chains are unbroken",
        "ok": False,
        "counts": {"records": 6, "events": 14},
        "bad": 1,
        "first": "licence LIC-2026-000001: the record's head is not its last event",
    }


@pytest.mark.usefixtures("desk")
def test_without_the_key_signatures_are_left_and_said_so(place):
    assert "1 signatures not checked: unknown key" in said(place).output


def test_there_is_nothing_to_verify_before_a_desk_started(place):
    answer = said(place)

    assert isinstance(answer.exception, MissingError)
    assert not place.ledger.exists()


def test_an_empty_ledger_is_whole(place):
    SmallDesk(place.data).close()

    answer = said(place)

    assert answer.exit_code == 0
    assert "V2  ok   one licence a grant, its file as issued and signed\n" in answer.output
