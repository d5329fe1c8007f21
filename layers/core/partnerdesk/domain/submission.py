"""What somebody sent us, read strictly: the same reader for every door."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import NoReturn
from urllib.parse import parse_qsl

from partnerdesk.domain.errors import RefusedError

MOST_DEPTH = 20
MOST_FIELDS = 100
MOST_BRACKETS = 2_000
MOST_DIGITS = 4_300
"""Longer numbers take the longer the longer they are, and mean nothing to us."""

BYTE_ORDER_MARK = "\ufeff"

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Possessive, and to the end of the text if need be: no input makes it look twice."""
_BRACKET = re.compile(r"[\[\]{}]")


class UnreadableError(RefusedError):
    """What was sent is not what it says it is; nobody can tell what its fields are."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class Submission:
    """The fields of one request by name, before anyone has judged them."""

    fields: Mapping[str, object]
    is_typed: bool
    """Whether they came as text, where numbers and ticks are written out."""


def read_json(text: str) -> Submission:
    """
    Return the members of a JSON object.

    Stricter than the standard reader: no byte-order mark, no name twice, no NaN
    or Infinity, at most 20 levels, no number of more than 4,300 digits.

    :raises UnreadableError: when it is anything else
    """
    if text.startswith(BYTE_ORDER_MARK):
        _refuse("The JSON begins with a byte-order mark. Please send plain UTF-8.")
    if _depth(text) > MOST_DEPTH:
        _refuse(f"The JSON is nested more than {MOST_DEPTH} levels deep.")
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole
        )
    except json.JSONDecodeError as wrong:
        message = f"The body is not valid JSON: see line {wrong.lineno}, column {wrong.colno}."
        raise UnreadableError(message) from None
    if not isinstance(found, dict):
        _refuse("Please send one JSON object.")
    return Submission(found, is_typed=False)


def read_form(text: str) -> Submission:
    """
    Return the fields of an `application/x-www-form-urlencoded` body.

    :raises UnreadableError: when it is none, or names a field twice
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        message = f"The form cannot be read: at most {MOST_FIELDS} fields, all in UTF-8."
        raise UnreadableError(message) from None
    fields: dict[str, object] = dict(pairs)
    if len(fields) < len(pairs):
        _refuse("The form holds a field twice. Please send each once.")
    return Submission(fields, is_typed=True)


def _refuse(message: str) -> NoReturn:
    raise UnreadableError(message)


def _depth(text: str) -> int:
    """Return how deep the brackets of a JSON text are nested, as far as it matters."""
    brackets = islice(_BRACKET.finditer(_STRING.sub("", text)), MOST_BRACKETS + 1)
    steps = [1 if each.group() in "[{" else -1 for each in brackets]
    if len(steps) > MOST_BRACKETS:
        _refuse(f"The JSON holds more than {MOST_BRACKETS:,} brackets.")
    return max(accumulate(steps), default=0)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(pairs) > MOST_FIELDS:
        _refuse(f"The JSON has an object of more than {MOST_FIELDS} fields.")
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("The JSON names a field twice. Please send each once.")
    return found


def _constant(name: str) -> NoReturn:
    _refuse(f"{name} is not JSON. Please send a number, or leave the field out.")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        _refuse(f"The JSON holds a number of more than {MOST_DIGITS:,} digits.")
    return int(digits)
