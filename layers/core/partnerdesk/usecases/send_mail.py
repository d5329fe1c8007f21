"""Sends a mail that was promised: once, or after a crash at most once more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from partnerdesk.domain import trial as trials
from partnerdesk.domain.change import Change, Event, Write
from partnerdesk.domain.licence import GRACE, Licence, LicenceFile
from partnerdesk.domain.licence_file import MEDIA_TYPE, file_name
from partnerdesk.domain.mailing import Mailing, MailingMove, MailingState, advance, message_id
from partnerdesk.domain.messages import Attachment, Email, write
from partnerdesk.domain.person import Person
from partnerdesk.domain.profiles import SKUS
from partnerdesk.domain.record import Record
from partnerdesk.domain.screening_case import ScreeningCase
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.signature import Links
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import Ledger, Mailer, MailRefusedError, SettledError

DONE: Final = frozenset({MailingState.HANDED_OVER, MailingState.REFUSED})


@dataclass(frozen=True, slots=True)
class Post:
    """What writing a mail takes besides the ledger."""

    mailer: Mailer
    links: Links
    settings: Settings


def send_mail(
    ref: str, *, settles: str, now: Callable[[], datetime], ledger: Ledger, post: Post
) -> None:
    """
    Send one mail: claim it, hand it over, and say that it is done. Rule NOT-1.

    Two commits, since nobody can send and remember in one: a crash between them
    costs at most one more copy, the same in text and Message-ID.

    :raises SettledError: when it was sent before
    :raises MailerUnavailableError: when the mail service did not take it
    :raises ConflictError: when somebody else is sending it
    """
    mailing = ledger.get(Mailing, ref)
    if mailing.state in DONE:
        raise SettledError(settles)
    sending = replace(advance(mailing, MailingMove.SEND), attempts=mailing.attempts + 1)
    claimed = Event("mail claimed", actor="desk", facts={"attempt": str(sending.attempts)})
    email = _compose(mailing, ledger, post)
    ledger.commit(Change(at=now(), writes=(Write(sending, claimed),)))
    taken = ledger.get(Mailing, ref)
    try:
        post.mailer.send(email)
    except MailRefusedError as refused:
        fate = Fate(MailingMove.REFUSE, now(), why=str(refused))
    else:
        fate = Fate(MailingMove.HAND_OVER, now())
    _finish(taken, fate, settles=settles, ledger=ledger)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mail."""

    move: MailingMove
    at: datetime
    why: str = ""


def _finish(mailing: Mailing, fate: Fate, *, settles: str, ledger: Ledger) -> None:
    at = fate.at
    after = advance(mailing, fate.move)
    is_sent = after.state is MailingState.HANDED_OVER
    what = f"mail {mailing.event} {'handed over' if is_sent else 'refused'}"
    event = Event(what, actor="desk", facts={"why": fate.why} if fate.why else {})
    writes = [Write(replace(after, handed_over_at=at if is_sent else None), event)]
    writes += [Write(record, event) for record in _told(mailing, at, ledger, is_sent=is_sent)]
    ledger.commit(Change(at=at, writes=tuple(writes), settles=settles))


def _told(mailing: Mailing, at: datetime, ledger: Ledger, *, is_sent: bool) -> list[Record]:
    """Return the records whose rows show the mail's fate, as they shall be."""
    if mailing.about.startswith("SCR-"):
        return [ledger.get(ScreeningCase, mailing.about)]
    trial = ledger.get(TrialRequest, mailing.about)
    first = trial.first_mailed_at or trial.mailed_at or at
    mailed = replace(trial, mailed_at=at, first_mailed_at=first)
    told: list[Record] = [mailed if is_sent else trial]
    if mailing.file:
        licence = ledger.get(Licence, mailing.file)
        told.append(replace(licence, mailed_at=at) if is_sent else licence)
    return told


def _compose(mailing: Mailing, ledger: Ledger, post: Post) -> Email:
    settings = post.settings
    compose = _case_facts if mailing.about.startswith("SCR-") else _trial_facts
    recipient, facts = compose(mailing, ledger, post)
    written = write(
        mailing.event,
        {
            "vendor": settings.vendor,
            "reply_to": settings.addresses.partners,
            "compliance": settings.addresses.compliance,
            "sales_url": settings.addresses.contact_sales,
            "upgrade_url": settings.addresses.upgrade,
            **facts,
        },
    )
    return Email(
        key=mailing.ref,
        message_id=message_id(mailing, settings.desk_id),
        written_at=mailing.queued_at,
        sender=settings.sender,
        recipient=recipient,
        reply_to=settings.addresses.partners,
        subject=written.subject,
        text=written.text,
        html=written.html,
        attachments=_attached(mailing, ledger),
    )


def _attached(mailing: Mailing, ledger: Ledger) -> tuple[Attachment, ...]:
    if not mailing.file:
        return ()
    file = ledger.get(LicenceFile, mailing.file)
    return (Attachment(file_name(mailing.file), MEDIA_TYPE, file.text.encode()),)


def _case_facts(mailing: Mailing, ledger: Ledger, post: Post) -> tuple[str, Mapping[str, str]]:
    case = ledger.get(ScreeningCase, mailing.about)
    facts = {
        "ref": case.about,
        "case": case.ref,
        "outcome": case.outcome.value,
        "due_at": _minute(case.due_at),
    }
    return post.settings.addresses.compliance, facts


def _trial_facts(mailing: Mailing, ledger: Ledger, post: Post) -> tuple[str, Mapping[str, str]]:
    trial = ledger.get(TrialRequest, mailing.about)
    who = ledger.get(Person, mailing.to)
    facts = {
        "ref": trial.ref,
        "name": who.name,
        "company": trial.company,
        "status_url": post.links.status_url(trial.ref, trial.contact),
        "first_on": _first_on(trial, ledger),
        **_licence_facts(trial, ledger),
    }
    return who.email, facts


def _licence_facts(trial: TrialRequest, ledger: Ledger) -> Mapping[str, str]:
    if not trial.licence:
        return {}
    licence = ledger.get(Licence, trial.licence)
    return {
        "licence": licence.ref,
        "edition": SKUS[licence.sku].name,
        "seats": f"{licence.seats:,}",
        "ends_at": _minute(licence.ends_at),
        "ends_on": _day(licence.ends_at.date()),
        "grace_until": _minute(licence.ends_at + GRACE),
        "file_name": file_name(licence.ref),
    }


def _first_on(trial: TrialRequest, ledger: Ledger) -> str:
    """Return the day of the organisation's first trial this year. Rule TRIAL-4."""
    if trial.refusal_rule != trials.REPEAT_RULE:
        return ""
    holder = ledger.holder(trials.year_claim(trial, at=trial.received_at))
    return _day(ledger.get(TrialRequest, holder).received_at.date())


def _minute(at: datetime) -> str:
    return f"{_day(at.date())}, {at:%H:%M} UTC"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
