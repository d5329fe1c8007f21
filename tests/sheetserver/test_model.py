"""Whatever is done to a tab, it stays equal to a plain grid that everything was done to as well."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sheetserver.engine import Engine
from sheetserver.errors import ApiError
from sheetserver.ids import RandomIds
from tests.sheetserver.workbench import NOON, Workbench

CELLS = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from(["a", "b", "Z", "10"]))
SMALL = st.integers(0, 11)
EMPTY = (None, False, "")  # value, bold, note


def span(first, last):
    low, high = sorted((first, last))
    return low, high + 1


def place(value):
    """Return where a value stands when sorted: numbers, then texts."""
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


class Grid(RuleBasedStateMachine):
    """The machine of requests, each done to the server and to a list of lists."""

    folder = None

    def __init__(self):
        super().__init__()
        self.bench = Workbench(self.folder)
        self.book = self.bench.make(rows=6, columns=5)
        self.grid = [[EMPTY] * 5 for _ in range(6)]
        self.merges = []

    @property
    def height(self):
        return len(self.grid)

    @property
    def width(self):
        return len(self.grid[0])

    def do(self, kind, body):
        self.bench.batch(self.book, {kind: body})

    def rect(self, corners):
        top, left, bottom, right = corners
        rows = span(min(top, self.height - 1), min(bottom, self.height - 1))
        columns = span(min(left, self.width - 1), min(right, self.width - 1))
        return rows, columns

    def message(self, rows, columns):
        return {
            "startRowIndex": rows[0],
            "endRowIndex": rows[1],
            "startColumnIndex": columns[0],
            "endColumnIndex": columns[1],
        }

    @rule(
        row=SMALL,
        column=SMALL,
        cells=st.lists(CELLS, min_size=1, max_size=3),
        bold=st.booleans(),
        note=st.sampled_from(["", "n"]),
    )
    def write(self, row, column, cells, bold, note):
        row, column = min(row, self.height - 1), min(column, self.width - 1)
        cells = cells[: self.width - column]
        sent = []
        for at, value in enumerate(cells):
            kind = "stringValue" if isinstance(value, str) else "numberValue"
            sent.append(
                {
                    "userEnteredValue": {kind: value} if value is not None else {},
                    "userEnteredFormat": {"textFormat": {"bold": True}} if bold else {},
                    "note": note,
                }
            )
            self.grid[row][column + at] = (value, bold, note)
        self.do(
            "updateCells",
            {
                "start": {"rowIndex": row, "columnIndex": column},
                "fields": "userEnteredValue,userEnteredFormat,note",
                "rows": [{"values": sent}],
            },
        )

    @precondition(lambda self: self.height < 14)
    @rule(at=SMALL, count=st.integers(1, 3))
    def insert_rows(self, at, count):
        at = min(at, self.height)
        self.do(
            "insertDimension",
            {"range": {"dimension": "ROWS", "startIndex": at, "endIndex": at + count}},
        )
        looks = (
            [(None, cell[1], "") for cell in self.grid[at]]
            if at < self.height
            else ([EMPTY] * self.width)
        )
        self.grid[at:at] = [looks[:] for _ in range(count)]
        self.merges = [grown(merge, 0, at, count) for merge in self.merges]

    @precondition(lambda self: self.width < 10)
    @rule(at=SMALL, count=st.integers(1, 2))
    def insert_columns(self, at, count):
        at = min(at, self.width)
        self.do(
            "insertDimension",
            {"range": {"dimension": "COLUMNS", "startIndex": at, "endIndex": at + count}},
        )
        for row in self.grid:
            look = (None, row[at][1], "") if at < len(row) else EMPTY
            row[at:at] = [look] * count
        self.merges = [grown(merge, 1, at, count) for merge in self.merges]

    @precondition(lambda self: self.height > 3)
    @rule(first=SMALL, last=SMALL)
    def delete_rows(self, first, last):
        start, end = span(min(first, self.height - 1), min(last, self.height - 1))
        end = min(end, start + self.height - 2)
        self.do(
            "deleteDimension",
            {"range": {"dimension": "ROWS", "startIndex": start, "endIndex": end}},
        )
        del self.grid[start:end]
        self.merges = [left for merge in self.merges if (left := cut(merge, 0, start, end))]

    @precondition(lambda self: self.width > 3)
    @rule(first=SMALL, last=SMALL)
    def delete_columns(self, first, last):
        start, end = span(min(first, self.width - 1), min(last, self.width - 1))
        end = min(end, start + self.width - 2)
        self.do(
            "deleteDimension",
            {"range": {"dimension": "COLUMNS", "startIndex": start, "endIndex": end}},
        )
        for row in self.grid:
            del row[start:end]
        self.merges = [left for merge in self.merges if (left := cut(merge, 1, start, end))]

    @precondition(lambda self: not self.merges)
    @rule(first=SMALL, last=SMALL, goal=SMALL)
    def move_rows(self, first, last, goal):
        start, end = span(min(first, self.height - 1), min(last, self.height - 1))
        target = min(goal, self.height)
        body = {
            "source": {"dimension": "ROWS", "startIndex": start, "endIndex": end},
            "destinationIndex": target,
        }
        if start < target < end:
            with pytest.raises(ApiError):
                self.do("moveDimension", body)
            return
        self.do("moveDimension", body)
        self.grid = moved(self.grid, start, end, target)

    @precondition(lambda self: not self.merges)
    @rule(first=SMALL, last=SMALL, goal=SMALL)
    def move_columns(self, first, last, goal):
        start, end = span(min(first, self.width - 1), min(last, self.width - 1))
        target = min(goal, self.width)
        if start < target < end:
            return
        self.do(
            "moveDimension",
            {
                "destinationIndex": target,
                "source": {"dimension": "COLUMNS", "startIndex": start, "endIndex": end},
            },
        )
        self.grid = [moved(row, start, end, target) for row in self.grid]

    @precondition(lambda self: not self.merges)
    @rule(corners=st.tuples(SMALL, SMALL, SMALL, SMALL), by=SMALL, down=st.booleans())
    def sort(self, corners, by, down):
        rows, columns = self.rect(corners)
        by = columns[0] + by % (columns[1] - columns[0])
        self.do(
            "sortRange",
            {
                "range": self.message(rows, columns),
                "sortSpecs": [
                    {"dimensionIndex": by, "sortOrder": "DESCENDING" if down else "ASCENDING"}
                ],
            },
        )
        block = [row[columns[0] : columns[1]] for row in self.grid[rows[0] : rows[1]]]
        at = by - columns[0]
        filled = [row for row in block if row[at][0] is not None]
        if down:
            filled = stable_backwards(filled, at)
        else:
            filled.sort(key=lambda row: place(row[at][0]))
        ordered = filled + [row for row in block if row[at][0] is None]
        for index, row in enumerate(ordered, start=rows[0]):
            self.grid[index][columns[0] : columns[1]] = row

    @rule(corners=st.tuples(SMALL, SMALL, SMALL, SMALL))
    def merge(self, corners):
        rows, columns = self.rect(corners)
        block = (rows[0], columns[0], rows[1], columns[1])
        body = {"range": self.message(rows, columns), "mergeType": "MERGE_ALL"}
        if any(meets(block, other) and not covers(block, other) for other in self.merges):
            with pytest.raises(ApiError, match="select all cells in a merged range"):
                self.do("mergeCells", body)
            return
        self.do("mergeCells", body)
        self.merges = [other for other in self.merges if not meets(block, other)]
        if (rows[1] - rows[0]) * (columns[1] - columns[0]) < 2:
            return
        self.merges.append(block)
        spots = [(r, c) for r in range(*rows) for c in range(*columns)]
        first = next((self.grid[r][c][0] for r, c in spots if self.grid[r][c][0] is not None), None)
        for r, c in spots:
            self.grid[r][c] = (first if (r, c) == spots[0] else None, *self.grid[r][c][1:])

    @rule()
    def unmerge_everything(self):
        self.do("unmergeCells", {"range": {}})
        self.merges = []

    @rule(corners=st.tuples(SMALL, SMALL, SMALL, SMALL), row=SMALL, column=SMALL)
    @precondition(lambda self: not self.merges)
    def copy(self, corners, row, column):
        rows, columns = self.rect(corners)
        row, column = min(row, self.height - 1), min(column, self.width - 1)
        self.do(
            "copyPaste",
            {
                "source": self.message(rows, columns),
                "pasteType": "PASTE_NORMAL",
                "destination": self.message((row, row + 1), (column, column + 1)),
            },
        )
        block = [line[columns[0] : columns[1]] for line in self.grid[rows[0] : rows[1]]]
        for r, line in enumerate(block, start=row):
            for c, cell in enumerate(line, start=column):
                if r < self.height and c < self.width:
                    self.grid[r][c] = cell

    @rule()
    def refuse_a_batch(self):
        with pytest.raises(ApiError):
            self.bench.batch(
                self.book,
                {
                    "deleteDimension": {
                        "range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}
                    }
                },
                {"deleteSheet": {"sheetId": 99}},
            )

    @rule()
    def start_again_from_the_file(self):
        self.bench.engine.close()
        self.bench.engine = Engine(self.folder, clock=lambda: NOON, ids=RandomIds())

    @invariant()
    def both_are_equal(self):
        book = self.bench.engine.read(self.book)
        tab = book.tabs[0]
        shown = [
            [
                (
                    row.value(c),
                    bool(book.pool.get(row.style(c))),
                    row.more.get(c, {}).get("note", ""),
                )
                for c in range(tab.column_count)
            ]
            for row in map(tab.row, range(tab.row_count))
        ]
        assert shown == self.grid
        assert sorted(tuple(tab.rect(each)) for each in tab.features["merges"]) == sorted(
            self.merges
        )

    def teardown(self):
        self.bench.close()


def stable_backwards(rows, at):
    """Return rows with the greatest first and equal ones in the order they had."""
    ordered = []
    for row in rows:
        spot = next(
            (i for i, other in enumerate(ordered) if place(other[at][0]) < place(row[at][0])),
            len(ordered),
        )
        ordered.insert(spot, row)
    return ordered


def moved(items, start, end, target):
    block, rest = items[start:end], items[:start] + items[end:]
    landing = target if target <= start else target - (end - start)
    return rest[:landing] + block + rest[landing:]


def meets(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def covers(one, other):
    return one[0] <= other[0] and other[2] <= one[2] and one[1] <= other[1] and other[3] <= one[3]


def grown(merge, axis, at, count):
    merge = list(merge)
    for end in (axis, axis + 2):
        if merge[end] > at or (end == axis and merge[end] == at):
            merge[end] += count
    return tuple(merge)


def cut(merge, axis, start, end):
    merge = list(merge)
    for side in (axis, axis + 2):
        at = merge[side]
        merge[side] = at - (min(at, end) - start) if at > start else at
    return tuple(merge) if merge[axis] < merge[axis + 2] else None


def test_a_tab_equals_a_plain_grid(tmp_path_factory):
    class Here(Grid):
        folder = tmp_path_factory.mktemp("model")

    run_state_machine_as_test(
        Here, settings=settings(stateful_step_count=25, deadline=None, derandomize=True)
    )
