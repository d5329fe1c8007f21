from datetime import timedelta

import pytest

from partnerdesk.domain.signature import token_digest
from partnerdesk.usecases.follow_link import DeadLinkError, follow_link
from partnerdesk.usecases.request_trial import keep_spam, request_trial
from tests.builders import NOON, a_person, a_trial, some_spam

TOKEN = "t" * 32
MONTH = timedelta(days=30)


def followed(ledger, token=TOKEN, at=NOON):
    return follow_link(token, at=at, works_for=MONTH, ledger=ledger)


def test_a_status_link_shows_its_request_and_changes_nothing(desk):
    trial = a_trial(status_token=token_digest(TOKEN))
    request_trial(trial, a_person(), key="k", limits=(), at=NOON, ledger=desk.ledger)

    assert followed(desk.ledger).ref == trial.ref
    assert followed(desk.ledger).version == 1


def test_a_robots_link_works_like_any_other(desk):
    spam = some_spam(status_token=token_digest(TOKEN))
    keep_spam(spam, key="k", limits=(), at=NOON, ledger=desk.ledger)

    assert followed(desk.ledger, at=NOON + MONTH).ref == spam.ref
    with pytest.raises(DeadLinkError):
        followed(desk.ledger, at=NOON + MONTH + timedelta(milliseconds=1))


def test_a_link_lives_on_with_its_request(desk):
    """Rule GEN-10: thirty days from the last move."""
    moved = a_trial(status_token=token_digest(TOKEN), mailed_at=NOON + timedelta(days=20))
    request_trial(moved, a_person(), key="k", limits=(), at=NOON, ledger=desk.ledger)

    assert followed(desk.ledger, at=NOON + timedelta(days=50)).ref == moved.ref
    with pytest.raises(DeadLinkError):
        followed(desk.ledger, at=NOON + timedelta(days=51))


@pytest.mark.parametrize("token", ["", "x", TOKEN.upper(), f"{TOKEN}t"])
def test_any_other_token_leads_nowhere(desk, token):
    trial = a_trial(status_token=token_digest(TOKEN))
    request_trial(trial, a_person(), key="k", limits=(), at=NOON, ledger=desk.ledger)

    with pytest.raises(DeadLinkError):
        followed(desk.ledger, token=token)
