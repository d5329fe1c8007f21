from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.calendar import due_at, is_business_day, years_later

THANKSGIVING = date(2026, 11, 26)
HOLIDAYS = frozenset({THANKSGIVING})


def end_of(year, month, day):
    return datetime(year, month, day, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "is_one"),
    [
        (date(2026, 11, 25), True),
        (THANKSGIVING, False),
        (date(2026, 11, 27), True),
        (date(2026, 11, 28), False),
        (date(2026, 11, 29), False),
        (date(2026, 11, 30), True),
    ],
)
def test_a_business_day_is_neither_weekend_nor_holiday(day, is_one):
    """Rule SLA-1."""
    assert is_business_day(day, HOLIDAYS) is is_one


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=UTC), 1, end_of(2026, 11, 24)),
        (datetime(2026, 11, 25, 9, tzinfo=UTC), 1, end_of(2026, 11, 27)),
        (datetime(2026, 11, 27, 23, 59, tzinfo=UTC), 1, end_of(2026, 11, 30)),
        (datetime(2026, 11, 28, 0, 0, tzinfo=UTC), 1, end_of(2026, 11, 30)),
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), 3, end_of(2026, 11, 30)),
        (datetime(2026, 12, 31, 9, tzinfo=UTC), 1, end_of(2027, 1, 1)),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), 0, end_of(2026, 11, 23)),
    ],
)
def test_due_is_the_end_of_the_nth_business_day_after_the_day_of_the_start(start, days, due):
    """Rule SLA-1."""
    assert due_at(start, days, HOLIDAYS) == due


def test_the_day_of_the_start_is_that_of_utc():
    late_in_new_york = datetime(2026, 11, 23, 22, tzinfo=timezone(timedelta(hours=-5)))

    assert due_at(late_in_new_york, 1, frozenset()) == end_of(2026, 11, 25)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds of the strategy, which adds the zone
    st.integers(1, 30),
)
def test_due_has_exactly_so_many_business_days_behind_it(start, days):
    due = due_at(start, days, HOLIDAYS)
    between = [
        start.date() + timedelta(days=n) for n in range(1, (due.date() - start.date()).days + 1)
    ]

    assert sum(is_business_day(day, HOLIDAYS) for day in between) == days
    assert is_business_day(due.date(), HOLIDAYS)


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        (date(2026, 11, 25), 1, date(2027, 11, 25)),
        (date(2028, 2, 29), 1, date(2029, 2, 28)),
        (date(2028, 2, 29), 4, date(2032, 2, 29)),
        (date(2027, 2, 28), 1, date(2028, 2, 28)),
    ],
)
def test_a_year_later_is_the_same_day_or_28_february(day, years, later):
    """Rule GEN-3."""
    assert years_later(day, years) == later
