"""Who an organisation is: the domain of its work e-mail, and its name without ornament."""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from anyascii import anyascii
from publicsuffixlist import PublicSuffixList

from partnerdesk.domain.mail_domains import CONSUMER, DISPOSABLE
from partnerdesk.domain.tables import rows

_RESELLER = re.compile(r"\s*\[\s*reseller\s*\]\s*$", re.IGNORECASE)
_NOT_A_WORD = re.compile(r"[\W_]+")
_LOOK_LIKE_LATIN = frozenset(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u044c\u0455\u0456"
    "\u0458\u0501\u051b\u051d\u04bb\u04cf\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7"
)
"""Small Cyrillic and Greek letters that pass for Latin ones."""

_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "LATIN"})
"""Scripts that honest names in East Asia mix."""


class MailDomain(StrEnum):
    """What a mail domain says about who writes from it. Rule GEN-5."""

    WORK = "work"
    CONSUMER = "consumer"
    DISPOSABLE = "disposable"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class MailRows:
    """The staff's own rows, which win over the lists; a denied domain stays denied."""

    allow: AbstractSet[str] = frozenset()
    deny: AbstractSet[str] = frozenset()


def domain_of(address: str) -> str:
    """Return the domain of an e-mail address, in small letters."""
    return address.rpartition("@")[2].lower()


def registrable_domain(domain: str) -> str:
    """
    Return the part of a domain that somebody registered: `example.co.uk` of `a.example.co.uk`.

    Those who share a host such as `github.io` stay apart. Rule GEN-4.
    """
    name = domain.rstrip(".").lower()
    return _suffixes().privatesuffix(name) or name


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def mail_domain(domain: str, rows_of_staff: MailRows = MailRows()) -> MailDomain:
    """
    Return whether a domain is one that people work under.

    The domain and everything above it is looked up: a throw-away service hands
    out sub-domains, too. Rule GEN-5.
    """
    names = _with_parents(domain.rstrip(".").lower())
    if names & rows_of_staff.deny:
        return MailDomain.DENIED
    if names & rows_of_staff.allow:
        return MailDomain.WORK
    if names & DISPOSABLE:
        return MailDomain.DISPOSABLE
    return MailDomain.CONSUMER if names & CONSUMER else MailDomain.WORK


def not_a_work_address(kind: MailDomain, domain: str, *, contact: str) -> str:
    """
    Return what to tell somebody whose mail domain is not taken; empty when it is.

    It explains itself and offers a person. Rule GEN-5.
    """
    return _REASONS[kind].format(domain=domain, contact=contact)


_REASONS = {
    MailDomain.WORK: "",
    MailDomain.CONSUMER: "{domain} is a free mail service. Please give your work e-mail address, "
    "or talk to us at {contact} if you have none.",
    MailDomain.DISPOSABLE: "Addresses at {domain} do not last. Please give your work e-mail "
    "address, or talk to us at {contact} if you have none.",
    MailDomain.DENIED: "We take no addresses at {domain}. Please talk to us at {contact} first.",
}


def _with_parents(domain: str) -> frozenset[str]:
    labels = domain.split(".")
    return frozenset(".".join(labels[start:]) for start in range(len(labels)))


def is_look_alike(domain: str) -> bool:
    """
    Test whether a domain in Punycode imitates another alphabet, for a person to see.

    So does a label that mixes scripts, or one written in Cyrillic or Greek
    letters all of which pass for Latin, or one that cannot be read.
    """
    return any(_imitates(label) for label in domain.lower().split(".") if label.startswith("xn--"))


def _imitates(label: str) -> bool:
    try:
        letters = [each for each in label[4:].encode().decode("punycode") if each.isalpha()]
    except UnicodeError:
        return True
    scripts = {unicodedata.name(each, "").partition(" ")[0] for each in letters}
    is_mixed = len(scripts) > 1 and not scripts <= _EAST_ASIAN
    return is_mixed or not letters or all(each in _LOOK_LIKE_LATIN for each in letters)


def without_reseller(organisation: str) -> tuple[str, bool]:
    """
    Return an organisation's name without `[RESELLER]` at its end, and whether it stood there.

    Any case, spaces allowed. Rule EVAL-2.
    """
    name, count = _RESELLER.subn("", organisation)
    return name, bool(count)


def name_key(organisation: str) -> str:
    """
    Return an organisation's name for comparing: small letters, no punctuation, no legal form.

    A name that is nothing but a legal form keeps it. Rule GEN-4.
    """
    folded = unicodedata.normalize("NFKC", without_reseller(organisation)[0]).casefold()
    words = _NOT_A_WORD.sub(" ", folded).split()
    while length := _trailing_form(words):
        words = words[:-length]
    return " ".join(words)


def _trailing_form(words: list[str]) -> int:
    """Return of how many words the legal form at the end is; 0 where nothing else would stay."""
    forms, longest = _legal_forms()
    plain = [anyascii(word).casefold() for word in words]
    return next(
        (
            length
            for length in range(min(longest, len(words) - 1), 0, -1)
            if tuple(plain[-length:]) in forms
        ),
        0,
    )


@cache
def _legal_forms() -> tuple[frozenset[tuple[str, ...]], int]:
    forms = frozenset(tuple(row["form"].split()) for row in rows("legal_forms"))
    return forms, max(map(len, forms))
