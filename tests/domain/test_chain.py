import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.chain import canonical, digest, entry, instant

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


def an_entry(**parts):
    facts = {
        "kind": "licence",
        "ref": "LIC-1",
        "version": 2,
        "what": "licence issued",
        "actor": "desk",
        "at": NOON,
        "facts": {"key": "k1", "attempt": "0"},
        "body": "{}",
        "previous": "p",
    }
    return entry(**(facts | parts))


def test_canonical_text_is_sorted_tight_and_raw_utf_8():
    assert canonical({"b": [1, True, None], "a": "Zoë \x00"}) == (
        '{"a":"Zoë \\u0000","b":[1,true,null]}'
    )


@given(JSON)
def test_canonical_text_holds_exactly_what_it_was_given(value):
    text = canonical(value)

    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2))
def test_the_order_in_which_things_were_said_makes_no_difference(value):
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize("value", [1.5, [1.0], {"a": {"b": (0.0,)}}, float("nan")])
def test_a_float_has_no_canonical_text(value):
    with pytest.raises(TypeError, match="minor units"):
        canonical(value)


@pytest.mark.parametrize("value", [{1, 2}, b"x", NOON])
def test_what_json_cannot_hold_has_no_canonical_text(value):
    with pytest.raises(TypeError):
        canonical(value)


def test_an_instant_is_utc_with_milliseconds():
    berlin = timezone(timedelta(hours=1))

    assert instant(datetime(2026, 11, 25, 10, 12, 44, 218_999, tzinfo=berlin)) == (
        "2026-11-25T09:12:44.218Z"
    )


def test_an_instant_needs_a_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 11, 25))  # noqa: DTZ001 - the point of it


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_text_as_they_do_in_time(one, two):
    earlier, later = sorted((one, two))

    assert instant(earlier) <= instant(later)


def test_an_entry_is_what_architecture_section_3_says():
    assert an_entry() == (
        '{"actor":"desk","at":"2026-11-25T12:00:00.000Z",'
        '"body":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",'
        '"facts":{"attempt":"0","key":"k1"},"format":1,"kind":"licence","previous":"p",'
        '"ref":"LIC-1","version":2,"what":"licence issued"}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "trial"},
        {"ref": "LIC-2"},
        {"version": 3},
        {"what": "licence withdrawn"},
        {"actor": "Pat"},
        {"at": NOON + timedelta(milliseconds=1)},
        {"facts": {}},
        {"body": "{ }"},
        {"previous": ""},
    ],
)
def test_a_change_of_anything_changes_the_digest(change):
    assert digest(an_entry(**change)) != digest(an_entry())


def test_a_digest_is_the_sha_256_of_the_utf_8_text():
    assert digest("Zoë") == ("c6a12698582fc1104ea24107a2d7268145ff06ef859707729d01fd060897f067")
