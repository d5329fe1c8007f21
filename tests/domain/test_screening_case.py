"""Screening cases: what one member of Compliance may decide."""

import pytest

from partnerdesk.domain.lifecycle import IllegalMoveError
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.screening_case import CaseMove, CaseState, advance, may_be_cleared
from tests.builders import a_case


@pytest.mark.parametrize(
    ("outcome", "state", "allowed"),
    [
        (Outcome.REVIEW, CaseState.OPEN, True),
        (Outcome.BLOCK, CaseState.OPEN, False),
        (Outcome.REVIEW, CaseState.CONFIRMED, False),
        (Outcome.REVIEW, CaseState.CLEARED, False),
    ],
)
def test_a_block_is_not_cleared_by_one_person(outcome, state, allowed):
    """Rules GEN-8 and SCR-5."""
    assert may_be_cleared(a_case(outcome=outcome, state=state)) is allowed


@pytest.mark.parametrize("move", CaseMove)
@pytest.mark.parametrize("state", [CaseState.CLEARED, CaseState.CONFIRMED])
def test_a_decided_case_is_not_decided_again(state, move):
    with pytest.raises(IllegalMoveError):
        advance(a_case(state=state), move)


def test_the_cases_of_a_record_are_found_together():
    assert a_case(about="TRL-2026-000001").family == "case#TRL-2026-000001"
