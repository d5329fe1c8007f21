from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain import licence, mailing, screening_case, trial
from partnerdesk.domain.lifecycle import IllegalMoveError, Lifecycle

LIFECYCLES = [licence.LIFECYCLE, mailing.LIFECYCLE, screening_case.LIFECYCLE, trial.LIFECYCLE]


class Door(StrEnum):
    SHUT = "shut"
    OPEN = "open"
    BRICKED_UP = "bricked_up"


class Push(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    BRICK_UP = "brick_up"


DOOR = Lifecycle(
    subject="door",
    initial=Door.SHUT,
    moves={
        (Door.SHUT, Push.OPEN): Door.OPEN,
        (Door.OPEN, Push.SHUT): Door.SHUT,
        (Door.SHUT, Push.BRICK_UP): Door.BRICKED_UP,
    },
)


def test_a_move_leads_where_the_table_says():
    assert DOOR.after(Door.SHUT, Push.OPEN) is Door.OPEN


def test_a_move_that_is_not_in_the_table_is_refused_in_plain_words():
    with pytest.raises(IllegalMoveError) as refused:
        DOOR.after(Door.BRICKED_UP, Push.BRICK_UP)

    assert str(refused.value) == "A door that is bricked up cannot be asked to brick up."
    assert refused.value.facts == {"state": Door.BRICKED_UP, "move": Push.BRICK_UP}


def test_legal_moves_come_in_the_order_of_the_table():
    assert DOOR.legal(Door.SHUT) == (Push.OPEN, Push.BRICK_UP)
    assert DOOR.legal(Door.BRICKED_UP) == ()


@given(st.sampled_from(Door), st.sampled_from(Push))
def test_what_is_called_legal_is_what_succeeds(state, push):
    if push in DOOR.legal(state):
        DOOR.after(state, push)
    else:
        with pytest.raises(IllegalMoveError):
            DOOR.after(state, push)


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda it: it.subject)
def test_every_state_of_a_record_can_be_reached(lifecycle):
    reached = {lifecycle.initial}
    for _ in lifecycle.moves:
        reached |= {to for (origin, _), to in lifecycle.moves.items() if origin in reached}

    assert reached == set(type(lifecycle.initial))
