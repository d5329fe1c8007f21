"""The live events of the browser grid, read from a running server."""

import json
import socket
import threading

import httpx
import pytest
import uvicorn

from tests.gridbook import (
    ANA,
    DEALS,
    HELP,
    OWNER,
    REASON,
    STATUS,
    SUMMARY,
    a_server,
    a_workbook,
    cell,
    change,
    inserted,
    put,
    write,
)


class Running:
    """A server on a port of its own, as a browser meets it."""

    def __init__(self, folder):
        listening = socket.create_server(("127.0.0.1", 0))
        self.app = a_server(folder, listening.getsockname()[1])
        self.engine = self.app.engine
        self.root = self.app.settings.root
        self.book = a_workbook(self.engine)
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()

    def stop(self):
        self.app.hang_up()
        self._server.should_exit = True
        self._thread.join()
        self.app.close()


@pytest.fixture
def server(tmp_path):
    running = Running(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def ana(server):
    with httpx.Client(base_url=server.root) as client:
        client.post("/persona", data={"email": ANA.email})
        yield client


class Listener:
    """Reads events one by one; `hello` is the line that says the server listens to changes."""

    def __init__(self, response):
        assert response.headers["content-type"].startswith("text/event-stream")
        self._lines = response.iter_lines()
        self.hello = next(self._lines)

    def next(self):
        told = {}
        for line in self._lines:
            name, _, text = line.partition(": ")
            if name:
                told[name] = text
            elif "data" in told:
                return told["event"], json.loads(told["data"]), int(told["id"])
        return None


def listening(client, server, after=None, **headers):
    query = {} if after is None else {"after": after}
    path = f"/grid/{server.book}/events"
    return client.stream("GET", path, params=query, headers=headers, timeout=10)


def test_a_changed_row_is_told_as_it_is_now(server, ana):
    revision = server.engine.read(server.book).revision
    with listening(ana, server, revision) as response:
        events = Listener(response)
        put(server.engine, server.book, 1, STATUS, "Approved")

        kind, told, _ = events.next()

    assert kind == "rows"
    assert told["sheetId"] == DEALS
    assert told["revision"] == revision + 1
    shown = told["rows"]["1"][1][STATUS]
    assert shown[0] == "Approved"
    assert told["looks"][shown[1]]["bg"] == "#d9ead3"


def test_moved_rows_are_told_as_a_hint_to_read_again(server, ana):
    with listening(ana, server) as response:
        events = Listener(response)
        change(server.engine, server.book, inserted(HELP, 1, 2))

        kind, told, _ = events.next()

    assert (kind, told["sheetId"]) == ("reload", HELP)


def test_whoever_was_away_hears_what_was_missed(server, ana):
    seen = server.engine.read(server.book).revision
    put(server.engine, server.book, 1, REASON, "one")
    put(server.engine, server.book, 2, REASON, "two")

    with listening(ana, server, **{"last-event-id": str(seen)}) as response:
        kind, told, _ = Listener(response).next()

    assert kind == "rows"
    assert {row: each[1][REASON][0] for row, each in told["rows"].items()} == {
        "1": "one",
        "2": "two",
    }


def test_no_tab_of_a_commit_is_missed_by_who_leaves_between_two(server, ana):
    seen = server.engine.read(server.book).revision
    change(
        server.engine,
        server.book,
        write(SUMMARY, 4, 1, [cell(99)]),
        write(DEALS, 1, REASON, [cell("both")]),
    )

    with listening(ana, server, seen) as response:
        first = Listener(response).next()
    with listening(ana, server, **{"last-event-id": str(first[2])}) as response:
        events = Listener(response)
        heard = {events.next()[1]["sheetId"], events.next()[1]["sheetId"]}

    assert heard == {SUMMARY, DEALS}


def test_whoever_was_away_too_long_is_told_to_read_everything_again(server, ana):
    with listening(ana, server, 1_000_000) as response:
        kind, told, _ = Listener(response).next()

    assert kind == "reload"
    assert "sheetId" not in told


def test_a_deleted_workbook_is_told(server, ana):
    with listening(ana, server) as response:
        events = Listener(response)
        server.engine.delete(server.book, OWNER)

        kind, _, _ = events.next()

    assert kind == "gone"


def test_the_stream_ends_with_the_right_to_look(server, ana):
    with listening(ana, server) as response:
        events = Listener(response)
        right = next(
            each for each in server.engine.permissions(server.book) if each.email == ANA.email
        )
        server.engine.forbid(right)
        put(server.engine, server.book, 1, REASON, "secret")

        heard = events.next()
        after = events.next()

    assert heard[0] == "gone"
    assert "secret" not in str(heard)
    assert after is None
