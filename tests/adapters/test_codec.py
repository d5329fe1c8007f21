import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from importlib import import_module
from typing import ClassVar, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk import domain
from partnerdesk.adapters.codec import (
    KINDS,
    UnreadableRecordError,
    decode,
    decode_cells,
    decode_message,
    encode,
    encode_cells,
    encode_message,
    kept,
    kind_named,
)
from partnerdesk.domain.change import Message, Queue
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Record
from tests.builders import NOON, a_licence, a_person, one_of_each, write

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INSTANTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
ATOMS = {
    str: TEXTS,
    int: st.integers(),
    bool: st.booleans(),
    datetime: INSTANTS,
    date: st.dates(),
    type(None): st.none(),
}


def values_of(hint):
    """Return a strategy for any value that a record's field may hold."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in ATOMS:
        return ATOMS[hint]
    if origin is tuple:
        return st.lists(values_of(inner[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXTS, values_of(inner[1]), max_size=3)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{it.name: values_of(hints[it.name]) for it in fields(hint)})
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return st.one_of([values_of(each) for each in inner])


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    on: date
    colours: tuple[Colour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Record):
    """A record with a field of every sort that the ledger keeps."""

    KIND: ClassVar[str] = "everything"

    text: str
    count: int
    at: datetime
    leaves: tuple[Leaf, ...]
    is_good: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    maybe: Leaf | None = None
    perhaps_at: datetime | None = None


@pytest.mark.parametrize("kind", [*KINDS, Everything], ids=lambda kind: kind.KIND)
def test_a_record_written_and_read_is_the_same(kind):
    @given(values_of(kind))
    def holds(record):
        body = encode(record)
        read = decode(kind, body, version=record.version, head=record.head)
        assert read == record
        assert encode(read) == body

    holds()


def test_every_kind_of_record_is_known():
    modules = [
        import_module(f"partnerdesk.domain.{it.name}")
        for it in pkgutil.iter_modules(domain.__path__)
    ]
    found = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Record) and each is not Record
    }

    assert set(KINDS) == found
    assert {kind_named(kind.KIND) for kind in KINDS} == found
    assert {type(record) for record in one_of_each()} == found


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_s_name_fits_the_keys_of_both_engines(kind):
    """Kinds sort alike as `kind#ref` and as (kind, ref): nothing in them sorts before `#`."""
    assert all(letter in "abcdefghijklmnopqrstuvwxyz-" for letter in kind.KIND)


def test_an_unknown_kind_is_not_guessed_at():
    with pytest.raises(UnreadableRecordError, match="there is no such kind"):
        kind_named("starship")


def test_a_body_is_canonical_and_says_nothing_of_its_version():
    body = encode(a_person("PER-1", name="Zoë", version=3, head="abc"))

    assert body == (
        '{"email":"ada@acme.example","name":"Zoë","product_emails":false,'
        f'"ref":"PER-1","salt":"{"a" * 26}"}}'
    )


def test_instants_are_utc_with_milliseconds():
    assert '"ends_at":"2026-12-25T12:00:00.000Z"' in encode(a_licence())


def test_what_the_version_before_did_not_write_takes_its_default():
    body = json.loads(encode(a_person()))
    del body["product_emails"]

    assert decode(Person, json.dumps(body), version=1, head="") == replace(a_person(), version=1)


def altered(**changes):
    body = json.loads(encode(EVERYTHING)) | changes
    return json.dumps({name: value for name, value in body.items() if value != "absent"})


EVERYTHING = Everything(
    ref="X-1", text="x", count=1, at=NOON, leaves=(Leaf(NOON.date(), (Colour.RED,)),)
)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (altered(nickname="x"), "Everything has no field nickname"),
        (altered(version=1), "a body does not say its own version"),
        (altered(head=""), "a body does not say its own version"),
        (altered(text="absent"), "Everything misses a field"),
        (altered(text=1), "text: not a str"),
        (altered(text=None), "text: not a str"),
        (altered(count=True), "count: not a int"),
        (altered(count="1"), "count: not a int"),
        (altered(count=1.5), "it holds a number that is not whole"),
        (altered(count=float("nan")), "it holds a number that is not whole"),
        (altered(is_good=1), "is_good: not a bool"),
        (altered(at="noon"), "at: not a datetime"),
        (altered(at=5), "at: not a datetime"),
        (altered(at="2026-11-25T12:00:00Z"), "at: not a datetime"),
        (altered(at="2026-11-25T13:00:00.000+01:00"), "at: not a datetime"),
        (altered(perhaps_at=""), "perhaps_at: not a datetime"),
        (altered(leaves="x"), "leaves: not a list"),
        (altered(leaves=["x"]), "leaves: an object is missing"),
        (altered(leaves=[{"on": "20261125"}]), "leaves: on: not a date"),
        (
            altered(leaves=[{"on": "2026-11-25", "colours": ["blue"]}]),
            "leaves: colours: no such Colour",
        ),
        (
            altered(leaves=[{"on": "2026-11-25", "colours": [[]]}]),
            "leaves: colours: no such Colour",
        ),
        (altered(words={"a": 1}), "words: not a str"),
        (altered(words=[]), "words: an object is missing"),
        (altered(maybe={}), "maybe: Leaf misses a field"),
        ("[]", "an object is missing"),
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
    ],
)
def test_what_does_not_fit_is_refused_and_not_misread(body, why):
    with pytest.raises(UnreadableRecordError) as refused:
        decode(Everything, body, version=1, head="")

    assert str(refused.value) == (
        f"A stored everything cannot be read by this version of the desk: {why}."
    )


def test_a_refusal_repeats_no_stored_value():
    body = altered(at="Ada Lovelace")

    with pytest.raises(UnreadableRecordError) as refused:
        decode(Everything, body, version=1, head="")
    assert "Ada" not in str(refused.value)


def unkeepable(hint):
    return dataclass(frozen=True, slots=True, kw_only=True)(
        type(
            "Odd",
            (Record,),
            {"__annotations__": {"odd": hint}, "KIND": "odd", "__module__": __name__},
        )
    )


@pytest.mark.parametrize(
    "hint", [float, set[str], tuple[str, int], Mapping[int, str], str | int, str | int | None]
)
def test_a_field_that_cannot_be_kept_is_a_bug(hint):
    with pytest.raises(TypeError, match="The ledger"):
        encode(unkeepable(hint)(ref="X", odd=None))


def test_an_event_of_personal_data_repeats_no_body():
    person, licence = kept(write(a_person()), at=NOON), kept(write(a_licence()), at=NOON)

    assert (person.event.body, licence.event.body) == ("", licence.body)
    assert "Ada" not in person.event.entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Record):
    KIND: ClassVar[str] = "lost"

    @property
    def worklist(self):
        return "lost#soon"


def test_a_worklist_without_a_place_is_a_bug():
    with pytest.raises(ValueError, match="a worklist and a place"):
        kept(write(Lost(ref="X")), at=NOON)


def test_a_message_is_read_as_it_was_written():
    message = Message(Queue.MAIL, "mail", about="LIC-1")

    assert encode_message(message) == '{"about":"LIC-1","queue":"mail","work":"mail"}'
    assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize(
    "body", ['{"about":"LIC-1","queue":"moon","work":"mail"}', '{"about":"LIC-1"}', "x"]
)
def test_a_message_of_another_desk_is_refused(body):
    with pytest.raises(UnreadableRecordError, match="A stored message cannot be read"):
        decode_message(body)


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_cells_are_read_as_they_were_written(cells):
    assert decode_cells(encode_cells(cells)) == cells
