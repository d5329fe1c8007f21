"""Names taken apart: script, case, legal form and order do not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.names import (
    CUT,
    LOOK_ALIKE,
    MAX_LETTERS,
    MAX_WORDS,
    UNREADABLE,
    sound,
    taken_apart,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PUTIN, Vladimir Vladimirovich", "vladimir vladimirovich putin"),
        ("Юрий Сиваков", "yuriy sivakov"),
        ("O'BRIEN, Christopher", "christopher obrien"),
        ("José  Núñez", "jose nunez"),
        ("D. G. CHEMODANOV", "d g chemodanov"),
    ],
)
def test_a_person_is_read_in_spoken_order(text, words):
    assert " ".join(taken_apart(text, person=True).words) == words


@pytest.mark.parametrize(
    ("text", "words", "forms"),
    [
        ("Acme GmbH", "acme", ("llc",)),
        ("ACME Gesellschaft mbH", "acme", ("llc",)),
        ("OOO Acme", "acme", ("llc",)),
        ("Minera S.A. de C.V.", "minera", ("jsc",)),
        ("Melody Shipmanagement Pvt. Ltd.", "melody shipmanagement", ("ltd",)),
        ("CO., LTD.", "co ltd", ("ltd",)),
        ("Orient Intl Trdg", "orient international trading", ()),
        ("Sinobright; and any successor, sub-unit, or subsidiary thereof", "sinobright", ()),
        ("Sinobright, and any successor", "sinobright", ()),
        ("Limited Liavility Company Oktyabr", "oktyabr", ("ltd", "llc", "co")),
        ("Ledra Nomineeslimited", "ledra nominees", ("ltd",)),
        ("COMPANY KARBON LIMITED LIABILITY", "karbon", ("co", "ltd", "llc")),
        ("Ig0r Sech1n", "igor sechin", ()),
        ("B & B", "b and b", ()),
    ],
)
def test_a_company_keeps_its_core_and_the_class_of_its_form(text, words, forms):
    name = taken_apart(text, person=False)
    assert " ".join(name.words) == words
    assert name.forms == forms


def test_letters_of_several_scripts_in_a_word_are_folded_and_noted():
    name = taken_apart("\u0405\u0412\u0415RBANK", person=False)
    assert name.words == ("sberbank",)
    assert name.notes == (LOOK_ALIKE,)


def test_invisible_letters_change_nothing():
    assert taken_apart("Sber\u200bbank\u0007", person=False).words == ("sberbank",)


@pytest.mark.parametrize("text", ["", "...", "\u2603", "— —"])
def test_a_name_without_letters_is_noted(text):
    assert UNREADABLE in taken_apart(text, person=False).notes


def test_an_endless_name_is_cut_and_noted():
    assert CUT in taken_apart("x" * (MAX_LETTERS + 1), person=True).notes
    many = taken_apart("a " * (MAX_WORDS + 1), person=True)
    assert many.notes == (CUT,)
    assert len(many.words) == MAX_WORDS


@pytest.mark.parametrize(
    "spellings",
    [
        ("yevgeniy", "evgeny"),
        ("qasim", "kassem"),
        ("hussein", "husain", "hosein"),
        ("maksim", "maxim"),
        ("qadhafi", "kadafi"),
        ("viktor", "wiktor"),
    ],
)
def test_spellings_of_one_name_sound_the_same(spellings):
    assert len(set(map(sound, spellings))) == 1


@given(st.text(), st.booleans())
def test_any_text_is_taken_apart(text, person):
    name = taken_apart(text, person=person)
    assert all(word.isascii() and word.isalnum() for word in name.words)


@given(st.lists(st.sampled_from(["Ivan", "Petrov", "García", "Юрий"]), min_size=1))
def test_case_and_spacing_change_nothing(words):
    usual = taken_apart(" ".join(words), person=True)
    assert taken_apart("  ".join(words).upper(), person=True) == usual
