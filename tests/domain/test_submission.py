import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.submission import UnreadableError, read_form, read_json

FLAT = st.dictionaries(
    st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=8), max_size=9
)


@given(FLAT)
def test_every_json_object_is_read_as_what_it_says(fields):
    assert read_json(json.dumps(fields)).fields == fields
    assert read_json(json.dumps(fields, ensure_ascii=False)).fields == fields


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "1",
        "null",
        "{'a':1}",
        '{"a":1}x',
        '{"a":1,}',
        '{"a":1',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":1,"a":2}',
        '{"a":{"b":1,"\\u0062":2}}',
        '\ufeff{"a":1}',
        '{"a":"\x07"}',
        "[" * 100_000,
        "[[]" + ",[]" * 2_000 + "]",
        '{"a":"' + "a" * 200_000,
        '{"a":"' + '\\"' * 100_000,
        '{"a":' * 50_000,
        '{"a":' * 21 + "1" + "}" * 21,
        '{"a":' + "9" * 5_000 + "}",
        json.dumps({f"k{n}": n for n in range(101)}),
    ],
)
def test_what_is_not_one_plain_json_object_is_refused(text):
    with pytest.raises(UnreadableError) as refused:
        read_json(text)
    assert str(refused.value).endswith(".")


def test_brackets_inside_texts_nest_nothing():
    text = json.dumps({"a": '[{"' * 40 + "\\"})

    assert read_json(text).fields == json.loads(text)


def test_twenty_levels_are_still_read():
    text = '{"a":' * 20 + "1" + "}" * 20

    assert read_json(text).fields == json.loads(text)


def test_a_form_is_read_field_by_field():
    sent = read_form("organisation=Caf%C3%A9+%26+Co&users=50&state=")

    assert sent.fields == {"organisation": "Caf\u00e9 & Co", "users": "50", "state": ""}
    assert sent.is_typed


def test_nothing_sent_is_a_form_without_fields():
    assert read_form("").fields == {}


@pytest.mark.parametrize("text", ["a=1&a=2", "a=%ff", "&".join(f"k{n}=1" for n in range(101))])
def test_a_form_that_is_doubtful_is_refused(text):
    with pytest.raises(UnreadableError):
        read_form(text)
