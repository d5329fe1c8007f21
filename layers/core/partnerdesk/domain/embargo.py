"""Which places we may not serve on a given day, and what makes us think an address is there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from partnerdesk.domain.places import Sighting, country_of, sightings, words_of
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType, worst
from partnerdesk.domain.tables import rows

NATIONALITIES_TO_REVIEW = {"CU": "CU"}
"""Nationalities that are looked at wherever the person lives, with the rule they come from."""


class Action(StrEnum):
    """What an embargo rule does with a party in its place."""

    BLOCK = "BLOCK"
    REVIEW = "REVIEW"
    REVIEW_GOVERNMENT = "REVIEW_GOVERNMENT"
    """Only public bodies and state-owned companies."""

    NONE = "NONE"
    """The country was considered; names decide."""


_RANK = tuple(reversed(Action))


@dataclass(frozen=True, slots=True)
class EmbargoRule:
    """One dated row; rows are closed and added, never edited. Rule SCR-3."""

    rule: str
    scope: str
    name: str
    action: Action
    effective_from: date
    effective_to: date | None
    authority: str
    source: str

    def is_in_force(self, on: date) -> bool:
        """Test whether the rule holds on a day; both of its ends do (screening.md 3)."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an address, nationality or mail domain gives away."""

    outcome: Outcome
    rule: str
    reason: str


@cache
def shipped() -> tuple[EmbargoRule, ...]:
    """Return the rules that come with the desk; Legal confirms them before go-live. Rule SCR-3."""
    return tuple(
        EmbargoRule(
            rule=row["rule"],
            scope=row["scope"],
            name=row["name"],
            action=Action(row["action"]),
            effective_from=date.fromisoformat(row["effective_from"]),
            effective_to=date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
            authority=row["authority"],
            source=row["source"],
        )
        for row in rows("embargo_rules")
    )


def embargoed(country: str, on: date, rules: Iterable[EmbargoRule] | None = None) -> bool:
    """
    Test whether a whole country is closed to us on a day; `country` in any usual spelling.

    The in-product trial answers 451 for it. Rule SCR-3.
    """
    rule = _rule_for(country_of(country), on, shipped() if rules is None else rules)
    return rule is not None and rule.action is Action.BLOCK


def countries_with_regions(on: date, rules: Iterable[EmbargoRule] | None = None) -> frozenset[str]:
    """
    Return the countries in whose addresses embargoed regions are written, as alpha-2.

    Forms ask for state and city there: the region's own country, and any other
    whose postcodes are in use in it. Rule TRIAL-1.
    """
    active = {
        each.scope
        for each in (shipped() if rules is None else rules)
        if "-" in each.scope and each.action is not Action.NONE and each.is_in_force(on)
    }
    written_as = {row["country"] for row in rows("postcodes") if row["region"] in active}
    return frozenset({scope[:2] for scope in active} | written_as)


def findings(
    party: Party, on: date, rules: Iterable[EmbargoRule] | None = None
) -> tuple[Finding, ...]:
    """
    Return everything about a party's places that is embargoed or needs a look.

    Every address is tested, and in each the specific beats the general: area,
    region, country. What is in doubt is REVIEW, naming the doubt. Rules SCR-1, SCR-3.
    """
    book = tuple(shipped() if rules is None else rules)
    found: list[Finding] = []
    for address in party.addresses:
        found.extend(_at(address, party, on, book))
    found.extend(_nationality(party, on, book))
    found.extend(_mail_domain(party, on, book))
    return tuple(dict.fromkeys(found))


def _at(
    address: Address, party: Party, on: date, book: tuple[EmbargoRule, ...]
) -> Iterator[Finding]:
    seen = sightings(address)
    certain = [each for each in seen if not each.doubt]
    for each in _most_specific(certain):
        yield from _applied(each, party, on, book)
    for each in seen:
        if each.doubt:
            yield from _doubted(each, on, book)


def _most_specific(seen: list[Sighting]) -> list[Sighting]:
    """Return the sightings without those that a narrower place inside them replaces."""
    return [
        each
        for each in seen
        if not any(other.scope.startswith((f"{each.scope}-", f"{each.scope}:")) for other in seen)
    ]


def _rule_for(scope: str, on: date, book: Iterable[EmbargoRule]) -> EmbargoRule | None:
    """Return the rule in force for the narrowest place that has one; the gravest of several."""
    active = [each for each in book if each.is_in_force(on)]
    for place in (scope, scope.split(":", maxsplit=1)[0], scope[:2]):
        rules = [each for each in active if each.scope == place]
        if rules:
            return max(rules, key=lambda it: _RANK.index(it.action))
    return None


def _applied(
    seen: Sighting, party: Party, on: date, book: tuple[EmbargoRule, ...]
) -> Iterator[Finding]:
    rule = _rule_for(seen.scope, on, book)
    if rule is None or rule.action is Action.NONE:
        return
    if rule.action is Action.REVIEW_GOVERNMENT:
        words = _government_words(party)
        if words:
            yield Finding(
                Outcome.REVIEW,
                rule.rule,
                f"{rule.name}: {party.name!r} may be a public body ({words}); {rule.authority}.",
            )
        return
    outcome = Outcome.BLOCK if rule.action is Action.BLOCK else Outcome.REVIEW
    what = "is embargoed" if outcome is Outcome.BLOCK else "needs a look"
    yield Finding(
        outcome, rule.rule, f"{rule.name} {what} because of {seen.because}; {rule.authority}."
    )


def _doubted(seen: Sighting, on: date, book: tuple[EmbargoRule, ...]) -> Iterator[Finding]:
    if not seen.scope:
        yield Finding(Outcome.REVIEW, "SCR-2", f"The place is not certain: {seen.doubt}.")
        return
    rule = _rule_for(seen.scope, on, book)
    if rule is not None and rule.action in {Action.BLOCK, Action.REVIEW}:
        yield Finding(
            Outcome.REVIEW,
            rule.rule,
            f"It may be {rule.name} because of {seen.because}, but {seen.doubt}.",
        )


def _government_words(party: Party) -> str:
    if party.type is PartyType.PERSON:
        return ""
    name = f" {' '.join(words_of(party.name))} "
    return next(
        (row["words"] for row in rows("government_words") if f" {row['words']} " in name), ""
    )


def _nationality(party: Party, on: date, book: tuple[EmbargoRule, ...]) -> Iterator[Finding]:
    scope = NATIONALITIES_TO_REVIEW.get(country_of(party.nationality), "")
    rule = _rule_for(scope, on, book) if scope else None
    if rule is not None and rule.action is not Action.NONE:
        yield Finding(
            Outcome.REVIEW,
            rule.rule,
            f"The stated nationality is {party.nationality}; residence decides, Compliance looks.",
        )


def _mail_domain(party: Party, on: date, book: tuple[EmbargoRule, ...]) -> Iterator[Finding]:
    """Yield a hint from the mail domain, where no stated country says the same already."""
    suffix = party.email_domain.rstrip(".").rpartition(".")[2].casefold()
    country = next(
        (row["country"] for row in rows("signal_domains") if row["suffix"] == suffix), ""
    )
    stated = {country_of(address.country) for address in party.addresses}
    rule = _rule_for(country, on, book) if country else None
    if rule is not None and rule.action is not Action.NONE and country not in stated:
        yield Finding(
            Outcome.REVIEW,
            rule.rule,
            f"The mail domain {party.email_domain} points to {rule.name}, the address does not.",
        )


def outcome_of(found: Iterable[Finding]) -> Outcome:
    """Return the gravest outcome of some findings."""
    return worst(each.outcome for each in found)
