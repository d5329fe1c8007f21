"""What would change a verdict: every fact that could be corrected, tried by the engine itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from partnerdesk.domain.embargo import EmbargoRule, shipped
from partnerdesk.domain.judgement import Lists, NoLists, basis_of, judged
from partnerdesk.domain.places import country_of
from partnerdesk.domain.screening import (
    Address,
    Counterfactual,
    Fact,
    Outcome,
    Party,
    PartyType,
    Verdict,
)
from partnerdesk.domain.watchlist import Entity

UNSURE = frozenset({Outcome.REVIEW, Outcome.BLOCK})
"""Outcomes somebody has to explain."""

HITS = 2
"""Entities, the best first, whose birth dates and identifiers are tried."""

BIRTHS = 2
"""Birth dates of each of them."""

YEARS_OFF = (0, 1, 2, 3, 4, 9, 10, 11, 12)
"""Years around a listed birth where its evidence changes, circa or not (screening.md 9)."""

STAND_INS = ("CH", "NZ", "IS", "UY", "JP", "PT", "FJ", "BW", "NO", "CL", "KR", "MT", "NP", "AT")
"""Countries that stand for any other: the first that neither rules nor entries mention."""

Corrections = Mapping[Fact, Callable[[Party, int, str], Party]]


def _at(parts: tuple[str, ...], at: int, value: str) -> tuple[str, ...]:
    return (*parts[:at], *([value] if value else []), *parts[at + 1 :])


def _address(party: Party, at: int, value: str) -> Party:
    kept = (Address(country=value),) if value else ()
    return replace(party, addresses=(*party.addresses[:at], *kept, *party.addresses[at + 1 :]))


def _country(party: Party, at: int, value: str) -> Party:
    old = (*party.addresses, Address())[at]
    new = replace(old, country=value)
    return replace(party, addresses=(*party.addresses[:at], new, *party.addresses[at + 1 :]))


_CORRECTIONS: Corrections = {
    Fact.COUNTRY: _country,
    Fact.NATIONALITY: lambda party, _, value: replace(party, nationality=value),
    Fact.BIRTH_YEAR: lambda party, _, value: replace(party, birth_date=value),
    Fact.TYPE: lambda party, _, value: replace(party, type=PartyType(value)),
    Fact.IDENTIFIER: lambda party, at, value: replace(
        party, identifiers=_at(party.identifiers, at, value)
    ),
    Fact.ADDRESS: _address,
}


def corrected(parties: Sequence[Party], fact: Counterfactual) -> tuple[Party, ...]:
    """Return the parties with one fact stated otherwise."""
    return _corrected(tuple(parties), fact.party, fact.fact, fact.at, fact.value)


def _corrected(
    parties: tuple[Party, ...], which: int, fact: Fact, at: int, value: str
) -> tuple[Party, ...]:
    changed = _CORRECTIONS[fact](parties[which], at, value)
    return (*parties[:which], changed, *parties[which + 1 :])


@dataclass(frozen=True, slots=True)
class _Asked:
    """One fact of one party, with the values to try, the least change first."""

    party: int
    fact: Fact
    at: int
    values: tuple[str, ...]
    says: Callable[[str], str]
    """Return how a value is told, after "if"."""


class _Engine:
    """A screening that can be repeated with other facts."""

    def __init__(
        self,
        parties: tuple[Party, ...],
        lists: Lists | NoLists,
        *,
        on: date,
        at: datetime,
        rules: Sequence[EmbargoRule],
    ) -> None:
        self.parties, self._on, self._at, self._rules = parties, on, at, rules
        self._lists = lists
        if isinstance(lists, Lists):
            self._lists = replace(
                lists, search=cache(lists.search), explained=lambda _match, _found: ()
            )

    def outcome(self, asked: _Asked, value: str) -> Outcome:
        """Return the outcome with one fact stated otherwise."""
        parties = _corrected(self.parties, asked.party, asked.fact, asked.at, value)
        return judged(parties, self._lists, on=self._on, at=self._at, rules=self._rules).outcome

    def entities(self, party: Party) -> list[Entity]:
        """Return the listed entities that a party resembles, best first."""
        if isinstance(self._lists, NoLists):
            return []
        return [self._lists.listed(match) for match in self._lists.search(party).matches]

    def ruled(self) -> frozenset[str]:
        """Return the countries that a rule in force speaks of."""
        return frozenset(each.scope[:2] for each in self._rules if each.is_in_force(self._on))


def explained(
    parties: Sequence[Party],
    lists: Lists | NoLists,
    *,
    on: date,
    at: datetime,
    rules: Sequence[EmbargoRule] | None = None,
) -> Verdict:
    """
    Return what a screening finds, what it rests on, and, unless it is clear, what would change it.

    Each fact is tried alone, and the least change that leads to another outcome
    is told (screening.md 10). Whoever makes the change gets that outcome.
    """
    verdict = judged(parties, lists, on=on, at=at, rules=rules)
    verdict = replace(verdict, basis=basis_of(parties, lists, on=on, rules=rules))
    if verdict.outcome not in UNSURE:
        return verdict
    book = shipped() if rules is None else rules
    engine = _Engine(tuple(parties), lists, on=on, at=at, rules=book)
    found = [
        each
        for which, party in enumerate(engine.parties)
        for each in _of_party(engine, verdict.outcome, which, party)
    ]
    return replace(verdict, counterfactuals=tuple(found))


def _of_party(engine: _Engine, now: Outcome, which: int, party: Party) -> Iterator[Counterfactual]:
    entities = engine.entities(party)
    for at in range(max(1, len(party.addresses))):
        stated = country_of(party.addresses[at].country) if party.addresses else ""
        yield from _elsewhere(engine, now, _Place(which, Fact.COUNTRY, at, stated), entities)
    if party.nationality:
        stated = country_of(party.nationality)
        yield from _elsewhere(engine, now, _Place(which, Fact.NATIONALITY, 0, stated), entities)
    for asked in _others(which, party, entities[:HITS]):
        yield from _first_of_each(engine, now, asked)


@dataclass(frozen=True, slots=True)
class _Place:
    """A country of one party, and how it is stated."""

    party: int
    fact: Fact
    at: int
    stated: str


def _elsewhere(
    engine: _Engine, now: Outcome, place: _Place, entities: Sequence[Entity]
) -> Iterator[Counterfactual]:
    """Yield what another country would change: any but some, then single ones that do more."""
    listed = {code for each in entities for code in each.countries}
    special = engine.ruled() | listed
    stand_in = next((each for each in STAND_INS if each not in special | {place.stated}), "")
    whose = f"the {place.fact} of {engine.parties[place.party].name!r}"
    asked = _Asked(
        place.party,
        place.fact,
        place.at,
        tuple(sorted(listed - {place.stated})),
        lambda value: f"{whose} were {value}",
    )
    outcome = engine.outcome(asked, stand_in) if stand_in else now
    if outcome is not now:
        others = sorted(special - {place.stated})
        failing = [each for each in others if engine.outcome(asked, each) is not outcome]
        unless = tuple(([place.stated] if place.stated else []) + failing)
        told = (
            f"known and not {_or(unless)}" if unless and not place.stated else f"not {_or(unless)}"
        )
        says = f"{whose} were {told if unless else stand_in}"
        yield _told(asked, stand_in, outcome, says, unless)
    for each in _first_of_each(engine, now, asked):
        if each.outcome is not outcome:
            yield each


def _or(values: Sequence[str]) -> str:
    return " or ".join(part for part in (", ".join(values[:-1]), values[-1]) if part)


def _others(which: int, party: Party, entities: Sequence[Entity]) -> Iterator[_Asked]:
    """Yield the facts with single values to try: birth year, type, identifiers, addresses."""
    whose = repr(party.name)
    if party.type in {PartyType.PERSON, PartyType.UNKNOWN}:
        years = _years(party.birth_date[:4], entities)
        yield _Asked(
            which, Fact.BIRTH_YEAR, 0, years, lambda it: f"the birth year of {whose} were {it}"
        )
    types = tuple(each for each in PartyType if each is not party.type)
    yield _Asked(which, Fact.TYPE, 0, types, lambda it: f"the type of {whose} were {it}")
    for at, stated in enumerate(party.identifiers):
        yield _Asked(which, Fact.IDENTIFIER, at, ("",), _dropped(whose, stated))
    theirs = tuple(dict.fromkeys(each.identifiers[0] for each in entities if each.identifiers))
    new = tuple(each for each in theirs if each not in party.identifiers)
    yield _Asked(
        which,
        Fact.IDENTIFIER,
        len(party.identifiers),
        new,
        lambda it: f"{whose} had the identifier {it}",
    )
    for at, address in enumerate(party.addresses):
        yield _Asked(which, Fact.ADDRESS, at, _less(address), _less_said(whose, at))


def _dropped(whose: str, identifier: str) -> Callable[[str], str]:
    return lambda _: f"the identifier {identifier} of {whose} were not stated"


def _less(address: Address) -> tuple[str, ...]:
    """Return what an address is tried with: its country alone, and nothing."""
    alone = Address(country=address.country)
    return ("",) if address == alone or not address.country else (address.country, "")


def _less_said(whose: str, at: int) -> Callable[[str], str]:
    which = f"address {at + 1} of {whose}"
    return lambda value: f"{which} said only {value}" if value else f"{which} were not stated"


def _years(stated: str, entities: Sequence[Entity]) -> tuple[str, ...]:
    """Return the years to try, the nearest to the stated one first, or to a listed birth."""
    listed = [
        int(born.removeprefix("circa ")[:4])
        for each in entities
        for born in each.birth_dates[:BIRTHS]
    ]
    tried = {
        year + sign * off: off for year in listed for off in reversed(YEARS_OFF) for sign in (1, -1)
    }
    tried.pop(int(stated) if stated.isdigit() else 0, None)
    near = int(stated) if stated.isdigit() else None
    ranked = sorted(tried, key=lambda it: (tried[it] if near is None else abs(it - near), it))
    return tuple(map(str, ranked))


def _first_of_each(engine: _Engine, now: Outcome, asked: _Asked) -> Iterator[Counterfactual]:
    """Yield the least change to each other outcome."""
    seen = {now}
    for value in asked.values:
        outcome = engine.outcome(asked, value)
        if outcome not in seen:
            seen.add(outcome)
            yield _told(asked, value, outcome, asked.says(value), ())
        if len(seen) > len(UNSURE):
            return


def _told(
    asked: _Asked, value: str, outcome: Outcome, says: str, unless: tuple[str, ...]
) -> Counterfactual:
    return Counterfactual(
        party=asked.party,
        fact=asked.fact,
        at=asked.at,
        value=value,
        outcome=outcome,
        unless=unless,
        sentence=f"Would be {outcome} if {says}.",
    )
