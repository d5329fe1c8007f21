"""What a licence file says: its fields in their order, and everything that can be wrong with it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import category, normalize

from partnerdesk.domain.profiles import LATEST, PROFILES, SKUS, flags_of

ID = re.compile(r"[A-Za-z0-9]{26}", re.ASCII)
EARLIEST = 1_000_000_000_000
"""The year 2001 in milliseconds: any instant below it was meant in seconds."""

MOST_NAME, MOST_EMAIL, MOST_COMPANY = 128, 254, 200
"""Characters, counted after NFKC as every door of the desk counts them."""

INTEGERS = range(-(2**63), 2**63)
UNWRITABLE = frozenset({"Cc", "Cs"})
"""Unicode categories that no name holds: control characters and unpaired surrogates."""


class Grade(StrEnum):
    """What a finding means for the file."""

    REFUSAL = "refused"
    WARNING = "warning"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a licence file: a stable code and a sentence for a person."""

    code: str
    grade: Grade
    sentence: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of JSON value."""

    words: str
    is_met: Callable[[object], bool]


def _is_whole(value: object) -> bool:
    return type(value) is int and value in INTEGERS


TEXT = Shape("text", lambda it: isinstance(it, str))
WHOLE = Shape("a whole number of 64 bits, without fraction or exponent", _is_whole)
WHOLE_OR_NULL = Shape(f"{WHOLE.words}, or null", lambda it: it is None or _is_whole(it))
FLAG = Shape("true or false", lambda it: isinstance(it, bool))
OBJECT = Shape("an object", lambda it: isinstance(it, dict))
NULL = Shape("null", lambda it: it is None)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a value of the right type must be besides."""

    code: str
    words: str
    is_met: Callable[[object], bool]


def _text_limit(longest: int) -> Limit:
    return Limit(
        "text",
        f"1 to {longest} characters, none of them control characters",
        lambda it: (
            0 < len(normalize("NFKC", str(it))) <= longest
            and UNWRITABLE.isdisjoint(map(category, str(it)))
        ),
    )


ID_LIMIT = Limit("id", "exactly 26 letters or digits", lambda it: ID.fullmatch(str(it)) is not None)
INSTANT = Limit(
    "instant",
    f"milliseconds since 1970, at least {EARLIEST} (seconds?)",
    lambda it: isinstance(it, int) and it >= EARLIEST,
)
SEATS = Limit("users", "at least 1", lambda it: isinstance(it, int) and it >= 1)
SKU_NAMES = frozenset(sku.name for sku in SKUS.values())


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the payload; `missing` is what we say when it is not there, if anything."""

    path: str
    shape: Shape
    missing: Grade | None = Grade.REFUSAL
    limit: Limit | None = None


FIELDS = (
    Field("id", TEXT, limit=ID_LIMIT),
    Field("issued_at", WHOLE, limit=INSTANT),
    Field("starts_at", WHOLE, limit=INSTANT),
    Field("expires_at", WHOLE, limit=INSTANT),
    Field(
        "sku_name", TEXT, limit=Limit("sku", "an edition that we sell", lambda it: it in SKU_NAMES)
    ),
    Field(
        "sku_short_name",
        TEXT,
        limit=Limit(
            "sku", f"one of {', '.join(SKUS)}; E10 and E20 have no tier", lambda it: it in SKUS
        ),
    ),
    Field("customer", OBJECT),
    Field("customer.id", TEXT, limit=ID_LIMIT),
    Field("customer.name", TEXT, limit=_text_limit(MOST_NAME)),
    Field("customer.email", TEXT, limit=_text_limit(MOST_EMAIL)),
    Field("customer.company", TEXT, limit=_text_limit(MOST_COMPANY)),
    Field("features", OBJECT),
    Field("features.users", WHOLE, limit=SEATS),
    *(Field(f"features.{flag}", FLAG, Grade.WARNING) for flag in PROFILES[LATEST]),
    Field("is_trial", FLAG, Grade.WARNING),
    Field("is_gov_sku", FLAG, Grade.WARNING),
    Field("is_seat_count_enforced", FLAG, None),
    Field("extra_users", WHOLE_OR_NULL, None),
    Field("signup_jwt", NULL, None),
    Field("limits", NULL, None),
)
"""The payload's fields in the order in which we write them (licence-format.md 3)."""

FIELD_AT = {field.path: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Reading:
    """A payload as a server reads it: path -> value of each well-typed field, and our findings."""

    values: Mapping[str, object]
    findings: tuple[Finding, ...]

    @property
    def is_accepted(self) -> bool:
        """Test whether nothing in the payload stands against it."""
        return all(finding.grade is not Grade.REFUSAL for finding in self.findings)


class _TwiceError(ValueError):
    """An object has a key twice, ignoring case."""


def read(text: str) -> Reading:
    """
    Return what a payload says, with everything that is wrong or odd about it.

    At least as strict as any server; an unreadable payload has no values.
    """
    try:
        content = _decoded(text)
    except _TwiceError as twice:
        return _unreadable("duplicate-key", f"A key stands twice, ignoring case: {twice}.")
    except (ValueError, RecursionError):
        return _unreadable("json", "The payload is not one JSON object and nothing else.")
    if not isinstance(content, dict):
        return _unreadable("json", "The payload is JSON, but not an object.")
    known = {path: value for path, _, value in _entries(content) if path in FIELD_AT}
    values = {path: it for path, it in known.items() if FIELD_AT[path].shape.is_met(it)}
    return Reading(
        values, (*_strange_keys(content), *_faults(known, values), *_disagreements(values))
    )


def _unreadable(code: str, sentence: str) -> Reading:
    return Reading({}, (Finding(code, Grade.REFUSAL, sentence),))


def _decoded(text: str) -> object:
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)
    content, end = decoder.raw_decode(text)
    if end != len(text):
        message = "more than one value"
        raise ValueError(message)
    return content


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    seen: set[str] = set()
    for key, _ in pairs:
        if fold(key) in seen:
            raise _TwiceError(json.dumps(key))
        seen.add(fold(key))
    return dict(pairs)


def fold(key: str) -> str:
    """
    Return a key as a server compares it.

    The server's comparison is Unicode's simple one, in which the long s is an s
    (and the Kelvin sign a k, which lower case sees to).
    """
    return key.replace("\N{LATIN SMALL LETTER LONG S}", "s").lower()


def _entries(content: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str, object]]:
    """Yield path as a server reads it, path as written, and value: two levels, parents first."""
    for key, value in content.items():
        path = prefix + fold(key).replace(".", "..")  # a dot inside a key is no path of ours
        yield path, f"{prefix}{key}", value
        if isinstance(value, dict) and not prefix and path in FIELD_AT:
            yield from _entries(value, f"{path}.")


def _strange_keys(content: Mapping[str, object]) -> Iterator[Finding]:
    for path, written, _ in _entries(content):
        if path not in FIELD_AT:
            sentence = f"The key {json.dumps(written)} is unknown; a server ignores it."
            yield Finding("unknown-key", Grade.WARNING, sentence)
        elif written != path:
            sentence = f"The key {json.dumps(written)} is read as `{path}`."
            yield Finding("key-case", Grade.WARNING, sentence)


def _faults(known: Mapping[str, object], values: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what is wrong with single fields; of a missing object's fields it says nothing."""
    for field in FIELDS:
        parent = field.path.rpartition(".")[0]
        if field.path in values:
            yield from _beyond_limit(field, values[field.path])
        elif field.path in known:
            yield Finding("type", Grade.REFUSAL, f"`{field.path}` must be {field.shape.words}.")
        elif field.missing and (not parent or parent in values):
            yield Finding("missing", field.missing, f"`{field.path}` is missing.")


def _beyond_limit(field: Field, value: object) -> Iterator[Finding]:
    limit = field.limit
    if limit and not limit.is_met(value):
        yield Finding(limit.code, Grade.REFUSAL, f"`{field.path}` must be {limit.words}.")


def _disagreements(values: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what is wrong between fields, each of them good alone."""
    starts_at, expires_at = values.get("starts_at"), values.get("expires_at")
    if isinstance(starts_at, int) and isinstance(expires_at, int) and starts_at >= expires_at:
        sentence = "`starts_at` must be before `expires_at`."
        yield Finding("period", Grade.REFUSAL, sentence)
    sku = SKUS.get(str(values.get("sku_short_name")))
    if sku is None:
        return
    if values.get("sku_name") in SKU_NAMES - {sku.name}:
        sentence = f"`sku_name` must be {sku.name}, as `sku_short_name` says."
        yield Finding("sku", Grade.REFUSAL, sentence)
    yield from _profile(sku.short_name, values)


def _profile(sku: str, values: Mapping[str, object]) -> Iterator[Finding]:
    """Yield the flags that stand otherwise than in the latest profile, unless an older one fits."""
    if any(not _differing(sku, values, profile) for profile in PROFILES):
        return
    for flag in _differing(sku, values, LATEST):
        said = json.dumps(values[f"features.{flag}"])
        sentence = f"`features.{flag}` is {said}, unlike the profile of {sku}."
        yield Finding("profile", Grade.WARNING, sentence)


def _differing(sku: str, values: Mapping[str, object], profile: int) -> list[str]:
    """Return the flags that are said, but not as the profile has them."""
    return [
        flag
        for flag, usual in flags_of(sku, profile=profile).items()
        if values.get(f"features.{flag}", usual) is not usual
    ]
