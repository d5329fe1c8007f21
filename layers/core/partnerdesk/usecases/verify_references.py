"""Proves that records, claims and indexes agree both ways, and that none points into the void."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final

from partnerdesk.domain.licence import Licence, LicenceFile, LicenceKind, grant_claim
from partnerdesk.domain.mailing import Mailing
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Record
from partnerdesk.domain.screening_case import Decision, ScreeningCase
from partnerdesk.domain.trial import Spam, TrialRequest, year_claim
from partnerdesk.ports import NoSuchRecordError, UnclaimedError
from partnerdesk.usecases.proof import Stores, Tally

REFERENCES: Final[Mapping[type[Record], Mapping[str, type[Record]]]] = {
    TrialRequest: {"contact": Person, "licence": Licence, "case": ScreeningCase},
    Licence: {"ref": LicenceFile, "grant": TrialRequest, "contact": Person},
    LicenceFile: {"ref": Licence},
    Decision: {"about": TrialRequest},
    ScreeningCase: {"about": TrialRequest, "decision": Decision},
    Mailing: {"file": Licence},
}
"""The fields in which a kind names a record of another; an empty one names none."""

Refs = Mapping[str, AbstractSet[str]]


def verify_references(stores: Stores, *, with_indexes: bool = False) -> Tally:
    """
    Return whether records, claims and indexes agree both ways: V12.

    Comparing the indexes asks for every family there is, so it is left to a
    full verification.
    """
    tally = Tally()
    refs = _refs(stores)
    _compare_holders(stores, refs, tally)
    for kind in REFERENCES:
        with tally.reading(kind):
            for record in stores.archive.walk(kind):
                _follow(record, refs, tally)
    for claim, holder in _wanted_claims(stores, tally):
        tally.saw("expected claims")
        tally.expect(_holder(stores, claim) == holder, holder, f"does not hold {claim}")
    if with_indexes:
        _compare_indexes(stores, tally)
    return tally


def _refs(stores: Stores) -> Refs:
    refs: dict[str, set[str]] = defaultdict(set)
    for kind, ref, *_ in stores.archive.heads():
        refs[kind].add(ref)
    return refs


def _compare_holders(stores: Stores, refs: Refs, tally: Tally) -> None:
    for claim, holder in stores.archive.claims():
        tally.saw("claims")
        is_kept = any(holder in of_kind for of_kind in refs.values())
        tally.expect(is_kept, f"claim {claim}", f"its holder {holder} is not kept")


def _follow(record: Record, refs: Refs, tally: Tally) -> None:
    for name, kind in REFERENCES[type(record)].items():
        ref = getattr(record, name)
        if ref:
            tally.saw("references")
            is_kept = ref in refs.get(kind.KIND, ())
            tally.expect(is_kept, f"{record.KIND} {record.ref}", f"its {kind.KIND} {ref} is gone")


def _wanted_claims(stores: Stores, tally: Tally) -> Iterator[tuple[str, str]]:
    """Yield the claims that records must hold: without one, something could be given twice."""
    with tally.reading(TrialRequest):
        for trial in stores.archive.walk(TrialRequest):
            yield f"link:{trial.status_token}", trial.ref
    with tally.reading(Spam):
        for spam in stores.archive.walk(Spam):
            yield f"link:{spam.status_token}", spam.ref
    with tally.reading(Licence):
        for licence in stores.archive.walk(Licence):
            yield grant_claim(licence.grant), licence.ref
            if licence.type is LicenceKind.TRIAL and licence.prepared_at:
                # A trial that is gone is blamed where references are followed.
                with suppress(NoSuchRecordError):
                    trial = stores.ledger.get(TrialRequest, licence.grant)
                    yield year_claim(trial, at=licence.prepared_at), trial.ref


def _holder(stores: Stores, claim: str) -> str:
    try:
        return stores.ledger.holder(claim)
    except UnclaimedError:
        return ""


def _compare_indexes(stores: Stores, tally: Tally) -> None:
    worklists: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    families: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for kind in stores.kinds:
        with tally.reading(kind):
            for record in stores.archive.walk(kind):
                worklists[record.worklist].add((record.KIND, record.ref, record.place))
                families[record.family].add((record.KIND, record.ref))
    for name in sorted(filter(None, worklists)):
        tally.saw("worklists")
        listed = stores.ledger.worklist(name, limit=len(worklists[name]) + 1)
        found = {(it.kind, it.ref, it.place) for it in listed}
        tally.expect(found == worklists[name], f"worklist {name}", "is not what the records say")
    for name in sorted(filter(None, families)):
        tally.saw("families")
        relatives = {(it.kind, it.ref) for it in stores.ledger.family(name)}
        tally.expect(relatives == families[name], f"family {name}", "is not what the records say")
