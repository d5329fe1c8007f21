"""Whose turn it is, in one line."""

from dataclasses import replace
from datetime import timedelta

import pytest

from partnerdesk.domain import licence as licences
from partnerdesk.domain import screening_case as cases
from partnerdesk.domain import trial as trials
from partnerdesk.domain.licence import LicenceState, Standing
from partnerdesk.domain.screening_case import CaseState
from partnerdesk.domain.trial import TrialState
from partnerdesk.domain.waiting import Flag, Party, Waiting
from tests.builders import NOON, a_case, a_licence, a_trial


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (TrialState.RECEIVED, "Us: screening, since 25 Nov 2026"),
        (TrialState.HELD, "Compliance: their decision, since 25 Nov 2026"),
        (TrialState.PREPARED, "Us: signing the licence, since 25 Nov 2026"),
        (TrialState.ISSUED, "Us: mailing the licence, since 25 Nov 2026"),
        (TrialState.REFUSED, "Nobody"),
    ],
)
def test_a_trial_says_whose_turn_it_is(state, line):
    """Rule ORD-9."""
    assert trials.waiting_for(a_trial(state=state)).line == line


def test_a_trial_waits_for_nobody_once_its_licence_is_mailed():
    mailed = a_trial(state=TrialState.ISSUED, mailed_at=NOON)

    assert trials.is_closed(mailed)
    assert trials.waiting_for(mailed).line == "Nobody"


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"state": LicenceState.PREPARED, "prepared_at": NOON}, "Us: signing, since 25 Nov 2026"),
        (
            {"standing": Standing.ACTIVE, "issued_at": NOON},
            "Us: mailing the file, since 25 Nov 2026",
        ),
        (
            {"standing": Standing.ACTIVE, "mailed_at": NOON},
            "Nobody; next reminder on 18 Dec 2026",
        ),
        ({"standing": Standing.ENDING, "mailed_at": NOON}, "Nobody; next end on 25 Dec 2026"),
        (
            {"standing": Standing.IN_GRACE, "mailed_at": NOON},
            "Nobody; next end of grace on 4 Jan 2027",
        ),
        ({"standing": Standing.EXPIRED, "mailed_at": NOON}, "Nobody"),
    ],
)
def test_a_licence_says_what_time_will_bring(parts, line):
    licence = a_licence(**({"state": LicenceState.ISSUED} | parts))

    assert licences.waiting_for(licence).line == line


def test_an_open_case_waits_for_compliance_and_a_decided_one_for_nobody():
    case = a_case()

    assert cases.waiting_for(case).line == "Compliance: clear or confirm, since 25 Nov 2026"
    assert cases.waiting_for(replace(case, state=CaseState.CLEARED)).line == "Nobody"


@pytest.mark.parametrize(
    ("later", "flag"),
    [
        (timedelta(minutes=2), Flag.NONE),
        (timedelta(minutes=2, seconds=30), Flag.DUE_SOON),
        (timedelta(minutes=5), Flag.DUE_SOON),
        (timedelta(minutes=5, milliseconds=1), Flag.OVERDUE),
    ],
)
def test_a_clock_warns_at_half_time_and_when_it_has_run_out(later, flag):
    """Rule SLA-4."""
    waiting = Waiting(Party.US, "screening", NOON, NOON + timedelta(minutes=5))

    assert waiting.flag(NOON + later) is flag


def test_a_long_clock_warns_one_day_before():
    waiting = Waiting(Party.US, "a review", NOON, NOON + timedelta(days=10))

    assert waiting.flag(NOON + timedelta(days=8, hours=23)) is Flag.NONE
    assert waiting.flag(NOON + timedelta(days=9)) is Flag.DUE_SOON


def test_what_has_no_clock_is_never_overdue():
    assert Waiting(Party.NOBODY).flag(NOON + timedelta(days=999)) is Flag.NONE


def test_a_clock_without_a_known_start_warns_a_day_before():
    """Rule SLA-4: half time is unknown, one day before is not."""
    waiting = Waiting(Party.US, "decide", due_at=NOON)

    assert waiting.flag(NOON - timedelta(days=1, seconds=1)) is Flag.NONE
    assert waiting.flag(NOON - timedelta(days=1)) is Flag.DUE_SOON
