"""An engine without a network, for tests of what spreadsheets do."""

from datetime import UTC, datetime

from sheetserver import accounts, batch, locate, values
from sheetserver.cells import Reader
from sheetserver.draft import Caller
from sheetserver.engine import Engine
from sheetserver.ids import RandomIds

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
OWNER = Caller("owner@example.com", "Owner")


class Workbench:
    def __init__(self, folder, clock=lambda: NOON):
        self.folder = folder
        self.engine = Engine(folder, clock=clock, ids=RandomIds())

    def close(self):
        self.engine.close()

    def make(self, rows=20, columns=8, titles=("Sheet1",)):
        size = {"rowCount": rows, "columnCount": columns}
        tabs = [
            {"properties": {"sheetId": at, "title": title, "gridProperties": size}}
            for at, title in enumerate(titles)
        ]
        return accounts.create_book(self.engine, OWNER, {"sheets": tabs})

    def batch(self, book, *requests, who=OWNER):
        accepted = batch.accepted(list(requests))
        return self.engine.write(book, who, lambda draft: batch.run(draft, accepted))

    def type(self, book, place, rows, who=OWNER):
        """Write rows as a person types them."""
        writing = values.Writing(is_typed=True)

        def work(draft):
            values.update(draft, locate.area(draft.book, place), rows, writing)

        self.engine.write(book, who, work)

    def read(self, book, place, option="UNFORMATTED_VALUE"):
        state = self.engine.read(book)
        shown = values.value_range(state, locate.area(state, place), values.Rendering(option))
        return shown.get("values", [])

    def cell_formats(self, book, place):
        """Return the effective formats of a range, colour rules and bands included."""
        state = self.engine.read(book)
        area = locate.area(state, place)
        reader = Reader(state, area.tab, {})
        return [
            [
                reader.effective_format(area.tab.row(row), row, column)
                for column in range(area.rect.left, area.rect.right)
            ]
            for row in range(area.rect.top, area.rect.bottom)
        ]
