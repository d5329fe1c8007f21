"""The history of a record: canonical text and a chain of digests that shows any tampering."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

FORMAT = 1
"""The version of an entry's layout."""


def canonical(value: object) -> str:
    """
    Return a value as canonical JSON: keys sorted, no spaces, raw UTF-8, no floats.

    :raises TypeError: for a float or anything else JSON cannot hold exactly
    """
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        message = "A float has no canonical text: keep minor units or tenths."
        raise TypeError(message)
    if isinstance(value, Mapping):
        for each in value.values():
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)


def digest(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def instant(at: datetime) -> str:
    """
    Return an instant as text in UTC with milliseconds: `2026-11-25T09:12:44.218Z`.

    :raises ValueError: when it carries no time zone
    """
    if at.tzinfo is None:
        message = "An instant needs a time zone."
        raise ValueError(message)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry(  # noqa: PLR0913 - the nine facts of an entry, each named at the call
    *,
    kind: str,
    ref: str,
    version: int,
    what: str,
    actor: str,
    at: datetime,
    facts: Mapping[str, str],
    body: str,
    previous: str,
) -> str:
    """
    Return the canonical entry of one event; the record's new head is its digest.

    The body stands in it as its SHA-256 alone, so that erasing a person breaks
    no chain. `previous` is the digest of the event before, empty for the first.
    """
    return canonical(
        {
            "actor": actor,
            "at": instant(at),
            "body": digest(body),
            "facts": dict(facts),
            "format": FORMAT,
            "kind": kind,
            "previous": previous,
            "ref": ref,
            "version": version,
            "what": what,
        }
    )
