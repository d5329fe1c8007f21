"""
A spreadsheet in memory: tabs of rows under lasting keys, with everything that hangs on them.

A `Book` that has been committed is never changed again, so readers need no
lock. A writer forks it, forks the tabs it touches, and copies a row when it
first writes to it; what it leaves alone is shared. Messages (formats, rules,
properties) are replaced, never changed in place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sheetserver import errors
from sheetserver.ranges import COLUMNS, ROWS, Rect

if TYPE_CHECKING:
    from sheetserver.messages import Message

# What a tab carries besides its cells: the list's name, and the type of its members.
FEATURES = {
    "merges": "GridRange",
    "conditionalFormats": "ConditionalFormatRule",
    "filterViews": "FilterView",
    "protectedRanges": "ProtectedRange",
    "basicFilter": "BasicFilter",  # none or one
    "charts": "EmbeddedChart",
    "bandedRanges": "BandedRange",
    "rowGroups": "DimensionGroup",
    "columnGroups": "DimensionGroup",
    "tables": "Table",
}


@dataclass(frozen=True, slots=True)
class CellError:
    """What a formula shows when it has no result, such as `#REF!`."""

    code: str
    message: str = ""


Scalar: TypeAlias = str | int | float | bool | None
Result: TypeAlias = Scalar | CellError


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was entered, with the result it had at the last calculation."""

    source: str
    result: Result = None


Value: TypeAlias = Scalar | Formula
_Kept = TypeVar("_Kept")


class Pool:
    """
    The formats and validation rules of a spreadsheet, each kept once under a number.

    It only grows, so every state of a book may share it.
    """

    def __init__(self, kept: list[Message] | None = None) -> None:
        self._kept: list[Message] = [{}, *(kept or [])]
        self._numbers = {_text(each): at for at, each in enumerate(self._kept)}

    def __len__(self) -> int:
        """Return one more than the highest number given out."""
        return len(self._kept)

    def number(self, message: Message) -> int:
        """Return the number of a message; the empty one is 0."""
        text = _text(message)
        if text not in self._numbers:
            self._kept.append(message)
            self._numbers[text] = len(self._kept) - 1
        return self._numbers[text]

    def get(self, number: int) -> Message:
        """Return the message of a number."""
        return self._kept[number]


def _text(message: Message) -> str:
    return json.dumps(message, sort_keys=True, separators=(",", ":"))


@dataclass(slots=True)
class Row:
    """
    The cells of one row, in lists that stop at the last cell with something in it.

    `styles` and `rules` hold numbers of the pool, 0 for none; `more` the rare
    things by column: `note`, `textFormatRuns`.
    """

    key: int = 0
    values: list[Value] = field(default_factory=list)
    styles: list[int] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    more: dict[int, Message] = field(default_factory=dict)

    def copy(self, key: int) -> Row:
        """Return a row of its own with the same cells."""
        return Row(key, self.values[:], self.styles[:], self.rules[:], dict(self.more))

    def value(self, column: int) -> Value:
        """Return what was entered in a column, None for nothing."""
        return self.values[column] if column < len(self.values) else None

    def style(self, column: int) -> int:
        """Return the number of a column's format."""
        return self.styles[column] if column < len(self.styles) else 0

    def rule(self, column: int) -> int:
        """Return the number of a column's validation."""
        return self.rules[column] if column < len(self.rules) else 0

    @property
    def width(self) -> int:
        """Return one more than the last column with anything in it."""
        return max(
            len(self.values), len(self.styles), len(self.rules), max(self.more, default=-1) + 1
        )

    def put(self, column: int, value: Value) -> None:
        """Enter a value; None empties the cell."""
        if value is None and column >= len(self.values):
            return
        _set(self.values, column, value, None)

    def put_style(self, column: int, number: int) -> None:
        """Give a cell the format of a number of the pool."""
        if number or column < len(self.styles):
            _set(self.styles, column, number, 0)

    def put_rule(self, column: int, number: int) -> None:
        """Give a cell the validation of a number of the pool."""
        if number or column < len(self.rules):
            _set(self.rules, column, number, 0)

    def put_more(self, column: int, name: str, value: object) -> None:
        """Give a cell a note or text runs; an empty one takes them away."""
        kept = {**self.more.get(column, {}), name: value}
        if not value:
            del kept[name]
        if kept:
            self.more[column] = kept
        else:
            self.more.pop(column, None)

    def take(self, column: int, other: Row, from_column: int) -> None:
        """Make a cell the same as a cell of another row, in every respect."""
        self.put(column, other.value(from_column))
        self.put_style(column, other.style(from_column))
        self.put_rule(column, other.rule(from_column))
        if from_column in other.more:
            self.more[column] = other.more[from_column]
        else:
            self.more.pop(column, None)

    def trim(self) -> None:
        """Forget empty cells at the end of each list."""
        for cells in (self.values, self.styles, self.rules):
            while cells and (cells[-1] is None or (cells[-1] == 0 and cells is not self.values)):
                cells.pop()


def _set(cells: list[_Kept], column: int, value: _Kept, empty: _Kept) -> None:
    missing = column + 1 - len(cells)
    if missing > 0:
        cells.extend([empty] * missing)
    cells[column] = value


EMPTY_ROW = Row()


@dataclass(slots=True)
class Tab:
    """
    One tab. `rows` may be shorter than the grid: what is missing is empty.

    `structure` is the revision at which rows or columns last changed places.
    The last three fields belong to a writer's fork: rows it has copied, and
    whether the order of rows or anything else than cells has changed.
    """

    sheet_id: int
    properties: Message
    rows: list[Row] = field(default_factory=list)
    features: dict[str, list[Message]] = field(
        default_factory=lambda: {each: [] for each in FEATURES}
    )
    row_properties: dict[int, Message] = field(default_factory=dict)
    column_properties: dict[int, Message] = field(default_factory=dict)
    structure: int = 0
    next_key: int = 1
    formula_rows: set[int] = field(default_factory=set)
    owned: set[int] = field(default_factory=set)
    reordered: bool = False
    restyled: bool = False

    @property
    def title(self) -> str:
        """Return the title on the tab."""
        return str(self.properties["title"])

    @property
    def row_count(self) -> int:
        """Return the height of the grid."""
        return int(self.properties["gridProperties"]["rowCount"])

    @property
    def column_count(self) -> int:
        """Return the width of the grid."""
        return int(self.properties["gridProperties"]["columnCount"])

    @property
    def extent(self) -> Rect:
        """Return the whole grid."""
        return Rect(0, 0, self.row_count, self.column_count)

    def fork(self) -> Tab:
        """Return a working copy for one writer."""
        return replace(
            self,
            rows=self.rows[:],
            features={name: members[:] for name, members in self.features.items()},
            row_properties=dict(self.row_properties),
            column_properties=dict(self.column_properties),
            formula_rows=set(self.formula_rows),
            owned=set(),
            reordered=False,
            restyled=False,
        )

    def row(self, index: int) -> Row:
        """Return a row to look at."""
        return self.rows[index] if index < len(self.rows) else EMPTY_ROW

    def own(self, index: int) -> Row:
        """Return a row to write to: a copy that belongs to this fork."""
        missing = index + 1 - len(self.rows)
        if missing > 0:
            self.rows.extend([EMPTY_ROW] * missing)
        row = self.rows[index]
        if row.key and row.key in self.owned:
            return row
        key = row.key or self.new_key()
        mine = row.copy(key)
        self.owned.add(key)
        self.rows[index] = mine
        return mine

    def new_key(self) -> int:
        """Return a key for a row that has none yet."""
        key = self.next_key
        self.next_key += 1
        self.reordered = True  # the kept order names the new key
        return key

    def put(self, row: int, column: int, value: Value) -> None:
        """Enter a value."""
        owned = self.own(row)
        owned.put(column, value)
        if isinstance(value, Formula):
            self.formula_rows.add(owned.key)

    def set_rows(self, start: int, end: int, rows: list[Row]) -> None:
        """Put other rows in the place of some; they keep their keys."""
        missing = end - len(self.rows)
        if missing > 0:
            self.rows.extend([EMPTY_ROW] * missing)
        self.rows[start:end] = rows
        self.reordered = True

    def resize(self, *, rows: int | None = None, columns: int | None = None) -> None:
        """Change the size the grid claims; cells are not touched."""
        grid = dict(self.properties["gridProperties"])
        if rows is not None:
            grid["rowCount"] = rows
        if columns is not None:
            grid["columnCount"] = columns
        self.properties = {**self.properties, "gridProperties": grid}
        self.restyled = True

    def sides(self, dimension: str) -> dict[int, Message]:
        """Return the properties of rows or of columns by index."""
        return self.row_properties if dimension == ROWS else self.column_properties

    def length(self, dimension: str) -> int:
        """Return the number of rows or of columns."""
        return self.row_count if dimension == ROWS else self.column_count

    def whole(self, dimension: str, start: int, end: int) -> Rect:
        """Return the rectangle of whole rows or columns."""
        if dimension == COLUMNS:
            return Rect(0, start, self.row_count, end)
        return Rect(start, 0, end, self.column_count)

    def used(self) -> Rect:
        """Return the smallest rectangle from A1 that holds every value."""
        bottom = right = 0
        for index, row in enumerate(self.rows):
            width = len(row.values)
            while width and row.values[width - 1] is None:
                width -= 1
            if width:
                bottom, right = index + 1, max(right, width)
        return Rect(0, 0, bottom, right)

    def rect(self, message: Message) -> Rect:
        """
        Return a GridRange cut to the grid.

        :raises ApiError: if it starts outside, ends before it starts or has a negative index
        """
        top, left = message.get("startRowIndex", 0), message.get("startColumnIndex", 0)
        bottom = message.get("endRowIndex", self.row_count)
        right = message.get("endColumnIndex", self.column_count)
        if top < 0 or left < 0 or bottom < top or right < left:
            why = "GridRange indices must be non-negative and end after they start."
            raise errors.invalid(why)
        if top >= self.row_count or left >= self.column_count:
            where = f"startRowIndex[{top}], startColumnIndex[{left}]"
            msg = (
                f"Attempting to write outside the grid: {where} is past "
                f"{self.row_count} rows and {self.column_count} columns."
            )
            raise errors.invalid(msg)
        return Rect(top, left, min(bottom, self.row_count), min(right, self.column_count))


@dataclass(slots=True)
class Book:
    """One spreadsheet at one revision."""

    id: str
    properties: Message
    created: str
    modified: str
    revision: int = 0
    tabs: list[Tab] = field(default_factory=list)
    names: list[Message] = field(default_factory=list)
    metadata: list[Message] = field(default_factory=list)
    pool: Pool = field(default_factory=Pool)
    calculated: float = 0.0  # serial of the moment NOW() last meant
    period: float | None = None  # days after which TODAY() or NOW() differ; None: not looked up

    def fork(self) -> Book:
        """Return a working copy that shares its tabs until they are forked themselves."""
        return replace(self, tabs=self.tabs[:], names=self.names[:], metadata=self.metadata[:])

    @property
    def title(self) -> str:
        """Return the name of the spreadsheet."""
        return str(self.properties["title"])

    def tab(self, sheet_id: int) -> Tab:
        """
        Return a tab by its id.

        :raises ApiError: if there is none
        """
        for tab in self.tabs:
            if tab.sheet_id == sheet_id:
                return tab
        raise errors.no_grid(sheet_id)

    def titled(self, title: str) -> Tab | None:
        """Return a tab by its title; upper and lower case count as one, exact matches first."""
        exact = next((tab for tab in self.tabs if tab.title == title), None)
        folded = title.casefold()
        return exact or next((tab for tab in self.tabs if tab.title.casefold() == folded), None)

    def cells(self) -> int:
        """Return the number of cells of all grids."""
        return sum(tab.row_count * tab.column_count for tab in self.tabs)
