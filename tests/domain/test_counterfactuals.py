"""What would change a verdict: whoever makes the promised change gets the promised outcome."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerdesk.domain.counterfactuals import STAND_INS, corrected, explained
from partnerdesk.domain.embargo import Action, EmbargoRule, shipped
from partnerdesk.domain.judgement import ListAge, Lists, NoLists
from partnerdesk.domain.screening import Address, Fact, Outcome, Party, PartyType
from tests.listed import matcher

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SEARCH = matcher()
LISTS = Lists(
    ages=[ListAge("SDN", "SDN 2024-05-03 sha256:00", NOW)],
    engine="1",
    index="screen-00.idx",
    sha256="00",
    search=SEARCH.search,
    explained=SEARCH.explained,
    listed=SEARCH.entity,
)


def asked(*parties, lists=LISTS, rules=None):
    return explained(parties, lists, on=NOW.date(), at=NOW, rules=rules)


def sentences(*parties, **known):
    return [each.sentence for each in asked(*parties, **known).counterfactuals]


def person(name, country="", **known):
    places = (Address(country=country),) if country else ()
    return Party(name, PartyType.PERSON, places, **known)


def company(name, **address):
    return Party(name, PartyType.COMPANY, (Address(**address),))


def test_a_clear_verdict_needs_no_explanation():
    assert sentences(company("Northwind Orchard Systems", country="DE")) == []


def test_an_embargoed_country_is_told_with_all_that_would_not_help():
    found = sentences(company("Northwind Orchard", country="IR"))
    assert found[0] == (
        "Would be CLEAR if the country of 'Northwind Orchard' were not IR, BY, CU, KP, RU or SY."
    )


def test_a_place_in_an_embargoed_region_is_told_by_its_address():
    found = sentences(company("Northwind Orchard", country="UA", city="Simferopol"))
    assert "Would be CLEAR if address 1 of 'Northwind Orchard' said only UA." in found


def test_the_nearest_birth_year_is_told():
    found = sentences(person("Vladimir Putin", birth_date="1990"))
    assert "Would be BLOCK if the birth year of 'Vladimir Putin' were 1953." in found
    assert not any("CLEAR if the birth year" in each for each in found)


def test_the_birth_year_nearest_to_the_listed_one_is_told_where_none_is_stated():
    found = sentences(person("Wladimir Putin"))
    assert "Would be BLOCK if the birth year of 'Wladimir Putin' were 1952." in found


def test_the_type_and_the_country_are_told_for_a_name():
    found = sentences(person("Wladimir Putin"))
    assert "Would be BLOCK if the country of 'Wladimir Putin' were RU." in found


def test_an_identifier_is_told_as_stated_and_as_missing():
    stated = person("John Smith", identifiers=("Passport PB1642995",))
    assert (
        "Would be CLEAR if the identifier Passport PB1642995 of 'John Smith' were not stated."
        in sentences(stated)
    )
    found = sentences(person("Daniel Joseph Kinnahan"))
    assert (
        "Would be BLOCK if 'Daniel Joseph Kinnahan' had the identifier Passport PB1642995 (IE)."
        in found
    )


def test_a_country_that_is_not_stated_may_clear():
    bank = Party("Bank Melli", PartyType.COMPANY)
    for each in asked(bank).counterfactuals:
        if each.fact is Fact.COUNTRY:
            assert "known and not" in each.sentence or "were " in each.sentence


def test_a_nationality_can_be_what_decides():
    found = sentences(person("Harriet Lindqvist", "DE", nationality="CU"))
    assert any("CLEAR if the nationality of 'Harriet Lindqvist' were not CU" in it for it in found)


def test_nothing_is_promised_where_every_country_has_a_rule():
    rules = [
        EmbargoRule(each, each, each, Action.REVIEW, date(2020, 1, 1), None, "", "")
        for each in STAND_INS
    ]
    found = asked(company("Acme", country="CH"), rules=rules)
    assert {each.fact for each in found.counterfactuals} == {Fact.ADDRESS}


def test_a_stale_list_cannot_be_corrected_by_a_fact():
    old = replace(LISTS, ages=[replace(LISTS.ages[0], checked_at=NOW - timedelta(days=3))])
    assert sentences(company("Northwind Orchard", country="DE"), lists=old) == []


def test_without_lists_an_embargo_is_explained_all_the_same():
    nothing = NoLists("No restricted-party list is loaded.")
    found = asked(company("Acme", country="IR"), lists=nothing).counterfactuals
    assert {each.outcome for each in found} == {Outcome.REVIEW}


def test_the_facts_of_every_party_are_tried():
    found = asked(company("Acme", country="IR"), person("Vladimir Putin", "DE"))
    assert {each.party for each in found.counterfactuals} <= {0, 1}
    two = asked(company("Acme", country="DE"), person("Wladimir Putin", "CH"))
    assert {each.party for each in two.counterfactuals} == {1}


parties = st.builds(
    Party,
    name=st.sampled_from(
        ["Vladimir Putin", "Wladimir Putin", "Bank Melli", "Sberbank of Russa", "Daniel Kinahan",
         "Christopher O'Brien", "Aerocaribbean", "Habib Shahsavari", "Northwind Orchard", "BNC"]
    ),
    type=st.sampled_from(PartyType),
    addresses=st.lists(
        st.builds(
            Address,
            country=st.sampled_from(["", "IR", "UA", "DE", "RU", "IE", "CH", "Korea"]),
            city=st.sampled_from(["", "Simferopol", "Dublin", "Yalta"]),
        ),
        max_size=2,
    ).map(tuple),
    nationality=st.sampled_from(["", "CU", "RU"]),
    birth_date=st.sampled_from(["", "1952-10-07", "1990", "1964"]),
    identifiers=st.sampled_from([(), ("Passport PB1642995",), ("Passport X1 (IE)", "Y2")]),
)  # fmt: skip


@pytest.mark.parametrize("count", [1, 2])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_making_the_change_gives_the_promised_outcome(count, data):
    """screening.md 10: counterfactuals are computed, and hold."""
    screened = tuple(data.draw(st.lists(parties, min_size=count, max_size=count)))
    verdict = asked(*screened)
    for each in verdict.counterfactuals:
        assert each.outcome is not verdict.outcome
        assert asked(*corrected(screened, each)).outcome is each.outcome
        for value in each.unless:
            other = corrected(screened, replace(each, value=value))
            assert asked(*other).outcome is not each.outcome


def test_the_rules_of_the_day_are_those_that_ship_with_the_desk():
    acme = company("Acme", country="IR")
    assert sentences(acme) == sentences(acme, rules=shipped())
