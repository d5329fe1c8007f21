"""Records and changes for tests: good ones, of which a test says only what it is about."""

from datetime import UTC, datetime, timedelta

from partnerdesk.domain.change import Change, Event, Write
from partnerdesk.domain.licence import Licence, LicenceFile, LicenceKind
from partnerdesk.domain.mailing import Mailing, new_mailing
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Record
from partnerdesk.domain.screening import Outcome, Party, PartyType, Verdict
from partnerdesk.domain.screening_case import Decision, ScreeningCase
from partnerdesk.domain.trial import Door, Spam, TrialRequest

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""When things happen in tests that do not care."""

SALT = "a" * 26


def a_person(ref="PER-1", **parts) -> Person:
    parts = {"name": "Ada Lovelace", "email": "ada@acme.example", "salt": SALT} | parts
    return Person(ref=ref, **parts)


def a_trial(ref="TRL-2026-000001", **parts) -> TrialRequest:
    asked = {
        "organisation": "Acme Ltd",
        "company": "Acme Ltd",
        "domain": "acme.example",
        "contact": "PER-1",
        "country": "DE",
        "region": "",
        "city": "Berlin",
        "company_size": "51-100",
        "users": 60,
        "stage": "evaluating",
        "door": Door.WEB,
        "received_at": NOON,
        "status_token": "0" * 64,
        "submission": "1" * 64,
    }
    return TrialRequest(ref=ref, **(asked | parts))


def a_licence(ref="LIC-1", **parts) -> Licence:
    granted = {
        "grant": "TRL-2026-000001",
        "company": "Acme Ltd",
        "contact": "PER-1",
        "type": LicenceKind.TRIAL,
        "sku": "enterprise",
        "seats": 50,
        "starts_at": NOON,
        "ends_at": NOON + timedelta(days=30),
        "signing_key": "0123456789abcdef",
        "profile": 1,
    }
    return Licence(ref=ref, **(granted | parts))


def a_licence_file(ref="LIC-1", **parts) -> LicenceFile:
    return LicenceFile(ref=ref, **({"payload": '{"id":"x"}', "salt": SALT} | parts))


def a_party(name="Acme Ltd", **parts) -> Party:
    return Party(name=name, **({"type": PartyType.COMPANY} | parts))


def a_verdict(outcome=Outcome.CLEAR, **parts) -> Verdict:
    found = {"reasons": (), "rules": (), "hits": (), "lists": ("OFAC-SDN@1",), "engine": "1"}
    return Verdict(outcome=outcome, **(found | parts))


def a_decision(ref="SCR-1", **parts) -> Decision:
    made = {
        "about": "TRL-2026-000001",
        "gate": "trial",
        "parties": (a_party(),),
        "verdict": a_verdict(),
        "decided_at": NOON,
        "salt": SALT,
    }
    return Decision(ref=ref, **(made | parts))


def a_case(ref="CASE-1", **parts) -> ScreeningCase:
    opened = {
        "about": "TRL-2026-000001",
        "decision": "SCR-1",
        "outcome": Outcome.REVIEW,
        "rules": ("SCR-2",),
        "opened_at": NOON,
        "due_at": NOON + timedelta(days=1),
    }
    return ScreeningCase(ref=ref, **(opened | parts))


def a_mailing(event="trial received", **parts) -> Mailing:
    return new_mailing(event, **({"about": "TRL-2026-000001", "to": "PER-1", "at": NOON} | parts))


def some_spam(ref="TRL-2026-000099", **parts) -> Spam:
    kept = {
        "door": Door.WEB,
        "status_token": "0" * 64,
        "submission": "1" * 64,
        "typed": '{"nickname":"bot"}',
        "received_at": NOON,
        "salt": SALT,
    }
    return Spam(ref=ref, **(kept | parts))


def one_of_each() -> tuple[Record, ...]:
    """Return a record of every kind."""
    return (
        a_person(),
        a_trial(),
        some_spam(),
        a_licence(),
        a_licence_file(),
        a_decision(),
        a_case(),
        a_mailing(),
    )


def write(record: Record, what="test happened", **facts) -> Write:
    return Write(record, Event(what, actor="test", facts=facts))


def writing(*records: Record, what="test happened", **parts) -> Change:
    """Return the change that writes records and whatever else is given."""
    writes = tuple(write(record, what) for record in records)
    return Change(**({"at": NOON, "writes": writes} | parts))


def kept(ledger, record: Record, **parts) -> Record:
    """Commit a record, and return it as the ledger then has it."""
    ledger.commit(writing(record, **parts))
    return ledger.get(type(record), record.ref)
