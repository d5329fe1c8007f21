"""What people type, judged once: the same verdict for a form, a cell and a file."""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from email_validator import EmailNotValidError, validate_email

from partnerdesk.domain.countries import COUNTRIES

ValueT = TypeVar("ValueT")

MOST_EMAIL = 254
MOST_LOCAL_PART = 64
MOST_MARKS = 8
"""Combining marks on one letter; more are there to deface what stands around them."""

MOST_EXPANSION = 10
"""Texts so many times too long are refused unread."""

_REMOVED = dict.fromkeys(
    map(
        ord,
        "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064"
        "\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\ufeff",
    )
)
"""Zero-width spaces, byte-order marks, bidi marks and isolates, and other signs nobody sees."""

_JOINERS = "\u200c\u200d"
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Hangul and Braille signs that are letters to a computer and nothing to the eye."""

_LINE_BREAKS = frozenset("\n\r\u000b\u000c\u001c\u001d\u001e\u0085\u2028\u2029")
_AROUND = "".join(
    each
    for each in map(chr, range(0x3001))
    if unicodedata.category(each) in {"Zs", "Zl", "Zp"} or each in "\t\n\r"
)
"""What is trimmed from both ends: spaces of every width, tabs and line ends."""

_DIGITS = re.compile(r"[0-9]{1,19}")
_NEW_LINE = re.compile("\r\n|[\r\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: a stable code, and a sentence that says what to do."""

    field: str
    code: str
    message: str


class Kind(ABC, Generic[ValueT]):
    """A kind of field: what it takes, and what it says when it does not."""

    __slots__ = ()

    @abstractmethod
    def read(self, field: str, value: object) -> ValueT | FieldError:
        """Return the value as the desk keeps it, or what is wrong with it."""

    def written_out(self, text: object) -> object:
        """
        Return the value that a text stands for, where this kind is no text itself.

        Forms, cells and files write numbers and ticks out; JSON has its own, and
        a number in quotes is none there.
        """
        return text


@dataclass(frozen=True, slots=True)
class Text(Kind[str]):
    """
    Text for people to read, kept as typed in NFC (robustness.md B2).

    What looks like a number, a date or a formula is text all the same.
    """

    longest: int
    """Code points, counted after NFKC, since that is what it may grow to elsewhere."""

    has_lines: bool = False
    is_required: bool = True

    def read(self, field: str, value: object) -> str | FieldError:
        """Return the text without what nobody sees, or what is wrong with it."""
        if value is None or value == "":
            return FieldError(field, "required", "Please fill this in.") if self.is_required else ""
        if not isinstance(value, str):
            return FieldError(field, "not-text", "Please give this as text.")
        if len(value) > self.longest * MOST_EXPANSION:
            return self._too_long(field, len(value))
        text = _without_invisibles(value)
        if self.has_lines:
            text = _NEW_LINE.sub("\n", text)
        allowed = "\n" if self.has_lines else ""
        refused = next((each for each in text if _is_refused(each) and each not in allowed), "")
        if refused:
            return _refusal(field, refused, has_lines=self.has_lines)
        return self._judged(field, text) if any(map(_is_visible, text)) else self.read(field, "")

    def _judged(self, field: str, text: str) -> str | FieldError:
        if _most_marks(text) > MOST_MARKS:
            return FieldError(
                field,
                "too-many-marks",
                f"Please use at most {MOST_MARKS} accents or other marks on one letter.",
            )
        length = len(unicodedata.normalize("NFKC", text))
        if length > self.longest:
            return self._too_long(field, length)
        return unicodedata.normalize("NFC", text)

    def _too_long(self, field: str, length: int) -> FieldError:
        return FieldError(
            field,
            "too-long",
            f"Please use at most {self.longest:,} characters; these are {length:,}.",
        )


def _without_invisibles(text: str) -> str:
    text = text.translate(_REMOVED).strip(_AROUND)
    if any(each in text for each in _JOINERS):
        text = _with_joiners_between(text).strip(_AROUND)
    return text


def _with_joiners_between(text: str) -> str:
    """Return the text with joiners only where they join something, as in emoji and Persian."""
    kept: list[str] = []
    before = ""
    for position, each in enumerate(text):
        if each in _JOINERS:
            if before and _is_visible(before) and _is_visible(text[position + 1 : position + 2]):
                kept.append(each)
            continue
        kept.append(each)
        if not unicodedata.combining(each) and unicodedata.category(each) != "Mn":
            before = each
    return "".join(kept)


def _is_visible(letter: str) -> bool:
    """Test whether a character, or none, shows anything by itself."""
    return (
        letter != ""
        and letter not in _BLANKS
        and unicodedata.category(letter)[0] in "LNPSC"
        and unicodedata.category(letter) not in {"Cc", "Cf"}
    )


def _is_refused(letter: str) -> bool:
    return (
        letter in _LINE_BREAKS
        or letter in _OVERRIDES
        or unicodedata.category(letter) in {"Cc", "Cs"}
        or _is_noncharacter(letter)
    )


def _is_noncharacter(letter: str) -> bool:
    return 0xFDD0 <= ord(letter) <= 0xFDEF or ord(letter) & 0xFFFE == 0xFFFE  # noqa: PLR2004 - Unicode 23.7


def _refusal(field: str, letter: str, *, has_lines: bool) -> FieldError:
    if letter in _LINE_BREAKS and not has_lines:
        return FieldError(field, "line-break", "Please write this on one line.")
    if letter in _OVERRIDES:
        return FieldError(
            field,
            "hidden-direction",
            "This holds a hidden sign that reverses text. Please type it anew instead of pasting.",
        )
    return FieldError(
        field,
        "control-character",
        "This holds a character that cannot be shown. Please type it anew instead of pasting.",
    )


def _most_marks(text: str) -> int:
    most = marks = 0
    for each in unicodedata.normalize("NFD", text):
        marks = marks + 1 if unicodedata.category(each) in {"Mn", "Me"} else 0
        most = max(most, marks)
    return most


@dataclass(frozen=True, slots=True)
class Email(Kind[str]):
    """
    One plain e-mail address, kept in small letters with its domain in ASCII.

    Whether the domain exists is never asked: addresses sent to us are not looked up.
    """

    is_required: bool = True

    def read(self, field: str, value: object) -> str | FieldError:
        """Return the address, or what is wrong with it."""
        text = Text(MOST_EMAIL, is_required=self.is_required).read(field, value)
        if isinstance(text, FieldError) or not text:
            return text
        local, at, _ = text.partition("@")
        if not at or not local.isascii() or len(local) > MOST_LOCAL_PART:
            return _not_an_address(field)
        try:
            found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            return _not_an_address(field)
        address = found.ascii_email or ""
        return address.lower() if 0 < len(address) <= MOST_EMAIL else _not_an_address(field)


def _not_an_address(field: str) -> FieldError:
    return FieldError(
        field, "not-an-address", "Please give one e-mail address, such as name@company.com."
    )


@dataclass(frozen=True, slots=True)
class Whole(Kind[int]):
    """A whole number within bounds; as text it is plain ASCII digits and nothing else."""

    least: int
    most: int
    is_required: bool = True

    def read(self, field: str, value: object) -> int | FieldError:
        """Return the number, 0 for one that was left out, or what is wrong with it."""
        if value is None or value == "":
            return FieldError(field, "required", "Please fill this in.") if self.is_required else 0
        if isinstance(value, bool) or not isinstance(value, int):
            return FieldError(
                field, "not-a-whole-number", "Please give a whole number in digits, such as 250."
            )
        if not self.least <= value <= self.most:
            return FieldError(
                field,
                "out-of-range",
                f"Please give a number from {self.least:,} to {self.most:,}.",
            )
        return value

    def written_out(self, text: object) -> object:
        """Return the number that digits write; anything else as it is."""
        plain = text.strip(_AROUND) if isinstance(text, str) else text
        return int(plain) if isinstance(plain, str) and _DIGITS.fullmatch(plain) else plain


@dataclass(frozen=True, slots=True)
class Choice(Kind[str]):
    """One of a few codes, each with the words that people see."""

    options: Mapping[str, str]
    is_required: bool = True

    @classmethod
    def among(cls, codes: Iterable[str], *, is_required: bool = True) -> "Choice":
        """Return a choice among codes that speak for themselves."""
        return cls({code: code for code in codes}, is_required=is_required)

    def read(self, field: str, value: object) -> str | FieldError:
        """Return the code, in its own capitals and small letters, or what is wrong with it."""
        if value is None or value == "":
            return FieldError(field, "required", "Please choose one.") if self.is_required else ""
        typed = value.casefold() if isinstance(value, str) else ""
        code = next((each for each in self.options if each.casefold() == typed), "")
        if not code:
            return FieldError(
                field, "not-a-choice", f"Please choose one of: {', '.join(self.options)}."
            )
        return code


@dataclass(frozen=True, slots=True)
class Country(Kind[str]):
    """A Region/Country: a current ISO 3166-1 code of two letters, in any case. Rule GEN-6."""

    def read(self, field: str, value: object) -> str | FieldError:
        """Return the code in capitals, or what is wrong with it."""
        if value is None or value == "":
            return FieldError(field, "required", "Please choose your Region/Country.")
        code = value.strip(_AROUND) if isinstance(value, str) else ""
        if not code.isascii() or code.upper() not in COUNTRIES:
            return FieldError(
                field,
                "unknown-region",
                "Please choose a Region/Country, given as its two letters, such as DE or US.",
            )
        return code.upper()


_TICKS = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("", "off", "false", "no", "0"), False),
}


@dataclass(frozen=True, slots=True)
class YesNo(Kind[bool]):
    """A tick; where it is a consent, it must be there."""

    consent: str = ""
    """What to say when a consent is missing; empty for a tick that may stay away."""

    def read(self, field: str, value: object) -> bool | FieldError:
        """Return whether it is ticked, or what is wrong with it."""
        ticked = False if value is None else value
        if not isinstance(ticked, bool):
            return FieldError(field, "not-yes-or-no", "Please say true or false.")
        if self.consent and not ticked:
            return FieldError(field, "required", self.consent)
        return ticked

    def written_out(self, text: object) -> object:
        """Return the tick that a word stands for; anything else as it is."""
        word = text.strip(_AROUND).lower() if isinstance(text, str) else text
        return _TICKS.get(word, text) if isinstance(word, str) else text


ORGANISATION = Text(200)
CONTACT_NAME = Text(128)
FREE_TEXT = Text(4_000, has_lines=True, is_required=False)
SEATS = Whole(1, 1_000_000)
EMAIL = Email()
COUNTRY = Country()
