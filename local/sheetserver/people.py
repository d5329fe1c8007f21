"""
What a person at the grid may do: the only door through which the browser pages change anything.

- `books(engine, who)` lists the spreadsheets a persona may open;
- `open_book(engine, who, id)` returns one, or raises 404 as if there were none;
- `raw(book, row, column)` is what would have to be typed to get a cell as it is;
- `edit(engine, who, place, edits)` types texts into cells, all or none;
- `operate(engine, who, place, requests)` changes rows, columns or order, as batchUpdate does;
- `engine.subscribe(id, listener)` tells of each `Change` in the writer's thread,
  `engine.changes_since(id, revision)` of those missed.

Refusals: `EditConflictError` (409: somebody was first), `EditRefusedError`
(422: these cells, this sentence), `errors.ApiError` for the rest (its `code`,
`message`). Every function may block for as long as a commit takes.
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
from sheetserver.ranges import Rect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sheetserver.book import Book, Row, Tab
    from sheetserver.draft import Caller, Draft
    from sheetserver.engine import Engine
    from sheetserver.messages import Message


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
class CellView:
    """A cell that is not what its typist saw: how it is shown, and the `old` of a new try."""

    text: str
    raw: str


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
        _check_conflicts(draft, tab, place, wanted)
        mine = draft.tab(place.sheet_id)
        for each in wanted:
            values.type_in(draft, mine, mine.own(each.row), each.column, each.new)
        draft.settle()
        _check_refusals(draft, mine, wanted)
        return draft.book.revision + 1

    return engine.write(place.book, who, work)


def _check_conflicts(draft: Draft, tab: Tab, place: Place, edits: tuple[Edit, ...]) -> None:
    inside = all(tab.extent.has(each.row, each.column) for each in edits)
    if tab.structure > place.revision or not inside:
        raise EditConflictError(draft.book.revision, {})
    stale = [each for each in edits if raw(draft.book, tab.row(each.row), each.column) != each.old]
    if stale:
        current = {
            (each.row, each.column): _view(draft.book, tab.row(each.row), each.column)
            for each in stale
        }
        raise EditConflictError(draft.book.revision, current)


def _view(book: Book, row: Row, column: int) -> CellView:
    return CellView(cells.shown(book, row, column), raw(book, row, column))


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
    return tests[number](result, shown, 0, 0)


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
