"""What a name is made of once script, case, legal form and order no longer matter."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from anyascii import anyascii

from partnerdesk.domain.places import is_one_edit
from partnerdesk.domain.tables import rows

MAX_LETTERS = 300
MAX_WORDS = 40

FORM_WORD_FROM = 6
"""Words of this many letters are compared with those of legal forms by one letter."""

STUCK_TO_FROM = 3
"""Letters before a form word, at least one more, that make it stuck to another word."""

LOOK_ALIKE = "The name has look-alike letters: several scripts within one word."
UNREADABLE = "The name could not be read: no letter of it is in a script we know."
CUT = f"The name was cut to {MAX_LETTERS} letters and {MAX_WORDS} words."

_LOOK_ALIKES = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03bf\u03b1\u03c1\u03c5\u03bd",
    "ABEKMHOPCTXIJSaeopcyxijsABEZHIKMNOPTYXoapuv",
)

_NO_PART_OF_A_NAME = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "So", "Sk"))
"""Unicode categories of what is invisible, unassigned or a picture."""

_RIDER = re.compile(
    r";.*|,? and any (successor|sub-?unit|subsidiar).*|\s+[af]\.?k\.?a\.?\s.*", re.IGNORECASE
)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_DIGIT_WITHIN = re.compile(r"(?<=[a-z])[01345789](?=[a-z])")
_DIGITS_AS_LETTERS = str.maketrans("01345789", "oieastbg")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart; words and forms are folded to plain small letters."""

    words: tuple[str, ...]
    """The core words in spoken order: given names before the family name."""

    forms: tuple[str, ...] = ()
    """The classes of its legal forms: LLC, OOO and GmbH are one."""

    notes: tuple[str, ...] = ()
    """What a reader must know: each is a doubt about the name as written."""

    @property
    def key(self) -> str:
        """Return the core words in alphabetical order."""
        return " ".join(sorted(self.words))

    @property
    def joined(self) -> str:
        """Return the letters of the core words without gaps."""
        return "".join(self.words)


def taken_apart(text: str, *, person: bool) -> Name:
    """
    Return a name taken apart (screening.md 7).

    Only a person's name is turned round at its comma: firms have commas too
    ("CO., LTD."). A name that is nothing but legal forms keeps them as words.
    """
    notes = [CUT] if len(text) > MAX_LETTERS else []
    latin, found = _latin(text[:MAX_LETTERS])
    notes.extend(found)
    if person:
        latin = _turned(latin)
    words = _words(latin)
    if len(words) > MAX_WORDS:
        notes.append(CUT)
        words = words[:MAX_WORDS]
    forms: tuple[str, ...] = ()
    if not person:
        core, forms = _without_forms(words)
        words = [_abbreviations().get(word, word) for word in core or words]
    return Name(tuple(words), forms, tuple(dict.fromkeys(notes)))


def _latin(text: str) -> tuple[str, list[str]]:
    if text.isascii():
        return text.casefold(), [] if any(map(str.isalnum, text)) else [UNREADABLE]
    notes = []
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKC", text)
        if letter.isspace() or unicodedata.category(letter) not in _NO_PART_OF_A_NAME
    )
    words = plain.split()
    if any(map(_is_mixed, words)):
        notes.append(LOOK_ALIKE)
        plain = " ".join(
            word.translate(_LOOK_ALIKES) if _is_mixed(word) else word for word in words
        )
    latin = anyascii(plain).casefold()
    if not any(map(str.isalnum, latin)):
        notes.append(UNREADABLE)
    return latin, notes


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


def _is_mixed(word: str) -> bool:
    """Test whether a word has letters of Latin and of Cyrillic or Greek at once."""
    scripts = set(map(_script, word))
    return "LATIN" in scripts and bool(scripts & {"CYRILLIC", "GREEK"})


def _turned(text: str) -> str:
    family, comma, given = text.partition(",")
    return f"{given} {family}" if comma and given.strip() else text


def _words(text: str) -> list[str]:
    text = _RIDER.sub("", text) or text
    text = text.replace("'", "").replace("`", "").replace("&", " and ")
    text = _DOTTED.sub(lambda it: it.group().replace(".", ""), text)
    text = _DIGIT_WITHIN.sub(lambda it: it.group().translate(_DIGITS_AS_LETTERS), text)
    return _NOT_WORD.sub(" ", text).split()


@cache
def _abbreviations() -> dict[str, str]:
    return {row["short"]: row["word"] for row in rows("abbreviations")}


@cache
def _forms() -> tuple[dict[tuple[str, ...], str], int]:
    forms = {tuple(row["form"].split()): row["class"] for row in rows("legal_forms")}
    return forms, max(map(len, forms))


@cache
def _form_words() -> Mapping[str, str]:
    """Return the long words of legal forms, which are part of one wherever they stand."""
    return {row["form"]: row["class"] for row in rows("legal_forms") if row["alone"]}


def _without_forms(words: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """
    Return the words that are no legal form, and the classes of those that are.

    Whole forms go first; of what is left, long form words go too, with one
    letter wrong or stuck to the word before them.
    """
    forms, longest = _forms()
    core: list[str] = []
    classes: list[str] = []
    start = 0
    while start < len(words):
        for length in range(min(longest, len(words) - start), 0, -1):
            found = forms.get(tuple(words[start : start + length]))
            if found:
                classes.append(found)
                start += length
                break
        else:
            word, stray = _without_form_word(words[start])
            core.extend([word] * bool(word))
            classes.extend([stray] * bool(stray))
            start += 1
    return core, tuple(dict.fromkeys(classes))


@lru_cache(maxsize=65536)
def _without_form_word(word: str) -> tuple[str, str]:
    """Return what a word says besides a legal form, and the form's class; either may be empty."""
    if len(word) < FORM_WORD_FROM:
        return word, ""
    for form, found in _form_words().items():
        if is_one_edit(word, form):
            return "", found
        if word.endswith(form) and len(word) > len(form) + STUCK_TO_FROM:
            return word.removesuffix(form), found
    return word, ""


@cache
def particles() -> frozenset[str]:
    """Return the words that join others and tell nothing about who bears a name."""
    return frozenset(row["word"] for row in rows("particles") if row["kind"] == "particle")


@cache
def titles() -> frozenset[str]:
    """Return the words that come before a person's name and are no part of it."""
    return frozenset(row["word"] for row in rows("particles") if row["kind"] == "title")


_SOUNDS = (
    ("shch", "S"), ("tsch", "C"), ("sch", "S"), ("tch", "C"), ("dzh", "j"), ("ch", "C"),
    ("hs", "s"), ("sh", "S"), ("zh", "j"), ("dj", "j"), ("kh", "h"), ("gh", "g"), ("ph", "f"),
    ("th", "t"), ("dh", "d"), ("ck", "k"), ("ks", "s"), ("x", "s"), ("ts", "s"), ("tz", "s"),
    ("cz", "C"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("q", "k"), ("w", "v"),
    ("z", "s"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ie", "i"), ("ye", "e"), ("yo", "o"),
    ("yu", "u"), ("ya", "a"), ("iy", "i"), ("ij", "i"), ("ey", "e"), ("ei", "e"), ("ai", "e"),
    ("ay", "e"), ("y", "i"), ("j", "i"), ("o", "u"), ("e", "i"), ("S", "s"), ("C", "c"),
)  # fmt: skip
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """
    Return how a word sounds, roughly: spellings that one name takes in Latin letters agree.

    Yevgeniy and Evgeny, Mohammed and Muhammad, Qasim and Kassem become one.
    """
    for spelled, heard in _SOUNDS:
        if spelled in word:
            word = word.replace(spelled, heard)
    word = _TWICE.sub(r"\1", word)
    return f"{word[:-1]}v" if word.endswith("f") else word
