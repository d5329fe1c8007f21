"""Cells copied, cut, pasted, and pushed aside for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, formulas, values
from sheetserver.book import CellError, Formula, Row
from sheetserver.cells import result_of
from sheetserver.grids import copied
from sheetserver.ranges import COLUMNS, ROWS, Rect, grid_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Tab, Value
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "PERIOD": ".", "SPACE": " "}


def copy_paste(draft: Draft, request: Message) -> None:
    """Copy cells over others, as often as they fit into the destination."""
    source, rect = draft.target(request.get("source", {}))
    if rect.is_empty:
        why = "The source of a copy must hold a cell."
        raise errors.invalid(why)
    block = copied(source, rect)
    merges = _merges_in(source, rect)
    if request.get("pasteOrientation") == "TRANSPOSE":
        block = _turned(block, rect.width)
        rect = Rect(rect.top, rect.left, rect.top + rect.width, rect.left + rect.height)
        merges = []
    target, place = draft.target(request.get("destination", {}))
    kind = request.get("pasteType", "PASTE_NORMAL")
    for top, left in _corners(rect, place):
        spot = Rect(top, left, top + rect.height, left + rect.width).within(target.extent)
        draft.guard(target, spot)
        _paste(draft, target, spot, _Copy(kind, block, (top - rect.top, left - rect.left)))
        if kind in ("PASTE_NORMAL", "PASTE_FORMAT", "PASTE_NO_BORDERS"):
            _paste_merges(target, spot, merges, rect)
    if kind in ("PASTE_NORMAL", "PASTE_FORMAT", "PASTE_CONDITIONAL_FORMATTING"):
        _spread_rules(source, rect, target, place)


def _merges_in(tab: Tab, rect: Rect) -> list[Rect]:
    return [block for merged in tab.features["merges"] if rect.covers(block := tab.rect(merged))]


def _turned(block: list[Row], width: int) -> list[Row]:
    turned = [Row() for _ in range(width)]
    for at, row in enumerate(block):
        for column in range(width):
            turned[column].take(at, row, column)
    return turned


def _corners(rect: Rect, place: Rect) -> list[tuple[int, int]]:
    """Return where copies begin: one, or as many as fill a larger destination exactly."""
    rows = range(place.top, place.bottom, rect.height)
    columns = range(place.left, place.right, rect.width)
    down = rows if place.height % rect.height == 0 else rows[:1]
    across = columns if place.width % rect.width == 0 else columns[:1]
    return [(top, left) for top in down for left in across]


class _Copy:
    """Cells on their way, and which parts of them arrive."""

    def __init__(self, kind: str, block: list[Row], offset: tuple[int, int]) -> None:
        self.block = block
        self._offset = offset
        self._parts = _PARTS[kind]

    def land(self, draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
        for part in self._parts:
            part(draft, target, column, source, at)

    def moved(self, value: Value) -> Value:
        return formulas.moved(value, *self._offset) if isinstance(value, Formula) else value


def _paste(draft: Draft, tab: Tab, spot: Rect, copy: _Copy) -> None:
    for index in range(spot.height):
        mine, source = tab.own(spot.top + index), copy.block[index]
        for column in range(spot.width):
            at = spot.left + column
            copy.land(draft, mine, at, source, column)
            value = mine.value(at)
            if isinstance(value, Formula):
                mine.put(at, copy.moved(value))
                tab.formula_rows.add(mine.key)


def _formula(_draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
    target.put(column, source.value(at))


def _value(_draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
    result = result_of(source.value(at))
    target.put(column, result.code if isinstance(result, CellError) else result)


def _style(_draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
    target.put_style(column, source.style(at))


def _style_without_borders(draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
    style = draft.book.pool.get(source.style(at))
    rest = {name: each for name, each in style.items() if name != "borders"}
    own = draft.book.pool.get(target.style(column)).get("borders")
    target.put_style(column, draft.book.pool.number({**rest, "borders": own} if own else rest))


def _rule(_draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
    target.put_rule(column, source.rule(at))


def _more(_draft: Draft, target: Row, column: int, source: Row, at: int) -> None:
    for name in ("note", "textFormatRuns"):
        target.put_more(column, name, source.more.get(at, {}).get(name))


_PARTS: dict[str, tuple[Callable[[Draft, Row, int, Row, int], None], ...]] = {
    "PASTE_NORMAL": (_formula, _style, _rule, _more),
    "PASTE_VALUES": (_value,),
    "PASTE_FORMAT": (_style,),
    "PASTE_NO_BORDERS": (_formula, _style_without_borders, _rule, _more),
    "PASTE_FORMULA": (_formula,),
    "PASTE_DATA_VALIDATION": (_rule,),
    "PASTE_CONDITIONAL_FORMATTING": (),
}


def _paste_merges(tab: Tab, spot: Rect, merges: list[Rect], rect: Rect) -> None:
    if not merges and not any(spot.meets(tab.rect(each)) for each in tab.features["merges"]):
        return
    kept = [each for each in tab.features["merges"] if not spot.meets(tab.rect(each))]
    moved = [block.moved(spot.top - rect.top, spot.left - rect.left) for block in merges]
    fresh = [grid_range(tab.sheet_id, block) for block in moved if tab.extent.covers(block)]
    tab.features["merges"] = kept + fresh
    tab.restyled = True


def _spread_rules(source: Tab, rect: Rect, target: Tab, place: Rect) -> None:
    """Let the colour rules of copied cells hold for their copies too."""
    if source is not target:
        return
    rules = []
    for rule in target.features["conditionalFormats"]:
        covers = any(target.rect(each).covers(rect) for each in rule["ranges"])
        known = any(target.rect(each).covers(place) for each in rule["ranges"])
        more = [grid_range(target.sheet_id, place)] if covers and not known else []
        rules.append({**rule, "ranges": [*rule["ranges"], *more]})
    target.features["conditionalFormats"] = rules
    target.restyled = target.restyled or bool(rules)


def cut_paste(draft: Draft, request: Message) -> None:
    """Move cells to another place; what was there is lost."""
    source, rect = draft.target(request.get("source", {}))
    place = request.get("destination", {})
    target = draft.tab(place.get("sheetId", 0))
    top, left = place.get("rowIndex", 0), place.get("columnIndex", 0)
    spot = Rect(top, left, top + rect.height, left + rect.width)
    if top < 0 or left < 0 or not target.extent.covers(spot):
        why = "The destination of a cut must lie inside the grid."
        raise errors.invalid(why)
    draft.guard(source, rect)
    draft.guard(target, spot)
    kind = request.get("pasteType", "PASTE_NORMAL")
    block, merges = copied(source, rect), _merges_in(source, rect)
    # Formulas that are moved go on pointing at the same cells.
    if kind == "PASTE_NORMAL":
        _empty(source, rect)
        inside = [grid_range(source.sheet_id, each) for each in merges]
        source.features["merges"] = [e for e in source.features["merges"] if e not in inside]
    else:
        values.clear_values(source, rect)
    _paste(draft, target, spot, _Copy(kind, block, (0, 0)))
    _paste_merges(target, spot, merges, rect)


def _empty(tab: Tab, rect: Rect) -> None:
    blank = Row()
    for index in range(rect.top, min(rect.bottom, len(tab.rows))):
        if tab.row(index).width > rect.left:
            row = tab.own(index)
            for column in range(rect.left, min(rect.right, row.width)):
                row.take(column, blank, 0)


def paste_data(draft: Draft, request: Message) -> None:
    """Paste text with delimiters, each part as if it were typed."""
    if request.get("html"):
        msg = "html"
        raise errors.not_modelled(msg)
    place = request.get("coordinate", {})
    tab = draft.tab(place.get("sheetId", 0))
    delimiter = request.get("delimiter", "")
    lines = request.get("data", "").splitlines()
    rows = [line.split(delimiter) if delimiter else [line] for line in lines]
    width = max((len(row) for row in rows), default=0)
    top, left = place.get("rowIndex", 0), place.get("columnIndex", 0)
    rect = Rect(top, left, top + len(rows), left + width)
    if top < 0 or left < 0 or not tab.extent.covers(rect):
        why = "The pasted data must lie inside the grid."
        raise errors.invalid(why)
    draft.guard(tab, rect)
    values.write(draft, tab, rect, rows, is_typed=True)


def insert_range(draft: Draft, request: Message) -> None:
    """Make room: the cells of a range and those after them move down or right."""
    tab, rect = draft.target(request.get("range", {}))
    dimension = _dimension(request)
    band = _band(tab, rect, dimension)
    draft.guard(tab, band)
    _check_unmerged(tab, band)
    if dimension == ROWS:
        filled = max(
            (at + 1 for at in range(rect.top, len(tab.rows)) if _has_any(tab.row(at), rect)),
            default=0,
        )
        draft.grow(tab, rows=max(0, filled + rect.height - tab.row_count))
        for index in range(max(filled, rect.top) - 1, rect.top - 1, -1):
            _carry(tab, rect, index, index + rect.height)
        _empty(tab, rect)
        return
    width = max((tab.row(at).width for at in range(rect.top, rect.bottom)), default=0)
    if width > rect.left:
        draft.grow(tab, columns=max(0, width + rect.width - tab.column_count))
    for index in range(rect.top, min(rect.bottom, len(tab.rows))):
        _slide(tab, index, rect.left, rect.width)


def _dimension(request: Message) -> str:
    dimension = request.get("shiftDimension", "")
    if dimension not in (ROWS, COLUMNS):
        why = "A shiftDimension is needed."
        raise errors.invalid(why)
    return str(dimension)


def _band(tab: Tab, rect: Rect, dimension: str) -> Rect:
    """Return every cell that moves when those of a rectangle are pushed or pulled."""
    if dimension == ROWS:
        return rect._replace(bottom=tab.row_count)
    return rect._replace(right=tab.column_count)


def _check_unmerged(tab: Tab, band: Rect) -> None:
    if any(band.meets(tab.rect(each)) for each in tab.features["merges"]):
        why = "Cells cannot be shifted where some are merged."  # [assumed]
        raise errors.invalid(why)


def _has_any(row: Row, rect: Rect) -> bool:
    part = Row(0, row.values[rect.left : rect.right], row.styles[rect.left : rect.right])
    part.trim()
    return part.width > 0 or any(rect.left <= column < rect.right for column in row.more)


def _carry(tab: Tab, rect: Rect, source: int, target: int) -> None:
    known, row = tab.row(source), tab.own(target)
    for column in range(rect.left, rect.right):
        row.take(column, known, column)


def _slide(tab: Tab, index: int, left: int, by: int) -> None:
    """Move the cells of a row from a column on to the right, or left if `by` is negative."""
    before = tab.row(index).copy(0)
    row = tab.own(index)
    for column in range(left, max(before.width + by, before.width)):
        origin = column - by
        inside = origin >= left if by > 0 else True
        row.take(column, before if inside else Row(), origin if inside else 0)


def delete_range(draft: Draft, request: Message) -> None:
    """Close a gap: the cells of a range go, those after them move up or left."""
    tab, rect = draft.target(request.get("range", {}))
    dimension = _dimension(request)
    band = _band(tab, rect, dimension)
    draft.guard(tab, band)
    _check_unmerged(tab, band)
    close_gap(tab, rect, dimension)


def close_gap(tab: Tab, rect: Rect, dimension: str) -> None:
    """Remove the cells of a rectangle; those below or right of it take their place."""
    if dimension == COLUMNS:
        for index in range(rect.top, min(rect.bottom, len(tab.rows))):
            _slide(tab, index, rect.left, -rect.width)
        return
    last = len(tab.rows)
    for index in range(rect.top, last):
        if index + rect.height < last:
            _carry(tab, rect, index + rect.height, index)
        else:
            _empty(tab, rect._replace(top=index, bottom=index + 1))


def text_to_columns(draft: Draft, request: Message) -> None:
    """Split the texts of one column at a delimiter into the columns beside it."""
    tab, rect = draft.target(request.get("source", {}))
    if rect.width != 1:
        why = "The source of textToColumns must be one column."
        raise errors.invalid(why)
    texts = [_text(tab.row(at).value(rect.left)) for at in range(rect.top, rect.bottom)]
    delimiter = _delimiter(request, texts)
    rows = [text.split(delimiter) if text else [None] for text in texts]
    width = max(len(row) for row in rows)
    spot = rect._replace(right=rect.left + width)
    draft.grow(tab, columns=max(0, spot.right - tab.column_count))
    draft.guard(tab, spot)
    values.write(draft, tab, spot, rows, is_typed=True)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _delimiter(request: Message, texts: list[str]) -> str:
    kind = request.get("delimiterType", "")
    if kind == "CUSTOM" and request.get("delimiter"):
        return str(request["delimiter"])
    if kind == "AUTODETECT":
        counts = {each: sum(text.count(each) for text in texts) for each in _DELIMITERS.values()}
        return max(counts, key=lambda each: counts[each])
    if kind not in _DELIMITERS:
        why = "A delimiterType is needed, with a delimiter if it is CUSTOM."
        raise errors.invalid(why)
    return _DELIMITERS[kind]


KINDS = {
    "copyPaste": copy_paste,
    "cutPaste": cut_paste,
    "pasteData": paste_data,
    "insertRange": insert_range,
    "deleteRange": delete_range,
    "textToColumns": text_to_columns,
}
