"""Mails: never lost, and at most one more for each crash."""

import pytest

from partnerdesk.domain.licence import Licence
from partnerdesk.domain.mailing import Mailing, MailingState
from partnerdesk.ports import MailerUnavailableError, MailRefusedError, SettledError


@pytest.fixture
def mail(desk):
    """The id of the message that will send a trial's licence."""
    asked = desk.ask()
    for _ in range(2):
        [message] = desk.ledger.due(at=desk.now())
        desk.do(message)
    [message] = desk.ledger.due(at=desk.now())
    assert message.startswith("send-mail/trial.licence/" + asked.ref)
    return message


def the_mailing(desk, message):
    return desk.ledger.get(Mailing, message.removeprefix("send-mail/").rpartition("@")[0])


def test_a_lost_answer_costs_one_more_copy_with_the_same_message_id(desk, mail):
    """robustness.md A1.5 and V7."""
    desk.lose_answers()
    with pytest.raises(MailerUnavailableError):
        desk.do(mail)
    assert the_mailing(desk, mail).state is MailingState.SENDING

    desk.postbox.failure = None
    desk.do(mail)
    first, second = desk.postbox.mails
    assert first == second
    assert the_mailing(desk, mail).attempts == 2


def test_a_mail_that_went_out_is_not_sent_again(desk, mail):
    desk.do(mail)

    with pytest.raises(SettledError):
        desk.do(mail)
    assert len(desk.postbox.mails) == 1


def test_a_refused_mail_is_told_in_the_records_history(desk, mail):
    """Rule NOT-2: what cannot be delivered becomes visible, and is not tried for ever."""
    desk.postbox.failure, desk.postbox.is_taken = MailRefusedError("no such mailbox"), False
    desk.do(mail)

    mailing = the_mailing(desk, mail)
    licence = desk.ledger.get(Licence, mailing.file)
    assert mailing.state is MailingState.REFUSED
    assert licence.mailed_at is None
    assert "refused" in desk.ledger.history(Licence, licence.ref)[-1].entry
    assert desk.work() == 0
