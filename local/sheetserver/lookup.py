"""Data filters: cells and metadata found by address or by the metadata that hangs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, locate
from sheetserver.ranges import ROWS, Rect

if TYPE_CHECKING:
    from sheetserver.book import Book
    from sheetserver.locate import Area
    from sheetserver.messages import Message

_PLAIN = ("metadataId", "metadataKey", "metadataValue", "visibility")


def located(book: Book, location: Message) -> Message:
    """
    Return a metadata location with its type filled in.

    :raises ApiError: if it is none, or not a single row or column
    """
    if location.get("spreadsheet"):
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if "dimensionRange" in location:
        place = location["dimensionRange"]
        tab = book.tab(place.get("sheetId", 0))
        dimension = place.get("dimension")
        start = place.get("startIndex", 0)
        end = place.get("endIndex", start + 1)
        if dimension not in ("ROWS", "COLUMNS") or end - start != 1:
            why = "dimensionRange must represent a single row or column."
            raise errors.invalid(why)
        if not 0 <= start < tab.length(dimension):
            msg = f"dimensionRange {start} is outside the grid."
            raise errors.invalid(msg)
        kept = {**place, "startIndex": start, "endIndex": end}
        return {"locationType": dimension.removesuffix("S"), "dimensionRange": kept}
    if "sheetId" in location:
        book.tab(location["sheetId"])
        return {"locationType": "SHEET", "sheetId": location["sheetId"]}
    why = "A location must be a spreadsheet, a sheet, or a single row or column."
    raise errors.invalid(why)


def matching(book: Book, data_filter: Message) -> list[Message]:
    """
    Return the metadata a filter selects, in the order it was created.

    :raises ApiError: if the filter names nothing
    """
    if "developerMetadataLookup" in data_filter:
        lookup = data_filter["developerMetadataLookup"]
        return [entry for entry in book.metadata if _fits(book, entry, lookup)]
    return [
        entry for entry in book.metadata if _lies_in(book, entry, _filter_area(book, data_filter))
    ]


def _fits(book: Book, entry: Message, lookup: Message) -> bool:
    location = entry["location"]
    if any(name in lookup and entry.get(name) != lookup[name] for name in _PLAIN):
        return False
    if lookup.get("locationType", location["locationType"]) != location["locationType"]:
        return False
    wanted = lookup.get("metadataLocation")
    if wanted is None:
        return True
    exact = located(book, wanted)
    if lookup.get("locationMatchingStrategy") == "INTERSECTING_LOCATION":
        return _intersects(book, location, exact)
    return bool(location == exact)


def _intersects(book: Book, one: Message, other: Message) -> bool:
    """Test whether two locations share a cell, as a tab does with each of its rows."""
    if "SPREADSHEET" in (one["locationType"], other["locationType"]):
        return True
    (tab, rect), (other_tab, other_rect) = _cells(book, one), _cells(book, other)
    return tab == other_tab and rect.meets(other_rect)


def _cells(book: Book, location: Message) -> tuple[int, Rect]:
    place = location.get("dimensionRange")
    if place is None:
        tab = book.tab(location["sheetId"])
        return tab.sheet_id, tab.extent
    tab = book.tab(place.get("sheetId", 0))
    return tab.sheet_id, tab.whole(place["dimension"], place["startIndex"], place["endIndex"])


def _lies_in(book: Book, entry: Message, area: Area) -> bool:
    location = entry["location"]
    if location["locationType"] == "SPREADSHEET":
        return False
    sheet_id, rect = _cells(book, location)
    if sheet_id != area.tab.sheet_id:
        return False
    if location["locationType"] == "SHEET":
        return area.rect == area.tab.extent
    start, end = (
        (rect.top, rect.bottom) if location["locationType"] == "ROW" else (rect.left, rect.right)
    )
    low, high = (
        (area.rect.top, area.rect.bottom)
        if location["locationType"] == "ROW"
        else (area.rect.left, area.rect.right)
    )
    return low <= start and end <= high


def _filter_area(book: Book, data_filter: Message) -> Area:
    if "a1Range" in data_filter:
        return locate.area(book, data_filter["a1Range"])
    if "gridRange" in data_filter:
        return locate.grid_area(book, data_filter["gridRange"])
    why = "A data filter needs an a1Range, a gridRange or a developerMetadataLookup."
    raise errors.invalid(why)


def areas(book: Book, data_filter: Message) -> list[Area]:
    """
    Return every stretch of cells a filter selects.

    Metadata of the spreadsheet selects every tab, of a tab the whole of it.

    :raises ApiError: if the filter names nothing
    """
    if "developerMetadataLookup" not in data_filter:
        return [_filter_area(book, data_filter)]
    found = []
    for entry in matching(book, data_filter):
        location = entry["location"]
        if location["locationType"] == "SPREADSHEET":
            found += [locate.grid_area(book, {"sheetId": tab.sheet_id}) for tab in book.tabs]
            continue
        sheet_id, rect = _cells(book, location)
        place = {"sheetId": sheet_id}
        if location["locationType"] == "ROW":
            place |= {"startRowIndex": rect.top, "endRowIndex": rect.bottom}
        if location["locationType"] == "COLUMN":
            place |= {"startColumnIndex": rect.left, "endColumnIndex": rect.right}
        found.append(locate.grid_area(book, place))
    return found


def on_sides(book: Book, sheet_id: int, dimension: str) -> dict[int, list[Message]]:
    """Return the metadata of a tab's rows or columns by index."""
    wanted = "ROW" if dimension == ROWS else "COLUMN"
    found: dict[int, list[Message]] = {}
    for entry in book.metadata:
        location = entry["location"]
        place = location.get("dimensionRange", {})
        if location["locationType"] == wanted and place.get("sheetId", 0) == sheet_id:
            found.setdefault(place["startIndex"], []).append(entry)
    return found
