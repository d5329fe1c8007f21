"""What time alone does to licences."""

from datetime import timedelta

import pytest

from partnerdesk.domain.change import Change
from partnerdesk.domain.licence import Licence, LicenceState, Standing
from partnerdesk.usecases.turn_licences import turn_licences
from tests.builders import NOON, a_licence, write


@pytest.fixture
def licence(desk):
    asked = desk.ask()
    desk.work()
    return desk.trial(asked.ref).licence


def turned(desk, ref, **after):
    desk.clock.at = NOON + timedelta(**after)
    turn_licences(at=desk.now(), ledger=desk.ledger)
    desk.work()
    return desk.ledger.get(Licence, ref).standing


def test_31_days_later_it_is_in_grace_and_10_days_later_expired(desk, licence):
    """Rule LIC-6: the trial ends after 30 days and 8 hours, grace is 10 days more."""
    assert turned(desk, licence, days=22) is Standing.ACTIVE
    assert turned(desk, licence, days=24) is Standing.ENDING
    assert turned(desk, licence, days=31) is Standing.IN_GRACE
    assert turned(desk, licence, days=41) is Standing.EXPIRED


def test_seven_days_before_the_end_the_person_is_reminded_once(desk, licence):
    """Rule TRIAL-6."""
    for days in (24, 25, 25, 26):
        turned(desk, licence, days=days)

    subjects = [it.subject for it in desk.postbox.mails]
    assert sum("Your Mattermost trial ends on 25 December 2026" in it for it in subjects) == 1


def test_after_a_long_sleep_everything_is_caught_up_and_nobody_is_reminded_late(desk, licence):
    """robustness.md SCH: late, double and missed ticks end alike."""
    assert turned(desk, licence, days=60) is Standing.EXPIRED
    assert not [it for it in desk.postbox.mails if "trial ends" in it.subject]
    assert turn_licences(at=desk.now(), ledger=desk.ledger) == 0


def test_a_licence_that_somebody_else_turned_is_left_to_them(desk, licence):
    class Overtaken:
        """A ledger in which another turns each licence between reading and commit."""

        def __init__(self, ledger):
            self.ledger = ledger

        def __getattr__(self, name):
            return getattr(self.ledger, name)

        def commit(self, change):
            turn_licences(at=change.at, ledger=self.ledger)
            self.ledger.commit(change)

    at = NOON + timedelta(days=24)
    assert turn_licences(at=at, ledger=Overtaken(desk.ledger)) == 0
    assert desk.ledger.get(Licence, licence).standing is Standing.ENDING


def test_an_index_that_lags_moves_nothing(desk):
    """Indexes find work, they never decide it."""
    licence = a_licence("LIC-2026-000777", state=LicenceState.ISSUED, standing=Standing.ACTIVE)
    desk.ledger.commit(Change(at=NOON, writes=(write(licence),)))

    class Lagging:
        def __init__(self, ledger):
            self.ledger = ledger

        def __getattr__(self, name):
            return getattr(self.ledger, name)

        def worklist(self, name, **bounds):
            return self.ledger.worklist(name, limit=bounds["limit"])

    assert turn_licences(at=NOON, ledger=Lagging(desk.ledger)) == 0
