"""Protected ranges: cells that only some may edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, masks, protection
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message


def add(draft: Draft, request: Message) -> Message:
    """Protect a range, a named range or a table."""
    given = dict(request.get("protectedRange", {}))
    given.setdefault("protectedRangeId", draft.ids.number())
    number = given["protectedRangeId"]
    if any(each["protectedRangeId"] == number for _, each in _all(draft)):
        msg = f"A protected range with the id {number} already exists."
        raise errors.invalid(msg)
    tab = _home(draft, given)
    fresh = _checked(draft, tab, given)
    tab.features["protectedRanges"].append(fresh)
    tab.restyled = True
    return {"protectedRange": _shown(draft, fresh)}


def _all(draft: Draft) -> list[tuple[Tab, Message]]:
    return [(tab, each) for tab in draft.book.tabs for each in tab.features["protectedRanges"]]


def _shown(draft: Draft, protected: Message) -> Message:
    return protection.shown(protected, email=draft.caller.email, is_owner=draft.is_owner)


def _home(draft: Draft, given: Message) -> Tab:
    """Return the tab a protection belongs to."""
    names = [name for name in ("range", "namedRangeId", "tableId") if name in given]
    if len(names) != 1:
        why = "Exactly one of range, namedRangeId and tableId must be set on a protected range."
        raise errors.invalid(why)
    if names[0] == "range":
        return draft.tab(given["range"].get("sheetId", 0))
    for name in draft.book.names:
        if name["namedRangeId"] == given.get("namedRangeId"):
            return draft.tab(name["range"].get("sheetId", 0))
    for tab in draft.book.tabs:
        if any(table["tableId"] == given.get("tableId") for table in tab.features["tables"]):
            return draft.tab(tab.sheet_id)
    msg = f"No {names[0]} {given[names[0]]}."
    raise errors.invalid(msg)


def _checked(draft: Draft, tab: Tab, given: Message) -> Message:
    if given.get("warningOnly") and given.get("editors"):
        raise errors.editors_on_warning()
    if "range" in given:
        tab.rect(given["range"])
    elif "unprotectedRanges" in given:
        why = "Only a protected sheet can have unprotected ranges."
        raise errors.invalid(why)
    for place in given.get("unprotectedRanges", ()):
        draft.book.tab(place.get("sheetId", 0)).rect(place)
    return given if given.get("warningOnly") else {"editors": {}, **given}


def _found(draft: Draft, number: int) -> tuple[Tab, Message]:
    for tab, protected in _all(draft):
        if protected["protectedRangeId"] == number:
            if not draft.is_owner and not protection.may_edit(protected, draft.caller.email):
                raise errors.protected()
            return draft.tab(tab.sheet_id), protected
    msg = f"No protected range with id: {number}"
    raise errors.invalid(msg)


def update(draft: Draft, request: Message) -> None:
    """Change what a mask names of a protection."""
    mask = sheets().mask("ProtectedRange", request.get("fields", ""))
    given = request.get("protectedRange", {})
    tab, protected = _found(draft, given.get("protectedRangeId", 0))
    merged = masks.replace(protected, given, mask)
    merged["protectedRangeId"] = protected["protectedRangeId"]
    if merged.get("warningOnly") and "editors" not in given and not merged.get("editors"):
        merged.pop("editors", None)
    home = _home(draft, merged)
    fresh = _checked(draft, home, merged)
    kept = tab.features["protectedRanges"]
    if home is tab:
        tab.features["protectedRanges"] = [fresh if each is protected else each for each in kept]
    else:
        tab.features["protectedRanges"] = [each for each in kept if each is not protected]
        home.features["protectedRanges"].append(fresh)
        home.restyled = True
    tab.restyled = True


def delete(draft: Draft, request: Message) -> None:
    """Take a protection away."""
    tab, protected = _found(draft, request.get("protectedRangeId", 0))
    kept = tab.features["protectedRanges"]
    tab.features["protectedRanges"] = [each for each in kept if each is not protected]
    tab.restyled = True


KINDS = {
    "addProtectedRange": add,
    "updateProtectedRange": update,
    "deleteProtectedRange": delete,
}
