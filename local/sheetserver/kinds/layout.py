"""The look of areas: merged cells, borders and alternating colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, masks
from sheetserver.formats import paired
from sheetserver.ranges import Rect, grid_range
from sheetserver.schema import sheets
from sheetserver.values import clear_values

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_PARTIAL = "You must select all cells in a merged range to merge or unmerge them."


def merge(draft: Draft, request: Message) -> None:
    """Merge cells; of each merged block only the first keeps its value."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    kept = _apart_from(tab, rect)
    kind = request.get("mergeType", "MERGE_ALL")
    if kind == "MERGE_COLUMNS":
        blocks = [rect._replace(left=at, right=at + 1) for at in range(rect.left, rect.right)]
    elif kind == "MERGE_ROWS":
        blocks = [rect._replace(top=at, bottom=at + 1) for at in range(rect.top, rect.bottom)]
    else:
        blocks = [rect]
    fresh = [block for block in blocks if block.height * block.width > 1]
    for block in fresh:
        _keep_first(tab, block)
    tab.features["merges"] = [*kept, *(grid_range(tab.sheet_id, block) for block in fresh)]
    tab.restyled = True


def _apart_from(tab: Tab, rect: Rect) -> list[Message]:
    """
    Return the merges that stay when those inside a rectangle are dissolved.

    :raises ApiError: if one lies across its edge
    """
    kept = []
    for merged in tab.features["merges"]:
        block = tab.rect(merged)
        if rect.covers(block):
            continue
        if rect.meets(block):
            raise errors.invalid(_PARTIAL)
        kept.append(merged)
    return kept


def _keep_first(tab: Tab, block: Rect) -> None:
    """Let the first value of a block move to its top left, and empty the rest."""
    first = next(
        (
            value
            for row in range(block.top, block.bottom)
            for value in tab.row(row).values[block.left : block.right]
            if value is not None
        ),
        None,
    )
    clear_values(tab, block)
    if first is not None:
        tab.put(block.top, block.left, first)


def unmerge(draft: Draft, request: Message) -> None:
    """Dissolve the merges inside a range."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    tab.features["merges"] = _apart_from(tab, rect)
    tab.restyled = True


def update_borders(draft: Draft, request: Message) -> None:
    """Draw or remove lines around and inside a range."""
    tab, rect = draft.target(request.get("range", {}))
    draft.guard(tab, rect)
    for index in range(rect.top, rect.bottom):
        row = tab.own(index)
        for column in range(rect.left, rect.right):
            style = draft.book.pool.get(row.style(column))
            borders = dict(style.get("borders", {}))
            for side, name in _sides_of(rect, index, column).items():
                if name in request:
                    borders[side] = request[name]
            drawn = {
                side: line for side, line in borders.items() if line.get("style", "NONE") != "NONE"
            }
            rest = {name: value for name, value in style.items() if name != "borders"}
            fresh = {**rest, "borders": drawn} if drawn else rest
            row.put_style(column, draft.book.pool.number(fresh))


def _sides_of(rect: Rect, row: int, column: int) -> dict[str, str]:
    """Return which line of a request belongs to each side of a cell."""
    return {
        "top": "top" if row == rect.top else "innerHorizontal",
        "bottom": "bottom" if row == rect.bottom - 1 else "innerHorizontal",
        "left": "left" if column == rect.left else "innerVertical",
        "right": "right" if column == rect.right - 1 else "innerVertical",
    }


def add_banding(draft: Draft, request: Message) -> Message:
    """Colour the rows or columns of a range in turn."""
    number = draft.ids.number()
    given = {"bandedRangeId": number, "range": {}, **request.get("bandedRange", {})}
    tab, rect = draft.target(given["range"])
    if any(each["bandedRangeId"] == given["bandedRangeId"] for each in _all_bands(draft)):
        why = f"A banded range with id {given['bandedRangeId']} already exists."
        raise errors.invalid(why)
    if "rowProperties" not in given and "columnProperties" not in given:
        why = "A banded range needs rowProperties or columnProperties."
        raise errors.invalid(why)
    _check_apart(tab, rect, given["bandedRangeId"])
    tab.features["bandedRanges"].append(given)
    tab.restyled = True
    return {"bandedRange": given}


def _all_bands(draft: Draft) -> list[Message]:
    return [each for tab in draft.book.tabs for each in tab.features["bandedRanges"]]


def _check_apart(tab: Tab, rect: Rect, number: int) -> None:
    for other in tab.features["bandedRanges"]:
        if other["bandedRangeId"] != number and tab.rect(other["range"]).meets(rect):
            why = "You cannot add alternating background colors to a range that already has them."
            raise errors.invalid(why)


def _banding(draft: Draft, number: int) -> tuple[Tab, Message]:
    for tab in draft.book.tabs:
        for banded in tab.features["bandedRanges"]:
            if banded["bandedRangeId"] == number:
                return draft.tab(tab.sheet_id), banded
    msg = f"No banded range with id: {number}"
    raise errors.invalid(msg)


def update_banding(draft: Draft, request: Message) -> None:
    """Change what a mask names of a banded range."""
    mask = paired(sheets().mask("BandedRange", request.get("fields", "")))
    given = request.get("bandedRange", {})
    tab, known = _banding(draft, given.get("bandedRangeId", 0))
    merged = masks.replace(known, given, mask)
    fresh = {"range": {}, **merged, "bandedRangeId": known["bandedRangeId"]}
    home, rect = draft.target(fresh["range"])
    if home is not tab:
        why = "A banded range cannot move to another sheet."
        raise errors.invalid(why)
    _check_apart(tab, rect, fresh["bandedRangeId"])
    kept = tab.features["bandedRanges"]
    tab.features["bandedRanges"] = [fresh if each is known else each for each in kept]
    tab.restyled = True


def delete_banding(draft: Draft, request: Message) -> None:
    """Take alternating colours away."""
    tab, known = _banding(draft, request.get("bandedRangeId", 0))
    kept = tab.features["bandedRanges"]
    tab.features["bandedRanges"] = [each for each in kept if each is not known]
    tab.restyled = True


KINDS = {
    "mergeCells": merge,
    "unmergeCells": unmerge,
    "updateBorders": update_borders,
    "addBanding": add_banding,
    "updateBanding": update_banding,
    "deleteBanding": delete_banding,
}
