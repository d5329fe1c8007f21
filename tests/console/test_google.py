"""Calls to the spreadsheet service: their limits, their failures, and what is never sent."""

import json
import logging
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
import requests

from console.google import SPREADSHEETS, Bucket, Budget, find, signed_in
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import (
    SheetRefusedError,
    SheetUnavailableError,
    WorkbookUnreachableError,
)
from sheetserver.accounts import create_service_account
from tests.workbooks import Console, SheetServer

DESK = Workbook.DESK
TITLE = {"updateSpreadsheetProperties": {"properties": {"title": "X"}, "fields": "title"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = SheetServer(tmp_path_factory.mktemp("sheets"))
    yield running
    running.stop()


@pytest.fixture
def console(tmp_path, server):
    made = Console(tmp_path, server)
    yield made
    made.close()


@pytest.fixture
def until(console):
    return console.desk.now() + timedelta(minutes=1)


@pytest.fixture
def faults(server):
    """Plans failures of the service, and counts the calls that reached it."""
    address = f"{server.root}/_test"

    class Faults:
        def add(self, do, times=1, **match):
            planned = {"do": do, "times": times, "match": match}
            assert requests.post(f"{address}/faults", json=planned, timeout=5).ok

        def calls(self):
            log = requests.get(f"{address}/requests", timeout=5).json()["requests"]
            return [it for it in log if "/v4/" in it["path"]]

    for name in ("faults", "requests"):
        requests.delete(f"{address}/{name}", timeout=5)
    yield Faults()
    requests.delete(f"{address}/faults", timeout=5)


def read(console, until, *ranges):
    return console.client.read(DESK, ranges or ("Sheet1!A1:B2",), until=until)


def test_cells_are_read_unformatted(console, until):
    cells = [
        {"userEnteredValue": {"stringValue": "00123"}},
        {"userEnteredValue": {"numberValue": 46351.5}},
        {"userEnteredValue": {"boolValue": True}},
    ]
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    update = {
        "updateCells": {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}
    }

    echo = console.client.write(
        DESK, [update], echo=("'Sheet1'!A1:C1", "'Sheet1'!B:B"), until=until
    )

    assert echo == [[["00123", 46351.5, True]], [[46351.5]]]
    assert read(console, until, "Sheet1!A1:C1", "Sheet1!D:D") == [[["00123", 46351.5, True]], []]


@pytest.mark.parametrize("do", ["500", "502", "503", "drop", "html_body", "truncated_body"])
def test_a_read_is_tried_again(console, until, faults, do):
    faults.add(do, times=2)

    assert read(console, until) == [[]]
    assert len(faults.calls()) == 3


def test_a_read_is_tried_three_times_and_no_more(console, until, faults):
    faults.add("503", times=9)

    with pytest.raises(SheetUnavailableError):
        read(console, until)
    assert len(faults.calls()) == 3


def test_between_tries_it_waits_longer_each_time(console, until, faults):
    waits = []
    object.__setattr__(console.client, "pause", waits.append)
    faults.add("503", times=2)

    read(console, until)

    assert waits == [0.25, 0.5]


@pytest.mark.parametrize("do", ["503", "503_after_commit", "drop", "drop_after_commit"])
def test_a_write_is_tried_once(console, until, faults, do):
    """sheets.md A9: repeating one is a new visit, which reads first."""
    faults.add(do, times=9)

    with pytest.raises(SheetUnavailableError):
        console.client.write(DESK, [TITLE], until=until)
    assert len(faults.calls()) == 1


def test_a_quota_is_not_slept_out(console, until, faults):
    """sheets.md A8: wait for the next minute, not asleep in a function."""
    faults.add("429", times=9)

    with pytest.raises(SheetUnavailableError) as refused:
        read(console, until)
    assert refused.value.facts["why"] == "quota"
    assert len(faults.calls()) == 1


@pytest.mark.parametrize("do", ["401", "403"])
def test_a_workbook_without_right_is_unreachable(console, until, faults, do):
    faults.add(do, times=9)

    with pytest.raises(WorkbookUnreachableError):
        read(console, until)


def test_a_workbook_that_is_gone_is_unreachable(console, until):
    console.books[DESK] = "gone"

    with pytest.raises(WorkbookUnreachableError):
        read(console, until)


def test_a_workbook_that_was_never_set_up_is_unreachable(console, until):
    with pytest.raises(WorkbookUnreachableError):
        console.client.read(Workbook.FINANCE, ("A1",), until=until)


def test_a_wrong_range_is_refused(console, until):
    with pytest.raises(SheetRefusedError, match="Unable to parse range"):
        read(console, until, "Nowhere!A1")


def test_a_batch_with_one_wrong_request_does_nothing(console, until):
    wrong = {"deleteSheet": {"sheetId": 404}}

    with pytest.raises(SheetRefusedError):
        console.client.write(DESK, [TITLE, wrong], until=until)
    assert console.client.describe(DESK, until=until)["properties"]["title"] != "X"


def test_no_call_begins_that_could_not_end_in_time(console, faults):
    """sheets.md A9: 25 s for a call, and 5 s to spare."""
    now = console.desk.now()

    read(console, now + timedelta(seconds=30))
    with pytest.raises(SheetUnavailableError) as refused:
        read(console, now + timedelta(seconds=29))
    assert refused.value.facts["why"] == "time"
    assert len(faults.calls()) == 1


def test_ten_calls_at_once_and_forty_a_minute():
    """sheets.md A9: never over 50 in any 60 s."""
    seconds = [0.0]
    bucket = Bucket(tick=lambda: seconds[0])
    taken = []
    for _ in range(1200):
        with suppress(SheetUnavailableError):
            bucket.take()
            taken.append(seconds[0])
        seconds[0] += 0.1

    assert taken[:10] == pytest.approx([n / 10 for n in range(10)])
    assert max(sum(at <= it < at + 60 for it in taken) for at in taken) <= 50
    assert len(taken) == pytest.approx(90, abs=1)


def test_reads_and_writes_are_counted_apart(console, until):
    object.__setattr__(console.client, "budget", Budget(reads=Bucket(capacity=1.0, a_minute=0.0)))
    read(console, until)

    with pytest.raises(SheetUnavailableError):
        read(console, until)
    console.client.write(DESK, [TITLE], until=until)


def test_calls_are_logged_without_what_is_in_the_cells(console, until, caplog):
    with caplog.at_level(logging.INFO, logger="console.google"):
        cells = [{"userEnteredValue": {"stringValue": "a secret"}}]
        start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
        body = {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}
        console.client.write(DESK, [{"updateCells": body}], until=until)
        read(console, until)

    assert len(caplog.records) == 2
    assert "a secret" not in str([record.__dict__ for record in caplog.records])


def test_nothing_is_ever_sent_to_be_parsed(console, faults):
    """sheets.md A3 and A6: every write is one typed batchUpdate."""
    console.desk.ask(organisation="=1+1")
    console.settle()

    calls = faults.calls()
    assert {it["path"].rpartition(":")[2] for it in calls if it["method"] == "POST"} == {
        "batchUpdate"
    }
    assert "USER_ENTERED" not in json.dumps(calls)
    assert "formulaValue" not in json.dumps(calls)


def test_a_service_account_signs_in_and_finds_its_workbooks(tmp_path, server):
    """sheets.md A7: a local token address exercises the whole sign-in."""
    name = next(NAMES)
    email = create_service_account(server.app.engine, tmp_path / "key.json", name, server.root)
    http = signed_in(tmp_path / "key.json", server.root)
    made = http.request("post", SPREADSHEETS, json={"properties": {"title": "It's ours"}}).json()

    assert http.account == email
    assert find(http, "It's ours") == [made["spreadsheetId"]]
    assert find(http, "Nobody's") == []
    http.session.close()


NAMES = (f"account{n}" for n in count(1))
