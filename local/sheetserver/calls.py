"""One HTTP call: what was asked, by whom, and what is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from sheetserver import errors, masks

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from sheetserver.draft import Caller
    from sheetserver.masks import Mask
    from sheetserver.messages import Json, Message
    from sheetserver.schema import Schema

_REFUSED_QUERY = frozenset(
    {
        "callback",
        "addParents",
        "removeParents",
        "driveId",
        "teamDriveId",
        "includeLabels",
        "orderBy",
    }
)
_ONLY = {  # parameters of which only some values are modelled
    "alt": ("json",),
    "commentsViewMode": ("COMMENTS_VIEW_MODE_UNSPECIFIED",),
    "corpora": ("user", "allDrives"),
    "spaces": ("drive",),
    "useDomainAdminAccess": ("false", "False"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose route is known: `place` holds the parts of the path, decoded."""

    query: dict[str, list[str]]
    body: bytes
    caller: Caller
    place: dict[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """Return a query parameter that counts once; the last one sent wins."""
        return self.query.get(name, [default])[-1]

    def many(self, name: str) -> list[str]:
        """Return a query parameter that may be repeated."""
        return self.query.get(name, [])

    def flag(self, name: str) -> bool:
        """Return a yes-or-no parameter, which comes in any case."""
        return self.one(name).casefold() == "true"

    def mask(self, schema: Schema, type_name: str) -> Mask:
        """
        Return what the `fields` parameter asks for; everything without one.

        :raises ApiError: if it names a field the answer cannot have
        """
        text = self.one("fields")
        if not text:
            return {}
        mask = masks.parse(text)
        wrong = schema.strange_path(type_name, mask)
        if wrong:
            msg = (
                "Request contains an invalid argument. Error expanding 'fields' parameter. "
                f"Cannot find matching fields for path '{wrong}'."
            )
            raise errors.invalid(msg)
        return mask


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. A body of bytes is sent as it is, of None not at all."""

    status: int = 200
    body: Json = None
    media_type: str = "application/json; charset=UTF-8"

    def content(self) -> bytes:
        """Return the bytes of the body."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Route:
    """
    One endpoint.

    `pattern` is matched against the raw path; `operation` is its name in the
    discovery document, which says what the query may hold; `metric` is the
    quota it uses up.
    """

    method: str
    pattern: re.Pattern[str]
    operation: str
    handler: Callable[[Call], Json]
    metric: str = "Read requests"


def match(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a raw path with its decoded parts, None if there is none."""
    for route in routes:
        found = route.pattern.fullmatch(path)
        if found and route.method == method:
            return route, {name: unquote(part) for name, part in found.groupdict().items()}
    return None


def read_query(text: str) -> dict[str, list[str]]:
    """Return the parameters of a query in the order they were sent."""
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return query


def check_query(
    schema: Schema, operation: str, query: dict[str, list[str]]
) -> dict[str, list[str]]:
    """
    Return a query whose parameters the operation has, in camel case.

    :raises ApiError: for a parameter it does not have, or a value that cannot be
    """
    known: Message = {**schema.document["parameters"], **_parameters(schema, operation)}
    result: dict[str, list[str]] = {}
    for spelled, values in query.items():
        name = spelled if spelled in known else masks.camel(spelled)
        if name not in known:
            text = (
                f'Invalid JSON payload received. Unknown name "{spelled}": Cannot bind query '
                f"parameter. Field '{spelled}' could not be found in request message."
            )
            raise errors.malformed([("", text)])
        if name in _REFUSED_QUERY or values[-1] not in _ONLY.get(name, values):
            msg = f"parameter {name}={values[-1]}"
            raise errors.not_modelled(msg)
        _check_values(name, known[name], values)
        result[name] = values
    return result


def _parameters(schema: Schema, operation: str) -> Message:
    """Return the parameters of an operation such as `spreadsheets.values.get`."""
    *parents, name = operation.split(".")
    place = schema.document
    for parent in parents:
        place = place["resources"][parent]
    found: Message = place["methods"][name]["parameters"]
    return {key: each for key, each in found.items() if each.get("location") == "query"}


def _check_values(name: str, parameter: Message, values: list[str]) -> None:
    if name == "$.xgafv":
        return
    for value in values:
        wrong = (parameter["type"] == "boolean" and value.casefold() not in ("true", "false")) or (
            "enum" in parameter and value not in parameter["enum"]
        )
        if wrong:
            kind = "TYPE_BOOL" if parameter["type"] == "boolean" else "TYPE_ENUM"
            text = f"Invalid value at '{name}' ({kind}), \"{value}\""
            raise errors.malformed([(name, text)])
