"""A desk with its workbooks on a real sheet server, and a person who edits the rows."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, socket

from console.google import SPREADSHEETS, Budget, GoogleSheets, anonymous
from console.schema import letters, quoted
from console.tabs import TABS, TITLES, tabs_of
from onebox.serving import serve
from partnerdesk.domain.doorbell import EDIT, NOWHERE, Ring, Span
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import SheetRefusedError
from sheetserver.app import build
from sheetserver.settings import Settings
from syncing.services import Memory, Services
from syncing.work import visit
from tests.builders import NOON
from tests.desk import SmallDesk

WORKBOOKS = tuple(workbook for workbook in Workbook if tabs_of(workbook))
UNTIL = NOON + timedelta(days=365)
BY_TITLE = {tab.title: tab for tab in TABS}


@contextmanager
def listening():
    """Yield a socket on a free port of this machine, and its address."""
    # asyncio turns Nagle's waiting off only where a socket says that it is TCP.
    with socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made, f"http://127.0.0.1:{made.getsockname()[1]}"


@contextmanager
def serving(app, made):
    """Serve an application for a while."""
    served = serve(app, made)
    yield
    served.stop()


class SheetServer:
    """Our own sheet server on a port of this machine, without accounts."""

    def __init__(self, folder: Path):
        self._opened = ExitStack()
        made, self.root = self._opened.enter_context(listening())
        settings = Settings(
            folder=folder, root=self.root, is_anonymous=True, has_test_controls=True
        )
        self.app = build(settings)
        self._opened.callback(self.app.close)
        self._opened.enter_context(serving(self.app, made))

    def http(self):
        """Return gspread's way to the server."""
        return anonymous(self.root)

    def stop(self):
        self._opened.close()


@dataclass
class Sheets:
    """A SheetsClient that counts the calls, and can fail before or after any of them."""

    client: GoogleSheets
    calls: list[str] = field(default_factory=list)
    fail_at: dict[int, str] = field(default_factory=dict)
    """Number of a call from 1 -> `before` or `after`."""

    failure: BaseException | None = None
    refuses: str = ""
    """A word that no write may contain."""

    between: dict[int, object] = field(default_factory=dict)
    """Number of a call from 1 -> what a person does just before it."""

    @property
    def account(self):
        return self.client.account

    def describe(self, workbook, *, until):
        return self._call("describe", lambda: self.client.describe(workbook, until=until))

    def read(self, workbook, ranges, *, until):
        return self._call("read", lambda: self.client.read(workbook, ranges, until=until))

    def write(self, workbook, requests, *, echo=(), until):
        if self.refuses and self.refuses in str(requests):
            self.calls.append("refused")
            message = "Invalid requests[0]"
            raise SheetRefusedError(message)
        return self._call(
            "write", lambda: self.client.write(workbook, requests, echo=echo, until=until)
        )

    def _call(self, name, call):
        self.calls.append(name)
        number = len(self.calls)
        if number in self.between:
            self.between.pop(number)()
        if self.fail_at.get(number) == "before":
            raise self.failure
        answer = call()
        if self.fail_at.get(number) == "after":
            raise self.failure
        return answer


class Console:
    """The desk, its workbooks, and hands to edit them with."""

    _names = count(1)

    def __init__(self, folder: Path, server, books: dict[Workbook, str] | None = None):
        """Open a desk; without `books`, ids by workbook, its workbooks are made."""
        self.desk = SmallDesk(folder)
        self.books = dict(books or {})
        self.client = GoogleSheets(
            http=server.http(),
            books=self.books,
            clock=self.desk.clock,
            pause=lambda _seconds: None,
            dice=lambda: 0.5,
            budget=Budget.unlimited(),
        )
        for workbook in () if books else WORKBOOKS:
            body = {"properties": {"title": f"{TITLES[workbook]} {next(self._names)}"}}
            made = self.client.http.request("post", SPREADSHEETS, json=body).json()
            self.books[workbook] = made["spreadsheetId"]
        self.sheets = Sheets(self.client)
        self.who = ""
        self.services = Services(
            ledger=self.desk.ledger,
            marks=self.desk.ledger,
            clock=self.desk.clock,
            ids=self.desk.ids,
            sheets=self.sheets,
            settings=self.desk.settings,
        )

    def close(self):
        self.client.http.session.close()
        self.desk.close()

    def with_services(self, **parts):
        self.services = replace(self.services, **parts)

    def forget(self):
        """Lose what a process remembers."""
        self.with_services(memory=Memory())

    def visit(self, workbook=Workbook.DESK) -> bool:
        return visit(workbook, self.services)

    def settle(self):
        """Work off the outbox and visit until nothing is left to do."""
        for _ in range(20):
            self.desk.work()
            more = [self.visit(workbook) for workbook in WORKBOOKS]
            is_due = self.desk.ledger.due(at=self.desk.now())
            if not any(more) and not is_due and not self.desk.ledger.stale():
                return
        raise AssertionError

    # What is in the sheet

    def place(self, title):
        tab = BY_TITLE[title]
        return self.services.memory.places[tab.workbook][tab.key]

    def grid(self, title) -> list[list]:
        tab = BY_TITLE[title]
        place = self.place(title)
        (block,) = self.client.read(tab.workbook, [quoted(place.title)], until=UNTIL)
        return [list(row) for row in block]

    def rows(self, title) -> list[dict]:
        """Return the rows below the heading as mappings of heading -> value, without empty ones."""
        heading, *rows = self.grid(title)
        filled = [row for row in rows if any(cell not in ("", False) for cell in row)]
        return [
            {name: row[at] if at < len(row) else "" for at, name in enumerate(heading) if name}
            for row in filled
        ]

    def row(self, title, ref) -> dict:
        (found,) = [row for row in self.rows(title) if row["ID"] == ref]
        return found

    def index(self, title, ref) -> int:
        (found,) = [at for at, row in enumerate(self.grid(title)) if row and row[0] == ref]
        return found

    # What a person does

    def type(self, title, ref, **cells):
        """Put values into cells of a record's row; `Decided_by` stands for `Decided by`."""
        index = self.index(title, ref)
        heading = self.grid(title)[0]
        for name, value in cells.items():
            self.put(title, index, heading.index(name.replace("_", " ")), value)

    def put(self, title, row, column, value):
        typed = {
            bool: lambda: {"boolValue": value},
            str: lambda: {"stringValue": value} if value else {},
            int: lambda: {"numberValue": value},
        }[type(value)]()
        cells = [{"values": [{"userEnteredValue": typed}]}]
        place = self.place(title)
        start = {"sheetId": place.sheet_id, "rowIndex": row, "columnIndex": column}
        self.do(
            title, {"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}}
        )
        if self.who:
            self.ring(title, EDIT, Span(row, column, row + 1, column + 1))

    def ring(self, title, what, span=NOWHERE):
        """Let the doorbell tell what `who` did to some cells of a tab."""
        ring = Ring(what, self.place(title).sheet_id, span, self.who, self.desk.now())
        mark = ring.mark(BY_TITLE[title].workbook, nonce=str(next(self._names)))
        self.desk.ledger.add([mark])

    def do(self, title, *requests):
        """Do what a person does with whole rows, columns or tabs."""
        self.client.write(BY_TITLE[title].workbook, list(requests), until=UNTIL)

    def rows_request(self, title, kind, start, end, **more):
        span = {
            "sheetId": self.place(title).sheet_id,
            "dimension": "ROWS",
            "startIndex": start,
            "endIndex": end,
        }
        self.do(title, {kind: {"range": span, **more}})

    def delete_row(self, title, ref):
        at = self.index(title, ref)
        self.rows_request(title, "deleteDimension", at, at + 1)

    def insert_rows(self, title, at, number=1):
        self.rows_request(title, "insertDimension", at, at + number)

    def sort(self, title, column, order="DESCENDING"):
        place = self.place(title)
        area = {
            "sheetId": place.sheet_id,
            "startRowIndex": 1,
            "startColumnIndex": 0,
            "endColumnIndex": len(BY_TITLE[title].every_column),
        }
        spec = {"dimensionIndex": column, "sortOrder": order}
        self.do(title, {"sortRange": {"range": area, "sortSpecs": [spec]}})

    def copy_row(self, title, ref, to):
        place, at = self.place(title), self.index(title, ref)
        source = {"sheetId": place.sheet_id, "startRowIndex": at, "endRowIndex": at + 1}
        target = {"sheetId": place.sheet_id, "startRowIndex": to, "endRowIndex": to + 1}
        self.do(
            title,
            {"copyPaste": {"source": source, "destination": target, "pasteType": "PASTE_NORMAL"}},
        )

    def column_letter(self, title, field_name) -> str:
        return letters(self.place(title).columns[field_name])
