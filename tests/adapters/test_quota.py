"""What all processes together may ask of the spreadsheet service."""

from datetime import timedelta

import pytest

from onebox.ledger import SqliteLedger
from partnerdesk.adapters.quota import AT_MOST, LedgerQuota
from partnerdesk.ports import SheetUnavailableError
from tests.desk import StandingClock

MINUTE = timedelta(seconds=60)


@pytest.fixture
def ledger(tmp_path):
    kept = SqliteLedger(tmp_path / "desk.db")
    yield kept
    kept.close()


@pytest.fixture
def clock():
    return StandingClock()


def is_taken(quota):
    try:
        quota.take()
    except SheetUnavailableError:
        return False
    return True


def test_two_processes_share_one_budget(ledger, clock):
    here, there = (LedgerQuota("reads", ledger, clock) for _ in range(2))
    taken = [is_taken(quota) for _ in range(AT_MOST) for quota in (here, there)]
    assert taken.count(True) == AT_MOST


def test_a_refusal_says_that_it_is_the_budget(ledger, clock):
    quota = LedgerQuota("reads", ledger, clock)
    for _ in range(AT_MOST):
        quota.take()
    with pytest.raises(SheetUnavailableError) as refused:
        quota.take()
    assert refused.value.facts["why"] == "quota"


def test_reads_and_writes_are_counted_apart(ledger, clock):
    for name in ("reads", "writes"):
        assert all(is_taken(LedgerQuota(name, ledger, clock)) for _ in range(AT_MOST))


def test_no_sixty_seconds_ever_see_more_than_fifty_calls(ledger, clock):
    """sheets.md A9: asked as fast as can be, for three minutes."""
    quota, calls = LedgerQuota("reads", ledger, clock), []
    for _ in range(360):
        clock.advance(milliseconds=500)
        calls += [clock.now() for _ in range(3) if is_taken(quota)]

    assert max(sum(0 <= (it - at) / MINUTE < 1 for it in calls) for at in calls) <= 50
    assert len(calls) >= 3 * 40
