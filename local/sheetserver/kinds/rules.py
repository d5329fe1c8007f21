"""Conditional formats: colours that follow what is in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import conditions, errors

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message


def _checked(draft: Draft, rule: Message) -> Message:
    ranges = rule.get("ranges", [])
    sheet_ids = {place.get("sheetId", 0) for place in ranges}
    if len(sheet_ids) != 1:
        why = "All ranges of a conditional format rule must be on one sheet, and there must be one."
        raise errors.invalid(why)
    if "booleanRule" not in rule:
        why = "A conditional format rule needs a booleanRule."
        raise errors.invalid(why)
    conditions.check(rule["booleanRule"].get("condition", {}))
    tab = draft.book.tab(sheet_ids.pop())
    for place in ranges:
        tab.rect(place)
    return rule


def _place(tab: Tab, index: int) -> int:
    if not 0 <= index < len(tab.features["conditionalFormats"]):
        msg = f"No conditional format on sheet: {tab.sheet_id} at index: {index}"
        raise errors.invalid(msg)
    return index


def add(draft: Draft, request: Message) -> None:
    """Add a rule before the one at an index."""
    rule = _checked(draft, request.get("rule", {}))
    tab = draft.tab(rule["ranges"][0].get("sheetId", 0))
    rules = tab.features["conditionalFormats"]
    index = request.get("index", 0)
    if not 0 <= index <= len(rules):
        msg = f"Index {index} is outside the list of {len(rules)} rules."
        raise errors.invalid(msg)
    rules.insert(index, rule)
    tab.restyled = True


def update(draft: Draft, request: Message) -> Message:
    """Replace a rule, or move it to another index."""
    index = request.get("index", 0)
    if "rule" in request:
        rule = _checked(draft, request["rule"])
        tab = draft.tab(rule["ranges"][0].get("sheetId", 0))
        rules = tab.features["conditionalFormats"]
        old = rules[_place(tab, index)]
        rules[index] = rule
        tab.restyled = True
        return {"newRule": rule, "newIndex": index, "oldRule": old}
    tab = draft.tab(request.get("sheetId", 0))
    rules = tab.features["conditionalFormats"]
    target = _place(tab, request.get("newIndex", 0))
    rule = rules.pop(_place(tab, index))
    rules.insert(target, rule)
    tab.restyled = True
    return {"newRule": rule, "newIndex": target, "oldIndex": index}


def delete(draft: Draft, request: Message) -> Message:
    """Delete a rule; those after it move up."""
    tab = draft.tab(request.get("sheetId", 0))
    rule = tab.features["conditionalFormats"].pop(_place(tab, request.get("index", 0)))
    tab.restyled = True
    return {"rule": rule}


KINDS = {
    "addConditionalFormatRule": add,
    "updateConditionalFormatRule": update,
    "deleteConditionalFormatRule": delete,
}
