"""How records are written down: the same bytes on both engines, and never misread."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import NoReturn, cast, get_args, get_origin, get_type_hints

from partnerdesk.domain import chain
from partnerdesk.domain.chain import canonical, instant
from partnerdesk.domain.change import Message, Write
from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.licence import Licence, LicenceFile
from partnerdesk.domain.mailing import Mailing
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Record
from partnerdesk.domain.screening_case import Decision, ScreeningCase
from partnerdesk.domain.trial import Spam, TrialRequest
from partnerdesk.ports import KeptEvent, RecordT

KINDS: tuple[type[Record], ...] = (
    Person,
    TrialRequest,
    Spam,
    Licence,
    LicenceFile,
    Decision,
    ScreeningCase,
    Mailing,
)
"""Every kind of record there is."""

BESIDE_THE_BODY = frozenset({"version", "head"})
"""Fields that the ledger keeps itself, so that a body says nothing about its own history."""

_NAMED = {kind.KIND: kind for kind in KINDS}


class UnreadableRecordError(RefusedError):
    """What is stored was not written by this version or the one before: look, do not guess."""

    code = "unreadable-record"

    def __init__(self, why: str, *, kind: str) -> None:
        super().__init__(
            f"A stored {kind} cannot be read by this version of the desk: {why}.", kind=kind
        )


class _UnfitError(ValueError):
    """A stored value is not what its field holds; says which, never the value itself."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How values of one type are written as JSON and read back."""

    write: Callable[[object], object]
    read: Callable[[object], object]


def kind_named(name: str) -> type[Record]:
    """
    Return the class of records that the ledger keeps under a kind's name.

    :raises UnreadableRecordError: when this version of the desk has no such kind
    """
    if name not in _NAMED:
        unknown = "there is no such kind"
        raise UnreadableRecordError(unknown, kind=name)
    return _NAMED[name]


def encode(record: Record) -> str:
    """Return a record's canonical body: all but its version and head."""
    kind: object = type(record)
    return canonical(_shape(kind).write(record))


def decode(kind: type[RecordT], body: str, *, version: int, head: str) -> RecordT:
    """
    Return the record that a body holds, read at a version and head.

    Fields that the body lacks take their default: the version before wrote it.

    :raises UnreadableRecordError: when the body holds an unknown field or an unfit value
    """
    wanted: object = kind
    try:
        stored = json.loads(body, parse_float=_refuse_float, parse_constant=_refuse_float)
        read = _shape(wanted).read({**_body(stored), "version": version, "head": head})
    except ValueError as error:
        why = str(error) if isinstance(error, _UnfitError) else "it is not JSON"
        raise UnreadableRecordError(why, kind=kind.KIND) from error
    return cast("RecordT", read)


@dataclass(frozen=True, slots=True)
class Kept:
    """A written record as both engines store it, with the event that explains it."""

    body: str
    event: KeptEvent
    """Its digest is the record's new head."""


def kept(write: Write, *, at: datetime) -> Kept:
    """
    Return what is stored of a write at an instant; a person's event repeats no body.

    :raises ValueError: when a record is on a worklist without a place, which no index can hold
    """
    record = write.record
    if bool(record.worklist) != bool(record.place):
        message = f"A {record.KIND} has a worklist and a place, or neither."
        raise ValueError(message)
    body = encode(record)
    version = record.version + 1
    entry = chain.entry(
        kind=record.KIND,
        ref=record.ref,
        version=version,
        what=write.event.what,
        actor=write.event.actor,
        at=at,
        facts=write.event.facts,
        body=body,
        previous=record.head,
    )
    event = KeptEvent(
        record.KIND,
        record.ref,
        version,
        entry,
        chain.digest(entry),
        body="" if record.PERSONAL else body,
    )
    return Kept(body, event)


def encode_message(message: Message) -> str:
    """Return the canonical body of a message of the outbox."""
    return canonical(_shape(Message).write(message))


def decode_message(body: str) -> Message:
    """
    Return the message that a body holds.

    :raises UnreadableRecordError: when this version of the desk cannot read it
    """
    try:
        return cast("Message", _shape(Message).read(json.loads(body)))
    except ValueError as error:
        raise UnreadableRecordError(str(error), kind="message") from error


def encode_cells(cells: Mapping[str, str]) -> str:
    """Return the canonical text of a row's staff cells."""
    return canonical(dict(cells))


def decode_cells(text: str) -> Mapping[str, str]:
    """Return a row's staff cells."""
    return cast("Mapping[str, str]", json.loads(text))


def _refuse_float(_text: str) -> NoReturn:
    message = "it holds a number that is not whole"
    raise _UnfitError(message)


def _object(value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    message = "an object is missing"
    raise _UnfitError(message)


def _body(value: object) -> Mapping[str, object]:
    body = _object(value)
    if BESIDE_THE_BODY & body.keys():
        message = "a body does not say its own version"
        raise _UnfitError(message)
    return body


@cache
def _shape(hint: object) -> _Shape:
    """
    Return how a type is written and read, worked out once from its hints.

    :raises TypeError: when a record has a field of a type that cannot be kept
    """
    if hint in _ATOMS:
        return _ATOMS[hint]
    if isinstance(hint, UnionType):
        return _optional(hint)
    origin = get_origin(hint)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](*get_args(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _member(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _fields(hint)
    message = f"The ledger cannot keep a {hint}."
    raise TypeError(message)


def _exactly(kind: type) -> _Shape:
    def read(value: object) -> object:
        if type(value) is kind:  # a bool is no int here
            return value
        message = f"not a {kind.__name__}"
        raise _UnfitError(message)

    return _Shape(write=lambda value: value, read=read)


def _text_of(kind: type, write: Callable[..., str], parse: Callable[[str], object]) -> _Shape:
    def read(value: object) -> object:
        try:
            parsed = parse(value) if isinstance(value, str) else None
        except ValueError:
            parsed = None
        if parsed is None or write(parsed) != value:
            message = f"not a {kind.__name__}"
            raise _UnfitError(message)
        return parsed

    return _Shape(write=write, read=read)


def _parse_instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _optional(hint: UnionType) -> _Shape:
    kept = [each for each in get_args(hint) if each is not NoneType]
    if len(kept) != 1:
        message = f"The ledger cannot tell which of {hint} a value is."
        raise TypeError(message)
    inner = _shape(kept[0])
    return _Shape(
        write=lambda value: None if value is None else inner.write(value),
        read=lambda value: None if value is None else inner.read(value),
    )


def _row(each: object, *more: object) -> _Shape:
    if more != (Ellipsis,):
        message = "The ledger keeps tuples of one type and any length."
        raise TypeError(message)
    inner = _shape(each)

    def read(value: object) -> object:
        if not isinstance(value, list):
            message = "not a list"
            raise _UnfitError(message)
        return tuple(inner.read(one) for one in value)

    return _Shape(
        write=lambda value: [inner.write(one) for one in cast("tuple[object, ...]", value)],
        read=read,
    )


def _mapping(key: object, value: object) -> _Shape:
    if key is not str:
        message = "The ledger keeps mappings by text."
        raise TypeError(message)
    inner = _shape(value)
    return _Shape(
        write=lambda it: {k: inner.write(v) for k, v in cast("Mapping[str, object]", it).items()},
        read=lambda it: {k: inner.read(v) for k, v in _object(it).items()},
    )


def _member(enum: type[StrEnum]) -> _Shape:
    members: dict[object, StrEnum] = {each.value: each for each in enum}

    def read(value: object) -> object:
        if not isinstance(value, str) or value not in members:
            message = f"no such {enum.__name__}"
            raise _UnfitError(message)
        return members[value]

    return _Shape(write=lambda value: cast("StrEnum", value).value, read=read)


def _fields(kind: type) -> _Shape:
    hints = get_type_hints(kind)
    names = tuple(each.name for each in fields(kind))
    shapes = {name: _shape(hints[name]) for name in names}
    kept = BESIDE_THE_BODY if issubclass(kind, Record) else frozenset[str]()
    written = tuple((name, shapes[name].write) for name in names if name not in kept)

    def read(value: object) -> object:
        found: dict[str, object] = {}
        for name, each in _object(value).items():
            if name not in shapes:
                message = f"{kind.__name__} has no field {name}"
                raise _UnfitError(message)
            try:
                found[name] = shapes[name].read(each)
            except _UnfitError as error:
                message = f"{name}: {error}"
                raise _UnfitError(message) from error
        try:
            return kind(**found)
        except TypeError as error:
            message = f"{kind.__name__} misses a field"
            raise _UnfitError(message) from error

    return _Shape(
        write=lambda record: {name: write(getattr(record, name)) for name, write in written},
        read=read,
    )


_ATOMS: Mapping[object, _Shape] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    datetime: _text_of(datetime, instant, _parse_instant),
    date: _text_of(date, date.isoformat, date.fromisoformat),
}

_CONTAINERS: Mapping[object, Callable[..., _Shape]] = {tuple: _row, Mapping: _mapping}
