"""Verdicts: the worst wins, nothing unsure is clear, and every reason is kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerdesk.domain.judgement import POLICY, ListAge, Lists, NoLists, judged
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType, worst
from tests.listed import matcher

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()
SEARCH = matcher()


def lists(age=timedelta(hours=1), *, may_be_old=False, relisted="", **changed):
    def search(party):
        found = SEARCH.search(party)
        code = relisted or "SDN"
        return replace(found, matches=tuple(replace(m, list_code=code) for m in found.matches))

    return Lists(
        ages=[ListAge("SDN", "SDN 2024-05-03 sha256:00", NOW - age, may_be_old=may_be_old)],
        engine="1",
        index="screen-00.idx",
        sha256="00",
        search=search,
        explained=SEARCH.explained,
        listed=lambda match: replace(
            SEARCH.entity(match), **({"list_code": relisted} if relisted else {}), **changed
        ),
    )


def person(name, country="", **known):
    return Party(name, PartyType.PERSON, (Address(country=country),), **known)


def company(name, country=""):
    return Party(name, PartyType.COMPANY, (Address(country=country),))


def verdict(*parties, known=None, on=TODAY):
    return judged(parties, known or lists(), on=on, at=NOW)


def test_the_worst_outcome_wins():
    assert worst([]) is Outcome.CLEAR
    assert worst([Outcome.CLEAR_BY_OVERRIDE, Outcome.CLEAR]) is Outcome.CLEAR_BY_OVERRIDE
    assert worst([Outcome.REVIEW, Outcome.BLOCK, Outcome.CLEAR]) is Outcome.BLOCK
    assert worst([Outcome.CLEAR_BY_OVERRIDE, Outcome.REVIEW]) is Outcome.REVIEW


def test_a_stranger_is_clear_and_the_lists_are_cited():
    found = verdict(company("Northwind Orchard Systems", "DE"), person("Harriet Lindqvist"))
    assert found.outcome is Outcome.CLEAR
    assert (found.reasons, found.rules, found.hits) == ((), (), ())
    assert found.lists == ("SDN 2024-05-03 sha256:00",)


def test_nobody_to_screen_is_not_clear():
    assert verdict().outcome is Outcome.REVIEW


def test_an_exact_strong_name_of_two_words_blocks():
    """Rule SCR-4: an exact strong name corroborates itself."""
    found = verdict(person("Vladimir Putin"))
    assert found.outcome is Outcome.BLOCK
    assert found.rules == ("SCR-4",)
    assert found.hits[0].entity == "35096"
    assert found.hits[0].entity_hash
    assert found.hits[0].explanation


def test_a_bare_name_that_is_not_exact_never_exceeds_review():
    """Rule SCR-4: a bare name score never exceeds REVIEW."""
    assert verdict(person("Wladimir Putin")).outcome is Outcome.REVIEW


def test_a_near_name_blocks_once_a_second_attribute_corroborates():
    assert verdict(person("Wladimir Putin", birth_date="1952")).outcome is Outcome.BLOCK


def test_anything_that_contradicts_turns_a_block_into_a_review():
    assert verdict(person("Vladimir Putin", birth_date="1990")).outcome is Outcome.REVIEW
    assert verdict(person("Vladimir Putin", gender="female")).outcome is Outcome.REVIEW


def test_a_weak_alias_opens_a_case_only_with_corroboration():
    alone = verdict(person("Christopher O'Brien"))
    assert alone.outcome is Outcome.CLEAR
    dubliner = verdict(person("Christopher O'Brien", "IE"))
    assert dubliner.outcome is Outcome.REVIEW
    assert dubliner.hits[0].name_kind == "weak"


def test_a_weak_alias_that_fits_is_shown_without_a_case():
    found = verdict(company("BNC"))
    assert found.outcome is Outcome.CLEAR
    assert [hit.name for hit in found.hits] == ["BNC"]


def test_an_equal_identifier_is_reviewed_whatever_the_name():
    found = verdict(person("John Smith", identifiers=("Passport PB1642995",)))
    assert found.outcome is Outcome.REVIEW
    assert found.hits[0].score == 1000


@pytest.mark.parametrize("code", [code for code in POLICY if POLICY[code].worst is Outcome.REVIEW])
def test_a_limited_list_never_blocks(code):
    assert verdict(person("Vladimir Putin"), known=lists(relisted=code)).outcome is Outcome.REVIEW


@given(
    name=st.sampled_from(["Vladimir Putin", "Wladimir Puttin", "Habib Shahsavari", "Jane Doe"]),
    country=st.sampled_from(["", "RU", "DE", "IR"]),
    birth=st.sampled_from(["", "1952", "1963", "1990"]),
)
@settings(max_examples=40, deadline=None)
def test_a_stricter_list_policy_never_clears_more(name, country, birth):
    asked = person(name, country, birth_date=birth)
    strict = verdict(asked, known=lists(relisted="SDN")).outcome
    assert worst([strict, verdict(asked, known=lists(relisted="EL")).outcome]) is strict


def test_a_list_without_a_policy_is_reviewed():
    assert verdict(person("Vladimir Putin"), known=lists(relisted="X")).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("last", "outcome"), [("2026-11-25", Outcome.BLOCK), ("2026-11-24", Outcome.REVIEW)]
)
def test_an_expired_order_is_reviewed_and_the_reviewer_is_told(last, outcome):
    """screening.md 4: an expired order of the DPL is REVIEW; its last day still counts."""
    known = lists(relisted="DPL", effective_to=last, notice="Standard order.")
    found = verdict(person("Vladimir Putin"), known=known)
    assert found.outcome is outcome
    assert ("It expired on 2026-11-24." in found.reasons[0]) == (outcome is Outcome.REVIEW)
    hit = found.hits[0]
    assert hit.effective_to == last
    assert hit.told in found.reasons[0]
    assert hit.told.endswith("Standard order.")
    assert hit.source.startswith("https://")


def test_embargo_runs_first_and_names_run_too():
    found = verdict(company("Bank Melli Iran", "IR"))
    assert found.outcome is Outcome.BLOCK
    assert found.rules == ("IR", "SCR-4")


def test_the_reason_that_decides_comes_first():
    found = verdict(person("Ivan Ivanov", "RU"), person("Vladimir Putin"))
    assert "PUTIN" in found.reasons[0]
    assert found.rules == ("SCR-4", "RU")


def test_rules_of_the_day_are_used():
    syrian = company("Acme", "SY")
    assert verdict(syrian, on=date(2025, 6, 30)).outcome is Outcome.BLOCK
    assert verdict(syrian, on=date(2025, 7, 1)).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (timedelta(hours=48), Outcome.CLEAR),
        (timedelta(hours=48, seconds=1), Outcome.REVIEW),
    ],
)
def test_a_stale_list_fails_closed(age, outcome):
    """Rule SCR-2: older than 48 hours is REVIEW."""
    found = verdict(company("Acme", "DE"), known=lists(age))
    assert found.outcome is outcome


def test_a_stale_list_is_named_with_its_last_confirmation():
    found = verdict(company("Acme", "DE"), known=lists(timedelta(days=3)))
    assert found.reasons == ("List SDN not confirmed since 2026-11-22 12:00 UTC.",)
    assert found.rules == ("SCR-2",)


def test_the_age_of_an_accepted_snapshot_does_not_matter():
    known = lists(timedelta(days=900), may_be_old=True)
    assert verdict(company("Acme", "DE"), known=known).outcome is Outcome.CLEAR


def test_without_lists_nothing_is_clear_and_embargoes_still_block():
    nothing = NoLists("No restricted-party list is loaded.")
    assert judged([company("Acme", "DE")], nothing, on=TODAY, at=NOW).outcome is Outcome.REVIEW
    blocked = judged([company("Acme", "IR")], nothing, on=TODAY, at=NOW)
    assert blocked.outcome is Outcome.BLOCK
    assert blocked.reasons[1] == "No restricted-party list is loaded."
    assert blocked.lists == ()


def test_lists_without_any_list_are_not_enough():
    known = replace(lists(), ages=[])
    assert verdict(company("Acme", "DE"), known=known).reasons == ("No list is loaded.",)


def test_look_alike_letters_and_unreadable_names_are_reviewed():
    assert verdict(company("\u0405\u0412\u0415RLAND")).outcome is Outcome.REVIEW
    assert verdict(company("\u2603")).outcome is Outcome.REVIEW


def test_a_fingerprint_changes_with_any_screened_attribute():
    acme = company("Acme", "DE")
    assert acme.fingerprint() == company("Acme", "DE").fingerprint()
    changed = [
        replace(acme, name="Acme 2"),
        replace(acme, type=PartyType.UNKNOWN),
        replace(acme, addresses=()),
        replace(acme, birth_date="1970"),
        replace(acme, identifiers=("1",)),
    ]
    assert len({each.fingerprint() for each in [acme, *changed]}) == 6


def test_evidence_lifts_no_name_that_is_too_unlike_into_a_review():
    weak = replace(lists(), search=lambda party: _with_name_score(party, 640))
    assert verdict(person("Vladimir Puti"), known=weak).outcome is Outcome.CLEAR


def _with_name_score(party, score):
    found = SEARCH.search(party)
    return replace(found, matches=tuple(replace(m, name_score=score) for m in found.matches))
