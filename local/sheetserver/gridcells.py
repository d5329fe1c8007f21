"""What a person sees of a tab in the browser: texts, looks, dropdowns, notes and locks."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from sheetserver import cells, conditions, numberformat, people, protection, typing_in
from sheetserver.book import CellError, Formula, Row, Value
from sheetserver.clock import moment_of
from sheetserver.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sheetserver.book import Book, Tab
    from sheetserver.messages import Json, Message
    from sheetserver.ranges import Rect

CLICKABLE = frozenset({"http", "https", "mailto"})
COLUMN_WIDTH, ROW_HEIGHT = 100, 21  # pixels, where nobody has said otherwise
_FONT_SIZE = 10  # points, likewise

_ALIGNED = {"LEFT": "left", "CENTER": "center", "RIGHT": "right"}
_EMPHASIS = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s"}
_WHITE, _INK = (1.0, 1.0, 1.0), (0.1, 0.1, 0.1)
_READABLE = 4.5  # contrast of text against its ground


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and what they may do with the workbook."""

    email: str
    name: str
    role: str

    @property
    def may_edit(self) -> bool:
        """Test whether the viewer may edit anything at all."""
        return self.role in ("writer", "owner")


class Locks:
    """
    The cells of one tab that a viewer may not edit.

    Between two rows where a protection begins or ends, all rows are alike:
    such a band is worked out once.
    """

    def __init__(self, book: Book, tab: Tab, viewer: Viewer) -> None:
        self._all = not viewer.may_edit
        self._width = tab.column_count
        self._areas: list[tuple[Rect, list[Rect]]] = []
        if not self._all and viewer.role != "owner":
            self._areas = [
                (area, _open_parts(tab, protected))
                for protected in tab.features["protectedRanges"]
                if not protection.may_edit(protected, viewer.email)
                if (area := protection.cells(book, tab, protected))
            ]
        rects = [rect for area, parts in self._areas for rect in (area, *parts)]
        self._edges = sorted({edge for rect in rects for edge in (rect.top, rect.bottom)})
        self._bands: dict[int, list[bool]] = {}

    def row(self, index: int) -> list[bool]:
        """Return for each column whether its cell in a row is locked."""
        band = bisect_right(self._edges, index)
        if band not in self._bands:
            self._bands[band] = [self._has(index, column) for column in range(self._width)]
        return self._bands[band]

    def _has(self, row: int, column: int) -> bool:
        return self._all or any(
            area.has(row, column) and not any(part.has(row, column) for part in parts)
            for area, parts in self._areas
        )


def _open_parts(tab: Tab, protected: Message) -> list[Rect]:
    inside = (
        place
        for place in protected.get("unprotectedRanges", ())
        if place.get("startRowIndex", 0) < tab.row_count
        and place.get("startColumnIndex", 0) < tab.column_count
    )
    return [tab.rect(place) for place in inside]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What follows from a cell's format alone."""

    is_text: bool
    is_plain: bool  # texts are shown as they are
    link: str

    @classmethod
    def of(cls, style: Message) -> _Shape:
        number_format = style.get("numberFormat", {})
        kind, pattern = number_format.get("type", ""), number_format.get("pattern", "")
        uri = style.get("textFormat", {}).get("link", {}).get("uri", "")
        is_plain = "@" not in pattern or pattern == "@"
        return cls(kind == "TEXT", is_plain, clickable(uri))


Look: TypeAlias = tuple[int, int, bool, str]  # style, rule, locked, colour rules


def _coloured_columns(tab: Tab) -> set[int]:
    places = [place for rule in tab.features["conditionalFormats"] for place in rule["ranges"]]
    spans = [
        range(place.get("startColumnIndex", 0), place.get("endColumnIndex", tab.column_count))
        for place in places
    ]
    return {column for span in spans for column in span}


class Sight:
    """
    One tab as one viewer sees it.

    A cell is written as the number of its look when it is blank, else as
    `[text, look]` or `[text, look, more]`; `more` holds what is rare: `i` the
    text an editor opens with and `o` the `old` of an edit, if they are not the
    text; `v` the number behind a text, `n` the note, `l` the link. Numbers of
    looks count from 1 within one answer; 0 is plain.
    """

    def __init__(self, book: Book, tab: Tab, viewer: Viewer) -> None:
        self._book = book
        self._tab = tab
        self._locks = Locks(book, tab, viewer)
        self._rules = cells.Rules(book, tab)
        self._coloured = _coloured_columns(tab)
        self._judge = conditions.Judge(book)
        self._shapes: dict[int, _Shape] = {}
        self._numbers: dict[Look, int] = {(0, 0, False, ""): 0}
        self.looks: list[Message] = [{}]

    def rows(self, indexes: range) -> list[list[Json]]:
        """Return some rows as `[lasting key, cells]`."""
        return [self.row(index) for index in indexes]

    def row(self, index: int) -> list[Json]:
        """Return one row as `[lasting key, cells]`, without plain blanks at its end."""
        row = self._tab.row(index)
        shown = [
            self._cell(row, index, column, locked=locked)
            for column, locked in enumerate(self._locks.row(index))
        ]
        while shown and shown[-1] == 0:
            shown.pop()
        return [row.key, shown]

    def _cell(self, row: Row, index: int, column: int, *, locked: bool) -> Json:
        value, style = row.value(column), row.style(column)
        painted = self._painted(row, index, column) if column in self._coloured else ""
        key = (style, row.rule(column), locked, painted)
        look = self._numbers.get(key)
        if look is None:
            look = self._new_look(key, row, index, column)
        more = row.more.get(column)
        if value is None and not more:
            return look
        text, rare = self._written(row, column, value)
        if more and "note" in more:
            rare["n"] = more["note"]
        return [text, look, rare] if rare else [text, look]

    def _written(self, row: Row, column: int, value: Value) -> tuple[str, Message]:
        """Return the text of a cell, and what is rare about it."""
        shape = self._shape(row.style(column))
        if isinstance(value, str) and shape.is_plain:
            # Most cells: nothing to format, so what is shown is what was typed.
            typed = value if shape.is_text else _escaped(value)
            rare: Message = {} if typed == value else {"i": typed}
            if shape.link:
                rare["l"] = shape.link
            return value, rare
        number_format = cells.number_format(self._book, row.style(column), value)
        text = numberformat.shown(cells.result_of(value), number_format)
        rare = _rare(value, text, number_format)
        before = people.raw(self._book, row, column)
        if before != text:
            rare["o"] = before
        link = shape.link
        if isinstance(value, Formula):
            link = clickable(cells.link(self._book, row, column))
        if link:
            rare["l"] = link
        return text, rare

    def _shape(self, style: int) -> _Shape:
        if style not in self._shapes:
            self._shapes[style] = _Shape.of(self._book.pool.get(style))
        return self._shapes[style]

    def _painted(self, row: Row, index: int, column: int) -> str:
        """Return what tells the result of the colour rules from another result."""
        coloured = self._rules.format(row, index, column)
        return repr(coloured) if coloured else ""

    def _new_look(self, key: Look, row: Row, index: int, column: int) -> int:
        self._numbers[key] = len(self.looks)
        style, rule, locked, painted = key
        coloured = self._rules.format(row, index, column) if painted else {}
        seen = cells.merged(self._book.pool.get(style), coloured)
        self.looks.append(self._described(seen, rule, locked=locked))
        return self._numbers[key]

    def _described(self, style: Message, rule: int, *, locked: bool) -> Message:
        look = styled(style)
        choice = _choice(self._judge, self._book.pool.get(rule), self._tab) if rule else None
        if choice:
            look["rule"] = choice
        if locked:
            look["lock"] = True
        return look


def _rare(value: Value, text: str, number_format: Message) -> Message:
    rare: Message = {}
    result = cells.result_of(value)
    opened = typed_text(value, number_format)
    if opened != text:
        rare["i"] = opened
    if isinstance(result, (int, float)):
        rare["v"] = tidy(float(result))
    return rare


def typed_text(value: Value, number_format: Message) -> str:
    """Return what a person would type to get a value: what an editor opens with."""
    if isinstance(value, Formula):
        return value.source
    if isinstance(value, str):
        return value if number_format.get("type") == "TEXT" else _escaped(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return _typed_number(value, number_format.get("type", ""))


def _escaped(text: str) -> str:
    """Return a text with the apostrophe it needs to stay text when typed."""
    if not text or (text[0].isalpha() and text.upper() not in ("TRUE", "FALSE")):
        return text
    return text if typing_in.read(text, year=2000).value == text else f"'{text}"


def _typed_number(value: float, kind: str) -> str:
    if kind in numberformat.DATES:
        try:
            moment = moment_of(value)
        except OverflowError:
            return repr(tidy(value))
        if kind == "TIME" and 0 <= value < 1:
            return f"{moment:%H:%M:%S}"
        is_day = float(value).is_integer()
        return f"{moment:%Y-%m-%d}" if is_day else f"{moment:%Y-%m-%d %H:%M:%S}"
    if kind == "PERCENT":
        return f"{numberformat.general(value * 100)}%"
    return repr(tidy(value))


def clickable(address: str) -> str:
    """Return an address a person may click, or nothing: the web and mail alone. sheets.md B13."""
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return ""
    return address if scheme.lower() in CLICKABLE and address.isprintable() else ""


def _choice(judge: conditions.Judge, rule: Message, tab: Tab) -> Message | None:
    condition = rule.get("condition", {})
    kind = condition.get("type")
    message = {"message": rule["inputMessage"]} if rule.get("inputMessage") else {}
    strict = bool(rule.get("strict"))
    if kind == "BOOLEAN":
        custom = [each.get("userEnteredValue", "") for each in condition.get("values", ())]
        on, off = [*custom, *["TRUE", "FALSE"][len(custom) :]][:2] if custom else ("TRUE", "FALSE")
        return {"kind": "tick", "on": on, "off": off, **message}
    if kind in ("ONE_OF_LIST", "ONE_OF_RANGE"):
        listed = judge.listed(condition, tab)
        return {"kind": "list", "choices": listed, "strict": strict, **message}
    return {"kind": "other", **message} if message else None


def styled(style: Message) -> Message:
    """
    Return a format in the few words the page understands.

    Colours are `#rrggbb`. A text colour too pale for its ground is replaced by
    black or white, so that every cell can be read. sheets.md B13.
    """
    look: Message = {}
    ground = _colour(style, "backgroundColor")
    if ground and ground != _WHITE:
        look["bg"] = _hex(ground)
    text = style.get("textFormat", {})
    ink = _colour(text, "foregroundColor")
    if ink and ink != (0.0, 0.0, 0.0):
        look["fg"] = _hex(_readable(ink, ground or _WHITE))
    elif ground and _contrast(_INK, ground) < _READABLE:
        look["fg"] = _hex(_WHITE)
    for name, short in _EMPHASIS.items():
        if text.get(name):
            look[short] = True
    size = text.get("fontSize", _FONT_SIZE)
    if size != _FONT_SIZE:
        look["size"] = size
    aligned = _ALIGNED.get(style.get("horizontalAlignment", ""))
    if aligned:
        look["al"] = aligned
    if style.get("wrapStrategy") == "WRAP":
        look["wrap"] = True
    return look


def _colour(style: Message, name: str) -> tuple[float, float, float] | None:
    colour = style.get(name) or style.get(f"{name}Style", {}).get("rgbColor")
    if name not in style and colour is None:
        return None
    colour = colour or {}
    return colour.get("red", 0.0), colour.get("green", 0.0), colour.get("blue", 0.0)


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _readable(
    ink: tuple[float, float, float], ground: tuple[float, float, float]
) -> tuple[float, float, float]:
    if _contrast(ink, ground) >= _READABLE:
        return ink
    return max((_INK, _WHITE), key=lambda other: _contrast(other, ground))


def _contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    darker, lighter = sorted((_brightness(one), _brightness(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _brightness(colour: tuple[float, float, float]) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 (sRGB)
        for part in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def shown_tabs(book: Book) -> list[Tab]:
    """Return the tabs that are not hidden, in order."""
    return [tab for tab in book.tabs if not tab.properties.get("hidden")]


def packed(message: Message) -> bytes:
    """Return a message as the pages' scripts get it."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def heading(book: Book, tab: Tab, viewer: Viewer) -> Message:
    """Return what a page must know of a tab besides its rows."""
    grid = tab.properties["gridProperties"]
    return {
        "sheetId": tab.sheet_id,
        "title": tab.title,
        "revision": book.revision,
        "rowCount": tab.row_count,
        "columnCount": tab.column_count,
        "frozenRows": grid.get("frozenRowCount", 0),
        "frozenColumns": grid.get("frozenColumnCount", 0),
        "widths": [
            tab.column_properties.get(column, {}).get("pixelSize", COLUMN_WIDTH)
            for column in range(tab.column_count)
        ],
        "hiddenColumns": _hidden(tab.column_properties),
        "hiddenRows": _hidden(tab.row_properties),
        "heights": {
            str(row): each["pixelSize"]
            for row, each in tab.row_properties.items()
            if each.get("pixelSize", ROW_HEIGHT) != ROW_HEIGHT
        },
        "merges": [list(tab.rect(merge)) for merge in tab.features["merges"]],
        "views": list(_views(tab)),
        "charts": [chart["spec"] for chart in tab.features["charts"] if "spec" in chart],
        "mayEdit": viewer.may_edit,
    }


def _hidden(properties: dict[int, Message]) -> list[int]:
    return sorted(index for index, each in properties.items() if each.get("hiddenByUser"))


def _views(tab: Tab) -> Iterator[Message]:
    for _ in tab.features["basicFilter"]:
        yield {"id": 0, "title": "Filter of this tab"}
    for view in tab.features["filterViews"]:
        yield {"id": view["filterViewId"], "title": view.get("title", "Filter view")}


class View:
    """A filter view: which rows it shows, and in which order. Only its viewer sees it so."""

    def __init__(self, book: Book, tab: Tab, view: Message) -> None:
        self._book = book
        self._tab = tab
        self._rect = tab.rect(view["range"]) if "range" in view else tab.used()
        self._sorts = view.get("sortSpecs", [])
        self._tests = [
            (column, hidden, judge)
            for column, hidden, judge in _criteria(conditions.Judge(book), tab, view)
        ]

    def order(self) -> list[int]:
        """Return the shown rows in order; the first row of the range is its heading and stays."""
        rect = self._rect
        shown = [
            index
            for index in range(rect.top + 1, min(rect.bottom, len(self._tab.rows)))
            if self._passes(index)
        ]
        for spec in reversed(self._sorts):
            column = spec.get("dimensionIndex", 0)
            falling = spec.get("sortOrder") == "DESCENDING"
            filled = [each for each in shown if self._text(each, column)]
            blank = [each for each in shown if not self._text(each, column)]
            ordered = sorted(filled, key=lambda each: self._rank(each, column), reverse=falling)
            shown = ordered + blank
        return [*range(rect.top + 1), *shown]

    def _passes(self, index: int) -> bool:
        row = self._tab.row(index)
        for column, hidden, test in self._tests:
            text = cells.shown(self._book, row, column)
            if text in hidden:
                return False
            if test and not test(
                cells.result_of(row.value(column)), text, index - self._rect.top - 1, 0
            ):
                return False
        return True

    def _text(self, index: int, column: int) -> str:
        return cells.shown(self._book, self._tab.row(index), column)

    def _rank(self, index: int, column: int) -> tuple[int, float, str]:
        result = cells.result_of(self._tab.row(index).value(column))
        if isinstance(result, (int, float)) and not isinstance(result, bool):
            return 0, float(result), ""
        code = result.code if isinstance(result, CellError) else str(result)
        return 1, 0.0, code.casefold()


def _criteria(
    judge: conditions.Judge, tab: Tab, view: Message
) -> Iterator[tuple[int, frozenset[str], conditions.Test | None]]:
    listed = [(int(column), each) for column, each in view.get("criteria", {}).items()]
    listed += [
        (spec.get("columnIndex", 0), spec.get("filterCriteria", {}))
        for spec in view.get("filterSpecs", ())
    ]
    for column, criteria in dict(listed).items():
        condition = criteria.get("condition")
        test = judge.test(condition, tab) if condition else None
        yield column, frozenset(criteria.get("hiddenValues", ())), test


def find_view(tab: Tab, view_id: int) -> Message | None:
    """Return a filter view by its id, the tab's own filter for 0, None if there is none."""
    if view_id == 0:
        return next(iter(tab.features["basicFilter"]), None)
    views = tab.features["filterViews"]
    return next((view for view in views if view["filterViewId"] == view_id), None)
