"""One cell: writing the parts of it that a request names, and showing the parts a reader wants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sheetserver import conditions, errors, formulas, masks, numberformat
from sheetserver.book import CellError, Formula, Result, Row, Scalar, Value
from sheetserver.formats import DEFAULT_FORMAT, paired
from sheetserver.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Book, Tab
    from sheetserver.draft import Draft
    from sheetserver.masks import Mask
    from sheetserver.messages import Message
    from sheetserver.ranges import Rect

ERROR_TYPES = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
}
_DATE_FORMULAS = (
    (re.compile(r"=\s*TODAY\(\s*\)\s*\Z", re.IGNORECASE), {"type": "DATE"}),
    (re.compile(r"=\s*NOW\(\s*\)\s*\Z", re.IGNORECASE), {"type": "DATE_TIME"}),
)


def result_of(value: Value) -> Result:
    """Return what a cell shows for what was entered."""
    return value.result if isinstance(value, Formula) else value


def number_format(book: Book, style: int, value: Value = None) -> Message:
    """Return how a cell's number is to look: its own format, or what its formula implies."""
    own: Message | None = book.pool.get(style).get("numberFormat")
    if own:
        return own
    if isinstance(value, Formula):
        for pattern, implied in _DATE_FORMULAS:
            if pattern.match(value.source):
                return implied
    return {}


def shown(book: Book, row: Row, column: int) -> str:
    """Return a cell's text as a person sees it."""
    value = row.value(column)
    return numberformat.shown(result_of(value), number_format(book, row.style(column), value))


def entered(message: Message) -> Value:
    """
    Return the value of an ExtendedValue.

    :raises ApiError: if it holds more than one, or too long a text
    """
    if len(message) > 1:
        msg = "Invalid value at 'user_entered_value' (oneof), oneof field 'value' is already set."
        raise errors.invalid(msg)
    if "formulaValue" in message:
        source = str(message["formulaValue"])
        check_text(source)
        return Formula(source) if source.startswith("=") else source or None
    if "stringValue" in message:
        check_text(message["stringValue"])
        return message["stringValue"] or None
    return next(iter(message.values()), None)


def check_text(text: str) -> None:
    """
    Let a text pass.

    :raises ApiError: if a cell cannot hold it
    """
    if len(text) > errors.TEXT_LIMIT:
        raise errors.text_too_long()


class Writer:
    """Writes the masked parts of CellData into the cells of one tab."""

    def __init__(self, draft: Draft, tab: Tab, mask: Mask) -> None:
        self._draft = draft
        self._tab = tab
        self._pool = draft.book.pool
        self._styles: dict[tuple[int, int], int] = {}
        self._rules: dict[int, int] = {}
        self._format_mask = paired(masks.below(mask, "userEnteredFormat") or {})
        self._steps = tuple(
            step for name, step in self._writers().items() if masks.wants(mask, name)
        )

    def _writers(self) -> dict[str, Callable[[Row, int, Message], None]]:
        # A new value erases text runs, so these come after it.
        return {
            "userEnteredValue": self._value,
            "userEnteredFormat": self._format,
            "note": lambda row, column, cell: row.put_more(column, "note", cell.get("note")),
            "textFormatRuns": lambda row, column, cell: row.put_more(
                column, "textFormatRuns", cell.get("textFormatRuns")
            ),
            "dataValidation": self._validation,
        }

    def write(self, row: int, column: int, cell: Message) -> None:
        """
        Write one cell; masked parts that the message lacks are reset.

        :raises ApiError: if a part cannot be kept
        """
        owned = self._tab.own(row)
        for step in self._steps:
            step(owned, column, cell)

    def _value(self, row: Row, column: int, cell: Message) -> None:
        value = entered(cell["userEnteredValue"]) if "userEnteredValue" in cell else None
        row.put(column, value)
        if isinstance(value, Formula):
            self._tab.formula_rows.add(row.key)
        if column in row.more:
            row.put_more(column, "textFormatRuns", None)

    def _format(self, row: Row, column: int, cell: Message) -> None:
        given = cell.get("userEnteredFormat")
        before = row.style(column)
        key = (before, id(given))  # the message outlives this writer
        if key not in self._styles:
            style = masks.replace(self._pool.get(before), given or {}, self._format_mask)
            self._styles[key] = self._pool.number(style)
        row.put_style(column, self._styles[key])

    def _validation(self, row: Row, column: int, cell: Message) -> None:
        rule = cell.get("dataValidation")
        if rule is None:
            row.put_rule(column, 0)
            return
        if id(rule) not in self._rules:
            conditions.check_rule(rule)
            self._rules[id(rule)] = self._pool.number(rule)
        row.put_rule(column, self._rules[id(rule)])


class Reader:
    """Shows cells of one tab as CellData, no more of each than a mask wants."""

    def __init__(self, book: Book, tab: Tab, mask: Mask) -> None:
        self._book = book
        self._tab = tab
        self._steps = tuple(
            (name, step) for name, step in self._readers().items() if masks.wants(mask, name)
        )
        self._rules = Rules(book, tab)
        self._mask = mask

    def _readers(self) -> dict[str, Callable[[Row, int, int], object]]:
        return {
            "userEnteredValue": lambda row, _index, column: extended(row.value(column)),
            "effectiveValue": lambda row, _index, column: effective(row.value(column)),
            "formattedValue": lambda row, _index, column: shown(self._book, row, column),
            "userEnteredFormat": lambda row, _index, column: self._book.pool.get(row.style(column)),
            "effectiveFormat": self.effective_format,
            "hyperlink": lambda row, _index, column: link(self._book, row, column),
            "note": lambda row, _index, column: row.more.get(column, {}).get("note"),
            "textFormatRuns": lambda row, _index, column: row.more.get(column, {}).get(
                "textFormatRuns"
            ),
            "dataValidation": lambda row, _index, column: self._book.pool.get(row.rule(column)),
        }

    def cell(self, row: Row, index: int, column: int) -> Message:
        """Return the wanted parts of one cell; nothing for what is not there."""
        found = {name: step(row, index, column) for name, step in self._steps}
        cell = {name: value for name, value in found.items() if value not in (None, "", {})}
        selected: Message = masks.select(cell, self._mask)
        return selected

    def row(self, index: int, left: int, right: int) -> list[Message]:
        """Return the cells of a row between two columns, without empty ones at its end."""
        row = self._tab.row(index)
        cells = [self.cell(row, index, at) for at in range(left, min(right, row.width))]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def effective_format(self, row: Row, index: int, column: int) -> Message:
        """Return the format a cell is shown in: the default, its own, then colour rules."""
        style = self._book.pool.get(row.style(column))
        if not style and row.value(column) is None:
            return {}
        banded = merged(DEFAULT_FORMAT, band(self._tab, index, column))
        return merged(merged(banded, style), self._rules.format(row, index, column))


class Rules:
    """The colour rules of one tab, ready to be asked for any cell."""

    def __init__(self, book: Book, tab: Tab) -> None:
        self._book = book
        self._tab = tab
        self._judge = conditions.Judge(book)
        self._columns: dict[int, list[tuple[Rect, Rect, conditions.Test, Message]]] = {}
        self._all = [
            placed for rule in tab.features["conditionalFormats"] for placed in self._placed(rule)
        ]

    def _placed(self, rule: Message) -> list[tuple[Rect, Rect, conditions.Test, Message]]:
        visible = [_visible(self._tab, place) for place in rule["ranges"]]
        rects = [rect for rect in visible if rect]
        test = self._judge.test(rule["booleanRule"]["condition"], self._tab)
        style = rule["booleanRule"].get("format", {})
        return [(rect, rects[0], test, style) for rect in rects]

    def format(self, row: Row, index: int, column: int) -> Message:
        """Return what the colour rules add to a cell's format; the first rule wins."""
        result: Message = {}
        for rect, first, test, style in reversed(self._at(column)):
            if rect.top <= index < rect.bottom and test(
                result_of(row.value(column)),
                shown(self._book, row, column),
                index - first.top,
                column - first.left,
            ):
                result = merged(result, style)
        return result

    def _at(self, column: int) -> list[tuple[Rect, Rect, conditions.Test, Message]]:
        if column not in self._columns:
            self._columns[column] = [
                rule for rule in self._all if rule[0].left <= column < rule[0].right
            ]
        return self._columns[column]


def band(tab: Tab, index: int, column: int) -> Message:
    """Return the background that alternating colours give to a cell."""
    result: Message = {}
    for banded in tab.features["bandedRanges"]:
        rect = tab.rect(banded["range"])
        if rect.has(index, column):
            across = _band_colour(
                banded.get("columnProperties"), column - rect.left, rect.right - 1 - column
            )
            along = _band_colour(
                banded.get("rowProperties"), index - rect.top, rect.bottom - 1 - index
            )
            result = {**across, **along}
    return result


def _band_colour(properties: Message | None, at: int, to_end: int) -> Message:
    """Return the colour of a row or column at a distance from both ends of its range."""
    if properties is None:
        return {}
    first = at - ("headerColor" in properties)
    name = "firstBandColor" if first % 2 == 0 else "secondBandColor"
    if at == 0 and "headerColor" in properties:
        name = "headerColor"
    if to_end == 0 and "footerColor" in properties:
        name = "footerColor"
    colour = properties.get(name)
    if colour is None:
        return {}
    return {"backgroundColor": colour, "backgroundColorStyle": {"rgbColor": colour}}


def _visible(tab: Tab, place: Message) -> Rect | None:
    outside = (
        place.get("startRowIndex", 0) >= tab.row_count
        or place.get("startColumnIndex", 0) >= tab.column_count
    )
    return None if outside else tab.rect(place)


def merged(under: Message, over: Message) -> Message:
    """Return a format with another laid over it."""
    if not over:
        return under
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        is_plain = name.endswith(("Color", "Style", "color")) or not isinstance(value, dict)
        result[name] = value if is_plain or not isinstance(below, dict) else merged(below, value)
    return result


def extended(value: Value) -> Message | None:
    """Return what was entered as an ExtendedValue."""
    return {"formulaValue": value.source} if isinstance(value, Formula) else _plain(value)


def effective(value: Value) -> Message | None:
    """Return what a cell comes to as an ExtendedValue."""
    result = result_of(value)
    if isinstance(result, CellError):
        shown_error = {"type": ERROR_TYPES[result.code]}
        return {"errorValue": {**shown_error, "message": result.message or result.code}}
    return _plain(result)


def _plain(value: Scalar) -> Message | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"numberValue": tidy(value)}


def link(book: Book, row: Row, column: int) -> str:
    """Return where a click on a cell leads, or nothing."""
    value = row.value(column)
    if isinstance(value, Formula):
        return formulas.link_of(value.source)
    text_format = book.pool.get(row.style(column)).get("textFormat", {})
    return str(text_format.get("link", {}).get("uri", ""))
