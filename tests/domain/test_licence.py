"""Licences: what the clock makes of them."""

from datetime import timedelta

import pytest

from partnerdesk.domain.licence import (
    TURNS,
    LicenceMove,
    LicenceState,
    Standing,
    advance,
    grant_claim,
    next_turn,
)
from partnerdesk.domain.lifecycle import IllegalMoveError
from tests.builders import a_licence


def test_a_licence_is_issued_only_after_its_bytes_were_stored():
    """Rule LIC-2: prepared comes before issued."""
    with pytest.raises(IllegalMoveError):
        advance(a_licence(), LicenceMove.ISSUE)
    prepared = advance(a_licence(), LicenceMove.PREPARE)
    assert advance(prepared, LicenceMove.ISSUE).state is LicenceState.ISSUED


@pytest.mark.parametrize(
    ("standing", "days_from_end"),
    [(Standing.ACTIVE, -7), (Standing.ENDING, 0), (Standing.IN_GRACE, 10)],
)
def test_a_licence_turns_seven_days_before_at_and_ten_days_after_its_end(standing, days_from_end):
    """Rules TRIAL-6 and LIC-6."""
    licence = a_licence(state=LicenceState.ISSUED, standing=standing)

    assert next_turn(licence) == licence.ends_at + timedelta(days=days_from_end)
    assert licence.worklist == "licence#issued"
    assert licence.place.endswith("Z")


@pytest.mark.parametrize(
    ("state", "standing"),
    [(LicenceState.PREPARED, Standing.NONE), (LicenceState.ISSUED, Standing.EXPIRED)],
)
def test_what_time_no_longer_moves_is_on_no_list(state, standing):
    licence = a_licence(state=state, standing=standing)

    assert (licence.worklist, licence.place) == ("", "")


def test_the_turns_end_in_expired():
    standing = Standing.ACTIVE
    for _ in TURNS:
        standing = TURNS[standing].becomes

    assert standing is Standing.EXPIRED


def test_a_grant_is_claimed_once_and_names_its_family():
    assert grant_claim("TRL-2026-000001") == "grant:TRL-2026-000001"
    assert a_licence(grant="TRL-2026-000001").family == "grant#TRL-2026-000001"
