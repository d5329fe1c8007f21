"""Embargo rules by place and date, with every trap of screening.md section 3."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.embargo import (
    Action,
    EmbargoRule,
    countries_with_regions,
    embargoed,
    findings,
    outcome_of,
    shipped,
)
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType
from partnerdesk.domain.tables import rows

TODAY = date(2026, 11, 25)


def at(name="Acme GmbH", party_type=PartyType.COMPANY, **place):
    return Party(name, party_type, (Address(**place),))


def outcome(party, on=TODAY):
    return outcome_of(findings(party, on))


def rules_of(party, on=TODAY):
    return {each.rule for each in findings(party, on)}


@pytest.mark.parametrize("country", ["CU", "IR", "KP", "ir", "Iran", "Korea, North"])
def test_an_embargoed_country_is_blocked_however_it_is_written(country):
    assert outcome(at(country=country)) is Outcome.BLOCK


@pytest.mark.parametrize("country", ["RU", "BY", "SY", "Russia", "Россия"])
def test_a_restricted_country_is_reviewed(country):
    assert outcome(at(country=country)) is Outcome.REVIEW


@pytest.mark.parametrize("country", ["DE", "US", "MM", "Burma", "IQ", "UA", "VE", ""])
def test_other_countries_are_clear(country):
    assert outcome(at(country=country)) is Outcome.CLEAR


@pytest.mark.parametrize(
    ("scope", "place"),
    [
        ("UA-43", {"country": "UA", "region": "UA-43"}),
        ("UA-43", {"country": "UA", "region": "43"}),
        ("UA-43", {"country": "RU", "region": "RU-CR"}),
        ("UA-43", {"country": "RU", "region": "RU-KRY"}),
        ("UA-40", {"country": "RU", "region": "RU-SEV"}),
        ("UA-43", {"country": "Region: Crimea"}),
        ("UA-43", {"country": "UA", "city": "Simferopol"}),
        ("UA-43", {"country": "RU", "city": "Симферополь"}),
        ("UA-43", {"country": "", "city": "Сімферополь"}),
        ("UA-43", {"country": "UA", "city": "Simferopl"}),
        ("UA-43", {"country": "UA", "city": "Ялта"}),
        ("UA-43", {"country": "UA", "region": "Автономна Республіка Крим", "city": "Судак"}),
        ("UA-43", {"country": "UA", "postcode": "95000"}),
        ("UA-43", {"country": "RU", "postcode": "298 999"}),
        ("UA-43", {"country": "UA", "postcode": "295011"}),
        ("UA-43", {"country": "", "postcode": "295011"}),
        ("UA-40", {"country": "RU", "postcode": "299011"}),
        ("UA-40", {"country": "UA", "city": "Sevastopol"}),
        ("UA-40", {"country": "RU", "city": "Инкерман"}),
        ("UA-43", {"country": "UA", "street": "12 Lenina St, Simferopol, 295000"}),
        ("UA-14-DNR", {"country": "UA", "city": "Donetsk"}),
        ("UA-14-DNR", {"country": "UA", "city": "Донецьк"}),
        ("UA-14-DNR", {"country": "RU", "region": "DNR", "city": "Donetsk"}),
        ("UA-14-DNR", {"country": "UA", "city": "Mariupol"}),
        ("UA-14-DNR", {"country": "UA", "postcode": "83001"}),
        ("UA-14-DNR", {"country": "RU", "postcode": "283001"}),
        ("UA-09-LNR", {"country": "UA", "city": "Луганськ"}),
        ("UA-09-LNR", {"country": "UA", "city": "Alchevsk"}),
        ("UA-09-LNR", {"country": "RU", "postcode": "291000"}),
    ],
)
def test_an_embargoed_region_is_found_by_code_name_and_postcode(scope, place):
    assert outcome(at(**place)) is Outcome.BLOCK
    assert scope in rules_of(at(**place))


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("UA-14", {"country": "UA", "city": "Kramatorsk"}),
        ("UA-14", {"country": "UA", "region": "UA-14"}),
        ("UA-14", {"country": "UA", "region": "Donetsk", "city": "Kramatorsk"}),
        ("UA-14", {"country": "UA", "postcode": "84300"}),
        ("UA-09", {"country": "UA", "region": "Luhansk oblast"}),
        ("UA-65", {"country": "UA", "city": "Kherson"}),
        ("UA-65", {"country": "RU", "postcode": "273000"}),
        ("UA-23", {"country": "UA", "city": "Melitopol"}),
    ],
)
def test_the_rest_of_a_contested_region_is_reviewed(rule, place):
    assert outcome(at(**place)) is Outcome.REVIEW
    assert rule in rules_of(at(**place))


@pytest.mark.parametrize(
    "place",
    [
        {"country": "US", "region": "NM", "city": "Albuquerque", "postcode": "87101"},
        {"country": "US", "region": "CA", "city": "Cupertino", "postcode": "95014-1234"},
        {"country": "US", "region": "WA", "city": "Seattle", "postcode": "98101"},
        {"country": "IN", "city": "Jhansi", "postcode": "284001"},
        {"country": "US", "region": "CA", "city": "Sebastopol", "postcode": "95472"},
        {"country": "US", "city": "Sebastopol, California"},
        {"country": "GB", "city": "London", "street": "12 Crimea Street"},
        {"country": "GB", "city": "London", "street": "Crimea Street, London"},
        {"country": "", "street": "12 Crimea Street, London"},
        {"country": "US", "region": "MO", "city": "Cuba", "street": "2 Main St"},
        {"country": "US", "city": "Cuba, Missouri"},
        {"country": "US", "city": "Cuba", "street": "2 Main St"},
        {"country": "KR", "city": "Seoul"},
        {"country": "Korea, Republic of"},
        {"country": "UA", "city": "Pervomaisk", "postcode": "55200"},
        {"country": "UA", "city": "Kyiv", "region": "UA-30", "postcode": "01001"},
        {"country": "UA", "city": "Chornomorsk"},
        {"country": "", "city": "Bryansk"},
        {"country": "KZ", "city": "Yalta"},
        {"country": "AU", "city": "Balaklava"},
        {"country": "UA", "city": "Kyiv", "street": "Donetsk Street 5"},
    ],
)
def test_places_that_only_look_alike_are_clear(place):
    assert findings(at(**place), TODAY) == ()


@pytest.mark.parametrize("city", ["Donetsk", "Донецк"])
def test_donetsk_in_rostov_oblast_is_only_russia(city):
    party = at(country="RU", city=city, postcode="346330")
    assert rules_of(party) == {"RU"}
    assert outcome(party) is Outcome.REVIEW


@pytest.mark.parametrize("city", ["Sverdlovsk", "Pervomaisk", "Belogorsk", "Rovenki"])
def test_a_name_that_russia_has_as_well_is_a_doubt(city):
    assert outcome(at(country="RU", city=city)) is Outcome.REVIEW
    assert outcome(at(country="", city=city)) is Outcome.REVIEW


def test_a_doubt_is_named():
    reasons = [each.reason for each in findings(at(country="UA", city="Pervomaisk"), TODAY)]
    assert any("also the name of another place" in reason for reason in reasons)


def test_korea_alone_is_reviewed():
    assert outcome(at(country="Korea")) is Outcome.REVIEW
    assert rules_of(at(country="Korea")) == {"KP"}


def test_a_country_nobody_knows_is_reviewed():
    assert outcome(at(country="Atlantis")) is Outcome.REVIEW


def test_a_crimean_town_under_a_far_country_is_a_doubt():
    assert outcome(at(country="DE", city="Simferopol")) is Outcome.REVIEW


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"street": "5 Azadi Square, Tehran, Iran"}, Outcome.BLOCK),
        ({"country": "DE", "street": "5 Azadi Square, Tehran, Iran"}, Outcome.REVIEW),
        ({"city": "Cuba"}, Outcome.REVIEW),
        ({"street": "Office 4, Greater Simferopol"}, Outcome.REVIEW),
        ({"country": "IR", "street": "5 Azadi Square, Tehran, Iran"}, Outcome.BLOCK),
        ({"country": "UA", "region": "UA-40", "city": "Sevastopol"}, Outcome.BLOCK),
    ],
)
def test_the_address_itself_may_give_the_place_away(place, expected):
    assert outcome(at(**place)) is expected


def test_syria_is_judged_by_the_rule_of_the_day_both_ends_included():
    party = at(country="SY")
    assert outcome(party, date(2025, 6, 30)) is Outcome.BLOCK
    assert outcome(party, date(2025, 7, 1)) is Outcome.REVIEW
    assert outcome(party, date(2011, 8, 18)) is Outcome.BLOCK
    assert outcome(party, date(2011, 8, 17)) is Outcome.CLEAR


def test_crimea_opens_the_day_before_its_order():
    assert outcome(at(country="UA", city="Simferopol"), date(2014, 12, 18)) is Outcome.CLEAR


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ministerio del Poder Popular", Outcome.REVIEW),
        ("Petróleos de Venezuela, S.A.", Outcome.REVIEW),
        ("Panadería La Central", Outcome.CLEAR),
    ],
)
def test_only_public_bodies_of_venezuela_are_reviewed(name, expected):
    assert outcome(at(name, country="VE")) is expected


def test_a_person_is_no_public_body():
    assert outcome(at("Police Ministerio", PartyType.PERSON, country="VE")) is Outcome.CLEAR


def test_residence_decides_but_cuban_nationality_is_looked_at():
    here = Address(country="ES")
    cuban = Party("Ana Ruiz", PartyType.PERSON, (here,), nationality="CU")
    iranian = Party("Reza Amini", PartyType.PERSON, (here,), nationality="IR")
    assert outcome(cuban) is Outcome.REVIEW
    assert outcome(iranian) is Outcome.CLEAR


@pytest.mark.parametrize(
    ("domain", "country", "expected"),
    [
        ("acme.ir", "DE", Outcome.REVIEW),
        ("acme.cu", "", Outcome.REVIEW),
        ("acme.sy", "SY", Outcome.REVIEW),
        ("acme.de", "DE", Outcome.CLEAR),
    ],
)
def test_a_mail_domain_is_a_hint_where_it_contradicts_the_country(domain, country, expected):
    party = Party("Acme", PartyType.COMPANY, (Address(country=country),), email_domain=domain)
    assert outcome(party) is expected


def test_a_domain_agreeing_with_the_country_adds_nothing():
    party = Party("Acme", PartyType.COMPANY, (Address(country="SY"),), email_domain="acme.sy")
    assert len(findings(party, TODAY)) == 1


def test_every_address_is_tested():
    party = Party("Acme", PartyType.COMPANY, (Address(country="DE"), Address(country="IR")))
    assert outcome(party) is Outcome.BLOCK


def test_forms_ask_for_a_region_where_regions_are_embargoed():
    assert countries_with_regions(TODAY) == {"UA", "RU"}
    assert countries_with_regions(date(2010, 1, 1)) == frozenset()


@pytest.mark.parametrize(
    ("country", "closed"), [("IR", True), ("Iran", True), ("SY", False), ("RU", False), ("", False)]
)
def test_the_in_product_trial_asks_for_whole_countries(country, closed):
    assert embargoed(country, TODAY) is closed


def test_our_own_rules_take_the_place_of_the_shipped_ones():
    rule = EmbargoRule("X", "RU", "Russia", Action.BLOCK, TODAY, None, "company policy", "")
    assert outcome_of(findings(at(country="RU"), TODAY, [rule])) is Outcome.BLOCK
    assert findings(at(country="IR"), TODAY, [rule]) == ()
    assert embargoed("RU", TODAY, [rule])


def test_shipped_rules_are_dated_and_name_their_authority():
    assert len(shipped()) == 33
    assert all(each.authority for each in shipped())
    assert all(each.effective_to is None or each.effective_from <= each.effective_to
               for each in shipped())  # fmt: skip


def test_every_place_and_postcode_has_a_rule():
    scopes = {each.scope for each in shipped()}
    assert {row["region"] for row in rows("places")} <= scopes
    assert {row["region"] for row in rows("postcodes")} <= scopes


@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_gets_an_answer(country, region, city, street):
    party = at(country=country, region=region, city=city, street=street)
    assert outcome(party) in Outcome


@given(st.sampled_from([row["latin"] for row in rows("places")]))
def test_no_place_of_the_table_is_clear_in_ukraine(name):
    assert outcome(at(country="UA", city=name)) is not Outcome.CLEAR
    assert outcome(at(country="UA", city=f"  {name.upper()} ")) is not Outcome.CLEAR
