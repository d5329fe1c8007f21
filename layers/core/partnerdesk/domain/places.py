"""Where an address really is: the country, and the regions that embargoes are about."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from anyascii import anyascii

from partnerdesk.domain.screening import Address
from partnerdesk.domain.tables import rows

NEIGHBOURS = frozenset({"UA", "RU", ""})
"""Countries written in addresses of the regions concerned; none stated is one of them."""

SIX_DIGITS = 6
"""Length of a Russian postcode, which counts for Ukraine and for no country as well."""

FUZZY_FROM = 6
"""Words of this many letters are found with one letter wrong."""

SHORTEST_COUNTRY = 4
"""Shorter endings of an address are states, provinces and initials far more often."""

_LOCALITY = frozenset(
    ["g", "gorod", "m", "misto", "mesto", "city", "town", "of", "pgt", "smt", "selo", "s"]
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something in an address that puts it into a country, region or area."""

    scope: str
    """ISO 3166-1 alpha-2, ISO 3166-2, or an area inside one such as `UA-14:DNR`."""

    because: str
    doubt: str = ""
    """Why it may be another place after all; empty when it is certain."""


@dataclass(frozen=True, slots=True)
class _Place:
    region: str
    kind: str
    elsewhere: frozenset[str]
    caution: str


@dataclass(frozen=True, slots=True)
class _Found:
    words: str
    place: _Place
    exact: bool


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in plain Latin small letters, whatever script it is in."""
    latin = anyascii(unicodedata.normalize("NFKC", text)).casefold()
    return tuple(re.sub(r"[^a-z0-9]+", " ", latin.replace("'", "")).split())


def sightings(address: Address) -> tuple[Sighting, ...]:
    """
    Return every sign of where an address is: country, region code, postcode, then names.

    The country as written counts as a sign of its own, first; one that nobody
    knows is a doubt without a scope.
    """
    countries, doubt = _countries(address.country)
    country = countries[0] if len(countries) == 1 else ""
    found = [Sighting(each, f"the country {each}", doubt) for each in countries]
    if doubt and not countries:
        found.extend(_area_written_as_country(address.country, doubt))
    found.extend(_by_region_code(address.region, country))
    found.extend(_by_postcode(address, country))
    found.extend(_by_names(address, country))
    found.extend(_country_in_the_text(address, countries))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def country_of(text: str) -> str:
    """Return the ISO 3166-1 alpha-2 code of a country however it is written, or nothing."""
    countries, doubt = _countries(text)
    return countries[0] if len(countries) == 1 and not doubt else ""


def _countries(text: str) -> tuple[tuple[str, ...], str]:
    if not text.strip():
        return (), ""
    codes = _country_names().get(words_of(text), "")
    if not codes:
        return (), f"{text!r} is no country we know"
    known = tuple(codes.split())
    return known, "" if len(known) == 1 else f"{text!r} may mean {' or '.join(known)}"


@cache
def _country_names() -> dict[tuple[str, ...], str]:
    names = {words_of(row["name"]): row["country"] for row in rows("country_names")}
    return names | {(code.lower(),): code for code in names.values() if " " not in code}


def _area_written_as_country(text: str, doubt: str) -> Iterator[Sighting]:
    words = words_of(text)
    found = tuple(_names_in(words[1:] if words[:1] == ("region",) else words))
    for each in found:
        yield Sighting(each.place.region, f"{text!r} in place of a country")
    if not found:
        yield Sighting("", f"the country as written: {text!r}", doubt)


@cache
def _region_codes() -> dict[str, str]:
    return {row["code"]: row["region"] for row in rows("region_codes")}


def _by_region_code(text: str, country: str) -> Iterator[Sighting]:
    stated = text.strip().upper().replace("_", "-")
    code = f"{country}-{stated}" if country and re.fullmatch(r"[A-Z0-9]{1,3}", stated) else stated
    if re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}(:[A-Z]+)?", code):
        scope = _region_codes().get(code, code)
        if not scope.startswith(f"{country}-") or scope in _regions():
            yield Sighting(scope, f"the region code {text.strip()}")


@cache
def _regions() -> frozenset[str]:
    scopes = {row["region"] for row in rows("places")}
    return frozenset(scopes | {scope.split(":")[0] for scope in scopes})


def _by_postcode(address: Address, country: str) -> Iterator[Sighting]:
    for code in _postcodes(address):
        for row in rows("postcodes"):
            counts = country == row["country"] or (
                len(row["from"]) == SIX_DIGITS and country in NEIGHBOURS
            )
            if counts and len(code) == len(row["from"]) and row["from"] <= code <= row["to"]:
                yield Sighting(row["region"], f"the postcode {code}")


def _postcodes(address: Address) -> tuple[str, ...]:
    stated = re.sub(r"[\s-]", "", address.postcode)
    if stated:
        return tuple(re.findall(r"\d{5,6}", stated)[:1])
    text = address.city or address.street
    return tuple(re.findall(r"(?<![\d-])\d{5,6}(?![\d-])", text))


def _by_names(address: Address, country: str) -> Iterator[Sighting]:
    for each in _names_in(words_of(address.region)):
        yield from _judged(each, country, address, in_region=True)
    for each in _names_in(words_of(address.city)):
        yield from _judged(each, country, address)
    if not address.city:
        yield from _in_the_street(address, country)


def _in_the_street(address: Address, country: str) -> Iterator[Sighting]:
    """Yield places out of a whole address on one line; a street named after one is none."""
    if country not in NEIGHBOURS:
        return
    for segment in re.split(r"[,;\n]", address.street):
        words = tuple(
            word for word in words_of(segment) if not word.isdigit() and word not in _LOCALITY
        )
        if not any(word in _street_words() for word in words):
            for each in _names_in(words):
                whole = " ".join(words) == each.words
                doubt = "" if whole else f"{each.words.title()} is only a part of {segment.strip()}"
                yield from _judged(each, country, address, doubt=doubt)


@cache
def _street_words() -> frozenset[str]:
    return frozenset(row["word"] for row in rows("street_words"))


def _judged(
    found: _Found, country: str, address: Address, *, in_region: bool = False, doubt: str = ""
) -> Iterator[Sighting]:
    place, name = found.place, found.words.title()
    region = place.region
    if in_region and place.kind == "town":
        region = region.split(":")[0]  # a province is often called after its capital
    if country in NEIGHBOURS:
        shared = place.elsewhere & ({country} if country else {"UA", "RU", "none"})
        if shared and _postcode_says_otherwise(address):
            return
        if shared:
            known = f" ({place.caution})" if place.caution else ""
            doubt = doubt or f"{name} is also the name of another place{known}"
        yield Sighting(region, f"the place {name}", doubt)
    elif found.exact and not place.elsewhere:
        yield Sighting(region, f"the place {name}", f"the country stated is {country}")


def _postcode_says_otherwise(address: Address) -> bool:
    return bool(_postcodes(address))  # one of the region itself is a sighting by itself


def _names_in(words: tuple[str, ...]) -> Iterator[_Found]:
    """Yield the places named in some words, the longest name first, no word used twice."""
    names, longest = _place_names()
    start = 0
    while start < len(words):
        for length in range(min(longest, len(words) - start), 0, -1):
            part = words[start : start + length]
            found = names.get(part) or (_nearly(part[0]) if length == 1 else ())
            if found:
                exact = part in names
                yield from (_Found(" ".join(part), each, exact) for each in found)
                start += length - 1
                break
        start += 1


@cache
def _place_names() -> tuple[dict[tuple[str, ...], tuple[_Place, ...]], int]:
    names: dict[tuple[str, ...], tuple[_Place, ...]] = {}
    for row in rows("places"):
        place = _Place(
            row["region"], row["kind"], frozenset(row["elsewhere"].split()), row["caution"]
        )
        columns = (row["latin"], row["russian"], row["ukrainian"], row["other_spellings"])
        for name in ";".join(columns).split(";"):
            words = words_of(name)
            if words:
                names[words] = (*(x for x in names.get(words, ()) if x != place), place)
    return names, max(map(len, names))


@cache
def _other_places() -> frozenset[str]:
    """Return the towns that are a letter away from one of ours and still not it."""
    return frozenset(word for row in rows("other_places") for word in words_of(row["name"]))


def _nearly(word: str) -> tuple[_Place, ...]:
    if len(word) < FUZZY_FROM or word in _other_places():
        return ()
    names, _ = _place_names()
    return next(
        (
            places
            for known, places in names.items()
            if len(known) == 1 and len(known[0]) >= FUZZY_FROM and is_one_edit(word, known[0])
        ),
        (),
    )


def is_one_edit(left: str, right: str) -> bool:
    """Test whether one letter more, less, other or swapped with the next explains a difference."""
    if abs(len(left) - len(right)) > 1:
        return False
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    a, b = left[same:], right[same:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _country_in_the_text(address: Address, stated: tuple[str, ...]) -> Iterator[Sighting]:
    """
    Yield the country that the address itself ends in, which a form may not have asked for.

    Alone in its field such a name is likelier a town: Cuba in Missouri.
    """
    text = address.region or address.city or address.street
    segments = [each.strip() for each in re.split(r"[,;\n]", text) if each.strip()]
    if not segments or len(segments[-1]) < SHORTEST_COUNTRY or (stated and len(segments) == 1):
        return
    named, unsure = _countries(re.sub(r"\d", "", segments[-1]))
    alone = f"nothing but {text!r} is stated" if len(segments) == 1 else ""
    doubt = f"the country stated is {stated[0]}" if stated else alone
    for country in named:
        if country not in stated:
            yield Sighting(country, f"the address ends in {segments[-1]!r}", doubt or unsure)
