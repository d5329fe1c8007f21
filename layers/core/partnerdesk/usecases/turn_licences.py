"""What time alone does to licences: they near their end, end, and leave grace."""

from dataclasses import replace
from datetime import datetime

from partnerdesk.domain.chain import instant
from partnerdesk.domain.change import Change, Event, Message, Queue, Write
from partnerdesk.domain.errors import ConflictError
from partnerdesk.domain.licence import TURNS, Licence, LicenceKind, Standing, next_turn
from partnerdesk.domain.mailing import Mailing, new_mailing
from partnerdesk.ports import Ledger

MOST_AT_ONCE = 100


def turn_licences(*, at: datetime, ledger: Ledger) -> int:
    """
    Move every licence on whose turn has come, and return how many were moved.

    Late, double and missed runs end alike: each licence is turned as often as
    its dates say, each turn is one commit on the version it was read at, and a
    licence that somebody else turned meanwhile is left to them. Rules LIC-6, TRIAL-6.
    """
    turned = 0
    while found := _due(at, ledger):
        before = turned
        for each in found:
            turned += _turn(each, at, ledger)
        if turned == before:
            break
    return turned


def _due(at: datetime, ledger: Ledger) -> list[str]:
    found = ledger.worklist("licence#issued", until=instant(at), limit=MOST_AT_ONCE)
    return [each.ref for each in found]


def _turn(ref: str, at: datetime, ledger: Ledger) -> bool:
    licence = ledger.get(Licence, ref)
    if not licence.worklist or next_turn(licence) > at:
        return False
    turn = TURNS[licence.standing]
    event = Event(turn.what, actor="schedule")
    after = replace(licence, standing=turn.becomes)
    mailings = _reminders(after, at)
    change = Change(
        at=at,
        writes=(Write(after, event), *(Write(mailing, event) for mailing in mailings)),
        outbox=tuple(Message(Queue.MAIL, "send-mail", about=each.ref) for each in mailings),
    )
    try:
        ledger.commit(change)
    except ConflictError:
        return False
    return True


def _reminders(licence: Licence, at: datetime) -> tuple[Mailing, ...]:
    """Return the mails of a turn; after a long sleep none is sent about an end that is past."""
    is_trial = licence.type in {LicenceKind.TRIAL, LicenceKind.TRIAL_AGAIN}
    if licence.standing is not Standing.ENDING or not is_trial or at >= licence.ends_at:
        return ()
    return (new_mailing("trial.ending", about=licence.grant, to=licence.contact, at=at),)
