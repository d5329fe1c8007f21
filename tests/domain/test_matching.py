"""The search on a small real list: what is found, what is not, and how it is explained."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerdesk.domain.matching import ENGINE, LEAST, MATCHES, Matcher, pair_score
from partnerdesk.domain.screening import Address, Party, PartyType
from partnerdesk.domain.watchlist import ListedName, Watchlist, build
from tests.listed import edition, matcher

SEARCH = matcher()
KINDS = {"person": PartyType.PERSON, "company": PartyType.COMPANY, "vessel": PartyType.VESSEL}


def party(name, kind="person", **known):
    return Party(name, KINDS[kind], **known)


def best(name, kind="person", **known):
    found = SEARCH.search(party(name, kind, **known)).matches
    return found[0] if found else None


@pytest.mark.parametrize(
    ("name", "kind", "number"),
    [
        ("Vladimir Putin", "person", "35096"),
        ("PUTIN Vladimir", "person", "35096"),
        ("Владимир Путин", "person", "35096"),
        ("Vladimir Puttin", "person", "35096"),
        ("Wladimir Putin", "person", "35096"),
        ("V. V. Putin", "person", "35096"),
        ("Vladimir Vladimirovitch Poutin", "person", "35096"),
        ("Habibshahsavari", "person", "41216"),
        ("Habib Shah Savari", "person", "41216"),
        ("Daniel Kinahan", "person", "34982"),
        ("Bank Melli Iran", "company", "25578"),
        ("Melli Bank", "company", "25578"),
        ("Aero Caribbean", "company", "36"),
        ("Sberbank of Russia PAO", "company", "17018"),
        ("Fu Yuan Yu 7622", "vessel", "33834"),
        ("7622 Fu Yuan Yu", "vessel", "33834"),
    ],
)
def test_a_listed_name_is_found_however_it_is_written(name, kind, number):
    found = best(name, kind)
    assert found.entity == number
    assert found.score >= 700


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Harriet Lindqvist", "person"), ("Northwind Orchard Systems", "company"), ("", "person")],
)
def test_a_name_that_nobody_listed_is_not_found(name, kind):
    assert best(name, kind) is None


def test_another_legal_form_costs_a_little():
    company = PartyType.COMPANY
    assert pair_score("Sberbank Rossii AO", "OAO Sberbank Rossii", company) == 1000
    assert pair_score("Sberbank Rossii GmbH", "OAO Sberbank Rossii", company) == 980
    assert best("Sberbank Rossii GmbH", "company").score == 1000  # an alias states no form


def test_a_name_of_many_words_is_searched_word_by_word():
    words = [f"word{at}" for at in range(20)]
    assert best(" ".join(["Bank", "Melli", "Iran", *words]), "company") is None


def test_one_equal_word_is_not_certain():
    assert best("Putin").score <= 740
    assert best("Sberbank", "company").score <= 840


def test_one_equal_word_scores_by_its_length_whatever_the_form():
    assert best("BMI GmbH", "company").score == 760
    assert best("Sberbank GmbH", "company") is not None


def test_a_weak_alias_stays_below_a_review_of_persons():
    found = best("Christopher O'Brien")
    assert (found.is_weak, found.name_score) == (True, 790)


def test_one_entity_is_one_match_by_its_best_name():
    found = SEARCH.search(party("National Bank of Cuba", "company")).matches
    assert [each.entity for each in found].count("306") == 1
    assert found[0].name == "NATIONAL BANK OF CUBA"
    assert found[0].kind == "aka"


def test_hits_are_the_best_first_and_worth_showing():
    found = SEARCH.search(party("Christopher Kinahan")).matches
    assert list(found) == sorted(found, key=lambda it: -it.score)
    assert all(each.score >= LEAST for each in found)
    assert len(found) <= MATCHES


def test_an_equal_identifier_outweighs_any_name():
    found = best("John Smith", identifiers=("Passport PB1642995 (IE)",))
    assert (found.entity, found.score, found.name_score) == ("34982", 1000, 0)
    assert best("Daniel Kinahan", identifiers=("pb-1642995",)).score == 1000


def test_evidence_for_and_against_moves_the_score():
    plain = best("Vladimir Putin").score
    moscow = (Address(country="RU", city="Moscow"),)
    assert best("Vladimir Puttin", addresses=moscow).score > best("Vladimir Puttin").score
    assert best("Vladimir Putin", birth_date="1990").score < plain
    assert best("Vladimir Putin", "company").score == plain - 120


def test_a_match_is_explained_by_words_and_facts():
    asked = party("Vladimir Puttin", birth_date="1952-10-07", gender="male")
    found = SEARCH.search(asked)
    explanation = SEARCH.explained(found.matches[0], found)
    assert "puttin ~ putin" in explanation[0]
    assert "Born 1952-10-07; the entry says 1952-10-07. (+6)" in explanation
    longer = SEARCH.search(party("Vladimir Putin Ivanovich"))
    left_over = SEARCH.explained(longer.matches[0], longer)
    assert any(each.startswith("Left over in the party's name: ivanovich") for each in left_over)


def test_a_longer_listed_name_that_contains_the_asked_one_is_found():
    assert best("Daniel Kinahan").score >= 780


def test_the_entity_behind_a_match_is_as_it_was_read():
    read = next(each for each in edition().entities if each.number == "25578")
    assert SEARCH.entity(best("Bank Melli", "company")) == read


@pytest.mark.parametrize(
    ("left", "right", "kind", "least", "most"),
    [
        ("Acme GmbH", "ACME Gesellschaft mbH", PartyType.COMPANY, 950, 1000),
        ("Vladimir Putin", "PUTIN, Vladimir", PartyType.PERSON, 1000, 1000),
        ("Siemens Aktiengeselschaft", "Siemens AG", PartyType.COMPANY, 500, 1000),
        ("Vanderbilt Rail", "Van der Bilt Rail", PartyType.COMPANY, 950, 1000),
        ("Angelo Mercaz", "Angela Merkel", PartyType.PERSON, 0, 600),
    ],
)
def test_two_names_are_compared_without_any_list(left, right, kind, least, most):
    assert least <= pair_score(left, right, kind) <= most


NAMES = st.lists(
    st.sampled_from(["Ivan", "Petrov", "Ali", "Hassan", "Acme", "Trading", "of"]),
    min_size=1,
    max_size=5,
).map(" ".join)


@given(NAMES, NAMES)
def test_comparing_is_symmetric(left, right):
    assert pair_score(left, right, PartyType.PERSON) == pair_score(right, left, PartyType.PERSON)


@given(NAMES)
def test_equal_names_score_full(name):
    assert pair_score(name, name.upper(), PartyType.PERSON) == 1000


@given(NAMES, st.randoms(use_true_random=False))
def test_word_order_changes_nothing(name, dice):
    words = name.split()
    dice.shuffle(words)
    assert pair_score(name, " ".join(words), PartyType.PERSON) >= 950


@given(st.text(max_size=60), st.sampled_from(PartyType))
def test_any_name_gets_an_answer(name, kind):
    found = SEARCH.search(Party(name, kind))
    assert all(LEAST <= each.score <= 1000 for each in found.matches)


NAMES = st.lists(
    st.sampled_from(
        ["Vladimir", "Putin", "Wladimir", "Putyn", "Melli", "Sberbank", "Karaganda", "Al", "Daniel",
         "Kinahan", "Joseph", "O'Brien", "V", "Christopher"]
    ), min_size=1, max_size=4,
).map(" ".join)  # fmt: skip


@given(query=NAMES, alias=NAMES, number=st.sampled_from(["35096", "34982", "34980", "41216"]))
@settings(max_examples=40, deadline=None)
def test_an_added_alias_never_lowers_a_score(query, alias, number):
    """
    The words of a list weigh by how rare they are in it, so the alias is in both
    lists: once with somebody else, once with the entity.
    """
    added = ListedName(alias, "aka")
    others = [each for each in edition().entities if each.number != number]
    entity = next(each for each in edition().entities if each.number == number)
    stranger = replace(entity, number="1", names=(ListedName("Qwyx Zzyvk"),), identifiers=())

    def score(one, other):
        content = build([*others, one, other], edition().sources, engine=ENGINE)
        found = Matcher(Watchlist(content)).search(Party(query, PartyType.PERSON)).matches
        return next((each.score for each in found if each.entity == number), 0)

    before = score(entity, replace(stranger, names=(*stranger.names, added)))
    after = score(replace(entity, names=(*entity.names, added)), stranger)
    assert after >= before
