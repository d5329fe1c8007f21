"""Proves that the ledger is whole: nothing lost, doubled, edited, or left without a next move."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from partnerdesk.domain.licence import Licence, LicenceFile, LicenceState
from partnerdesk.domain.licence_check import check
from partnerdesk.domain.mailing import Mailing, MailingState
from partnerdesk.domain.screening_case import CaseState, Decision, ScreeningCase
from partnerdesk.domain.trial import TrialRequest, TrialState
from partnerdesk.ports import Letter, NoSuchRecordError
from partnerdesk.usecases.park_message import SHOWN, concerned
from partnerdesk.usecases.proof import Proof, Stores, Tally
from partnerdesk.usecases.screen_record import CLEAR
from partnerdesk.usecases.verify_history import verify_chains, verify_moves
from partnerdesk.usecases.verify_references import verify_references

FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that holds after everything that may happen (robustness.md A5)."""

    id: str
    holds: str
    look: Callable[[Stores], Tally]
    look_fully: Callable[[Stores], Tally] | None = None
    """What a full verification does instead, where that takes long."""


def verify_ledger(stores: Stores, *, is_full: bool = False) -> Iterator[Proof]:
    """Yield the proof of every invariant there is, in their order; nothing is changed."""
    for each in INVARIANTS:
        look = each.look_fully if is_full and each.look_fully else each.look
        yield look(stores).proof(each.id, each.holds)


def verify_next_moves(stores: Stores) -> Tally:
    """Return whether each record has come to its end or waits for somebody who knows: V1."""
    tally = Tally()
    at_work = _at_work(stores)
    with tally.reading(TrialRequest):
        for trial in stores.archive.walk(TrialRequest):
            tally.saw("trial requests")
            has_next = NEXT_OF_TRIAL[trial.state](trial, stores, at_work)
            tally.expect(has_next, trial.ref, f"is {trial.state}, and nobody's turn")
    with tally.reading(Licence):
        for licence in stores.archive.walk(Licence):
            tally.saw("licences")
            has_next = licence.state is LicenceState.ISSUED or licence.ref in at_work
            tally.expect(has_next, licence.ref, f"is {licence.state}, and nobody signs it")
    with tally.reading(Mailing):
        for mailing in stores.archive.walk(Mailing):
            tally.saw("mails")
            has_next = mailing.state in SENT or mailing.ref in at_work
            tally.expect(has_next, mailing.ref, f"is {mailing.state}, and nobody sends it")
    return tally


def verify_licences(stores: Stores) -> Tally:
    """Return whether each grant has one licence at most, its file unaltered and signed: V2."""
    tally = Tally()
    granted: Counter[str] = Counter()
    with tally.reading(Licence):
        for licence in stores.archive.walk(Licence):
            tally.saw("licences")
            granted[licence.grant] += 1
            tally.expect(granted[licence.grant] == 1, licence.ref, f"{licence.grant} has another")
            if licence.state is LicenceState.ISSUED:
                _look_at_file(licence, stores, tally)
    return tally


def verify_outbox(stores: Stores) -> Tally:
    """Return whether the messages that stay are parked with a reason that staff can see: V5."""
    tally = Tally()
    tally.saw("waiting", stores.outbox.waiting())
    for workbook in stores.marks.stale():
        tally.saw("stale rows", len(stores.marks.take(workbook, limit=MOST_ROWS)))
    for letter in stores.outbox.parked():
        tally.saw("parked")
        tally.expect(bool(letter.why), letter.id, "is parked without a reason")
        tally.expect(_is_told(letter, stores), letter.id, "is parked, and its row does not say so")
    return tally


def verify_screening(stores: Stores) -> Tally:
    """Return whether no licence was granted while its screening was not clear: V10."""
    tally = Tally()
    decided: dict[str, list[tuple[datetime, bool]]] = {}
    cleared = _cleared(stores, tally)
    with tally.reading(Decision):
        for decision in stores.archive.walk(Decision):
            tally.saw("decisions")
            is_clear = decision.verdict.outcome in CLEAR or decision.ref in cleared
            decided.setdefault(decision.about, []).append((decision.decided_at, is_clear))
    with tally.reading(Licence):
        for licence in stores.archive.walk(Licence):
            tally.saw("licences")
            before = [it for it in decided.get(licence.grant, ()) if it[0] <= _prepared(licence)]
            is_clear = bool(before) and max(before)[1]
            tally.expect(is_clear, licence.ref, "was granted without a clear screening")
    return tally


MOST_ROWS = 1_000_000
SENT = frozenset({MailingState.HANDED_OVER, MailingState.REFUSED})

Next = Callable[[TrialRequest, Stores, AbstractSet[str]], bool]

NEXT_OF_TRIAL: Final[Mapping[TrialState, Next]] = {
    TrialState.RECEIVED: lambda trial, _, at_work: trial.ref in at_work,
    TrialState.PREPARED: lambda trial, _, at_work: trial.licence in at_work,
    TrialState.HELD: lambda trial, stores, _: _has_open_case(trial, stores),
    TrialState.ISSUED: lambda trial, *_: bool(trial.licence),
    TrialState.REFUSED: lambda trial, *_: bool(trial.refusal),
}
"""Whether a request in a state has come to its end, or somebody's work is on its way."""


def _at_work(stores: Stores) -> frozenset[str]:
    """Return the references that messages are about, parked ones included."""
    most = stores.outbox.waiting() + 1
    ids = [*stores.outbox.due(at=FOR_EVER, limit=most)]
    ids += [letter.id for letter in stores.outbox.parked()]
    return frozenset(each.partition("/")[2].rpartition("@")[0] for each in ids)


def _has_open_case(trial: TrialRequest, stores: Stores) -> bool:
    try:
        return stores.ledger.get(ScreeningCase, trial.case).state is CaseState.OPEN
    except NoSuchRecordError:
        return False


def _look_at_file(licence: Licence, stores: Stores, tally: Tally) -> None:
    try:
        file = stores.ledger.get(LicenceFile, licence.ref)
    except NoSuchRecordError:
        tally.blame(licence.ref, "its file is gone")
        return
    is_same = sha256(file.text.encode()).hexdigest() == licence.file_sha256
    tally.expect(is_same, licence.ref, "its file is not the one that was issued")
    key = stores.public_keys.get(licence.signing_key)
    if key is None:
        tally.saw("signatures not checked: unknown key")
        return
    tally.saw("signatures")
    signed = check(file.text.encode(), key, at=licence.issued_at or licence.starts_at).payload
    tally.expect(signed == file.payload, licence.ref, "its file is not signed by its key")


def _is_told(letter: Letter, stores: Stores) -> bool:
    ref = concerned(letter)
    events = stores.ledger.history(SHOWN[ref.partition("-")[0]], ref)
    return any('"what":"work parked"' in event.entry for event in events)


def _cleared(stores: Stores, tally: Tally) -> frozenset[str]:
    """Return the decisions whose case Compliance cleared."""
    cleared: set[str] = set()
    with tally.reading(ScreeningCase):
        for case in stores.archive.walk(ScreeningCase):
            tally.saw("cases")
            if case.state is CaseState.CLEARED:
                cleared.add(case.decision)
    return frozenset(cleared)


def _prepared(licence: Licence) -> datetime:
    return licence.prepared_at or licence.starts_at


INVARIANTS: Final = (
    Invariant("V1", "each request has ended or has a next move", verify_next_moves),
    Invariant("V2", "one licence a grant, its file as issued and signed", verify_licences),
    Invariant("V4", "only legal moves were made", verify_moves),
    Invariant("V5", "what waits for a person says why", verify_outbox),
    Invariant("V8", "the audit chains are unbroken", verify_chains),
    Invariant("V10", "nothing was granted without a clear screening", verify_screening),
    Invariant(
        "V12",
        "claims, records and indexes agree",
        verify_references,
        lambda stores: verify_references(stores, with_indexes=True),
    ),
)
