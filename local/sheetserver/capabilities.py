"""What this server does of the published API: acted on, stored and returned, or refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import batch, formulas
from sheetserver.schema import OUTPUT_FIELDS, REFUSED_FIELDS, REFUSED_VALUES, sheets

if TYPE_CHECKING:
    from sheetserver.messages import Message

# Kept and given back as they came; the grid draws the simple ones.
STORED_KINDS = frozenset({"addChart", "updateChartSpec"})
_STORED_TYPES = frozenset(
    {"EmbeddedChart", "BandingProperties", "Padding", "Borders", "TextRotation"}
)


def capabilities() -> Message:
    """Return the three sets of request kinds and of fields, and the functions of formulas."""
    kinds = set(sheets().types["Request"]["properties"])
    return {
        "revision": sheets().document["revision"],
        "requests": {
            "actedOn": sorted(set(batch.KINDS) - STORED_KINDS),
            "stored": sorted(set(batch.KINDS) & STORED_KINDS),
            "refused": sorted(kinds - set(batch.KINDS)),
        },
        "fields": _fields(),
        "values": {
            "refused": sorted(
                f"{kind}.{field}={value}"
                for (kind, field), values in REFUSED_VALUES.items()
                for value in values
            )
        },
        "functions": sorted(formulas.FUNCTIONS),
    }


def _fields() -> Message:
    """Return every field that can be reached from a request or a spreadsheet."""
    acted, stored, refused = [], [], []
    for name, is_stored in _reachable().items():
        for field in sheets().types[name].get("properties", {}):
            path = f"{name}.{field}"
            if name == "Request" and field not in batch.KINDS:
                continue  # among the requests
            if field in REFUSED_FIELDS.get(name, ()):
                refused.append(path)
            elif is_stored:
                stored.append(path)
            else:
                acted.append(path)
    output = [f"{name}.{field}" for name, fields in OUTPUT_FIELDS.items() for field in fields]
    return {
        "actedOn": sorted(acted),
        "stored": sorted(stored),
        "refused": sorted(refused),
        "output": sorted(output),
    }


def _reachable() -> dict[str, bool]:
    """Return the types of messages that can be met, and whether each is only ever stored."""
    found: dict[str, bool] = {}
    waiting = [("Request", False), ("Spreadsheet", False), ("BatchUpdateSpreadsheetRequest", False)]
    while waiting:
        name, is_stored = waiting.pop()
        is_stored = is_stored or name in _STORED_TYPES
        if found.get(name, True) is False or found.get(name) == is_stored:
            continue
        found[name] = is_stored
        for field, entry in sheets().types[name].get("properties", {}).items():
            unmet = name == "Request" and field not in batch.KINDS
            inner = sheets().type_within(entry)
            if inner and not unmet and field not in REFUSED_FIELDS.get(name, ()):
                waiting.append((inner, is_stored))
    return found
