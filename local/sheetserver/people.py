"""
What a person at the grid sees and does: the only door between the browser pages and the engine.

The pages need nothing else of this server than this module, `Engine` for
`subscribe` and `changes_since`, and `Caller` for who the person is:

- `books(engine, who)` lists the spreadsheets a persona may open;
- `open_book(engine, who, id)` returns one, or raises 404 as if there were none;
- `tab_view(book, sheet_id, who)` is everything about a tab but its cells;
- `cell_views(book, sheet_id, who, rect)` are its cells, row by row;
- `edit(engine, who, place, edits)` types texts into cells, all or none;
- `operate(engine, who, place, requests)` changes rows, columns or order, as batchUpdate does;
- `engine.subscribe(id, listener)` tells of each `Change` in the writer's thread,
  `engine.changes_since(id, revision)` of those missed.

Refusals: `EditConflictError` (409: somebody was first), `EditRefusedError`
(422: these cells, this sentence), `errors.ApiError` for the rest (its `code`,
`message`). Every function may block for as long as a commit takes: call it
with `asyncio.to_thread`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sheetserver import (
    a1,
    batch,
    cells,
    conditions,
    errors,
    protection,
    values,
)
from sheetserver.book import Formula
from sheetserver.draft import Caller, Draft
from sheetserver.ranges import COLUMNS, ROWS, Rect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sheetserver.book import Book, Row, Tab
    from sheetserver.engine import Engine
    from sheetserver.messages import Message

__all__ = [
    "BookEntry",
    "Caller",
    "CellView",
    "Edit",
    "EditConflictError",
    "EditRefusedError",
    "Place",
    "TabView",
    "books",
    "cell_views",
    "edit",
    "open_book",
    "operate",
    "tab_view",
    "tabs",
]

# What a person may do besides typing; sorting and filtering for oneself need no request.
OPERATIONS = frozenset(
    {
        "insertDimension",
        "deleteDimension",
        "moveDimension",
        "appendDimension",
        "sortRange",
        "updateDimensionProperties",
        "cutPaste",
        "copyPaste",
        "updateSheetProperties",
    }
)


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A spreadsheet in the list of those a person may open."""

    id: str
    title: str
    modified: str  # RFC 3339
    may_write: bool


@dataclass(frozen=True, slots=True)
class TabView:
    """
    A tab without its cells.

    `widths` and `hidden_columns`, `hidden_rows` go by index; a column that is
    not in `widths` has the default of 100 pixels. `merges` are rectangles.
    `filter_views` and `charts` are the stored messages of the API.
    """

    sheet_id: int
    title: str
    is_hidden: bool
    revision: int
    structure: int
    row_count: int
    column_count: int
    used: Rect
    frozen_rows: int
    frozen_columns: int
    widths: dict[int, int]
    hidden_columns: tuple[int, ...]
    hidden_rows: tuple[int, ...]
    merges: tuple[Rect, ...]
    filter_views: tuple[Message, ...]
    charts: tuple[Message, ...]
    may_write: bool  # the person may write the spreadsheet; cells can be protected still


@dataclass(frozen=True, slots=True)
class CellView:
    """
    A cell as a person sees it.

    `text` is how it is shown, `raw` what typing would have to put there (a
    formula, a number in full, the text itself): it is the `old` of an edit.
    `kind` is text, number, date, boolean, error or empty. `background`,
    `colour` are `#rrggbb` of the format with the colour rules applied, empty
    for the defaults. `choices` are a dropdown's entries, None for none;
    `is_checkbox` a yes-or-no cell. `link` is an address as it was entered:
    only http, https and mailto may be made clickable.
    """

    text: str
    raw: str
    kind: str
    note: str
    link: str
    choices: tuple[str, ...] | None
    is_strict: bool
    is_checkbox: bool
    is_read_only: bool
    background: str
    colour: str
    is_bold: bool
    is_italic: bool
    is_struck: bool
    align: str  # LEFT, CENTER, RIGHT
    wraps: bool
    input_message: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One cell typed into; `old` is the `raw` that its typist saw."""

    row: int
    column: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit happens: a tab, as it was at the revision the person last saw."""

    book: str
    sheet_id: int
    revision: int


class EditConflictError(Exception):
    """Somebody changed these cells, or moved the rows, since the person looked."""

    def __init__(self, revision: int, current: dict[tuple[int, int], CellView]) -> None:
        super().__init__("Somebody else changed this meanwhile.")
        self.revision = revision
        self.current = current  # empty if rows or columns moved: read the tab again


class EditRefusedError(Exception):
    """These cells cannot take what was typed; nothing was written."""

    def __init__(self, reasons: dict[tuple[int, int], str]) -> None:
        super().__init__("; ".join(sorted(set(reasons.values()))))
        self.reasons = reasons  # a sentence for each cell


def books(engine: Engine, who: Caller) -> list[BookEntry]:
    """Return the spreadsheets a person may open, by title."""
    found = [
        BookEntry(
            book_id,
            heading["properties"]["title"],
            heading["modified"],
            engine.role(book_id, who) in ("writer", "owner"),
        )
        for book_id, heading in engine.listing(who)
    ]
    return sorted(found, key=lambda entry: (entry.title.casefold(), entry.id))


def open_book(engine: Engine, who: Caller, book_id: str) -> Book:
    """
    Return a spreadsheet as it stands; what is returned never changes.

    :raises ApiError: 404 if there is none, or the person has no right to it
    """
    book = engine.read(book_id)
    if not engine.role(book_id, who):
        raise errors.not_found()
    return book


def tabs(book: Book) -> list[tuple[int, str, bool]]:
    """Return id, title and whether it is hidden, of each tab in order."""
    return [(tab.sheet_id, tab.title, bool(tab.properties.get("hidden"))) for tab in book.tabs]


def tab_view(engine: Engine, who: Caller, book: Book, sheet_id: int) -> TabView:
    """
    Return everything about a tab but its cells.

    :raises ApiError: 400 if there is no such tab
    """
    tab = book.tab(sheet_id)
    grid = tab.properties["gridProperties"]
    return TabView(
        sheet_id=sheet_id,
        title=tab.title,
        is_hidden=bool(tab.properties.get("hidden")),
        revision=book.revision,
        structure=tab.structure,
        row_count=tab.row_count,
        column_count=tab.column_count,
        used=tab.used(),
        frozen_rows=grid.get("frozenRowCount", 0),
        frozen_columns=grid.get("frozenColumnCount", 0),
        widths={
            at: each["pixelSize"]
            for at, each in tab.column_properties.items()
            if "pixelSize" in each
        },
        hidden_columns=_hidden(tab, COLUMNS),
        hidden_rows=_hidden(tab, ROWS),
        merges=tuple(tab.rect(merge) for merge in tab.features["merges"]),
        filter_views=tuple(tab.features["filterViews"]),
        charts=tuple(tab.features["charts"]),
        may_write=engine.role(book.id, who) in ("writer", "owner"),
    )


def _hidden(tab: Tab, dimension: str) -> tuple[int, ...]:
    sides = tab.sides(dimension)
    return tuple(
        sorted(
            at
            for at, each in sides.items()
            if each.get("hiddenByUser") or each.get("hiddenByFilter")
        )
    )


def cell_views(
    engine: Engine, who: Caller, book: Book, sheet_id: int, rect: Rect
) -> list[list[CellView]]:
    """
    Return the cells of a rectangle, row by row, cut to the grid.

    Rows without anything in them are there too: a page can count on the shape.

    :raises ApiError: 400 if there is no such tab
    """
    tab = book.tab(sheet_id)
    viewer = _Viewer(engine, who, book, tab)
    inside = rect.within(tab.extent)
    return [
        [viewer.view(row, column) for column in range(inside.left, inside.right)]
        for row in range(inside.top, inside.bottom)
    ]


class _Viewer:
    """Shows cells of one tab to one person."""

    def __init__(self, engine: Engine, who: Caller, book: Book, tab: Tab) -> None:
        role = engine.role(book.id, who)
        self._book = book
        self._tab = tab
        self._rules = cells.Rules(book, tab)
        self._judge = conditions.Judge(book)
        self._choices: dict[int, tuple[str, ...] | None] = {}
        self._may_write = role in ("writer", "owner")
        barred = () if role == "owner" else tab.features["protectedRanges"]
        self._barred = [
            (covered, [tab.rect(place) for place in each.get("unprotectedRanges", ())])
            for each in barred
            if not protection.may_edit(each, who.email)
            if (covered := protection.cells(book, tab, each))
        ]

    def view(self, index: int, column: int) -> CellView:
        row = self._tab.row(index)
        value = row.value(column)
        result = cells.result_of(value)
        style = cells.merged(
            self._book.pool.get(row.style(column)), self._rules.format(row, index, column)
        )
        text_format = style.get("textFormat", {})
        rule = self._book.pool.get(row.rule(column))
        kind = _kind(self._book, row, column)
        is_number = kind in ("number", "date")
        return CellView(
            text=cells.shown(self._book, row, column),
            raw=raw(self._book, row, column),
            kind=kind,
            note=row.more.get(column, {}).get("note", ""),
            link=cells.link(self._book, row, column),
            choices=self._listed(row.rule(column)),
            is_strict=bool(rule.get("strict")),
            is_checkbox=rule.get("condition", {}).get("type") == "BOOLEAN",
            is_read_only=not self._may_edit(index, column),
            background=_hex(style.get("backgroundColor")),
            colour=_hex(text_format.get("foregroundColor")),
            is_bold=bool(text_format.get("bold")),
            is_italic=bool(text_format.get("italic")),
            is_struck=bool(text_format.get("strikethrough")),
            align=style.get("horizontalAlignment")
            or ("RIGHT" if is_number else "CENTER" if isinstance(result, bool) else "LEFT"),
            wraps=style.get("wrapStrategy") == "WRAP",
            input_message=rule.get("inputMessage", ""),
        )

    def _listed(self, number: int) -> tuple[str, ...] | None:
        if number not in self._choices:
            rule = self._book.pool.get(number)
            condition = rule.get("condition", {})
            listed = condition.get("type") in ("ONE_OF_LIST", "ONE_OF_RANGE")
            self._choices[number] = (
                tuple(self._judge.listed(condition, self._tab)) if listed else None
            )
        return self._choices[number]

    def _may_edit(self, row: int, column: int) -> bool:
        return self._may_write and not any(
            covered.has(row, column) and not any(part.has(row, column) for part in free)
            for covered, free in self._barred
        )


def raw(book: Book, row: Row, column: int) -> str:
    """Return what would have to be typed to get a cell as it is: the `old` of an edit."""
    value = row.value(column)
    if isinstance(value, Formula):
        return value.source
    if isinstance(value, float):
        return _full_number(book, row, column, value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _full_number(book, row, column, value)
    return cells.shown(book, row, column) if value is not None else ""


def _full_number(book: Book, row: Row, column: int, value: float) -> str:
    """Return a number in full: a cell that shows two decimals may hold more of them."""
    if _kind(book, row, column) == "date":
        return cells.shown(book, row, column)
    return repr(value)


def _kind(book: Book, row: Row, column: int) -> str:
    value = row.value(column)
    result = cells.result_of(value)
    if isinstance(result, (int, float)) and not isinstance(result, bool):
        number_format = cells.number_format(book, row.style(column), value)
        is_date = number_format.get("type") in ("DATE", "TIME", "DATE_TIME")
        return "date" if is_date else "number"
    return {type(None): "empty", bool: "boolean", str: "text"}.get(type(result), "error")


def _hex(colour: Message | None) -> str:
    """Return a colour as style sheets write it, nothing for none."""
    if colour is None:
        return ""
    parts = (round(255 * colour.get(name, 0)) for name in ("red", "green", "blue"))
    return "#" + "".join(f"{part:02x}" for part in parts)


def edit(engine: Engine, who: Caller, place: Place, edits: Iterable[Edit]) -> int:
    """
    Type texts into cells as one commit, and return its revision.

    Texts are parsed as typing is, except in TEXT cells. All are written or
    none: a paste that meets one refused cell changes nothing.

    :raises EditConflictError: if rows moved, or a cell is not what its typist saw
    :raises EditRefusedError: if cells are protected, break a strict rule or get too long a text
    :raises ApiError: 404 without a right to the spreadsheet, 403 without one to write it
    """
    wanted = tuple(edits)
    open_book(engine, who, place.book)

    def work(draft: Draft) -> int:
        tab = draft.book.tab(place.sheet_id)
        _check_conflicts(engine, draft, tab, place, wanted)
        mine = draft.tab(place.sheet_id)
        for each in wanted:
            values.type_in(draft, mine, mine.own(each.row), each.column, each.new)
        draft.settle()
        _check_refusals(draft, mine, wanted)
        return draft.book.revision + 1

    return engine.write(place.book, who, work)


def _check_conflicts(
    engine: Engine, draft: Draft, tab: Tab, place: Place, edits: tuple[Edit, ...]
) -> None:
    inside = all(tab.extent.has(each.row, each.column) for each in edits)
    if tab.structure > place.revision or not inside:
        raise EditConflictError(draft.book.revision, {})
    stale = [each for each in edits if raw(draft.book, tab.row(each.row), each.column) != each.old]
    if stale:
        viewer = _Viewer(engine, draft.caller, draft.book, tab)
        current = {(each.row, each.column): viewer.view(each.row, each.column) for each in stale}
        raise EditConflictError(draft.book.revision, current)


def _check_refusals(draft: Draft, tab: Tab, edits: tuple[Edit, ...]) -> None:
    judge = conditions.Judge(draft.book)
    tests: dict[int, conditions.Test] = {}
    reasons: dict[tuple[int, int], str] = {}
    for each in edits:
        cell = Rect(each.row, each.column, each.row + 1, each.column + 1)
        if not draft.is_owner and not protection.is_free(draft.book, tab, cell, draft.caller.email):
            reasons[each.row, each.column] = "This cell is protected."
        elif len(each.new) > errors.TEXT_LIMIT:
            reasons[each.row, each.column] = errors.text_too_long().message
        elif not _obeys(draft, judge, tests, tab, each):
            reasons[each.row, each.column] = _rule_sentence(draft, tab, each)
    if reasons:
        raise EditRefusedError(reasons)


def _obeys(
    draft: Draft, judge: conditions.Judge, tests: dict[int, conditions.Test], tab: Tab, each: Edit
) -> bool:
    """Test whether an edited cell keeps its strict rule; an emptied one always does."""
    row = tab.row(each.row)
    number = row.rule(each.column)
    rule = draft.book.pool.get(number)
    if not rule.get("strict") or row.value(each.column) is None:
        return True
    if number not in tests:
        tests[number] = judge.test(rule["condition"], tab)
    result = cells.result_of(row.value(each.column))
    shown = cells.shown(draft.book, row, each.column)
    return tests[number](result, shown, each.row, each.column)


def _rule_sentence(draft: Draft, tab: Tab, each: Edit) -> str:
    rule = draft.book.pool.get(tab.row(each.row).rule(each.column))
    where = a1.cell_name(each.row, each.column)
    said = rule.get("inputMessage")
    if said:
        return f"{where}: {said}"
    choices = conditions.Judge(draft.book).listed(rule["condition"], tab)
    listed = f" Choose one of: {', '.join(choices)}." if choices else ""
    return f"{where} cannot take this value.{listed}"


def operate(engine: Engine, who: Caller, place: Place, requests: list[Message]) -> int:
    """
    Carry out structural requests of a person as one commit, and return its revision.

    They are the requests of batchUpdate, limited to `OPERATIONS`, e.g.
    `{"insertDimension": {"range": {..}}}`; protection binds as in the API.

    :raises EditConflictError: if rows moved since the person looked
    :raises ApiError: 400 for a request that cannot be, 404 and 403 as in `edit`
    """
    open_book(engine, who, place.book)
    strange = [name for request in requests for name in request if name not in OPERATIONS]
    if strange:
        raise errors.not_modelled(strange[0])

    def work(draft: Draft) -> int:
        if draft.book.tab(place.sheet_id).structure > place.revision:
            raise EditConflictError(draft.book.revision, {})
        batch.run(draft, batch.accepted(requests))
        return draft.book.revision + 1

    return engine.write(place.book, who, work)
