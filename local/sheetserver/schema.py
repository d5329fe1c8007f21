"""The published description of every message, and the check of requests and answers against it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TypeAlias

from sheetserver import masks
from sheetserver.errors import ApiError, invalid, malformed, not_modelled, unknown_name
from sheetserver.formats import THEME_COLOURS
from sheetserver.messages import Json, Message

Faults: TypeAlias = list[tuple[str, str]]
Check: TypeAlias = Callable[[Json, str, Faults], Json]

# Fields Google has and we do not keep: naming one refuses the request.
REFUSED_FIELDS: dict[str, frozenset[str]] = {
    "BatchUpdateSpreadsheetRequest": frozenset({"commentsViewMode"}),
    "CellData": frozenset({"chipRuns", "dataSourceTable", "pivotTable"}),
    "ConditionalFormatRule": frozenset({"gradientRule"}),
    "FilterCriteria": frozenset(
        {
            "visibleBackgroundColor",
            "visibleBackgroundColorStyle",
            "visibleForegroundColor",
            "visibleForegroundColorStyle",
        }
    ),
    "FilterSpec": frozenset({"dataSourceColumnReference"}),
    "SortSpec": frozenset(
        {
            "backgroundColor",
            "backgroundColorStyle",
            "dataSourceColumnReference",
            "foregroundColor",
            "foregroundColorStyle",
        }
    ),
    "Sheet": frozenset({"slicers", "commentAnchors"}),
    "Spreadsheet": frozenset({"comments", "dataSources", "dataSourceSchedules"}),
    "SpreadsheetProperties": frozenset(
        {"importFunctionsExternalUrlAccessAllowed", "iterativeCalculationSettings"}
    ),
    "DimensionProperties": frozenset({"dataSourceColumnReference"}),
    "ChartSpec": frozenset({"dataSourceChartProperties"}),
    "AutoResizeDimensionsRequest": frozenset({"dataSourceSheetDimensions"}),
    "UpdateDimensionPropertiesRequest": frozenset({"dataSourceSheetRange"}),
}

# Fields Google fills in itself: accepted from a client and not looked at.
OUTPUT_FIELDS: dict[str, frozenset[str]] = {
    "CellData": frozenset(
        {
            "dataSourceFormula",
            "effectiveFormat",
            "effectiveValue",
            "formattedValue",
            "hyperlink",
        }
    ),
    "ExtendedValue": frozenset({"errorValue"}),
    "BandedRange": frozenset({"bandedRangeReference"}),
    "DimensionProperties": frozenset({"hiddenByFilter"}),
    "ProtectedRange": frozenset({"requestingUserCanEdit"}),
    "SheetProperties": frozenset({"dataSourceSheetProperties"}),
    "Spreadsheet": frozenset({"spreadsheetUrl", "commentsViewMode"}),
}

# Enum values Google has and we do not act on.
REFUSED_VALUES: dict[tuple[str, str], frozenset[str]] = {
    ("BooleanCondition", "type"): frozenset({"FILTER_EXPRESSION"}),
    ("SheetProperties", "sheetType"): frozenset({"OBJECT", "DATA_SOURCE"}),
}

_INT32 = (-(2**31), 2**31 - 1)
_WHOLE = re.compile(r"-?\d+(\.0+)?\Z")
_MAX_DEPTH = 40
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


class Schema:
    """One discovery document, compiled into checks."""

    def __init__(self, document: Message) -> None:
        self.types: dict[str, Message] = document["schemas"]
        self.document = document
        self._checks: dict[str, Check] = {}
        self._holds: dict[tuple[str, str], bool] = {}

    def accept(self, type_name: str, body: object, *, root: str = "") -> Message:
        """
        Return a request body as the rest of the server wants it.

        Names in snake case become camel case, numbers sent as text become
        numbers, `null` is absent, colours and their styles agree, and a
        `sheetId` of 0 disappears from ranges, as in Google's answers.

        :param root: where the body sits in the request, for the messages
        :raises ApiError: naming every unknown field and wrong type at once
        """
        faults: Faults = []
        checked = self._check(type_name)(body, root, faults)
        if faults:
            raise malformed(faults)
        return dict(checked)

    def mask(self, type_name: str, text: str, *, required: bool = True) -> masks.Mask:
        """
        Return a request's update mask after checking its paths.

        :raises ApiError: if it is missing, unreadable or names a field that does not exist
        """
        if not text:
            if required:
                why = "At least one field must be listed in 'fields'. (Use '*' to indicate all.)"
                raise invalid(why)
            return {}
        mask = masks.parse(text)
        wrong = self.strange_path(type_name, mask)
        if wrong:
            msg = f"Invalid field: {wrong}"
            raise invalid(msg)
        self._refuse_paths(type_name, mask)
        return mask

    def type_within(self, field: Message) -> str:
        """Return the name of the type a field holds, one or many of; nothing for a plain one."""
        return _type_within(field)

    def strange_path(self, type_name: str, mask: masks.Mask) -> str:
        """Return the first path of a mask that leads to no field, or nothing."""
        properties = self.types[type_name].get("properties", {})
        for name, below in mask.items():
            if name == "*":
                continue
            if name not in properties:
                return name
            inner = _type_within(properties[name])
            if below and inner:
                wrong = self.strange_path(inner, below)
                if wrong:
                    return f"{name}.{wrong}"
        return ""

    def map_type(
        self,
        type_name: str,
        message: Message,
        target: str,
        change: Callable[[Message], Message | None],
    ) -> Message:
        """
        Return a message in which every part of one type has been changed.

        A part changed to None is left out, of its list or of its field. Used
        to move the ranges inside rules, filters and charts when rows move.
        """
        result = dict(message)
        for name, field in self.types[type_name].get("properties", {}).items():
            inner = _type_within(field)
            if name not in message or not inner or not self.holds(inner, target):
                continue
            result[name] = self._map_value(inner, message[name], target, change)
            if result[name] is None:
                del result[name]
        return result

    def holds(self, type_name: str, target: str) -> bool:
        """Test whether a message of one type may contain a part of another."""
        key = (type_name, target)
        if key not in self._holds:
            self._holds[key] = type_name == target  # ends the walk of recursive types
            fields = self.types[type_name].get("properties", {}).values()
            self._holds[key] = type_name == target or any(
                self.holds(inner, target) for inner in map(_type_within, fields) if inner
            )
        return self._holds[key]

    def faults(self, type_name: str, answer: object) -> list[str]:
        """Return what is wrong with an answer of ours, judged as strictly as a request."""
        found: Faults = []
        _Compiler(self, lenient=False).check(type_name)(answer, "", found)
        return [text for _, text in found]

    def _map_value(
        self, type_name: str, value: Json, target: str, change: Callable[[Message], Message | None]
    ) -> Json:
        if isinstance(value, list):
            mapped = [self._map_value(type_name, each, target, change) for each in value]
            return [each for each in mapped if each is not None]
        if type_name == target:
            return change(value)
        if type_name not in self.types or not isinstance(value, dict):
            return value
        return self.map_type(type_name, value, target, change)

    def _check(self, type_name: str) -> Check:
        if type_name not in self._checks:
            self._checks[type_name] = _Compiler(self, lenient=True).check(type_name)
        return self._checks[type_name]

    def _refuse_paths(self, type_name: str, mask: masks.Mask) -> None:
        fields = self.types[type_name].get("properties", {})
        for name, below in mask.items():
            if name in REFUSED_FIELDS.get(type_name, ()):
                msg = f"{type_name}.{name}"
                raise not_modelled(msg)
            inner = _type_within(fields.get(name, {}))
            if below and inner:
                self._refuse_paths(inner, below)


class _Compiler:
    """Turns schema entries into functions, one for each type."""

    def __init__(self, schema: Schema, *, lenient: bool) -> None:
        self._schema = schema
        self._lenient = lenient
        self._made: dict[str, Check] = {}

    def check(self, type_name: str) -> Check:
        if type_name in self._made:
            return self._made[type_name]

        def later(value: Json, path: str, faults: Faults) -> Json:
            return self._made[type_name](value, path, faults)

        self._made[type_name] = later  # recursive types find this one
        self._made[type_name] = self._object(type_name, self._schema.types[type_name])
        return self._made[type_name]

    def _object(self, type_name: str, entry: Message) -> Check:
        fields = {
            name: self._field(type_name, name, field)
            for name, field in entry.get("properties", {}).items()
        }
        lenient = self._lenient
        finish = _finisher(type_name, entry) if lenient else None

        def check(value: Json, path: str, faults: Faults) -> Json:
            if not isinstance(value, dict):
                faults.append((path, _wrong_type(path, type_name, value)))
                return {}
            if path.count(".") > _MAX_DEPTH:
                msg = "Invalid JSON payload received. Nesting is too deep."
                raise invalid(msg)
            result: Message = {}
            for spelled, given in value.items():
                name = spelled if spelled in fields or not lenient else masks.camel(spelled)
                field = fields.get(name)
                if field is None:
                    faults.append((path, unknown_name(name, path)))
                elif given is not None:
                    kept = field(given, f"{path}.{name}" if path else name, faults)
                    if kept is not None:
                        result[name] = kept
            return finish(result) if finish else result

        return check

    def _field(self, type_name: str, name: str, field: Message) -> Check:
        if self._lenient:
            if name in OUTPUT_FIELDS.get(type_name, ()):
                return _ignore
            if name in REFUSED_FIELDS.get(type_name, ()):
                return _refusal(f"{type_name}.{name}")
        check = self._value(field)
        refused = REFUSED_VALUES.get((type_name, name))
        if self._lenient and refused:
            return _refusing_values(check, refused, f"{type_name}.{name}")
        return check

    def _value(self, field: Message) -> Check:
        if "$ref" in field:
            return self.check(field["$ref"])
        kind = field.get("type", "any")
        if kind == "array":
            return _array(self._value(field["items"]))
        if kind == "object" and "additionalProperties" not in field:
            return self._object("Object", field)
        if kind == "object":
            return _mapping(self._value(field["additionalProperties"]))
        if kind == "string" and "enum" in field:
            return _enum(frozenset(field["enum"]))
        plain: Check = _PLAIN[kind]
        return plain


def _type_within(field: Message) -> str:
    inner = field.get("items") or field.get("additionalProperties") or field
    return str(inner.get("$ref", ""))


def _wrong_type(path: str, type_name: str, value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"Invalid value at '{path}' ({type_name}), \"{shown}\""


def _ignore(_value: Json, _path: str, _faults: Faults) -> Json:
    return None


def _refusal(name: str) -> Check:
    def check(_value: Json, _path: str, _faults: Faults) -> Json:
        raise not_modelled(name)

    return check


def _refusing_values(check: Check, refused: frozenset[str], name: str) -> Check:
    def inner(value: Json, path: str, faults: Faults) -> Json:
        if value in refused:
            msg = f"{name} {value}"
            raise not_modelled(msg)
        return check(value, path, faults)

    return inner


def _array(item: Check) -> Check:
    def check(value: Json, path: str, faults: Faults) -> Json:
        if not isinstance(value, list):
            return [item(value, path, faults)]  # as proto3 JSON takes a single for a list
        return [item(each, f"{path}[{at}]", faults) for at, each in enumerate(value)]

    return check


def _mapping(item: Check) -> Check:
    def check(value: Json, path: str, faults: Faults) -> Json:
        if not isinstance(value, dict):
            faults.append((path, _wrong_type(path, "Map", value)))
            return {}
        return {key: item(each, f"{path}[{key}]", faults) for key, each in value.items()}

    return check


def _enum(names: frozenset[str]) -> Check:
    def check(value: Json, path: str, faults: Faults) -> Json:
        if not isinstance(value, str) or value not in names:
            faults.append((path, _wrong_type(path, "TYPE_ENUM", value)))
        return value

    return check


def _string(value: Json, path: str, faults: Faults) -> Json:
    if not isinstance(value, str):
        faults.append((path, _wrong_type(path, "TYPE_STRING", value)))
    return value


def _boolean(value: Json, path: str, faults: Faults) -> Json:
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        faults.append((path, _wrong_type(path, "TYPE_BOOL", value)))
    return value


def _integer(value: Json, path: str, faults: Faults) -> Json:
    if isinstance(value, str) and _WHOLE.match(value):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not _INT32[0] <= value <= _INT32[1]:
        faults.append((path, _wrong_type(path, "TYPE_INT32", value)))
    return value


def _number(value: Json, path: str, faults: Faults) -> Json:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            faults.append((path, _wrong_type(path, "TYPE_DOUBLE", value)))
            return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        faults.append((path, _wrong_type(path, "TYPE_DOUBLE", value)))
        return 0
    return tidy(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def tidy(value: float) -> int | float:
    """Return a number as JSON shows a double: whole ones without a point."""
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**63 else number


def _anything(value: Json, _path: str, _faults: Faults) -> Json:
    return value


_PLAIN: dict[str, Check] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "any": _anything,
}


def _colour_pairs(entry: Message) -> Callable[[Message], Message] | None:
    """Return what makes a colour and its style agree, for types that have such pairs."""
    fields = entry.get("properties", {})
    pairs = [
        (name, f"{name}Style")
        for name, field in fields.items()
        if field.get("$ref") == "Color" and f"{name}Style" in fields
    ]
    if not pairs:
        return None

    def finish(message: Message) -> Message:
        for plain, style in pairs:
            given = message.get(style, {})
            if "rgbColor" in given:
                message[plain] = given["rgbColor"]
            elif given.get("themeColor") in THEME_COLOURS:
                message[plain] = THEME_COLOURS[given["themeColor"]]
            elif plain in message and style not in message:
                message[style] = {"rgbColor": message[plain]}
        return message

    return finish


def _finisher(type_name: str, entry: Message) -> Callable[[Message], Message] | None:
    return _FINISHERS.get(type_name) or _colour_pairs(entry)


def _without_sheet_zero(message: Message) -> Message:
    if message.get("sheetId") == 0:
        del message["sheetId"]
    return message


def _without_zeros(message: Message) -> Message:
    return {name: value for name, value in message.items() if value != 0}


def _without_defaults(message: Message) -> Message:
    return {name: value for name, value in message.items() if value not in _DEFAULTS}


_DEFAULTS: tuple[Json, ...] = (False, "", [])  # and 0, which equals False
_FINISHERS: dict[str, Callable[[Message], Message]] = {
    # A default and an absent field are one thing to these; to others presence means something.
    **dict.fromkeys(
        (
            "DataValidationRule",
            "DeveloperMetadata",
            "DimensionProperties",
            "Editors",
            "FilterView",
            "GridProperties",
            "ProtectedRange",
        ),
        _without_defaults,
    ),
    "GridRange": _without_sheet_zero,
    "DimensionRange": _without_sheet_zero,
    "Color": _without_zeros,
}


def _load(name: str) -> Schema:
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    return Schema(json.loads((folder / name).read_text(encoding="utf-8")))


@cache
def sheets() -> Schema:
    """Return the published schema of the Sheets API."""
    return _load("sheets.v4.json")


@cache
def drive() -> Schema:
    """Return the published schema of the Drive API."""
    return _load("drive.v3.json")


def read_json(raw: bytes) -> Json:
    """
    Return the JSON value of a body; no body is an empty object.

    :raises ApiError: if it is no JSON, or JSON that only Python takes
    """
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw, parse_constant=_not_json)
        if _HALF_CHARACTER.search(raw):
            json.dumps(value, ensure_ascii=False).encode()  # raises for one without its other half
    except (ValueError, RecursionError) as wrong:
        raise _unreadable(wrong) from wrong
    return value


def _not_json(name: str) -> Json:
    raise ValueError(name)


def _unreadable(why: Exception) -> ApiError:
    return invalid(f"Invalid JSON payload received. {why}")
