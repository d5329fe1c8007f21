"""Cells, ranges and what a row remembers."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.schema import (
    Kept,
    Place,
    Rev,
    Row,
    cell_value,
    letters,
    quoted,
    runs,
    text_of,
    typed,
    words,
)
from partnerdesk.domain.record import Workbook

texts = st.text(min_size=1, max_size=20)


def test_dates_are_days_since_the_end_of_1899():
    """sheets.md B9: 2020-01-01 = 43831."""
    assert cell_value(date(2020, 1, 1)) == 43831
    assert cell_value(datetime(2020, 1, 1, 18, tzinfo=UTC)) == 43831.75
    assert typed(date(2020, 1, 1)) == {"numberValue": 43831}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", {"stringValue": "=1+1"}),
        ("00123", {"stringValue": "00123"}),
        ("1e5", {"stringValue": "1e5"}),
        ("TRUE", {"stringValue": "TRUE"}),
        (125_000, {"numberValue": 125_000}),
        (0, {"numberValue": 0}),
        (True, {"boolValue": True}),
        (False, {"boolValue": False}),
        ("", {}),
        (None, {}),
    ],
)
def test_values_are_typed_and_never_parsed(value, cell):
    """sheets.md A3."""
    assert typed(value) == cell


@given(texts)
def test_no_text_becomes_a_formula(text):
    assert typed(f"={text}") == {"stringValue": f"={text}"}


def test_a_text_too_long_for_a_cell_is_cut():
    """sheets.md A1: 50,000 characters a cell."""
    assert len(str(cell_value("x" * 60_000))) == 50_000


@pytest.mark.parametrize(
    ("held", "text"),
    [
        (True, "TRUE"),
        (False, ""),
        (3.0, "3"),
        (3, "3"),
        (2.5, "2.5"),
        (None, ""),
        ("", ""),
        (" a ", " a "),
    ],
)
def test_what_staff_typed_is_read_as_text(held, text):
    assert text_of(held) == text


def test_codes_become_words():
    assert words("handed_over") == "Handed over"
    assert words("") == ""


@pytest.mark.parametrize(
    ("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_named_by_letters(index, name):
    assert letters(index) == name


def test_a_title_is_quoted_whatever_is_in_it():
    """sheets.md B7: quotes double."""
    assert quoted("Ana's / list: 100%?") == "'Ana''s / list: 100%?'"


def test_neighbours_make_one_run():
    assert runs([5, 1, 2, 9, 3]) == ((1, 3), (5, 5), (9, 9))
    assert runs([]) == ()


PLACE = Place(7, "Trials", {"id": 0, "action": 3, "notes": 5, "_rev": 6})
FIELDS = ("id", "_rev", "action", "notes")


def test_only_the_columns_asked_for_are_read():
    assert PLACE.ranges(FIELDS) == (
        "'Trials'!1:1",
        "'Trials'!A:A",
        "'Trials'!D:D",
        "'Trials'!F:G",
    )


def test_dropped_empty_ends_are_filled_up():
    """sheets.md A3: reads drop trailing empty cells and rows."""
    blocks = [[["ID"], ["TRL-1"]], [["Action"]], [["Notes", "_rev"], ["hello"], ["", "x"]]]

    rows = PLACE.rows(FIELDS, blocks)

    assert rows == (
        Row(1, "TRL-1", "", {"action": "", "notes": "hello"}),
        Row(2, "", "x", {"action": "", "notes": ""}),
    )


def test_an_empty_tab_has_no_rows():
    assert PLACE.rows(FIELDS, [[], [], []]) == ()


@given(
    ref=st.from_regex(r"[A-Z]{3}-\d{4}-\d{6}(@\d+)?", fullmatch=True),
    version=st.integers(0, 10**6),
    turn=st.integers(0, 10**6),
)
def test_a_rev_says_whose_row_it_is(ref, version, turn):
    rev = Rev(ref, version, turn)

    assert Rev.read(str(rev)) == rev


@pytest.mark.parametrize("text", ["", "?", "!", "pasted", "TRL-1", "TRL-1@", "TRL-1@x.1", "@1.1"])
def test_other_words_are_no_rev(text):
    assert Rev.read(text) is None


fields = st.sampled_from(["action", "confirm", "reason", "owner", "notes"])


@given(
    st.builds(
        Kept,
        revision=st.integers(0, 9),
        staff=st.dictionaries(fields, texts),
        handled=st.frozensets(fields),
        previewed=st.sampled_from(["", "3"]),
        preview=st.text(max_size=9),
        result=st.text(max_size=9),
        note=st.text(max_size=9),
        turn=st.integers(0, 9),
        is_away=st.booleans(),
    )
)
def test_what_a_row_remembers_survives_the_ledger(kept):
    assert Kept.of(kept.snapshot(Workbook.DESK, "trial", "TRL-1")) == kept


def test_only_handled_cells_are_forgotten_when_seen_empty():
    kept = Kept(staff={"action": "Resend", "notes": "hello"}, handled=frozenset({"action"}))

    after = kept.acknowledged(["action", "notes"])

    assert after.staff == {"action": "", "notes": "hello"}
    assert after.handled == frozenset()
