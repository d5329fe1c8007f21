"""Tabs and the spreadsheet itself: added, copied, renamed, hidden, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, formulas, grids, masks
from sheetserver.book import EMPTY_ROW, FEATURES, Tab
from sheetserver.clock import EPOCH, local_serial
from sheetserver.formats import DEFAULT_FORMAT, THEME, paired
from sheetserver.ranges import COLUMNS, ROWS, retargeted
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Book
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_ROWS, _COLUMNS = 1000, 26  # of a new tab that does not say
_LONGEST_TITLE = 100
_IDS = {
    "protectedRanges": "protectedRangeId",
    "filterViews": "filterViewId",
    "charts": "chartId",
    "tables": "tableId",
    "bandedRanges": "bandedRangeId",
}


def shown_properties(book: Book, tab: Tab) -> Message:
    """Return a tab's SheetProperties; id and index are there even when they are 0."""
    index = next(at for at, each in enumerate(book.tabs) if each.sheet_id == tab.sheet_id)
    own = {"sheetId": tab.sheet_id, "title": tab.title, "index": index, "sheetType": "GRID"}
    return {**own, **tab.properties}


def new_tab(draft: Draft, given: Message, *, title: str = "") -> Tab:
    """
    Return a tab for a request's SheetProperties, not yet added.

    :param title: its title if the request has none
    :raises ApiError: if title, id or size cannot be
    """
    grid = dict(given.get("gridProperties", {}))
    grid.setdefault("rowCount", _ROWS)
    grid.setdefault("columnCount", _COLUMNS)
    _check_grid(grid)
    name = given.get("title", "") or title or _free_title(draft.book)
    _check_title(draft.book, name, None)
    sheet_id = given.get("sheetId")
    if sheet_id is None:
        sheet_id = draft.ids.number() if draft.book.tabs else 0
    _check_id(draft.book, sheet_id)
    kept = {
        key: value
        for key, value in given.items()
        if key not in ("sheetId", "index") and value is not False
    }
    return Tab(sheet_id, {**kept, "title": name, "gridProperties": _tidy_grid(grid)})


def _check_id(book: Book, sheet_id: int) -> None:
    if sheet_id < 0:
        msg = f"sheetId must be non-negative: {sheet_id}"
        raise errors.invalid(msg)
    if any(tab.sheet_id == sheet_id for tab in book.tabs):
        msg = f"A sheet with the id {sheet_id} already exists."
        raise errors.invalid(msg)


def _free_title(book: Book) -> str:
    number = len(book.tabs) + 1
    while book.titled(f"Sheet{number}"):
        number += 1
    return f"Sheet{number}"


def _check_title(book: Book, title: str, own: Tab | None) -> None:
    if not title:
        msg = "You can't leave the sheet name empty."
        raise errors.invalid(msg)
    if len(title) > _LONGEST_TITLE:
        msg = f"Sheet names can be no longer than {_LONGEST_TITLE} characters."
        raise errors.invalid(msg)
    taken = book.titled(title)
    if taken and (own is None or taken.sheet_id != own.sheet_id):
        raise errors.title_taken(title)


def _check_grid(grid: Message) -> None:
    for name in ("rowCount", "columnCount"):
        if grid.get(name, 0) < 1:
            msg = f"gridProperties.{name} must be greater than zero."
            raise errors.invalid(msg)
    for frozen, length, what in (
        ("frozenRowCount", "rowCount", "rows"),
        ("frozenColumnCount", "columnCount", "columns"),
    ):
        if not 0 <= grid.get(frozen, 0) < grid[length]:
            msg = f"You can't freeze all visible {what} on the sheet."
            raise errors.invalid(msg)


def _tidy_grid(grid: Message) -> Message:
    return {name: value for name, value in grid.items() if value}


def add_sheet(draft: Draft, request: Message) -> Message:
    """Add an empty tab."""
    given = request.get("properties", {})
    tab = new_tab(draft, given)
    place = min(given.get("index", len(draft.book.tabs)), len(draft.book.tabs))
    draft.add_tab(tab, max(0, place))
    draft.check_size()
    return {"properties": shown_properties(draft.book, tab)}


def delete_sheet(draft: Draft, request: Message) -> None:
    """Delete a tab with all it holds."""
    tab = draft.tab(request.get("sheetId", 0))
    draft.guard_tab(tab)
    others = [each for each in draft.book.tabs if each.sheet_id != tab.sheet_id]
    if not any(not each.properties.get("hidden") for each in others):
        raise errors.last_tab_removed()
    draft.book.tabs = others
    draft.book.names = [
        name for name in draft.book.names if name["range"].get("sheetId", 0) != tab.sheet_id
    ]
    draft.book.metadata = [
        entry for entry in draft.book.metadata if _sheet_of(entry) != tab.sheet_id
    ]


def _sheet_of(entry: Message) -> int | None:
    """Return the tab a piece of metadata belongs to, None for the spreadsheet's own."""
    location = entry["location"]
    if "dimensionRange" in location:
        return int(location["dimensionRange"].get("sheetId", 0))
    return None if location.get("spreadsheet") else int(location.get("sheetId", 0))


def duplicate_sheet(draft: Draft, request: Message) -> Message:
    """Add a copy of a tab."""
    source = draft.book.tab(request.get("sourceSheetId", 0))
    title = request.get("newSheetName") or copy_title(draft.book, source.title)
    given = {"title": title}
    if "newSheetId" in request:
        given["sheetId"] = request["newSheetId"]
    tab = new_tab(draft, given)
    fill_copy(draft, source, tab)
    place = request.get("insertSheetIndex", 0)
    draft.add_tab(tab, min(max(place, 0), len(draft.book.tabs)))
    draft.check_size()
    return {"properties": shown_properties(draft.book, tab)}


def copy_title(book: Book, title: str) -> str:
    """Return the title a copy of a tab gets in a spreadsheet."""
    wanted = copied = f"Copy of {title}"
    number = 2
    while book.titled(copied):
        copied, number = f"{wanted} {number}", number + 1
    return copied


def fill_copy(draft: Draft, source: Tab, tab: Tab) -> None:
    """Give a new tab the cells, sizes and rules of another one of the same spreadsheet."""
    tab.properties = {
        **{name: value for name, value in source.properties.items() if name != "hidden"},
        "title": tab.title,
    }
    tab.rows = [row.copy(tab.new_key()) if row.width else EMPTY_ROW for row in source.rows]
    tab.formula_rows = {
        copy.key
        for copy, row in zip(tab.rows, source.rows, strict=True)
        if row.key in source.formula_rows
    }
    tab.row_properties = dict(source.row_properties)
    tab.column_properties = dict(source.column_properties)
    change = retargeted(tab.sheet_id)
    for name, kind in FEATURES.items():
        tab.features[name] = [
            _with_new_id(draft, name, _moved_to(kind, member, change))
            for member in source.features[name]
        ]


def _moved_to(kind: str, member: Message, change: Callable[[Message], Message]) -> Message:
    if kind == "GridRange":
        return change(member)
    moved = sheets().map_type(kind, member, "GridRange", change)
    moved = sheets().map_type(kind, moved, "GridCoordinate", change)
    return sheets().map_type(kind, moved, "DimensionRange", change)


def _with_new_id(draft: Draft, name: str, member: Message) -> Message:
    field = _IDS.get(name)
    if field is None:
        return member
    fresh = draft.ids.text() if name == "tables" else draft.ids.number()
    return {**member, field: fresh}


def update_sheet_properties(draft: Draft, request: Message) -> None:
    """Change what a mask names of a tab's properties: title, place, size, frozen rows, colour."""
    mask = paired(sheets().mask("SheetProperties", request.get("fields", "")))
    given = request.get("properties", {})
    tab = draft.tab(given.get("sheetId", 0))
    if masks.wants(mask, "title"):
        draft.guard_tab(tab, as_whole=True)
    before = tab.properties
    wanted = masks.replace(before, given, mask or _everything())
    _check_title(draft.book, wanted.get("title", ""), tab)
    _check_grid(wanted.get("gridProperties", {}))
    grid = wanted["gridProperties"]
    _resize(draft, tab, ROWS, grid["rowCount"])
    _resize(draft, tab, COLUMNS, grid["columnCount"])
    place = wanted.pop("index", 0)
    tab.properties = {
        name: value for name, value in wanted.items() if value is not False and name != "sheetId"
    }
    tab.properties["gridProperties"] = _tidy_grid(grid)
    tab.restyled = True
    _check_visible(draft.book)
    if tab.title != before["title"]:
        formulas.retitle_references(draft, tab, before["title"])
    if masks.wants(mask, "index") and "index" in given:
        _reorder(draft.book, tab, place)


def _everything() -> masks.Mask:
    names = sheets().types["SheetProperties"]["properties"]
    return {name: {} for name in names if name not in ("sheetId", "sheetType", "index")}


def _index(book: Book, tab: Tab) -> int:
    return next(at for at, each in enumerate(book.tabs) if each.sheet_id == tab.sheet_id)


def _reorder(book: Book, tab: Tab, place: int) -> None:
    """Move a tab before the one that has an index now."""
    current = _index(book, tab)
    if not 0 <= place <= len(book.tabs):
        msg = f"Invalid sheet index: {place}"
        raise errors.invalid(msg)
    if place in (current, current + 1):
        return
    del book.tabs[current]
    book.tabs.insert(place if place < current else place - 1, tab)


def _resize(draft: Draft, tab: Tab, dimension: str, wanted: int) -> None:
    length = tab.length(dimension)
    if wanted < length:
        draft.guard(tab, tab.whole(dimension, wanted, length))
        grids.delete(draft, tab, dimension, wanted, length)
    elif wanted > length:
        by = {"rows" if dimension == ROWS else "columns": wanted - length}
        draft.grow(tab, **by)


def _check_visible(book: Book) -> None:
    if all(tab.properties.get("hidden") for tab in book.tabs):
        raise errors.last_tab_hidden()


def update_spreadsheet_properties(draft: Draft, request: Message) -> None:
    """Change what a mask names of the spreadsheet's properties."""
    mask = sheets().mask("SpreadsheetProperties", request.get("fields", ""))
    given = request.get("properties", {})
    draft.book.properties = checked_properties(
        masks.replace(draft.book.properties, given, mask), draft.book.properties
    )
    draft.changed = True


def checked_properties(wanted: Message, before: Message) -> Message:
    """
    Return the properties of a spreadsheet, completed from what it had or from the defaults.

    :raises ApiError: if the locale is none of ours, or the title is empty
    """
    locale = wanted.get("locale", before["locale"])
    if locale != "en_US":
        msg = f"locale {locale}"
        raise errors.not_modelled(msg)
    for name in ("defaultFormat", "spreadsheetTheme"):
        if name in wanted and wanted[name] != before[name]:
            msg = f"SpreadsheetProperties.{name}"
            raise errors.not_modelled(msg)
    try:
        local_serial(EPOCH, str(wanted.get("timeZone") or before["timeZone"]))
    except ValueError as unknown:
        msg_0 = f"Invalid time zone: {unknown}"
        raise errors.invalid(msg_0) from unknown
    if not wanted.get("title"):
        msg = "The spreadsheet title must not be empty."
        raise errors.invalid(msg)
    return {**before, **wanted}


def default_properties(title: str) -> Message:
    """Return the properties of a new spreadsheet."""
    return {
        "title": title,
        "locale": "en_US",
        "autoRecalc": "ON_CHANGE",
        "timeZone": "Etc/UTC",
        "defaultFormat": DEFAULT_FORMAT,
        "spreadsheetTheme": THEME,
    }


KINDS = {
    "addSheet": add_sheet,
    "deleteSheet": delete_sheet,
    "duplicateSheet": duplicate_sheet,
    "updateSheetProperties": update_sheet_properties,
    "updateSpreadsheetProperties": update_spreadsheet_properties,
}
