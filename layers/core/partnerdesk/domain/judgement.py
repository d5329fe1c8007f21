"""What follows from what was found: embargoes first, then names, then the age of the lists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from partnerdesk.domain.chain import canonical, digest
from partnerdesk.domain.embargo import EmbargoRule, findings, shipped
from partnerdesk.domain.evidence import corroborates, is_the_same_identifier
from partnerdesk.domain.matching import Found, Match
from partnerdesk.domain.names import taken_apart
from partnerdesk.domain.screening import (
    Basis,
    Confirmed,
    Hit,
    Outcome,
    Party,
    PartyType,
    Verdict,
    worst,
)
from partnerdesk.domain.watchlist import Entity

REVIEW_FROM = {
    PartyType.PERSON: 800,
    PartyType.COMPANY: 750,
    PartyType.VESSEL: 750,
    PartyType.AIRCRAFT: 750,
    PartyType.UNKNOWN: 750,
}
"""Tenths of a point from which Compliance looks (screening.md 8)."""

BLOCK_FROM = 920
"""Tenths of a point from which a strong, corroborated name blocks. Rule SCR-4."""

NAME_COUNTS_FROM = 650
"""Evidence lifts no name below this into a review."""

ALARM_AFTER = timedelta(hours=24)
REVIEW_AFTER = timedelta(hours=48)
"""Ages of a list at which we are alarmed, and at which nothing is clear. Rule SCR-2."""


@dataclass(frozen=True, slots=True)
class ListPolicy:
    """What a hit on a list can lead to at worst, what the reviewer is told, and where it is."""

    worst: Outcome
    told: str
    source: str = ""


_SDN = "https://sanctionslist.ofac.treas.gov/Home/SdnList"
_NON_SDN = "https://sanctionslist.ofac.treas.gov/Home/ConsolidatedList"
_BIS = "https://www.bis.doc.gov/index.php/policy-guidance/lists-of-parties-of-concern"
_UN = "https://main.un.org/securitycouncil/en/content/un-sc-consolidated-list"
_ISN = (
    "https://www.state.gov/key-topics-bureau-of-international-security-and-nonproliferation"
    "/nonproliferation-sanctions/"
)

POLICY: Mapping[str, ListPolicy] = {
    "SDN": ListPolicy(
        Outcome.BLOCK, "Blocked persons; companies they own by half count as well.", _SDN
    ),
    "DPL": ListPolicy(
        Outcome.BLOCK, "Denied persons; look at the order and its expiry date.", _BIS
    ),
    "EL": ListPolicy(
        Outcome.REVIEW, "Entity List; look at the licence requirement of the row.", _BIS
    ),
    "MEU": ListPolicy(Outcome.REVIEW, "Military end users; a licence is needed.", _BIS),
    "UVL": ListPolicy(
        Outcome.REVIEW, "Unverified List; no licence exceptions, a statement needed.", _BIS
    ),
    "FSE": ListPolicy(
        Outcome.REVIEW, "Foreign sanctions evaders; a limited prohibition.", _NON_SDN
    ),
    "SSI": ListPolicy(
        Outcome.REVIEW, "Sectoral sanctions; a limited prohibition by directive.", _NON_SDN
    ),
    "CAP": ListPolicy(Outcome.REVIEW, "Correspondent accounts; a limited prohibition.", _NON_SDN),
    "MBS": ListPolicy(Outcome.REVIEW, "Menu-based sanctions; look which of them.", _NON_SDN),
    "PLC": ListPolicy(
        Outcome.REVIEW, "Palestinian Legislative Council; a limited prohibition.", _NON_SDN
    ),
    "CMIC": ListPolicy(
        Outcome.REVIEW, "Chinese military-industrial companies; securities only.", _NON_SDN
    ),
    "DTC": ListPolicy(
        Outcome.REVIEW, "Debarred under ITAR; look at the scope.", "https://www.pmddtc.state.gov/"
    ),
    "ISN": ListPolicy(Outcome.REVIEW, "Non-proliferation sanctions; look at the scope.", _ISN),
    "UN": ListPolicy(Outcome.REVIEW, "United Nations Security Council.", _UN),
}
"""What we do about each list (screening.md 4); a list not named here is reviewed."""

UNLISTED = ListPolicy(Outcome.REVIEW, "A list without a policy of its own.")


@dataclass(frozen=True, slots=True)
class ListAge:
    """One list in use: how it is cited, and when it was last confirmed to be current."""

    code: str
    cited: str
    checked_at: datetime
    may_be_old: bool = False
    """Whether its age is accepted, as that of the demo's snapshot is."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of one screening and the two questions asked of them."""

    ages: Sequence[ListAge]
    engine: str
    index: str
    """The name of the index in which they are searched."""

    sha256: str
    search: Callable[[Party], Found]
    explained: Callable[[Match, Found], tuple[str, ...]]
    listed: Callable[[Match], Entity]


@dataclass(frozen=True, slots=True)
class NoLists:
    """There is nothing to search in, and why."""

    why: str


def basis_of(
    parties: Sequence[Party],
    lists: Lists | NoLists,
    *,
    on: date,
    rules: Sequence[EmbargoRule] | None = None,
) -> Basis:
    """Return what a screening rests on, as its record keeps it. Rule SCR-8."""
    book = shipped() if rules is None else rules
    in_force = [asdict(each) for each in book if each.is_in_force(on)]
    days = [
        {key: day.isoformat() if isinstance(day, date) else day for key, day in row.items()}
        for row in in_force
    ]
    return Basis(
        index=lists.index if isinstance(lists, Lists) else "",
        sha256=lists.sha256 if isinstance(lists, Lists) else "",
        rules=digest(canonical(days)),
        thresholds=(
            *(f"REVIEW {kind} from {limit / 10:g}" for kind, limit in REVIEW_FROM.items()),
            f"BLOCK from {BLOCK_FROM / 10:g}",
        ),
        confirmed=tuple(
            Confirmed(each.code, each.cited, each.checked_at, each.may_be_old)
            for each in (lists.ages if isinstance(lists, Lists) else ())
        ),
        without=lists.why if isinstance(lists, NoLists) else "",
        names=tuple(
            " ".join(taken_apart(each.name, person=each.type is PartyType.PERSON).words)
            for each in parties
        ),
    )


@dataclass(frozen=True, slots=True)
class _Finding:
    outcome: Outcome
    rule: str
    reason: str


def judged(
    parties: Sequence[Party],
    lists: Lists | NoLists,
    *,
    on: date,
    at: datetime,
    rules: Sequence[EmbargoRule] | None = None,
) -> Verdict:
    """
    Return the worst finding over all parties, and every other one with it.

    Embargo rules run first and names always run too, so that the record is
    complete. Without lists nothing is clear. Rules SCR-1, SCR-2, SCR-4.
    """
    found = [
        _Finding(each.outcome, each.rule, each.reason)
        for party in parties
        for each in findings(party, on, rules)
    ]
    hits: list[Hit] = []
    if not parties:
        found.append(_Finding(Outcome.REVIEW, "SCR-2", "Nobody was named to be screened."))
    if isinstance(lists, NoLists):
        found.append(_Finding(Outcome.REVIEW, "SCR-2", lists.why))
    else:
        for party in parties:
            names, theirs = _names(party, lists, on)
            found.extend(names)
            hits.extend(theirs)
        found.extend(_stale(lists.ages, at))
    outcome = worst(each.outcome for each in found)
    found.sort(key=lambda it: it.outcome is not outcome)
    return Verdict(
        outcome=outcome,
        reasons=tuple(dict.fromkeys(each.reason for each in found)),
        rules=tuple(dict.fromkeys(each.rule for each in found)),
        hits=tuple(sorted(hits, key=lambda it: (-it.score, it.list_code, it.entity))),
        lists=() if isinstance(lists, NoLists) else tuple(each.cited for each in lists.ages),
        engine="" if isinstance(lists, NoLists) else lists.engine,
    )


def _names(party: Party, lists: Lists, on: date) -> tuple[list[_Finding], list[Hit]]:
    answer = lists.search(party)
    found = [_Finding(Outcome.REVIEW, "SCR-2", note) for note in answer.notes]
    hits = []
    for match in answer.matches:
        outcome = outcome_of(match, party)
        if outcome is Outcome.CLEAR and not _is_worth_showing(match, party):
            continue
        entity = lists.listed(match)
        told = _told(entity, on)
        if outcome is not Outcome.CLEAR:
            if is_expired(entity, on):
                outcome = Outcome.REVIEW
            found.append(_Finding(outcome, "SCR-4", _sentence(match, party, outcome, told)))
        hits.append(_hit(match, entity, told, lists.explained(match, answer)))
    return found, hits


def is_expired(entity: Entity, on: date) -> bool:
    """Test whether an entry has ended; its last day still counts (screening.md 4)."""
    return bool(entity.effective_to) and entity.effective_to < on.isoformat()


def _told(entity: Entity, on: date) -> str:
    ended = f"It expired on {entity.effective_to}." if is_expired(entity, on) else ""
    told = POLICY.get(entity.list_code, UNLISTED).told
    return " ".join(part for part in (told, ended, entity.notice) if part)


def outcome_of(match: Match, party: Party) -> Outcome:
    """
    Return what one match leads to by itself. Rule SCR-4.

    A weak alias opens a case only with corroboration, and evidence lifts no name
    into a review that is too unlike; an equal identifier does.
    """
    is_corroborated = any(map(corroborates, match.facts))
    same_identifier = any(map(is_the_same_identifier, match.facts))
    if match.score < REVIEW_FROM[party.type] or (match.is_weak and not is_corroborated):
        return Outcome.CLEAR
    if match.name_score < NAME_COUNTS_FROM and not same_identifier:
        return Outcome.CLEAR
    if _may_block(match, is_corroborated=is_corroborated):
        return worst([Outcome.REVIEW, POLICY.get(match.list_code, UNLISTED).worst])
    return Outcome.REVIEW


def _may_block(match: Match, *, is_corroborated: bool) -> bool:
    type_agrees = any(each.kind == "type" and each.points == 0 for each in match.facts)
    return (
        match.score >= BLOCK_FROM
        and match.name_score >= BLOCK_FROM
        and not match.is_weak
        and (is_corroborated or (match.is_exact and type_agrees))
        and not any(each.points < 0 for each in match.facts)
    )


def _is_worth_showing(match: Match, party: Party) -> bool:
    """Test whether Compliance should see a match that opens no case: a weak alias that fits."""
    return match.is_weak and match.score >= REVIEW_FROM[party.type]


def _sentence(match: Match, party: Party, outcome: Outcome, told: str) -> str:
    limit = REVIEW_FROM[party.type] if outcome is Outcome.REVIEW else BLOCK_FROM
    return (
        f"{party.name!r} resembles {match.name!r} ({match.kind} name of {match.list_code} "
        f"{match.entity}): {match.score / 10:g} of 100, {outcome} from {limit / 10:g}. {told}"
    )


def _hit(match: Match, entity: Entity, told: str, explanation: tuple[str, ...]) -> Hit:
    return Hit(
        entity=match.entity,
        list_code=match.list_code,
        score=match.score,
        name=match.name,
        name_kind=match.kind,
        programmes=entity.programmes,
        entity_hash=entity.fingerprint(),
        explanation=explanation,
        effective_from=entity.effective_from,
        effective_to=entity.effective_to,
        told=told,
        source=POLICY.get(match.list_code, UNLISTED).source,
    )


def _stale(ages: Sequence[ListAge], at: datetime) -> Iterator[_Finding]:
    if not ages:
        yield _Finding(Outcome.REVIEW, "SCR-2", "No list is loaded.")
    for each in ages:
        if not each.may_be_old and at - each.checked_at > REVIEW_AFTER:
            when = f"{each.checked_at:%Y-%m-%d %H:%M} UTC"
            yield _Finding(Outcome.REVIEW, "SCR-2", f"List {each.code} not confirmed since {when}.")
