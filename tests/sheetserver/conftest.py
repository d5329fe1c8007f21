"""A running sheet server whose every answer is judged by the published schema."""

import json
import re
import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import gspread
import httpx
import pytest
import uvicorn
from google.auth.credentials import AnonymousCredentials

from sheetserver.app import build
from sheetserver.schema import drive, sheets
from sheetserver.settings import Persona, Settings

ANA = Persona("Ana", "ana@example.com", writes=frozenset({"Shared with Ana"}))

# The type of each answer, by method and path.
TYPES = [
    ("POST", r"/v4/spreadsheets", sheets, "Spreadsheet"),
    ("GET", r"/v4/spreadsheets/[^/:]+", sheets, "Spreadsheet"),
    ("POST", r".*:getByDataFilter", sheets, "Spreadsheet"),
    ("POST", r"/v4/spreadsheets/[^/:]+:batchUpdate", sheets, "BatchUpdateSpreadsheetResponse"),
    ("GET", r".*/values:batchGet", sheets, "BatchGetValuesResponse"),
    ("POST", r".*/values:batchUpdate", sheets, "BatchUpdateValuesResponse"),
    ("POST", r".*/values:batchClear", sheets, "BatchClearValuesResponse"),
    ("POST", r".*:batchGetByDataFilter", sheets, "BatchGetValuesByDataFilterResponse"),
    ("POST", r".*:batchUpdateByDataFilter", sheets, "BatchUpdateValuesByDataFilterResponse"),
    ("POST", r".*:batchClearByDataFilter", sheets, "BatchClearValuesByDataFilterResponse"),
    ("POST", r".*:append", sheets, "AppendValuesResponse"),
    ("POST", r".*:clear", sheets, "ClearValuesResponse"),
    ("GET", r".*/values/.*", sheets, "ValueRange"),
    ("PUT", r".*/values/.*", sheets, "UpdateValuesResponse"),
    ("POST", r".*/developerMetadata:search", sheets, "SearchDeveloperMetadataResponse"),
    ("GET", r".*/developerMetadata/.*", sheets, "DeveloperMetadata"),
    ("POST", r".*:copyTo", sheets, "SheetProperties"),
    ("GET", r"/drive/v3/files", drive, "FileList"),
    ("POST", r"/drive/v3/files(/[^/]+/copy)?", drive, "File"),
    ("GET", r"/drive/v3/files/[^/]+", drive, "File"),
    ("PATCH", r"/drive/v3/files/[^/]+", drive, "File"),
    ("GET", r".*/permissions", drive, "PermissionList"),
    ("POST", r".*/permissions", drive, "Permission"),
]


class Judge:
    """Passes calls on and checks what comes back."""

    def __init__(self, app):
        self.app = app
        self.faults = []

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parts, status = [], []

        async def look(event):
            if event["type"] == "http.response.start":
                status.append(event["status"])
            elif not event.get("more_body"):
                parts.append(event.get("body", b""))
            await send(event)

        await self.app(scope, receive, look)
        if status == [200]:
            self.judge(scope["method"], scope["raw_path"].decode(), b"".join(parts))

    def judge(self, method, path, body):
        for verb, pattern, schema, kind in TYPES:
            if verb == method and re.fullmatch(pattern, path):
                self.faults += [
                    f"{path}: {each}" for each in schema().faults(kind, json.loads(body))
                ]
                return


@dataclass
class Running:
    root: str
    app: object
    judge: Judge
    http: httpx.Client
    gspread: gspread.Client
    calls: list = field(default_factory=list)

    def call(self, method, path, body=None, *, status=200, **options):
        """Return the JSON of an answer that has a status."""
        answer = self.http.request(method, self.root + path, json=body, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def make(self, *titles, title="Test", rows=100, columns=26):
        """Return the id of a new spreadsheet; its first tab has id 0, the next 1 and so on."""
        tabs = [
            {
                "properties": {
                    "title": each,
                    "sheetId": at,
                    "gridProperties": {"rowCount": rows, "columnCount": columns},
                }
            }
            for at, each in enumerate(titles or ("Sheet1",))
        ]
        body = {"properties": {"title": title}, "sheets": tabs}
        return self.call("POST", "/v4/spreadsheets", body)["spreadsheetId"]

    def batch(self, book, *requests, status=200, **more):
        path = f"/v4/spreadsheets/{book}:batchUpdate"
        return self.call("POST", path, {"requests": list(requests), **more}, status=status)

    def put(self, book, place, rows, option="RAW", **options):
        path = f"/v4/spreadsheets/{book}/values/{place}"
        return self.call(
            "PUT", path, {"values": rows}, params={"valueInputOption": option}, **options
        )

    def get(self, book, place, **query):
        found = self.call("GET", f"/v4/spreadsheets/{book}/values/{place}", params=query)
        return found.get("values", [])

    def cells(self, book, place, fields):
        """Return the cells of a range, row by row, with some of their fields."""
        shown = self.call(
            "GET",
            f"/v4/spreadsheets/{book}",
            params={"ranges": place, "fields": f"sheets.data.rowData.values({fields})"},
        )
        rows = shown["sheets"][0]["data"][0].get("rowData", [])
        return [row.get("values", []) for row in rows]

    def sheet(self, book, fields, at=0):
        shown = self.call("GET", f"/v4/spreadsheets/{book}", params={"fields": f"sheets({fields})"})
        return shown.get("sheets", [{}] * (at + 1))[at]


def client_at(root, session=None, credentials=None):
    class Local(gspread.HTTPClient):
        def request(self, method, endpoint, *args, **kwargs):
            path = urlsplit(endpoint)._replace(scheme="", netloc="").geturl()
            return super().request(method, root + path, *args, **kwargs)

    return gspread.Client(credentials or AnonymousCredentials(), session=session, http_client=Local)


def run(folder, **settings):
    """Run a server until the generator ends."""
    # Named as TCP, so that asyncio switches the waiting for full packets off.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    root = f"http://127.0.0.1:{sock.getsockname()[1]}"
    app = build(Settings(folder=folder, root=root, **settings))
    judge = Judge(app)
    server = uvicorn.Server(uvicorn.Config(judge, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    client = client_at(root)
    with httpx.Client(timeout=30) as http:
        yield Running(root, app, judge, http, client)
    client.http_client.session.close()
    server.should_exit = True
    thread.join()
    sock.close()
    app.close()
    assert judge.faults == []


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    yield from run(
        tmp_path_factory.mktemp("sheets"),
        is_anonymous=True,
        has_test_controls=True,
        personas=(ANA,),
    )


@pytest.fixture
def server(shared_server):
    """The server all tests share; what one of them plans is over with it."""
    yield shared_server
    for control in ("faults", "between"):
        shared_server.call("DELETE", f"/_test/{control}")
    shared_server.call("POST", "/_test/latency", {})
    shared_server.call("POST", "/_test/quota", {"enforce": False})
    shared_server.call("POST", "/_test/clock", {})
    assert shared_server.judge.faults == []


@pytest.fixture
def strict_server(tmp_path):
    """A server that lets nobody in without a token."""
    yield from run(tmp_path / "data")
