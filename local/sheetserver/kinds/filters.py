"""Filters: the one of a tab, which hides rows for everybody, and named views, which do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import conditions, errors, masks
from sheetserver.cells import result_of, shown
from sheetserver.kinds.cellwise import sort_rows
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message
    from sheetserver.ranges import Rect


def _checked(draft: Draft, given: Message) -> Message:
    """
    Return a filter that is well formed, its older form of criteria turned into the newer.

    :raises ApiError: if it names no cells, or columns and conditions that cannot be
    """
    if "namedRangeId" in given:
        named = [n for n in draft.book.names if n["namedRangeId"] == given["namedRangeId"]]
        if not named:
            msg = f"No named range with id: {given['namedRangeId']}"
            raise errors.invalid(msg)
        given = {**given, "range": named[0]["range"]}
    if "tableId" in given:
        msg = "FilterView.tableId"
        raise errors.not_modelled(msg)
    if "range" not in given:
        why = "A filter needs a range."
        raise errors.invalid(why)
    draft.book.tab(given["range"].get("sheetId", 0)).rect(given["range"])
    for criteria in _criteria(given).values():
        if "condition" in criteria:
            conditions.check(criteria["condition"])
    return given


def _criteria(given: Message) -> dict[int, Message]:
    """Return what is asked of each column; the list wins over the older map."""
    try:
        found = {int(column): each for column, each in given.get("criteria", {}).items()}
    except ValueError:
        why = "The keys of criteria must be column indices."
        raise errors.invalid(why) from None
    listed = {
        each.get("columnIndex", 0): each.get("filterCriteria", {})
        for each in given.get("filterSpecs", ())
    }
    return {**found, **listed}


def _completed(given: Message) -> Message:
    """Return a filter as it reads back: its criteria both ways."""
    criteria = _criteria(given)
    if not criteria:
        return {key: value for key, value in given.items() if key not in _CRITERIA}
    specs = [{"columnIndex": column, "filterCriteria": each} for column, each in criteria.items()]
    by_column = {str(column): each for column, each in criteria.items()}
    return {**given, "criteria": by_column, "filterSpecs": specs}


_CRITERIA = ("criteria", "filterSpecs")


def set_basic(draft: Draft, request: Message) -> None:
    """Filter a tab for everybody: rows that fail are hidden, and sorting is real."""
    given = request.get("filter", {})
    checked = _completed(_checked(draft, given))
    tab = draft.tab(checked["range"].get("sheetId", 0))
    rect = tab.rect(checked["range"])
    _show_all(tab)
    specs = checked.get("sortSpecs", [])
    if specs:
        body = rect._replace(top=rect.top + 1)
        draft.guard(tab, body)
        sort_rows(draft, tab, body, specs)
    tab.features["basicFilter"] = [checked]
    tab.restyled = True
    _hide_failing(draft, tab, rect, _criteria(checked))


def _show_all(tab: Tab) -> None:
    for index, side in list(tab.row_properties.items()):
        rest = {name: value for name, value in side.items() if name != "hiddenByFilter"}
        if rest:
            tab.row_properties[index] = rest
        else:
            del tab.row_properties[index]


def _hide_failing(draft: Draft, tab: Tab, rect: Rect, criteria: dict[int, Message]) -> None:
    draft.settle()
    judge = conditions.Judge(draft.book)
    tests = {
        column: judge.test(each["condition"], tab)
        for column, each in criteria.items()
        if "condition" in each
    }
    hidden = {column: frozenset(each.get("hiddenValues", ())) for column, each in criteria.items()}
    for index in range(rect.top + 1, rect.bottom):
        row = tab.row(index)
        fails = any(
            shown(draft.book, row, column) in hidden[column]
            or (
                column in tests
                and not tests[column](
                    result_of(row.value(column)),
                    shown(draft.book, row, column),
                    index - rect.top - 1,
                    0,
                )
            )
            for column in criteria
        )
        if fails:
            side = tab.row_properties.get(index, {})
            tab.row_properties[index] = {**side, "hiddenByFilter": True}


def clear_basic(draft: Draft, request: Message) -> None:
    """Take the filter of a tab away and show every row."""
    tab = draft.tab(request.get("sheetId", 0))
    tab.features["basicFilter"] = []
    _show_all(tab)
    tab.restyled = True


def _view(draft: Draft, number: int) -> tuple[Tab, Message]:
    for tab in draft.book.tabs:
        for view in tab.features["filterViews"]:
            if view["filterViewId"] == number:
                return draft.tab(tab.sheet_id), view
    msg = f"No filter view with id: {number}"
    raise errors.invalid(msg)


def add_view(draft: Draft, request: Message) -> Message:
    """Add a named view of some cells, filtered for whoever chooses it."""
    given = _completed(_checked(draft, request.get("filter", {})))
    given = {"filterViewId": draft.ids.number(), **given}
    tab = draft.tab(given["range"].get("sheetId", 0))
    given.setdefault("title", f"Filter {len(tab.features['filterViews']) + 1}")
    tab.features["filterViews"].append(given)
    tab.restyled = True
    return {"filter": given}


def update_view(draft: Draft, request: Message) -> None:
    """Change what a mask names of a view."""
    mask = sheets().mask("FilterView", request.get("fields", ""))
    given = request.get("filter", {})
    tab, view = _view(draft, given.get("filterViewId", 0))
    if mask and ("criteria" in mask or "filterSpecs" in mask):
        given = _completed(given)
        mask = {**mask, "criteria": {}, "filterSpecs": {}}
    merged = masks.replace(view, given, mask)
    merged["filterViewId"] = view["filterViewId"]
    fresh = _completed(_checked(draft, merged))
    if fresh["range"].get("sheetId", 0) != tab.sheet_id:
        why = "A filter view cannot move to another sheet."
        raise errors.invalid(why)
    views = tab.features["filterViews"]
    tab.features["filterViews"] = [fresh if each is view else each for each in views]
    tab.restyled = True


def delete_view(draft: Draft, request: Message) -> None:
    """Delete a view."""
    tab, view = _view(draft, request.get("filterId", 0))
    views = tab.features["filterViews"]
    tab.features["filterViews"] = [each for each in views if each is not view]
    tab.restyled = True


def duplicate_view(draft: Draft, request: Message) -> Message:
    """Add a copy of a view."""
    tab, view = _view(draft, request.get("filterId", 0))
    copy = {**view, "filterViewId": draft.ids.number(), "title": f"Copy of {view['title']}"}
    tab.features["filterViews"].append(copy)
    tab.restyled = True
    return {"filter": copy}


KINDS = {
    "setBasicFilter": set_basic,
    "clearBasicFilter": clear_basic,
    "addFilterView": add_view,
    "updateFilterView": update_view,
    "deleteFilterView": delete_view,
    "duplicateFilterView": duplicate_view,
}
