"""What typing means, and how values are shown. sheets.md B9."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetserver import numberformat, typing_in
from sheetserver.book import CellError, Formula


@pytest.mark.parametrize(
    ("text", "value", "pattern"),
    [
        ("1", 1, None), ("-1.50", -1.5, None), ("1,234.5", 1234.5, "#,##0.00"),
        ("1e3", 1000, "0.00E+00"), ("50%", 0.5, "0%"), ("5.25%", 0.0525, "0.00%"),
        ("$5", 5, '"$"#,##0'), ("-$1,000.10", -1000.1, '"$"#,##0.00'),
        ("2020-01-01", 43831, "yyyy-mm-dd"), ("1/31/2020", 43861, "m/d/yyyy"),
        ("1/31/20", 43861, "m/d/yyyy"), ("3/4", 46085, "m/d"),
        ("2020-01-01 12:00:00", 43831.5, "yyyy-mm-dd h:mm:ss"),
        ("2020-01-01T06:00", 43831.25, "yyyy-mm-dd h:mm:ss"),
        ("6:00 PM", 0.75, "h:mm am/pm"), ("TRUE", True, None), ("false", False, None),
        ("'=1+1", "=1+1", None), ("'0123", "0123", None), ("3_1_0", "3_1_0", None),
        ("0x7f", "0x7f", None), ("nan", "nan", None), ("inf", "inf", None),
        ("٣٤", "٣٤", None), ("2020-02-30", "2020-02-30", None), ("25:00", "25:00", None),
        ("1,23,4", "1,23,4", None), ("1e999", "1e999", None), ("=", "=", None), ("", None, None),
        ("00123", 123, None), (" 7 ", 7, None), ("hello", "hello", None),
    ],
)  # fmt: skip
def test_typing_is_understood(text, value, pattern):
    typed = typing_in.read(text, year=2026)

    assert typed.value == value
    assert type(typed.value) is type(value)
    assert (typed.number_format or {}).get("pattern") == pattern


def test_a_formula_is_kept_as_it_was_typed():
    assert typing_in.read("=SUM(A1:A2)", year=2026).value == Formula("=SUM(A1:A2)")


@given(st.text())
def test_a_text_cell_keeps_whatever_is_typed(text):
    assert typing_in.read(text, year=2026, is_text=True).value == (text or None)


@pytest.mark.parametrize(
    ("value", "pattern", "shown"),
    [
        (1234.567, "#,##0.00", "1,234.57"), (-5, "0.0", "-5.0"), (0.125, "0.0%", "12.5%"),
        (5, '"$"#,##0.00', "$5.00"), (1234567, "0.00E+00", "1.23E+06"), (0.5, "#.##", ".5"),
        (3, "000", "003"), (-4, "0;(0)", "(4)"), (0, "0;-0;zero", "zero"), (9, "0 \\k\\g", "9 kg"),
        (1500000, '0.0,,"M"', "1.5M"), (7, "[$€]#,##0.00", "€7.00"), (2.5, "0", "3"),
        (0.1 + 0.2, "", "0.3"), (1 / 3, "", "0.3333333333"), (1e20, "", "1E+20"),
        (123456789012, "", "123456789012"), (0.000001, "", "1E-06"), (-0.001, "0.00", "0.00"),
    ],
)  # fmt: skip
def test_numbers_are_shown_by_their_pattern(value, pattern, shown):
    number_format = {"type": "NUMBER", "pattern": pattern} if pattern else {}
    assert numberformat.shown(value, number_format) == shown


@pytest.mark.parametrize(
    ("value", "pattern", "shown"),
    [
        (43831, "yyyy-mm-dd", "2020-01-01"), (43831.75, "m/d/yy h:mm am/pm", "1/1/20 6:00 PM"),
        (43831.5, "dddd, d mmmm yyyy", "Wednesday, 1 January 2020"),
        (43831.000011574, "hh:mm:ss", "00:00:01"), (1.5, "[h]:mm", "36:00"),
        (43831, "ddd mmm", "Wed Jan"), (43831.0000058, "ss.000", "00.501"), (1e12, "yyyy", "1E+12"),
    ],
)  # fmt: skip
def test_dates_are_shown_by_their_pattern(value, pattern, shown):
    if shown == "1E+12":
        shown = "1000000000000"  # beyond the calendar: a plain number
    assert numberformat.shown(value, {"type": "DATE_TIME", "pattern": pattern}) == shown


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("DATE", "1/1/2020"),
        ("PERCENT", "4383100.00%"),
        ("CURRENCY", "$43,831.00"),
        ("TEXT", "43831"),
        ("DATE_TIME", "1/1/2020 0:00:00"),
        ("SCIENTIFIC", "4.38E+04"),
        ("", "43831"),
    ],
)
def test_a_type_without_a_pattern_has_a_default(kind, shown):
    assert numberformat.shown(43831, {"type": kind}) == shown


def test_other_values_show_themselves():
    assert numberformat.shown(True, {"pattern": "0.00"}) == "TRUE"  # noqa: FBT003 - a cell
    assert numberformat.shown("text", {"pattern": "0.00"}) == "text"
    assert numberformat.shown("text", {"pattern": '0;0;0;"<"@">"'}) == "<text>"
    assert numberformat.shown(CellError("#REF!"), {}) == "#REF!"
    assert numberformat.shown(None, {}) == ""


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12))
def test_no_pattern_breaks_the_display(value, pattern):
    assert isinstance(numberformat.shown(value, {"type": "NUMBER", "pattern": pattern}), str)
    assert isinstance(numberformat.shown(value, {"type": "DATE", "pattern": pattern}), str)
