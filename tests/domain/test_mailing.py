"""Mails on their way: once per event, record and recipient."""

import pytest

from partnerdesk.domain.lifecycle import IllegalMoveError
from partnerdesk.domain.mailing import (
    MailingMove,
    MailingState,
    advance,
    message_id,
    new_mailing,
)
from tests.builders import NOON


def a_mailing(**parts):
    facts = {"about": "TRL-2026-000001", "to": "PER-1", "at": NOON} | parts
    return new_mailing("trial.licence", **facts)


def test_a_mail_is_named_by_event_record_and_recipient():
    """Rule NOT-1 and GEN-11."""
    assert a_mailing().ref == "trial.licence/TRL-2026-000001/PER-1"
    assert a_mailing(copy=2).ref == "trial.licence/TRL-2026-000001/PER-1#2"


def test_a_copy_after_a_crash_has_the_same_message_id():
    """robustness.md A1.5: identical in text and Message-ID."""
    sending = advance(a_mailing(), MailingMove.SEND)

    assert message_id(sending, "desk") == message_id(advance(sending, MailingMove.SEND), "desk")
    assert message_id(a_mailing(copy=2), "desk") != message_id(a_mailing(), "desk")


def test_a_mail_that_was_handed_over_is_not_sent_again():
    sent = advance(advance(a_mailing(), MailingMove.SEND), MailingMove.HAND_OVER)

    assert sent.state is MailingState.HANDED_OVER
    with pytest.raises(IllegalMoveError):
        advance(sent, MailingMove.SEND)


def test_the_mails_of_a_record_are_found_together():
    assert a_mailing().family == "mailing#TRL-2026-000001"
