"""The value calls of the API: reading, writing, appending and clearing plain values."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sheetserver import a1, cells, errors, grids, locate, numberformat, typing_in
from sheetserver.book import CellError, Formula, Result, Row, Value
from sheetserver.ranges import Rect
from sheetserver.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Book, Tab
    from sheetserver.draft import Draft
    from sheetserver.locate import Area
    from sheetserver.messages import Json, Message

_LIST_TYPE = "type.googleapis.com/google.protobuf.ListValue"
COLUMNS = "COLUMNS"
_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Rendering:
    """How values are to be shown in an answer."""

    values: str = "FORMATTED_VALUE"
    dates: str = "SERIAL_NUMBER"
    dimension: str = "ROWS"


@dataclass(frozen=True, slots=True)
class Writing:
    """How values are to be taken, and whether to show what became of them."""

    is_typed: bool  # USER_ENTERED, against RAW
    echoes: bool = False
    rendering: Rendering = Rendering()


def value_range(book: Book, area: Area, rendering: Rendering) -> Message:
    """Return the values of some cells as a ValueRange; without `values` if all are empty."""
    rows = _shown(book, area.tab, area.rect, rendering)
    dimension = rendering.dimension
    message: Message = {"range": area.name, "majorDimension": dimension}
    if dimension == COLUMNS:
        rows = _transposed(rows)
    if rows:
        message["values"] = rows
    return message


def _shown(book: Book, tab: Tab, rect: Rect, rendering: Rendering) -> list[list[Json]]:
    show = partial(_SHOWERS[rendering.values], book, rendering.dates)
    plain = rendering.values != "FORMATTED_VALUE" and rendering.dates == "SERIAL_NUMBER"
    rows: list[list[Json]] = []
    for index in range(rect.top, min(rect.bottom, len(tab.rows))):
        row = tab.rows[index]
        if plain and row.key not in tab.formula_rows:
            shown = ["" if value is None else value for value in row.values[rect.left : rect.right]]
        else:
            right = min(rect.right, len(row.values))
            shown = [show(row, column) for column in range(rect.left, right)]
        while shown and shown[-1] == "" and row.value(rect.left + len(shown) - 1) is None:
            shown.pop()
        rows.append(shown)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _formatted(book: Book, _dates: str, row: Row, column: int) -> Json:
    return cells.shown(book, row, column)


def _unformatted(book: Book, dates: str, row: Row, column: int) -> Json:
    return _plain(book, dates, row, column, cells.result_of(row.value(column)))


def _formula(book: Book, dates: str, row: Row, column: int) -> Json:
    value = row.value(column)
    if isinstance(value, Formula):
        return value.source
    return _plain(book, dates, row, column, value)


def _plain(book: Book, dates: str, row: Row, column: int, result: Result) -> Json:
    if result is None:
        return ""
    if isinstance(result, CellError):
        return result.code
    if isinstance(result, (bool, str)):
        return result
    if dates == "FORMATTED_STRING":
        number_format = cells.number_format(book, row.style(column), row.value(column))
        if number_format.get("type") in numberformat.DATES:
            return numberformat.shown(result, number_format)
    return tidy(result)


_SHOWERS: dict[str, Callable[[Book, str, Row, int], Json]] = {
    "FORMATTED_VALUE": _formatted,
    "UNFORMATTED_VALUE": _unformatted,
    "FORMULA": _formula,
}


def _transposed(rows: list[list[Json]]) -> list[list[Json]]:
    width = max((len(row) for row in rows), default=0)
    columns = [[row[at] if at < len(row) else "" for row in rows] for at in range(width)]
    for column in columns:
        while column and column[-1] == "":
            column.pop()
    return columns


def rows_of(message: Message, field: str = "data.values") -> list[list[Json]]:
    """
    Return the values of a ValueRange row by row, None where a cell is left alone.

    :param field: what the messages call the values
    :raises ApiError: if they are not a list of lists of plain values
    """
    rows: list[Json] = message.get("values", [])
    for index, row in enumerate(rows):
        if not isinstance(row, list):
            text = f"Invalid value at '{field}' ({_LIST_TYPE}), {_quoted(row)}"
            raise errors.malformed([(field, text)])
        for column, value in enumerate(row):
            if isinstance(value, (list, dict)):
                kind = "list_value" if isinstance(value, list) else "struct_value"
                why = f"Invalid values[{index}][{column}]: {kind} {{}}"
                raise errors.invalid(why)
    if message.get("majorDimension") == COLUMNS:
        height = max((len(column) for column in rows), default=0)
        return [[col[at] if at < len(col) else None for col in rows] for at in range(height)]
    return rows


def _quoted(value: Json) -> str:
    return f'"{value}"' if not isinstance(value, bool) else str(value).lower()


def update(draft: Draft, area: Area, rows: list[list[Json]], writing: Writing) -> Message:
    """
    Write values into a range and return an UpdateValuesResponse.

    One cell is an origin; a larger range is a bound. The grid never grows.

    :raises ApiError: if the values do not fit, or a cell is protected
    """
    rect = area.rect
    width = max((len(row) for row in rows), default=0)
    touched = Rect(rect.top, rect.left, rect.top + len(rows), rect.left + width)
    bound = area.tab.extent if area.is_single else rect
    if touched.bottom > bound.bottom:
        raise errors.outside_range(area.written, f"row [{bound.bottom + 1}]")
    if touched.right > bound.right:
        raise errors.outside_range(area.written, f"column [{a1.column_letters(bound.right)}]")
    tab = draft.tab(area.tab.sheet_id)
    if touched.is_empty:
        return {"spreadsheetId": draft.book.id, "updatedRange": area.name}
    draft.guard(tab, touched)
    count = write(draft, tab, touched, rows, is_typed=writing.is_typed)
    message: Message = {
        "spreadsheetId": draft.book.id,
        "updatedRange": a1.range_name(tab.title, *touched),
        "updatedRows": touched.height,
        "updatedColumns": touched.width,
        "updatedCells": count,
    }
    if writing.echoes:
        draft.settle()
        fresh = draft.book.tab(tab.sheet_id)
        written = locate.Area(fresh, touched, is_single=False, written=area.written)
        message["updatedData"] = value_range(draft.book, written, writing.rendering)
    return message


def write(draft: Draft, tab: Tab, touched: Rect, rows: list[list[Json]], *, is_typed: bool) -> int:
    """
    Write values at the top left of a rectangle and return how many cells were written.

    :raises ApiError: if a text is too long for a cell
    """
    count = 0
    for index, given in enumerate(rows):
        owned = tab.own(touched.top + index)
        for column, value in enumerate(given):
            if value is None:
                continue
            count += 1
            at = touched.left + column
            if isinstance(value, str):
                cells.check_text(value)
                if is_typed:
                    type_in(draft, tab, owned, at, value)
                    continue
            owned.put(at, value_of(value))
            if at in owned.more:
                owned.put_more(at, "textFormatRuns", None)
    return count


def value_of(value: Json) -> Value:
    """
    Return a plain JSON value as a cell keeps it; an empty text empties the cell.

    :raises ApiError: if it is a number no cell can hold
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not -_LARGEST <= value <= _LARGEST:
            why = "A number in 'data.values' is too large for a cell."
            raise errors.invalid(why)
        return tidy(value)
    kept: Value = value
    return None if kept == "" else kept


def type_in(draft: Draft, tab: Tab, row: Row, column: int, text: str) -> None:
    """Enter a text as a person types it, which may give the cell a number format."""
    style = draft.book.pool.get(row.style(column))
    known = style.get("numberFormat", {})
    typed = typing_in.read(text, year=draft.now.year, is_text=known.get("type") == "TEXT")
    row.put(column, typed.value)
    if column in row.more:
        row.put_more(column, "textFormatRuns", None)
    if isinstance(typed.value, Formula):
        tab.formula_rows.add(row.key)
    if typed.number_format and not known:
        number = draft.book.pool.number({**style, "numberFormat": typed.number_format})
        row.put_style(column, number)


def append(
    draft: Draft, area: Area, rows: list[list[Json]], writing: Writing, *, inserts: bool
) -> Message:
    """
    Write rows below the table at a range and return an AppendValuesResponse.

    The table is the last contiguous block in the range; the rows start at its
    first column. Without a table they start at the range.

    :param inserts: whether rows are inserted for them, instead of overwriting what is below
    :raises ApiError: if a cell is protected
    """
    table = table_at(area.tab, area.rect)
    tab = draft.tab(area.tab.sheet_id)
    start = Rect(area.rect.top, area.rect.left, area.rect.top, area.rect.left)
    if table:
        start = Rect(table.bottom, table.left, table.bottom, table.left)
    width = max((len(row) for row in rows), default=0)
    if inserts and rows and table:
        grids.insert_rows(draft, tab, start.top, len(rows))
    missing_rows = max(0, start.top + len(rows) - tab.row_count)
    missing_columns = max(0, start.left + width - tab.column_count)
    if missing_rows or missing_columns:
        draft.grow(tab, rows=missing_rows, columns=missing_columns)
    single = Rect(start.top, start.left, start.top + 1, start.left + 1)
    origin = locate.Area(tab, single, is_single=True, written=area.written)
    answer: Message = {"spreadsheetId": draft.book.id}
    if table:
        answer["tableRange"] = a1.range_name(tab.title, *table)
    answer["updates"] = update(draft, origin, rows, writing)
    return answer


def table_at(tab: Tab, rect: Rect) -> Rect | None:
    """
    Return the last block of filled cells that touches a range, None if there is none.

    It grows from the last filled cell of the range while a row or column beside it,
    within its width or height, holds anything.
    """
    found = _seed(tab, rect)
    if found is None:
        return None
    while True:
        wider = Rect(
            max(0, found.top - 1),
            max(0, found.left - 1),
            min(tab.row_count, found.bottom + 1),
            min(tab.column_count, found.right + 1),
        )
        grown = Rect(
            wider.top if _filled(tab, wider._replace(bottom=wider.top + 1)) else found.top,
            wider.left if _filled(tab, wider._replace(right=wider.left + 1)) else found.left,
            wider.bottom if _filled(tab, wider._replace(top=wider.bottom - 1)) else found.bottom,
            wider.right if _filled(tab, wider._replace(left=wider.right - 1)) else found.right,
        )
        if grown == found:
            return found
        found = grown


def _seed(tab: Tab, rect: Rect) -> Rect | None:
    """Return the last filled cell of a range: of several tables the last one is meant."""
    for row in range(min(rect.bottom, len(tab.rows)) - 1, rect.top - 1, -1):
        values = tab.rows[row].values[rect.left : rect.right]
        for column in range(len(values) - 1, -1, -1):
            if values[column] is not None:
                at = rect.left + column
                return Rect(row, at, row + 1, at + 1)
    return None


def _filled(tab: Tab, rect: Rect) -> bool:
    return any(
        value is not None
        for row in tab.rows[rect.top : rect.bottom]
        for value in row.values[rect.left : rect.right]
    )


def clear(draft: Draft, area: Area) -> str:
    """
    Empty the values of some cells, leave their looks, and return the address.

    :raises ApiError: if one of them is protected
    """
    tab = draft.tab(area.tab.sheet_id)
    draft.guard(tab, area.rect)
    clear_values(tab, area.rect)
    return locate.Area(tab, area.rect, area.is_single, area.written).name


def clear_values(tab: Tab, rect: Rect) -> None:
    """Empty the values of a rectangle."""
    for index in range(rect.top, min(rect.bottom, len(tab.rows))):
        if any(value is not None for value in tab.rows[index].values[rect.left : rect.right]):
            row = tab.own(index)
            for column in range(rect.left, min(rect.right, len(row.values))):
                row.put(column, None)
                if column in row.more:
                    row.put_more(column, "textFormatRuns", None)
