"""Rows and columns that come, go and change places, with everything that points at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sheetserver import errors
from sheetserver.book import EMPTY_ROW, Row
from sheetserver.ranges import COLUMNS, ROWS, Delete, Insert, Move, Rect

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft


_Kept = TypeVar("_Kept")


def insert(draft: Draft, tab: Tab, dimension: str, shift: Insert, *, inherits_before: bool) -> None:
    """
    Insert empty rows or columns that look like their neighbours.

    :param inherits_before: whether the neighbour before them is meant, not the one after
    :raises ApiError: if the place lies outside the grid or the spreadsheet gets too large
    """
    at, count = shift.at, shift.count
    if not 0 <= at <= tab.length(dimension) or count < 1:
        msg = (
            f"range.startIndex[{at}] must be inside a grid of {tab.length(dimension)} "
            f"{dimension.lower()} and before the end index."
        )
        raise errors.invalid(msg)
    if dimension == ROWS:
        model = tab.row(at - 1) if inherits_before and at else tab.row(at)
        insert_rows(draft, tab, at, count, model=model)
    else:
        _insert_columns(tab, at, count, at - 1 if inherits_before and at else at)
        draft.grow(tab, columns=count)
        draft.restructure(tab, COLUMNS, shift)


def insert_rows(draft: Draft, tab: Tab, at: int, count: int, *, model: Row = EMPTY_ROW) -> None:
    """
    Insert rows with the formats and validations of a model.

    :raises ApiError: if the spreadsheet gets too large
    """
    draft.grow(tab, rows=count)
    if at < len(tab.rows) or model.styles or model.rules:
        tab.set_rows(at, at, [_blank_like(tab, model) for _ in range(count)])
    draft.restructure(tab, ROWS, Insert(at, count))


def _blank_like(tab: Tab, model: Row) -> Row:
    if not model.styles and not model.rules:
        return EMPTY_ROW
    row = Row(tab.new_key(), [], model.styles[:], model.rules[:])
    tab.owned.add(row.key)
    return row


def _insert_columns(tab: Tab, at: int, count: int, model: int) -> None:
    for index, known in enumerate(tab.rows):
        if known.width <= min(at, model):
            continue
        row = tab.own(index)
        style, rule = row.style(model), row.rule(model)
        _open_gap(row.values, (at, count), None, None)
        _open_gap(row.styles, (at, count), style, 0)
        _open_gap(row.rules, (at, count), rule, 0)
        row.more = {
            column + count if column >= at else column: each for column, each in row.more.items()
        }


def _open_gap(cells: list[_Kept], gap: tuple[int, int], blank: _Kept, empty: _Kept) -> None:
    """Put blanks before a place, unless there is nothing to push aside."""
    at, count = gap
    if at < len(cells) or blank != empty:
        cells.extend([empty] * (at - len(cells)))
        cells[at:at] = [blank] * count


def delete(draft: Draft, tab: Tab, dimension: str, start: int, end: int) -> None:
    """
    Delete rows or columns with everything in them.

    :raises ApiError: if there are none such, or none would be left
    """
    length = tab.length(dimension)
    if not 0 <= start < end or start >= length:
        msg = f"Invalid {dimension.lower()} {start} to {end}: the grid has {length}."
        raise errors.invalid(msg)
    end = min(end, length)
    if end - start >= length:
        what = "rows" if dimension == ROWS else "columns"
        msg = f"You can't delete all the {what} on the sheet."
        raise errors.invalid(msg)
    if dimension == ROWS:
        tab.set_rows(start, min(end, max(len(tab.rows), start)), [])
        tab.resize(rows=length - (end - start))
    else:
        _delete_columns(tab, start, end)
        tab.resize(columns=length - (end - start))
    _shrink_frozen(tab, dimension, start, end)
    draft.restructure(tab, dimension, Delete(start, end))


def _shrink_frozen(tab: Tab, dimension: str, start: int, end: int) -> None:
    name = "frozenRowCount" if dimension == ROWS else "frozenColumnCount"
    grid = tab.properties["gridProperties"]
    frozen = grid.get(name, 0)
    if start < frozen:
        left = frozen - (min(end, frozen) - start)
        kept = {key: value for key, value in grid.items() if key != name}
        tab.properties = {
            **tab.properties,
            "gridProperties": {**kept, name: left} if left else kept,
        }


def _delete_columns(tab: Tab, start: int, end: int) -> None:
    count = end - start
    for index, known in enumerate(tab.rows):
        if known.width <= start:
            continue
        row = tab.own(index)
        del row.values[start:end], row.styles[start:end], row.rules[start:end]
        row.more = {
            column - count if column >= end else column: each
            for column, each in row.more.items()
            if not start <= column < end
        }


def move(draft: Draft, tab: Tab, dimension: str, shift: Move) -> None:
    """
    Move rows or columns before another one.

    :raises ApiError: if they do not exist or would land among themselves
    """
    length = tab.length(dimension)
    start, end, target = shift.start, shift.end, shift.target
    if not 0 <= start < end <= length or not 0 <= target <= length:
        msg = (
            f"Invalid move of {dimension.lower()} {start} to {end} before {target}: the grid has "
            f"{length}."
        )
        raise errors.invalid(msg)
    if start < target < end:
        msg = "The destination index is within the source range."
        raise errors.invalid(msg)
    if target in (start, end):
        return
    if dimension == ROWS:
        _move_rows(tab, shift)
    else:
        _move_columns(tab, shift)
    draft.restructure(tab, dimension, shift)


def _move_rows(tab: Tab, shift: Move) -> None:
    far = max(shift.end, shift.target)
    tab.set_rows(far, far, [])  # the list reaches as far as the move does
    block = tab.rows[shift.start : shift.end]
    del tab.rows[shift.start : shift.end]
    landing = shift.point(shift.start)
    tab.rows[landing:landing] = block


def _move_columns(tab: Tab, shift: Move) -> None:
    low, high = min(shift.start, shift.target), max(shift.end, shift.target)
    order = sorted(range(low, high), key=shift.point)
    for index, known in enumerate(tab.rows):
        if known.width > low:
            before = known.copy(0)
            row = tab.own(index)
            for place, source in enumerate(order, start=low):
                row.take(place, before, source)


def copied(tab: Tab, rect: Rect) -> list[Row]:
    """Return copies of the rows of a rectangle, each cut to its columns."""
    return [_slice(tab.row(index), rect.left, rect.right) for index in range(rect.top, rect.bottom)]


def _slice(row: Row, left: int, right: int) -> Row:
    return Row(
        0,
        row.values[left:right],
        row.styles[left:right],
        row.rules[left:right],
        {column - left: each for column, each in row.more.items() if left <= column < right},
    )
