"""Two names side by side: initials, acronyms, joined and split words."""

import pytest

from partnerdesk.domain.alignment import INITIAL, Side, aligned, likeness, score


def pairs(left, right, *, persons):
    one, other = left.split(), right.split()
    known = {
        (i, j): 1.0
        for i, word in enumerate(one)
        for j, listed in enumerate(other)
        if word == listed
    }
    ours, theirs = Side(one, [1000] * len(one)), Side(other, [1000] * len(other))
    found = aligned(ours, theirs, known, persons=persons)
    return {
        (" ".join(one[i] for i in pair.left), " ".join(other[j] for j in pair.right)): pair.likeness
        for pair in found
    }


def test_each_word_is_used_once():
    assert pairs("ali ali", "ali hassan", persons=True) == {("ali", "ali"): 1.0}


@pytest.mark.parametrize(
    ("left", "right"), [("v putin", "vladimir putin"), ("vladimir putin", "v putin")]
)
def test_an_initial_stands_for_a_word_of_a_person(left, right):
    assert INITIAL in pairs(left, right, persons=True).values()
    assert INITIAL not in pairs(left, right, persons=False).values()


def test_an_acronym_stands_for_neighbours_of_an_organisation():
    found = pairs("bzp bank", "bank zenit public", persons=False)
    assert found == {("bank", "bank"): 1.0}
    found = pairs("zpb kazan", "zenit public bank kazan", persons=False)
    assert found["zpb", "zenit public bank"] == INITIAL


@pytest.mark.parametrize(
    ("left", "right", "pair"),
    [
        ("habibshahsavari", "habib shahsavari", ("habibshahsavari", "habib shahsavari")),
        ("habib shahsavari", "habibshahsavari", ("habib shahsavari", "habibshahsavari")),
        ("shahsavarihabib", "habib shahsavari", ("shahsavarihabib", "shahsavari habib")),
        ("abdelrahmanali", "abd elrahman ali", ("abdelrahmanali", "abd elrahman ali")),
        ("van der bilt", "vanderbilt", ("van der bilt", "vanderbilt")),
        ("vale ntinovich", "valentinovich", ("vale ntinovich", "valentinovich")),
    ],
)
def test_words_joined_or_split_are_laid_side_by_side(left, right, pair):
    assert pairs(left, right, persons=True)[pair] == 1.0


def test_words_of_three_letters_are_never_joined():
    assert pairs("abc", "a bc", persons=False) == {}


@pytest.mark.parametrize(
    ("left", "right", "persons", "expected"),
    [
        ("putin", "putin", False, 1.0),
        ("xi", "shi", True, 0.9),
        ("xi", "shi", False, 0.0),
        ("uun", "un", True, 0.9),
        ("abc", "abd", True, 0.0),
    ],
)
def test_short_words_are_equal_or_sound_the_same(left, right, persons, expected):
    assert likeness(left, right, persons=persons) == expected


def test_sound_adds_to_spelling_and_never_takes_away():
    assert likeness("qadhafi", "kadafi") > 0.8
    assert likeness("lakahl", "lakhal") == pytest.approx(1 - 1 / 6)


def test_a_listed_word_nobody_asked_for_costs_less_than_an_asked_one_not_listed():
    short, long = Side(["a"], [1000]), Side(["a", "b"], [1000, 1000])
    asked_less = score(short, long, aligned(short, long, {(0, 0): 1.0}, persons=False))
    asked_more = score(long, short, aligned(long, short, {(0, 0): 1.0}, persons=False))
    assert asked_less > asked_more


def test_nothing_is_like_nothing():
    assert score(Side([], []), Side([], []), []) == 0.0
