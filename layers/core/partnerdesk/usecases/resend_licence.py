"""Sends the same licence file to the same person once more."""

from dataclasses import replace

from partnerdesk.domain.change import Change, Event, Message, Queue, Write
from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.licence import Licence, LicenceState
from partnerdesk.domain.mailing import new_mailing
from partnerdesk.domain.staff import Act
from partnerdesk.ports import Ledger


class NotIssuedError(RefusedError):
    """There is no file to send yet."""

    code = "not-issued"

    def __init__(self, ref: str) -> None:
        super().__init__(f"{ref} is not issued yet; its file goes out by itself.", ref=ref)


def resend_licence(act: Act, *, ledger: Ledger) -> str:
    """
    Queue the stored file for the same recipient again. Rule LIC-4.

    The words for Result say what was done.

    :raises NotIssuedError: when nothing was signed yet
    """
    licence = ledger.get(Licence, act.ref)
    if licence.state is not LicenceState.ISSUED:
        raise NotIssuedError(act.ref)
    again = replace(licence, times_sent=licence.times_sent + 1)
    mailing = new_mailing(
        "trial.licence",
        about=licence.grant,
        to=licence.contact,
        at=act.at,
        file=licence.ref,
        copy=again.times_sent,
    )
    event = Event("licence sent again", actor=act.by.name, facts={"reason": act.reason})
    ledger.commit(
        Change(
            at=act.at,
            writes=(Write(again, event), Write(mailing, event)),
            outbox=(Message(Queue.MAIL, "send-mail", about=mailing.ref),),
        )
    )
    return "Sent again"
