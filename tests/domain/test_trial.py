"""Trial requests: what the rules say may become of them."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.lifecycle import IllegalMoveError
from partnerdesk.domain.trial import (
    STAGES,
    TrialMove,
    TrialState,
    advance,
    may_have_another,
    year_claim,
)
from tests.builders import NOON, a_trial


def played(trial, moves):
    for move in moves:
        with suppress(IllegalMoveError):
            trial = advance(trial, move, at=NOON)
    return trial


@given(st.lists(st.sampled_from(TrialMove), max_size=8))
def test_an_issued_trial_stays_issued(moves):
    """Rule TRIAL-6 and rules.md 18: nothing takes a mailed licence back."""
    issued = a_trial(state=TrialState.ISSUED)

    assert played(issued, moves).state is TrialState.ISSUED


@given(st.lists(st.sampled_from(sorted(set(TrialMove) - {TrialMove.CLEAR})), max_size=8))
def test_only_compliance_lets_a_held_request_go_on(moves):
    """Rule SCR-2: a hold ends by a clearing or in a refusal, never by itself."""
    held = a_trial(state=TrialState.HELD)

    first = next((move for move in moves if move is TrialMove.REFUSE), None)
    before = moves[: moves.index(first)] if first else moves
    assert played(held, before).state is TrialState.HELD


def test_a_move_remembers_when_it_was_made():
    assert advance(a_trial(), TrialMove.PREPARE, at=NOON).state_since == NOON


def test_an_illegal_move_is_refused_in_words():
    with pytest.raises(IllegalMoveError, match="trial request that is issued cannot"):
        advance(a_trial(state=TrialState.ISSUED), TrialMove.HOLD, at=NOON)


def test_one_trial_per_domain_product_and_calendar_year():
    """Rule TRIAL-3: the year is that of UTC."""
    trial = a_trial(domain="acme.example")

    assert year_claim(trial, at=datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (
        "trial:acme.example/mattermost/2026"
    )
    assert year_claim(trial, at=datetime(2027, 1, 1, tzinfo=UTC)).endswith("/2027")


@pytest.mark.parametrize(
    ("state", "rule", "allowed"),
    [
        (TrialState.REFUSED, "TRIAL-4", True),
        (TrialState.REFUSED, "SCR-4", False),
        (TrialState.ISSUED, "", False),
        (TrialState.HELD, "", False),
    ],
)
def test_staff_may_allow_another_trial_to_a_repeat_alone(state, rule, allowed):
    """Rule TRIAL-4: what screening refused is not for a partner manager to give."""
    assert may_have_another(a_trial(state=state, refusal_rule=rule)) is allowed


def test_other_is_among_the_stages():
    """Rule TRIAL-1: the options are data, "Other" must exist."""
    assert "Other" in STAGES.values()


def test_requests_of_one_organisation_are_found_together():
    assert a_trial().family == replace(a_trial(), ref="TRL-2026-000002").family
