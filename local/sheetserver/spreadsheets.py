"""The spreadsheet calls of the API: creating one, and showing as much of it as a mask asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sheetserver import batch, errors, lookup, masks, protection
from sheetserver.book import FEATURES, Book
from sheetserver.cells import Reader, Writer
from sheetserver.kinds import tabs
from sheetserver.ranges import COLUMNS, ROWS, Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.locate import Area
    from sheetserver.masks import Mask
    from sheetserver.messages import Message

_PIXELS = {ROWS: 21, COLUMNS: 100}  # of rows and columns nobody has sized
_ADDED_BY = {  # which request adds each thing that a new spreadsheet may bring along
    "merges": ("mergeCells", "range"),
    "conditionalFormats": ("addConditionalFormatRule", "rule"),
    "filterViews": ("addFilterView", "filter"),
    "protectedRanges": ("addProtectedRange", "protectedRange"),
    "basicFilter": ("setBasicFilter", "filter"),
    "charts": ("addChart", "chart"),
    "bandedRanges": ("addBanding", "bandedRange"),
    "rowGroups": ("addDimensionGroup", "range"),
    "columnGroups": ("addDimensionGroup", "range"),
    "tables": ("addTable", "table"),
    "developerMetadata": ("createDeveloperMetadata", "developerMetadata"),
}


@dataclass(frozen=True, slots=True)
class View:
    """How much of a spreadsheet an answer shows, and to whom."""

    root: str  # the server's address, for the spreadsheet's own
    email: str
    is_owner: bool
    mask: Mask = field(default_factory=dict)
    areas: tuple[Area, ...] = ()
    has_data: bool = False


def shown(book: Book, view: View) -> Message:
    """Return a spreadsheet; with areas, only the tabs they lie on."""
    message: Message = {
        "spreadsheetId": book.id,
        "properties": book.properties,
        "sheets": [_tab(book, tab, view) for tab in _tabs(book, view)],
    }
    if book.names:
        message["namedRanges"] = book.names
    own = [each for each in book.metadata if each["location"]["locationType"] == "SPREADSHEET"]
    if own:
        message["developerMetadata"] = own
    message["spreadsheetUrl"] = f"{view.root}/grid/{book.id}"
    selected: Message = masks.select(message, view.mask)
    if selected.get("sheets") and not any(selected["sheets"]):
        del selected["sheets"]
    return selected


def _tabs(book: Book, view: View) -> list[Tab]:
    if not masks.wants(view.mask, "sheets"):
        return []
    if not view.areas:
        return book.tabs
    named = {area.tab.sheet_id for area in view.areas}
    return [tab for tab in book.tabs if tab.sheet_id in named]


def _tab(book: Book, tab: Tab, view: View) -> Message:
    mask = masks.below(view.mask, "sheets") or {}
    message: Message = {"properties": tabs.shown_properties(book, tab)}
    if masks.wants(mask, "data") and view.has_data:
        rects = [area.rect for area in view.areas if area.tab.sheet_id == tab.sheet_id]
        cut = masks.below(mask, "data") or {}
        message["data"] = [_grid_data(book, tab, rect, cut) for rect in rects or [tab.extent]]
    for name in FEATURES:
        members = tab.features[name]
        if members and masks.wants(mask, name):
            message[name] = _feature(name, members, view)
    marks = [
        each
        for each in book.metadata
        if each["location"]["locationType"] == "SHEET"
        and each["location"]["sheetId"] == tab.sheet_id
    ]
    if marks:
        message["developerMetadata"] = marks
    return message


def _feature(name: str, members: list[Message], view: View) -> Message | list[Message]:
    if name == "basicFilter":
        return members[0]
    if name == "protectedRanges":
        return [
            protection.shown(each, email=view.email, is_owner=view.is_owner) for each in members
        ]
    return members


def _grid_data(book: Book, tab: Tab, rect: Rect, mask: Mask) -> Message:
    message: Message = {}
    if rect.top:
        message["startRow"] = rect.top
    if rect.left:
        message["startColumn"] = rect.left
    if masks.wants(mask, "rowData"):
        rows = _row_data(book, tab, rect, masks.below(mask, "rowData", "values") or {})
        if rows:
            message["rowData"] = rows
    for name, dimension, start, end in (
        ("rowMetadata", ROWS, rect.top, rect.bottom),
        ("columnMetadata", COLUMNS, rect.left, rect.right),
    ):
        if masks.wants(mask, name):
            message[name] = list(_sides(book, tab, dimension, range(start, end)))
    return message


def _row_data(book: Book, tab: Tab, rect: Rect, mask: Mask) -> list[Message]:
    reader = Reader(book, tab, mask)
    rows = []
    for index in range(rect.top, min(rect.bottom, len(tab.rows))):
        cells = reader.row(index, rect.left, rect.right)
        rows.append({"values": cells} if cells else {})
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _sides(book: Book, tab: Tab, dimension: str, indices: range) -> Iterator[Message]:
    """Yield the DimensionProperties of some rows or columns."""
    marks = lookup.on_sides(book, tab.sheet_id, dimension)
    plain = {"pixelSize": _PIXELS[dimension]}
    kept = tab.sides(dimension)
    for index in indices:
        side = {**plain, **kept[index]} if index in kept else plain
        yield {**side, "developerMetadata": marks[index]} if index in marks else side


def empty(draft_id: str, title: str, now: str) -> Book:
    """Return a spreadsheet that has no tabs yet."""
    return Book(draft_id, tabs.default_properties(title), created=now, modified=now)


def fill(draft: Draft, given: Message) -> None:
    """
    Put into a new spreadsheet what the request to create it brought along.

    :raises ApiError: if any of it cannot be
    """
    book = draft.book
    book.properties = tabs.checked_properties(
        {"title": "Untitled spreadsheet", **given.get("properties", {})}, book.properties
    )
    for sheet in given.get("sheets") or [{}]:
        tab = tabs.new_tab(draft, sheet.get("properties", {}))
        draft.add_tab(tab, len(book.tabs))
        for part in sheet.get("data", ()):
            _fill_data(draft, tab, part)
    for name in given.get("namedRanges", ()):
        batch.KINDS["addNamedRange"](draft, {"namedRange": name})
    marks = given.get("developerMetadata", ())
    for sheet in given.get("sheets", ()):
        _fill_features(draft, sheet)
    for mark in marks:
        batch.KINDS["createDeveloperMetadata"](draft, {"developerMetadata": mark})
    draft.check_size()


def _fill_data(draft: Draft, tab: Tab, part: Message) -> None:
    writer = Writer(draft, tab, {})
    top, left = part.get("startRow", 0), part.get("startColumn", 0)
    rows = part.get("rowData", [])
    width = max((len(row.get("values", ())) for row in rows), default=0)
    if not tab.extent.covers(Rect(top, left, top + len(rows), left + width)):
        why = "The data of a sheet must lie inside its grid."
        raise errors.invalid(why)
    for index, row in enumerate(rows, start=top):
        for column, cell in enumerate(row.get("values", ()), start=left):
            writer.write(index, column, cell)
    for name, sides in (
        ("rowMetadata", tab.row_properties),
        ("columnMetadata", tab.column_properties),
    ):
        first = top if name == "rowMetadata" else left
        for at, side in enumerate(part.get(name, ()), start=first):
            kept = {key: value for key, value in side.items() if key != "developerMetadata"}
            if kept:
                sides[at] = kept
            for mark in side.get("developerMetadata", ()):
                batch.KINDS["createDeveloperMetadata"](draft, {"developerMetadata": mark})


def _fill_features(draft: Draft, sheet: Message) -> None:
    for name, (kind, field_name) in _ADDED_BY.items():
        members = sheet.get(name, [])
        for member in members if isinstance(members, list) else [members]:
            part = member["range"] if kind == "addDimensionGroup" else member
            request = {field_name: part}
            if kind == "mergeCells":
                request["mergeType"] = "MERGE_ALL"
            if kind == "addConditionalFormatRule":
                rules = draft.book.tab(member["ranges"][0].get("sheetId", 0))
                request["index"] = len(rules.features["conditionalFormats"])
            batch.KINDS[kind](draft, request)
