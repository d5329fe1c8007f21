"""Reads the consolidated list of the United Nations Security Council as published."""

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from partnerdesk.adapters.list_files import MOST_BYTES, bad
from partnerdesk.domain.places import country_of
from partnerdesk.domain.screening import PartyType
from partnerdesk.domain.watchlist import Entity, ListedName

FILE = "un_consolidated.xml"
ROOT = "CONSOLIDATED_LIST"
MOST_REMARKS = 500

_GROUPS = {
    "INDIVIDUALS": ("INDIVIDUAL", PartyType.PERSON),
    "ENTITIES": ("ENTITY", PartyType.COMPANY),
}

_KINDS = {"Good": "aka", "a.k.a.": "aka", "f.k.a.": "fka", "Low": "weak", "": "aka"}
"""What the quality of an alias makes of it; a low one decides nothing by itself."""


def read(files: Mapping[str, bytes]) -> tuple[Entity, ...]:
    """
    Return the persons and organisations of the list.

    A document type could name files and grow without end: none is read.

    :raises BadListError: when the file is broken, has a document type, or an
        entry lacks its number or is there twice
    """
    root = _root(files[FILE])
    found = [
        _entity(each, kind)
        for group, (tag, kind) in _GROUPS.items()
        for each in root.iterfind(f"{group}/{tag}")
    ]
    numbers = [each.number for each in found]
    if not found or not all(numbers) or not all(each.names for each in found):
        raise bad(FILE, "its entries are not as we know them")
    if len(set(numbers)) != len(numbers):
        raise bad(FILE, "an entity number repeats")
    return tuple(found)


def _root(content: bytes) -> ET.Element:
    if not content.strip():
        raise bad(FILE, "it is empty")
    if len(content) > MOST_BYTES:
        raise bad(FILE, f"it is larger than {MOST_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise bad(FILE, "it is not UTF-8") from broken
    if "<!doctype" in text.casefold():
        raise bad(FILE, "it has a document type, which we do not read")
    try:
        root = ET.fromstring(text)  # noqa: S314 - it has no DOCTYPE, so no entities to expand
    except ET.ParseError as broken:
        raise bad(FILE, "it is cut short or no XML") from broken
    if root.tag != ROOT:
        raise bad(FILE, f"it is no {ROOT}")
    return root


def _entity(entry: ET.Element, kind: PartyType) -> Entity:
    is_person = kind is PartyType.PERSON
    prefix = "INDIVIDUAL" if is_person else "ENTITY"
    name = " ".join(_text(entry, f"{each}_NAME") for each in ("FIRST", "SECOND", "THIRD", "FOURTH"))
    names = [ListedName(" ".join(name.split()))]
    original = _text(entry, "NAME_ORIGINAL_SCRIPT")
    names.append(ListedName(original, "aka"))
    for alias in entry.iterfind(f"{prefix}_ALIAS"):
        quality = _KINDS.get(_text(alias, "QUALITY"), "aka")
        names.extend(ListedName(each, quality) for each in _alias_names(alias))
    places = [*entry.iterfind(f"{prefix}_ADDRESS"), *entry.iterfind("INDIVIDUAL_PLACE_OF_BIRTH")]
    countries = [_text(each, "COUNTRY") for each in places]
    countries += [each.text or "" for each in entry.iterfind("NATIONALITY/VALUE")]
    cities = (_text(each, "CITY") for each in entry.iterfind(f"{prefix}_ADDRESS"))
    programme = _text(entry, "UN_LIST_TYPE")
    return Entity(
        list_code="UN",
        number=_text(entry, "DATAID"),
        type=kind,
        names=tuple(dict.fromkeys(each for each in names if each.name)),
        programmes=(programme,) if programme else (),
        countries=tuple(dict.fromkeys(code for text in countries if (code := country_of(text)))),
        cities=tuple(dict.fromkeys(city for city in cities if city)),
        birth_dates=tuple(dict.fromkeys(_births(entry))),
        gender=_text(entry, "GENDER"),
        identifiers=tuple(dict.fromkeys(_identifiers(entry))),
        remarks=_text(entry, "COMMENTS1")[:MOST_REMARKS],
        effective_from=_text(entry, "LISTED_ON")[: len("2003-06-19")],
        notice=f"Reference {_text(entry, 'REFERENCE_NUMBER')}.",
    )


def _text(entry: ET.Element, tag: str) -> str:
    return " ".join((entry.findtext(tag) or "").split())


def _alias_names(alias: ET.Element) -> Iterator[str]:
    """Yield the names of one alias; some entries hold several, with semicolons between."""
    for part in _text(alias, "ALIAS_NAME").split(";"):
        if part.strip():
            yield part.strip()


def _births(entry: ET.Element) -> Iterator[str]:
    for each in entry.iterfind("INDIVIDUAL_DATE_OF_BIRTH"):
        circa = "" if _text(each, "TYPE_OF_DATE").upper() in {"EXACT", ""} else "circa "
        day = _text(each, "DATE")[: len("2003-06-19")]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            yield circa + day
            continue
        for tag in ("YEAR", "FROM_YEAR", "TO_YEAR"):
            year = _text(each, tag)
            if re.fullmatch(r"\d{4}", year):
                yield circa + year


def _identifiers(entry: ET.Element) -> Iterator[str]:
    for each in entry.iterfind("INDIVIDUAL_DOCUMENT"):
        number = re.sub(r"[^A-Z0-9]", "", _text(each, "NUMBER").upper())
        country = country_of(_text(each, "ISSUING_COUNTRY") or _text(each, "COUNTRY_OF_ISSUE"))
        if any(map(str.isdigit, number)):
            kind = _text(each, "TYPE_OF_DOCUMENT") or "Document"
            yield f"{kind} {number}" + (f" ({country})" if country else "")
