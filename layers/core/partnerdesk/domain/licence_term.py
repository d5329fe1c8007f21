"""How long a licence lasts, and what a server makes of its dates (licence-format.md 5)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from partnerdesk.domain.calendar import years_later

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SECOND = 1_000
DAY = 86_400_000
"""Milliseconds, as everything below in capitals."""

TRIAL = 2_620_800_000
"""30 days and 8 hours: what a trial lasts, and what a server knows it by. Rule TRIAL-2."""

MONTH_OF_A_TRIAL = 2_678_399_000
"""30 days 23:59:59: the other length that makes any licence a trial."""

TRIAL_AGAIN = 2_764_800_000
"""32 days: a server takes a second trial of this length. Rule TRIAL-4."""

SANCTIONED_FROM = 2_764_799_000
SANCTIONED_TO = 2_591_999_000
"""A trial is sanctioned at or above the one and at or below the other."""

GRACE = 864_000_000
"""10 days after the end, a constant of the server. Rule LIC-6."""

LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when a licence is valid; a server does not wait for the start."""

    starts_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server sees in the dates of a licence at one instant."""

    is_trial: bool
    is_sanctioned: bool
    """Whether a server takes this trial although it has had one."""

    has_started: bool
    is_expired: bool
    is_in_grace: bool
    days_left: int
    """Whole days until the end, truncated towards zero; negative after it."""


def in_milliseconds(at: datetime) -> int:
    """
    Return an instant as whole milliseconds since 1970, as a licence file writes it.

    :raises TypeError: when it carries no time zone
    """
    return (at - EPOCH) // MILLISECOND


def trial_period(issued_at: datetime) -> Period:
    """Return 30 days and 8 hours from the instant of issue. Rule TRIAL-2."""
    return Period(issued_at, issued_at + TRIAL * MILLISECOND)


def trial_again_period(issued_at: datetime) -> Period:
    """Return exactly 32 days from the instant of issue. Rule TRIAL-4."""
    return Period(issued_at, issued_at + TRIAL_AGAIN * MILLISECOND)


def evaluation_period(issued_at: datetime) -> Period:
    """Return the year from the day of issue, its last day included. Rules EVAL-1, GEN-3."""
    day = issued_at.astimezone(UTC).date()
    return subscription_period(day, years_later(day, 1))


def subscription_period(starts_on: date, ends_on: date) -> Period:
    """Return a term from the first second of one day to the last second of another. Rule GEN-3."""
    return Period(
        datetime.combine(starts_on, time(tzinfo=UTC)), datetime.combine(ends_on, LAST_SECOND)
    )


def has_trial_length(starts_at: int, expires_at: int) -> bool:
    """Test whether a server takes a licence for a trial by its length alone, whatever it says."""
    return expires_at - starts_at in {TRIAL, MONTH_OF_A_TRIAL}


def unlike_a_trial(starts_at: int, expires_at: int) -> int:
    """
    Return the start that keeps a bought licence from being taken for a trial.

    A one-month term from 00:00:00 to 23:59:59 of the 31st day has the very
    length of a trial; a second more has not (licence-format.md trap 7).
    """
    return starts_at - SECOND if has_trial_length(starts_at, expires_at) else starts_at


def facts_of(starts_at: int, expires_at: int, *, is_trial: bool, now: int) -> Facts:
    """Return what a server sees; instants are milliseconds since 1970, as in the file."""
    length = expires_at - starts_at
    trial = is_trial or has_trial_length(starts_at, expires_at)
    return Facts(
        is_trial=trial,
        is_sanctioned=trial and not SANCTIONED_TO < length < SANCTIONED_FROM,
        has_started=starts_at <= now,
        is_expired=expires_at < now,
        is_in_grace=expires_at < now <= expires_at + GRACE,
        days_left=_whole_days(expires_at - now),
    )


def _whole_days(milliseconds: int) -> int:
    days = abs(milliseconds) // DAY
    return days if milliseconds >= 0 else -days
