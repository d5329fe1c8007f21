"""Texts searched, replaced and tidied; duplicate rows removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sheetserver import errors, values
from sheetserver.book import CellError, Formula
from sheetserver.cells import result_of, shown
from sheetserver.kinds.clipboard import close_gap
from sheetserver.ranges import ROWS, Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sheetserver.book import Row, Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_GROUP = re.compile(r"\$(\d)")
_BLANKS = re.compile(r"\s+")


def find_replace(draft: Draft, request: Message) -> Message:
    """Replace a text wherever it stands in a range, a tab or everywhere, and count."""
    pattern = _pattern(request)
    replacement = request.get("replacement", "")
    wanted = _GROUP.sub(r"\\\1", replacement.replace("\\", "\\\\"))
    if not request.get("searchByRegex"):
        wanted = replacement.replace("\\", "\\\\")
    counts = _Counts()
    for tab, rect in _scope(draft, request):
        for index, row, column in _filled(tab, rect):
            value = row.value(column)
            is_formula = isinstance(value, Formula)
            if is_formula and not request.get("includeFormulas"):
                continue
            before = value.source if isinstance(value, Formula) else shown(draft.book, row, column)
            after, hits = pattern.subn(wanted, before)
            if hits:
                mine = draft.tab(tab.sheet_id)
                draft.guard(mine, Rect(index, column, index + 1, column + 1))
                values.type_in(draft, mine, mine.own(index), column, after)
                counts.add(tab.sheet_id, index, hits, is_formula=is_formula)
    return counts.reply()


def _pattern(request: Message) -> re.Pattern[str]:
    find = request.get("find", "")
    if not find:
        why = "You must specify a search query."
        raise errors.invalid(why)
    text = find if request.get("searchByRegex") else re.escape(find)
    if request.get("matchEntireCell"):
        text = rf"\A(?:{text})\Z"
    try:
        return re.compile(text, 0 if request.get("matchCase") else re.IGNORECASE)
    except re.error as wrong:
        msg = f"Invalid regular expression: {wrong}"
        raise errors.invalid(msg) from wrong


def _scope(draft: Draft, request: Message) -> list[tuple[Tab, Rect]]:
    given = [name for name in ("range", "sheetId", "allSheets") if name in request]
    if len(given) != 1:
        why = "Exactly one of range, sheetId and allSheets must be set."
        raise errors.invalid(why)
    if "range" in request:
        tab = draft.book.tab(request["range"].get("sheetId", 0))
        return [(tab, tab.rect(request["range"]))]
    if "sheetId" in request:
        tab = draft.book.tab(request["sheetId"])
        return [(tab, tab.extent)]
    return [(tab, tab.extent) for tab in draft.book.tabs]


def _filled(tab: Tab, rect: Rect) -> Iterator[tuple[int, Row, int]]:
    """Yield the cells of a rectangle that hold a value: row, its cells, column."""
    for index in range(rect.top, min(rect.bottom, len(tab.rows))):
        row = tab.row(index)
        for column in range(rect.left, min(rect.right, len(row.values))):
            if row.value(column) is not None:
                yield index, row, column


class _Counts:
    """What a replacement has changed."""

    def __init__(self) -> None:
        self._values = self._formulas = self._hits = 0
        self._rows: set[tuple[int, int]] = set()

    def add(self, sheet_id: int, row: int, hits: int, *, is_formula: bool) -> None:
        self._hits += hits
        self._rows.add((sheet_id, row))
        if is_formula:
            self._formulas += 1
        else:
            self._values += 1

    def reply(self) -> Message:
        found = {
            "valuesChanged": self._values,
            "formulasChanged": self._formulas,
            "rowsChanged": len(self._rows),
            "sheetsChanged": len({sheet_id for sheet_id, _ in self._rows}),
            "occurrencesChanged": self._hits,
        }
        return {name: count for name, count in found.items() if count}


def trim_whitespace(draft: Draft, request: Message) -> Message:
    """Remove blanks at the ends of texts and double ones inside, and count the cells."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    count = 0
    for index, row, column in list(_filled(tab, rect)):
        value = row.value(column)
        if isinstance(value, str) and _BLANKS.sub(" ", value).strip() != value:
            tab.own(index).put(column, _BLANKS.sub(" ", value).strip() or None)
            count += 1
    return {"cellsChangedCount": count} if count else {}


def delete_duplicates(draft: Draft, request: Message) -> Message:
    """Remove rows of a range that repeat an earlier one in the columns compared."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    columns = _compared(tab, rect, request.get("comparisonColumns", []))
    seen: set[tuple[object, ...]] = set()
    doubled = []
    for index in range(rect.top, rect.bottom):
        key = tuple(_comparable(tab.row(index), column) for column in columns)
        if key in seen:
            doubled.append(index)
        seen.add(key)
    for index in reversed(doubled):
        # Only the rows of the range close up; what is below it stays.
        _close_within(tab, rect, index)
    return {"duplicatesRemovedCount": len(doubled)} if doubled else {}


def _compared(tab: Tab, rect: Rect, listed: list[Message]) -> list[int]:
    if not listed:
        return list(range(rect.left, rect.right))
    columns = []
    for place in listed:
        if place.get("dimension") != "COLUMNS":
            why = "comparisonColumns must be columns."
            raise errors.invalid(why)
        end = place.get("endIndex", tab.column_count)
        columns += list(range(place.get("startIndex", 0), end))
    if any(not rect.left <= column < rect.right for column in columns):
        why = "comparisonColumns must lie inside the range."
        raise errors.invalid(why)
    return columns


def _comparable(row: Row, column: int) -> object:
    result = result_of(row.value(column))
    if isinstance(result, CellError):
        return result.code
    return result.casefold() if isinstance(result, str) else (type(result).__name__, result)


def _close_within(tab: Tab, rect: Rect, index: int) -> None:
    below = rect._replace(top=index, bottom=index + 1)
    rest = tab.rows[rect.bottom :]
    del tab.rows[rect.bottom :]
    close_gap(tab, below, ROWS)
    tab.rows.extend(rest)


KINDS = {
    "findReplace": find_replace,
    "trimWhitespace": trim_whitespace,
    "deleteDuplicates": delete_duplicates,
}
