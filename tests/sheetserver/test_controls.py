"""Test controls: faults, quota, delays, clock, people in the gap, state. sheets.md B12."""

import httpx
import pytest
import requests

from tests.sheetserver.conftest import run

ONE = {"range": {"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}}


@pytest.fixture
def book(server):
    book = server.make(title="Faulty")
    server.put(book, "A1", [["ID", "Name"], ["D-1", "one"], ["D-2", "two"]])
    return book


def write(text):
    return {
        "updateCells": {
            "start": {"rowIndex": 9},
            "fields": "userEnteredValue",
            "rows": [{"values": [{"userEnteredValue": {"stringValue": text}}]}],
        }
    }


def plan(server, do, **match):
    return server.call("POST", "/_test/faults", {"match": match, "do": do})


@pytest.mark.parametrize("do", ["401", "403", "429", "500", "502", "503"])
def test_a_planned_status_meets_the_call_before_it_is_done(server, book, do):
    plan(server, do, spreadsheet=book, kind="updateCells")

    assert server.get(book, "A10") == []
    answer = server.batch(book, write("x"), status=int(do))
    assert answer["error"]["code"] == int(do)
    assert server.get(book, "A10") == []
    server.batch(book, write("x"))
    assert server.get(book, "A10") == [["x"]]
    hits = server.call("GET", "/_test/faults")["faults"][0]["hits"]
    assert hits == [f"POST /v4/spreadsheets/{book}:batchUpdate"]


def test_an_answer_is_lost_after_the_commit(server, book):
    plan(server, "503_after_commit", method="post")
    server.batch(book, write("kept"), status=503)

    assert server.get(book, "A10") == [["kept"]]


@pytest.mark.parametrize(
    ("do", "is_done"), [("drop", False), ("drop_after_commit", True), ("truncated_body", True)]
)
def test_a_connection_breaks(server, book, do, is_done):
    plan(server, do, path=":batchUpdate$")
    with pytest.raises(httpx.TransportError):
        server.batch(book, write("x"))

    assert server.get(book, "A10") == ([["x"]] if is_done else [])


def test_requests_sees_a_broken_connection_as_one(server, book):
    plan(server, "drop_after_commit", path=":batchUpdate$")
    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        session.post(
            f"{server.root}/v4/spreadsheets/{book}:batchUpdate",
            json={"requests": [write("x")]},
            timeout=5,
        )


def test_a_call_hangs_until_its_client_gives_up(server, book):
    plan(server, "hang", path=":batchUpdate$")
    path = f"{server.root}/v4/spreadsheets/{book}:batchUpdate"
    with pytest.raises(httpx.ReadTimeout):
        server.http.post(path, json={"requests": [write("x")]}, timeout=0.2)
    assert server.get(book, "A10") == []


def test_a_proxy_answers_in_html(server, book):
    plan(server, "html_body", path="values")
    answer = server.http.get(f"{server.root}/v4/spreadsheets/{book}/values/A1")

    assert (answer.status_code, answer.text[:15]) == (502, "<!DOCTYPE html>")


def test_a_fault_waits_and_strikes_as_often_as_planned(server, book):
    server.call(
        "POST", "/_test/faults", {"match": {"path": "values"}, "do": "503", "after": 1, "times": 2}
    )
    place = f"/v4/spreadsheets/{book}/values/A1"
    statuses = [server.http.get(server.root + place).status_code for _ in range(4)]

    assert statuses == [200, 503, 503, 200]
    server.call("POST", "/_test/faults", {"do": "explode"}, status=400)
    server.call("POST", "/_test/faults", {"do": "503", "colour": 1}, status=400)


def test_quota_is_counted_and_enforced_per_minute_of_the_virtual_clock(server, book):
    server.call("POST", "/_test/clock", {"fixed": "2031-01-01T10:00:30Z"})
    server.call("POST", "/_test/quota", {"enforce": True})
    place = f"/v4/spreadsheets/{book}/values/A1"
    statuses = [server.http.get(server.root + place).status_code for _ in range(61)]

    assert statuses == [200] * 60 + [429]
    answer = server.http.get(server.root + place).json()["error"]
    assert answer["status"] == "RESOURCE_EXHAUSTED"
    assert answer["message"] == (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per "
        "user' of service 'sheets.googleapis.com' for consumer 'project_number:0'."
    )
    assert answer["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    server.batch(book, write("writes have a bucket of their own"))
    server.call("POST", "/_test/clock", {"offset": 30})
    server.get(book, "A1")
    counted = server.call("GET", "/_test/quota")["counters"]
    assert [each["calls"] for each in counted if each["metric"] == "Read requests"][-2:] == [60, 1]


def test_the_clock_drives_today(server, book):
    server.put(book, "D1", [["=TODAY()"]], option="USER_ENTERED")
    server.call("POST", "/_test/clock", {"fixed": "2031-01-01T10:00:00Z"})
    assert server.get(book, "D1") == [["1/1/2031"]]
    server.call("POST", "/_test/clock", {"offset": 86_400})
    assert server.get(book, "D1") == [["1/2/2031"]]
    server.call("POST", "/_test/clock", {"fixed": "noon"}, status=400)
    server.call("POST", "/_test/clock", {"fixed": "2031-01-01T10:00:00"}, status=400)


def test_delays_are_noted_and_repeat_with_their_seed(server, book):
    def delays():
        server.call("POST", "/_test/latency", {"p50": 3, "p99": 9, "seed": 4})
        server.call("DELETE", "/_test/requests")
        for _ in range(5):
            server.get(book, "A1")
        return [each["ms"] for each in server.call("GET", "/_test/requests")["requests"]]

    assert all(each >= 0 for each in delays())
    server.call("POST", "/_test/latency", {"fixed": 5})
    server.call("DELETE", "/_test/requests")
    server.get(book, "A1")
    assert server.call("GET", "/_test/requests")["requests"][0]["ms"] >= 5


def test_the_log_tells_who_called_what(server, book):
    server.call("DELETE", "/_test/requests")
    server.batch(book, write("x"))
    server.get(book, "A1", majorDimension="COLUMNS")

    first, second = server.call("GET", "/_test/requests")["requests"]
    assert (first["method"], first["path"]) == ("POST", f"/v4/spreadsheets/{book}:batchUpdate")
    assert (first["status"], first["bucket"]) == (200, "Write requests")
    assert "updateCells" in first["body"]
    assert first["revision"] == second["revision"] == server.app.engine.read(book).revision
    assert second["query"] == "majorDimension=COLUMNS"


def between(server, when, *edits, **more):
    server.call("POST", "/_test/between", {"when": when, "edits": list(edits), **more})


def test_a_person_sorts_between_a_read_and_a_write(server, book):
    sort = {
        "range": {"startRowIndex": 1, "endRowIndex": 3},
        "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}],
    }
    between(server, "after_read", {"sort": sort}, match={"spreadsheet": book})

    assert server.get(book, "A1:A3") == [["ID"], ["D-1"], ["D-2"]]
    assert server.get(book, "A1:A3") == [["ID"], ["D-2"], ["D-1"]]
    assert server.call("GET", "/_test/between") == {"waiting": 0, "refused": []}


def test_a_person_edits_just_before_a_write(server, book):
    between(
        server,
        "before_write",
        {"edit": {"a1": "A10", "value": "mine"}},
        {"paste": {"a1": "B10", "rows": [["5%", "=1+1"]]}},
        {"rename": {"title": "Renamed"}},
        match={"method": "POST"},
    )
    server.batch(
        book, {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}}
    )

    assert server.get(book, "Renamed!A9:C9") == [["mine", "5%", "2"]]


def test_rows_are_copied_inserted_deleted_moved_and_edits_undone(server, book):
    between(
        server,
        "after_read",
        {"rowCopy": {"from": 1, "to": 2}},
        {"insert": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 2}}},
        {
            "move": {
                "source": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1},
                "destinationIndex": 2,
            }
        },
        {"delete": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}},
    )
    server.get(book, "A1")
    assert server.get(book, "A1:A4") == [["ID"], ["D-1"], ["D-1"], ["D-2"]]
    between(server, "after_read", {"edit": {"a1": "A1", "value": "oops"}})
    server.get(book, "A1")
    between(server, "after_read", {"undo": {}})
    assert server.get(book, "A1") == [["oops"]]
    assert server.get(book, "A1") == [["ID"]]
    server.call("POST", "/_test/between", {"when": "later"}, status=400)
    server.call(
        "POST", "/_test/between", {"when": "after_read", "edits": [{"explode": {}}]}, status=400
    )


def test_a_person_meets_protection_too(server, book):
    server.batch(book, {"addProtectedRange": {"protectedRange": ONE}})
    server.app.engine.permit(book, "ana@example.com", "writer")
    between(server, "after_read", {"edit": {"a1": "A1", "value": "x"}}, **{"as": "ana@example.com"})

    assert server.get(book, "A1") == [["ID"]]
    assert server.get(book, "A1") == [["ID"]]
    refused = server.call("GET", "/_test/between")["refused"]
    assert refused[0].startswith("You are trying to edit a protected cell")


def test_the_whole_state_goes_out_and_comes_back(tmp_path):
    for server in run(tmp_path, is_anonymous=True, has_test_controls=True):
        book = server.make("T")
        server.put(book, "A1", [["=1+1", "x"]], option="USER_ENTERED")
        state = server.http.get(f"{server.root}/_test/state")
        server.put(book, "A1", [["gone"]])
        server.call("PUT", "/_test/state", state.json())
        assert server.get(book, "A1:B1") == [["2", "x"]]
        assert server.http.get(f"{server.root}/_test/state").content == state.content
        server.call("POST", "/_test/reset")
        server.call("GET", f"/v4/spreadsheets/{book}", status=404)


def test_without_controls_there_are_none(strict_server):
    strict_server.call("GET", "/_test/state", status=404)
    strict_server.call("POST", "/_test/reset", status=404)
