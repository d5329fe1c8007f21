"""Rows and columns: inserted, deleted, appended, moved, sized, hidden and grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, grids, masks
from sheetserver.cells import shown
from sheetserver.ranges import COLUMNS, ROWS, Insert, Move
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_DEEPEST_GROUP = 8
_CHARACTER, _PADDING, _NARROWEST, _ROW_HEIGHT = 7, 16, 21, 21  # pixels, about


def span(tab: Tab, place: Message) -> tuple[str, int, int]:
    """
    Return dimension, start and end of a DimensionRange; open ends reach as far as the grid.

    :raises ApiError: if it names no dimension, or starts after it ends
    """
    dimension = place.get("dimension", "DIMENSION_UNSPECIFIED")
    if dimension not in (ROWS, COLUMNS):
        why = "No dimension was specified."
        raise errors.invalid(why)
    start, end = place.get("startIndex", 0), place.get("endIndex", tab.length(dimension))
    if not 0 <= start <= end:
        msg = f"Invalid dimension range: {start} to {end}."
        raise errors.invalid(msg)
    return dimension, start, end


def insert_dimension(draft: Draft, request: Message) -> None:
    """Insert empty rows or columns."""
    place = request.get("range", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    inherits = request.get("inheritFromBefore", False)
    if inherits and start == 0:
        why = "Can't inherit from before the first row or column."
        raise errors.invalid(why)
    if 0 < start < tab.length(dimension):
        strips = (tab.whole(dimension, start - 1, start), tab.whole(dimension, start, start + 1))
        draft.guard_inside(tab, strips)
    grids.insert(draft, tab, dimension, Insert(start, end - start), inherits_before=inherits)


def delete_dimension(draft: Draft, request: Message) -> None:
    """Delete rows or columns."""
    place = request.get("range", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    draft.guard(tab, tab.whole(dimension, start, end))
    grids.delete(draft, tab, dimension, start, end)


def append_dimension(draft: Draft, request: Message) -> None:
    """Add rows or columns at the end of the grid."""
    tab = draft.tab(request.get("sheetId", 0))
    dimension, length = request.get("dimension"), request.get("length", 0)
    if dimension not in (ROWS, COLUMNS) or length < 1:
        why = "A dimension and a length greater than zero are needed."
        raise errors.invalid(why)
    draft.grow(tab, **{"rows" if dimension == ROWS else "columns": length})


def move_dimension(draft: Draft, request: Message) -> None:
    """Move rows or columns before another one."""
    place = request.get("source", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    draft.guard(tab, tab.whole(dimension, start, end))
    shift = Move(start, min(end, tab.length(dimension)), request.get("destinationIndex", 0))
    grids.move(draft, tab, dimension, shift)


def update_dimension_properties(draft: Draft, request: Message) -> None:
    """Size, hide or show rows or columns."""
    mask = sheets().mask("DimensionProperties", request.get("fields", ""))
    if mask and "developerMetadata" in mask:
        msg = "DimensionProperties.developerMetadata"
        raise errors.not_modelled(msg)
    place = request.get("range", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    given = request.get("properties", {})
    for index in range(start, min(end, tab.length(dimension))):
        _keep(
            tab, dimension, index, masks.replace(tab.sides(dimension).get(index, {}), given, mask)
        )


def _keep(tab: Tab, dimension: str, index: int, properties: Message) -> None:
    sides = tab.sides(dimension)
    if properties:
        sides[index] = properties
    else:
        sides.pop(index, None)
    tab.restyled = True


def auto_resize(draft: Draft, request: Message) -> None:
    """Make columns as wide as their longest text; rows get the default height."""
    place = request.get("dimensions", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    for index in range(start, min(end, tab.length(dimension))):
        # The widths of a real font are not known here: an average character counts. [assumed]
        size = _ROW_HEIGHT if dimension == ROWS else _text_width(draft, tab, index)
        known = tab.sides(dimension).get(index, {})
        _keep(tab, dimension, index, {**known, "pixelSize": size})


def _text_width(draft: Draft, tab: Tab, column: int) -> int:
    longest = max((len(shown(draft.book, row, column)) for row in tab.rows), default=0)
    return max(_NARROWEST, _PADDING + _CHARACTER * longest)


def _groups(dimension: str) -> str:
    return "rowGroups" if dimension == ROWS else "columnGroups"


def add_group(draft: Draft, request: Message) -> Message:
    """Put rows or columns into a group, one level deeper than they are."""
    place = request.get("range", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    kept = list(tab.features[_groups(dimension)])
    spans = [(each["range"]["startIndex"], each["range"]["endIndex"]) for each in kept]
    if any(low < start < high < end or start < low < end < high for low, high in spans):
        start = min([start, *(low for low, high in spans if start < high and low < end)])
        end = max([end, *(high for low, high in spans if start < high and low < end)])
    fresh = {"range": {**place, "startIndex": start, "endIndex": end}}
    _set_groups(tab, dimension, [*kept, fresh])
    return {"dimensionGroups": tab.features[_groups(dimension)]}


def _set_groups(tab: Tab, dimension: str, groups: list[Message]) -> None:
    """Keep groups in order, each with the depth that those around it give."""
    ordered = sorted(
        groups,
        key=lambda each: (each["range"]["startIndex"], -each["range"]["endIndex"]),
    )
    deep = []
    for at, group in enumerate(ordered):
        depth = 1 + sum(_holds(other["range"], group["range"]) for other in ordered[:at])
        if depth > _DEEPEST_GROUP:
            why = "The maximum group depth is 8."
            raise errors.invalid(why)
        deep.append({**group, "depth": depth})
    tab.features[_groups(dimension)] = deep
    tab.restyled = True


def _holds(outer: Message, inner: Message) -> bool:
    return bool(
        outer["startIndex"] <= inner["startIndex"] and inner["endIndex"] <= outer["endIndex"]
    )


def delete_group(draft: Draft, request: Message) -> Message:
    """Take rows or columns out of their deepest group."""
    place = request.get("range", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    touched = [
        each
        for each in tab.features[_groups(dimension)]
        if each["range"]["startIndex"] < end and start < each["range"]["endIndex"]
    ]
    if not touched:
        msg = f"There is no group in {dimension.lower()} {start} to {end}."
        raise errors.invalid(msg)
    deepest = max(touched, key=lambda each: each["depth"])
    rest = [each for each in tab.features[_groups(dimension)] if each is not deepest]
    _set_groups(tab, dimension, rest + _remainders(deepest, start, end))
    return {"dimensionGroups": tab.features[_groups(dimension)]}


def _remainders(group: Message, start: int, end: int) -> list[Message]:
    low, high = group["range"]["startIndex"], group["range"]["endIndex"]
    return [
        {**group, "range": {**group["range"], "startIndex": first, "endIndex": last}}
        for first, last in ((low, min(start, high)), (max(end, low), high))
        if first < last
    ]


def update_group(draft: Draft, request: Message) -> None:
    """Collapse or open a group, which hides or shows its rows or columns."""
    mask = sheets().mask("DimensionGroup", request.get("fields", ""))
    given = request.get("dimensionGroup", {})
    place = given.get("range", {})
    tab = draft.tab(place.get("sheetId", 0))
    dimension, start, end = span(tab, place)
    name = _groups(dimension)
    found = [
        each
        for each in tab.features[name]
        if (each["range"]["startIndex"], each["range"]["endIndex"]) == (start, end)
        and each["depth"] == given.get("depth", each["depth"])
    ]
    if not found:
        msg = f"There is no group of {dimension.lower()} {start} to {end}."
        raise errors.invalid(msg)
    collapsed = masks.replace(found[0], given, mask).get("collapsed", False)
    fresh = {key: value for key, value in found[0].items() if key != "collapsed"}
    if collapsed:
        fresh["collapsed"] = True
    tab.features[name] = [fresh if each is found[0] else each for each in tab.features[name]]
    for index in range(start, min(end, tab.length(dimension))):
        side = {
            key: value
            for key, value in tab.sides(dimension).get(index, {}).items()
            if key != "hiddenByUser"
        }
        _keep(tab, dimension, index, {**side, "hiddenByUser": True} if collapsed else side)


KINDS = {
    "insertDimension": insert_dimension,
    "deleteDimension": delete_dimension,
    "appendDimension": append_dimension,
    "moveDimension": move_dimension,
    "updateDimensionProperties": update_dimension_properties,
    "autoResizeDimensions": auto_resize,
    "addDimensionGroup": add_group,
    "deleteDimensionGroup": delete_group,
    "updateDimensionGroup": update_group,
}
