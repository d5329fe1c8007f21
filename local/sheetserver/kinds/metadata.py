"""Names and marks: named ranges, and metadata on spreadsheet, tabs, rows and columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sheetserver import a1, errors, lookup, masks
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_NAME = re.compile(r"[^\W\d][\w.]{0,249}\Z")
_LONGEST = 30_000  # characters of metadata on one tab [assumed]


def _check_name(draft: Draft, name: str, own: str) -> None:
    if not _NAME.match(name) or a1.corners(name) or name.upper() in {"TRUE", "FALSE"}:
        msg = f"The name '{name}' is not a valid name for a range."
        raise errors.invalid(msg)
    taken = [each for each in draft.book.names if each["name"].casefold() == name.casefold()]
    if any(each["namedRangeId"] != own for each in taken):
        msg = f"A named range with the name {name} already exists."
        raise errors.invalid(msg)


def add_name(draft: Draft, request: Message) -> Message:
    """Give a range a name."""
    given = dict(request.get("namedRange", {}))
    given.setdefault("namedRangeId", draft.ids.text()[:12])
    if any(each["namedRangeId"] == given["namedRangeId"] for each in draft.book.names):
        msg = f"A named range with id {given['namedRangeId']} already exists."
        raise errors.invalid(msg)
    _check_name(draft, given.get("name", ""), given["namedRangeId"])
    place = given.setdefault("range", {})
    draft.book.tab(place.get("sheetId", 0)).rect(place)
    draft.book.names.append(given)
    draft.changed = True
    return {"namedRange": given}


def _named(draft: Draft, number: str) -> Message:
    for name in draft.book.names:
        if name["namedRangeId"] == number:
            return name
    msg = f"No named range with id: {number}"
    raise errors.invalid(msg)


def update_name(draft: Draft, request: Message) -> None:
    """Change what a mask names of a named range."""
    mask = sheets().mask("NamedRange", request.get("fields", ""))
    given = request.get("namedRange", {})
    known = _named(draft, given.get("namedRangeId", ""))
    fresh = {**masks.replace(known, given, mask), "namedRangeId": known["namedRangeId"]}
    _check_name(draft, fresh.get("name", ""), known["namedRangeId"])
    draft.book.tab(fresh["range"].get("sheetId", 0)).rect(fresh["range"])
    draft.book.names = [fresh if each is known else each for each in draft.book.names]
    draft.changed = True


def delete_name(draft: Draft, request: Message) -> None:
    """Take a name away; its cells stay."""
    known = _named(draft, request.get("namedRangeId", ""))
    draft.book.names = [each for each in draft.book.names if each is not known]
    draft.changed = True


def create(draft: Draft, request: Message) -> Message:
    """Hang a piece of metadata on the spreadsheet, a tab, a row or a column."""
    given = dict(request.get("developerMetadata", {}))
    fresh = _checked(draft, {"metadataId": draft.ids.number(), **given})
    if any(each["metadataId"] == fresh["metadataId"] for each in draft.book.metadata):
        msg = f"Metadata with id {fresh['metadataId']} already exists."
        raise errors.invalid(msg)
    draft.book.metadata.append(fresh)
    draft.changed = True
    return {"developerMetadata": fresh}


def _checked(draft: Draft, given: Message) -> Message:
    if not given.get("metadataKey"):
        why = "developerMetadata.metadataKey must be specified."
        raise errors.invalid(why)
    if given.get("visibility") not in ("DOCUMENT", "PROJECT"):
        why = "developerMetadata.visibility must be specified."
        raise errors.invalid(why)
    fresh = {**given, "location": lookup.located(draft.book, given.get("location", {}))}
    if len(given["metadataKey"]) + len(given.get("metadataValue", "")) > _LONGEST:
        msg = f"Developer metadata cannot exceed {_LONGEST} characters."
        raise errors.invalid(msg)
    return fresh


def _selected(draft: Draft, request: Message) -> list[Message]:
    filters = request.get("dataFilters")
    if filters is None:
        filters = [request.get("dataFilter", {})]
    found: list[Message] = []
    for each in filters:
        found += [entry for entry in lookup.matching(draft.book, each) if entry not in found]
    return found


def update(draft: Draft, request: Message) -> Message:
    """Change what a mask names of every piece of metadata that the filters select."""
    mask = sheets().mask("DeveloperMetadata", request.get("fields", ""))
    given = request.get("developerMetadata", {})
    chosen = _selected(draft, request)
    changed = []
    for at, entry in enumerate(draft.book.metadata):
        if entry in chosen:
            merged = masks.replace(entry, given, mask)
            merged["metadataId"] = entry["metadataId"]
            draft.book.metadata[at] = _checked(draft, merged)
            changed.append(draft.book.metadata[at])
    draft.changed = True
    return {"developerMetadata": changed}


def delete(draft: Draft, request: Message) -> Message:
    """Delete every piece of metadata that a filter selects."""
    gone = _selected(draft, request)
    draft.book.metadata = [entry for entry in draft.book.metadata if entry not in gone]
    draft.changed = True
    return {"deletedDeveloperMetadata": gone}


KINDS = {
    "addNamedRange": add_name,
    "updateNamedRange": update_name,
    "deleteNamedRange": delete_name,
    "createDeveloperMetadata": create,
    "updateDeveloperMetadata": update,
    "deleteDeveloperMetadata": delete,
}
