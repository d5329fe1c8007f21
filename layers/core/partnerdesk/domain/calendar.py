"""Business days, years and clocks, as the rules count them."""

import calendar as months
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta

SATURDAY = 5
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def is_business_day(day: date, holidays: AbstractSet[date]) -> bool:
    """Test whether a day is neither Saturday, Sunday nor a holiday. Rule SLA-1."""
    return day.weekday() < SATURDAY and day not in holidays


def due_at(start: datetime, business_days: int, holidays: AbstractSet[date]) -> datetime:
    """Return 23:59:59 UTC of the Nth business day after the day of the start. Rule SLA-1."""
    day = start.astimezone(UTC).date()
    left = business_days
    while left > 0:
        day += timedelta(days=1)
        left -= is_business_day(day, holidays)
    return datetime.combine(day, END_OF_DAY)


def years_later(day: date, years: int) -> date:
    """Return the same day so many years later; 29 February becomes 28 February. Rule GEN-3."""
    year = day.year + years
    return day.replace(year=year, day=min(day.day, months.monthrange(year, day.month)[1]))
