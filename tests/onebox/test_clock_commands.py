"""`desk clock`: moving the demo's time on."""

from datetime import timedelta

import click
import pytest
from click.testing import CliRunner

from onebox.clock import DeskClock
from onebox.clock_commands import Span, clock
from onebox.place import Place


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "desk")


def said(place, *words):
    return CliRunner().invoke(clock, words, obj=place)


def test_the_clock_moves_on_by_a_span(place):
    before = DeskClock().now()
    answer = said(place, "advance", "31d")

    assert answer.exit_code == 0
    assert DeskClock(place.clock).now() - before >= timedelta(days=31)
    assert answer.output.startswith("20")
    assert said(place, "show").output[:10] == answer.output[:10]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("31d", timedelta(days=31)),
        ("1d6h", timedelta(days=1, hours=6)),
        ("90m", timedelta(minutes=90)),
        ("5s", timedelta(seconds=5)),
    ],
)
def test_a_span_is_days_hours_minutes_and_seconds(text, span):
    assert Span().convert(text, None, None) == span
    assert Span().convert(span, None, None) == span


@pytest.mark.parametrize("text", ["", "31", "d", "-3d", "3 d", "1y", "3dx"])
def test_anything_else_is_answered_with_an_example(place, text):
    with pytest.raises(click.BadParameter, match="write 31d"):
        Span().convert(text, None, None)
    assert said(place, "advance", "soon").exit_code == 2
