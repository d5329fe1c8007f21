"""Cells: typed values, formats, notes and validations; rows appended; rows sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import conditions, errors, formulas, masks
from sheetserver.book import CellError, Formula, Scalar
from sheetserver.cells import Writer, result_of
from sheetserver.ranges import Rect
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Tab, Value
    from sheetserver.draft import Draft
    from sheetserver.messages import Message


def update_cells(draft: Draft, request: Message) -> None:
    """Write rows of cells from a start or over a range; cells of the range not sent are reset."""
    mask = sheets().mask("CellData", request.get("fields", ""))
    rows = request.get("rows", [])
    if "range" in request:
        tab, rect = draft.target(request["range"])
        _check_fits(rows, rect)
    else:
        tab, rect = _from_start(draft, request.get("start", {}), rows)
    if rect.is_empty:
        return
    draft.guard(tab, rect)
    writer = Writer(draft, tab, mask)
    covers = "range" in request
    for offset in range(rect.height):
        cells = rows[offset].get("values", []) if offset < len(rows) else []
        _write_row(writer, rect, offset, cells, covers=covers)


def _check_fits(rows: list[Message], rect: Rect) -> None:
    if len(rows) > rect.height:
        msg = (
            f"Attempting to write row: {rect.bottom}, beyond the last requested row of: "
            f"{rect.bottom - 1}"
        )
        raise errors.invalid(msg)
    width = max((len(row.get("values", ())) for row in rows), default=0)
    if width > rect.width:
        msg = (
            f"Attempting to write column: {rect.right}, beyond the last requested column of: "
            f"{rect.right - 1}"
        )
        raise errors.invalid(msg)


def _from_start(draft: Draft, start: Message, rows: list[Message]) -> tuple[Tab, Rect]:
    tab = draft.tab(start.get("sheetId", 0))
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    width = max((len(row.get("values", ())) for row in rows), default=0)
    rect = Rect(top, left, top + len(rows), left + width)
    if top < 0 or left < 0 or not tab.extent.covers(rect):
        msg = (
            f"Attempting to write outside the grid: rows {top} to {rect.bottom}, columns {left} "
            f"to {rect.right} of {tab.row_count} by {tab.column_count}."
        )
        raise errors.invalid(msg)
    return tab, rect


def _write_row(
    writer: Writer, rect: Rect, offset: int, cells: list[Message], *, covers: bool
) -> None:
    for column, cell in enumerate(cells):
        writer.write(rect.top + offset, rect.left + column, cell)
    if covers:
        for column in range(rect.left + len(cells), rect.right):
            writer.write(rect.top + offset, column, {})


def append_cells(draft: Draft, request: Message) -> None:
    """Write rows below the last one that holds anything; the grid grows for them."""
    mask = sheets().mask("CellData", request.get("fields", ""))
    rows = request.get("rows", [])
    tab, top, left = _end_of(draft, request)
    width = max((len(row.get("values", ())) for row in rows), default=0)
    rect = Rect(top, left, top + len(rows), left + width)
    missing_rows = max(0, rect.bottom - tab.row_count)
    missing_columns = max(0, rect.right - tab.column_count)
    if missing_rows or missing_columns:
        draft.grow(tab, rows=missing_rows, columns=missing_columns)
    draft.guard(tab, rect)
    writer = Writer(draft, tab, mask)
    for offset, row in enumerate(rows):
        _write_row(writer, rect, offset, row.get("values", []), covers=False)


def _end_of(draft: Draft, request: Message) -> tuple[Tab, int, int]:
    """Return the tab and the cell below its last row, or below the last row of a table."""
    if "tableId" not in request:
        tab = draft.tab(request.get("sheetId", 0))
        return tab, tab.used().bottom, 0
    for tab in draft.book.tabs:
        for table in tab.features["tables"]:
            if table["tableId"] == request["tableId"]:
                return _below_table(draft, tab, table)
    msg = f"No table with id: {request['tableId']}"
    raise errors.invalid(msg)


def _below_table(draft: Draft, tab: Tab, table: Message) -> tuple[Tab, int, int]:
    mine = draft.tab(tab.sheet_id)
    rect = mine.rect(table["range"])
    filled = [
        index
        for index in range(rect.top, rect.bottom)
        if any(value is not None for value in mine.row(index).values[rect.left : rect.right])
    ]
    return mine, max(filled, default=rect.top) + 1, rect.left


def repeat_cell(draft: Draft, request: Message) -> None:
    """Write one cell's masked parts into every cell of a range."""
    mask = sheets().mask("CellData", request.get("fields", ""))
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    cell = request.get("cell", {})
    writer = Writer(draft, tab, mask)
    for row in range(rect.top, rect.bottom):
        for column in range(rect.left, rect.right):
            writer.write(row, column, cell)
    source = cell.get("userEnteredValue", {}).get("formulaValue")
    if source and masks.wants(mask, "userEnteredValue"):
        _spread_formula(tab, rect, source)


def _spread_formula(tab: Tab, rect: Rect, source: str) -> None:
    """Let a repeated formula point at each cell's own neighbours, as filling down does."""
    for row in range(rect.top, rect.bottom):
        for column in range(rect.left, rect.right):
            tab.put(
                row, column, formulas.moved(Formula(source), row - rect.top, column - rect.left)
            )


def set_data_validation(draft: Draft, request: Message) -> None:
    """Put one rule on every cell of a range; without a rule, take theirs away."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    numbers = _rule_numbers(draft, request.get("rule"), rect)
    for index in range(rect.top, rect.bottom):
        known = tab.row(index)
        side = tab.row_properties.get(index, {})
        if side.get("hiddenByFilter") and not request.get("filteredRowsIncluded"):
            continue
        wanted = [numbers(index, column) for column in range(rect.left, rect.right)]
        if wanted != [known.rule(column) for column in range(rect.left, rect.right)]:
            row = tab.own(index)
            for column, number in enumerate(wanted, start=rect.left):
                row.put_rule(column, number)


def _rule_numbers(draft: Draft, rule: Message | None, rect: Rect) -> Callable[[int, int], int]:
    """
    Return the number of the rule of each cell of a rectangle.

    A formula of one's own is written for the first cell and moves with each.
    """
    if rule is None:
        return lambda _row, _column: 0
    conditions.check_rule(rule)
    number = draft.book.pool.number(rule)
    if rule["condition"]["type"] != "CUSTOM_FORMULA":
        return lambda _row, _column: number
    source = rule["condition"]["values"][0].get("userEnteredValue", "")

    def moved(row: int, column: int) -> int:
        text = formulas.moved(Formula(source), row - rect.top, column - rect.left).source
        condition = {**rule["condition"], "values": [{"userEnteredValue": text}]}
        return draft.book.pool.number({**rule, "condition": condition})

    return moved


def sort_range(draft: Draft, request: Message) -> None:
    """Sort the rows of a range; values, formats, notes and validations move together."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    sort_rows(draft, tab, rect, request.get("sortSpecs", []))


def sort_rows(draft: Draft, tab: Tab, rect: Rect, specs: list[Message]) -> None:
    """
    Sort the rows of a rectangle, empty cells last in either direction.

    :raises ApiError: if a column to sort by lies outside, or cells are merged across rows
    """
    for spec in specs:
        if not rect.left <= spec.get("dimensionIndex", 0) < rect.right:
            msg = f"Cannot sort by column {spec.get('dimensionIndex', 0)}: it is outside the range."
            raise errors.invalid(msg)
    merges = [tab.rect(merge) for merge in tab.features["merges"]]
    if any(merge.meets(rect) and merge.height > 1 for merge in merges):
        why = "You can't sort a range with vertical merges."  # [assumed]
        raise errors.invalid(why)
    bottom = min(rect.bottom, len(tab.rows))
    order = list(range(rect.top, bottom))
    for spec in reversed(specs):
        order = _sorted_by(tab, order, spec)
    tab.structure = draft.book.revision + 1
    if order != list(range(rect.top, bottom)):
        _permute(tab, rect._replace(bottom=bottom), order)


def _sorted_by(tab: Tab, order: list[int], spec: Message) -> list[int]:
    column = spec.get("dimensionIndex", 0)
    backwards = spec.get("sortOrder") == "DESCENDING"
    filled = [row for row in order if tab.row(row).value(column) is not None]
    empty = [row for row in order if tab.row(row).value(column) is None]
    filled.sort(key=lambda row: _place(tab.row(row).value(column)), reverse=backwards)
    if backwards:
        filled = _stable(tab, filled, column)
    return filled + empty


def _stable(tab: Tab, rows: list[int], column: int) -> list[int]:
    """Return rows sorted backwards with equal ones in the order they had."""
    return sorted(rows, key=_Backwards.of(tab, column))


class _Backwards:
    """A sort key that is greater where the place of a value is less."""

    def __init__(self, place: tuple[int, float | str]) -> None:
        self._place = place

    def __lt__(self, other: _Backwards) -> bool:
        return other._place < self._place

    @staticmethod
    def of(tab: Tab, column: int) -> Callable[[int], _Backwards]:
        return lambda row: _Backwards(_place(tab.row(row).value(column)))


def _place(value: Value) -> tuple[int, float | str]:
    """Return where a value stands: numbers, then texts, then booleans, then errors."""
    result = result_of(value)
    if isinstance(result, CellError):
        return 3, result.code
    if isinstance(result, bool):
        return 2, result
    return _plain_place(result)


def _plain_place(result: Scalar) -> tuple[int, float | str]:
    if isinstance(result, str):
        return 1, result.casefold()
    return 0, result or 0


def _permute(tab: Tab, rect: Rect, order: list[int]) -> None:
    """Put the rows of a rectangle into another order."""
    before = tab.rows[rect.top : rect.bottom]
    whole = rect.left == 0 and all(row.width <= rect.right for row in before)
    if whole:
        tab.set_rows(rect.top, rect.bottom, [tab.rows[source] for source in order])
    for place, source in enumerate(order, start=rect.top):
        row = before[source - rect.top]
        if not whole:
            mine = tab.own(place)
            for column in range(rect.left, rect.right):
                mine.take(column, row, column)
        if row.key in tab.formula_rows and place != source:
            _move_formulas(tab, rect, place, place - source)


def _move_formulas(tab: Tab, rect: Rect, place: int, by: int) -> None:
    for column in range(rect.left, rect.right):
        value = tab.row(place).value(column)
        if isinstance(value, Formula):
            tab.put(place, column, formulas.moved(value, by, 0))


KINDS = {
    "updateCells": update_cells,
    "appendCells": append_cells,
    "repeatCell": repeat_cell,
    "setDataValidation": set_data_validation,
    "sortRange": sort_range,
}
