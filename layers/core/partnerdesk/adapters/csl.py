"""Reads the U.S. Consolidated Screening List as published: many lists in one file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from partnerdesk.adapters.list_files import bad, table, text_of
from partnerdesk.domain.places import country_of
from partnerdesk.domain.screening import PartyType
from partnerdesk.domain.watchlist import Entity, ListedName

FILE = "consolidated.csv"
HEADER = (
    "source", "entity_number", "type", "programs", "name", "title", "addresses",
    "federal_register_notice", "start_date", "end_date", "standard_order", "license_requirement",
    "license_policy", "call_sign", "vessel_type", "gross_tonnage", "gross_registered_tonnage",
    "vessel_flag", "vessel_owner", "remarks", "source_list_url", "alt_names", "citizenships",
    "dates_of_birth", "nationalities", "places_of_birth", "source_information_url", "ids",
)  # fmt: skip

MOST_REMARKS = 500
NUMBER = 12
"""Digits of an entity's number where the list gives none; it then follows from the name."""

_TYPES = {
    "": PartyType.UNKNOWN,
    "Entity": PartyType.COMPANY,
    "Individual": PartyType.PERSON,
    "Vessel": PartyType.VESSEL,
    "Aircraft": PartyType.AIRCRAFT,
}

_TERMS = {
    "license_requirement": "Licence requirement",
    "license_policy": "Licence policy",
    "federal_register_notice": "Notice",
}
"""What a reviewer is told of a row (screening.md 4)."""

_KIND = re.compile(r"\D*(passport|number|no\.?|\bid|identification|mmsi|code)\D*", re.IGNORECASE)
_GENDER = re.compile(r"\bGender, (\w+)|\b(\w+), Gender\b")
_BORN = re.compile(r"(circa |approximately )?(\d{4}(?:-\d\d-\d\d)?)")


def read(files: Mapping[str, bytes]) -> tuple[Entity, ...]:
    """
    Return the entities of every list in the file; its columns are found by name.

    :raises BadListError: when the file is broken, its columns, sources or types
        drift, or an entity is there twice
    """
    headers = (HEADER, ("_id", *HEADER))
    rows = table(text_of(files[FILE], FILE), FILE, *headers)
    found: dict[tuple[str, str], Entity] = {}
    for row in rows:
        entity = _entity(row)
        key = entity.list_code, entity.number
        twin = found.setdefault(key, entity)
        if twin is not entity and row["entity_number"]:
            raise bad(FILE, f"{entity.list_code} {entity.number} is there twice")
        if twin is not entity:
            found[key] = replace(twin, notice=f"{twin.notice} {entity.notice}")
    return tuple(found.values())


def _entity(row: Mapping[str, str]) -> Entity:
    source = re.search(r"\(([A-Z]{2,5})\)", row["source"])
    if source is None:
        raise bad(FILE, f"{row['source']!r} names no list that we know")
    if row["type"] not in _TYPES:
        raise bad(FILE, f"{row['type']!r} is a type of entity we do not know")
    name, numbers = row["name"], tuple(dict.fromkeys(_identifiers(row["ids"])))
    stated = row["entity_number"] or row.get("_id", "")
    return Entity(
        list_code=source[1],
        number=stated or sha256(f"{name}\n{row['addresses']}".encode()).hexdigest()[:NUMBER],
        type=_TYPES[row["type"]],
        names=tuple(dict.fromkeys(_names(name, row["alt_names"]))),
        programmes=tuple(_values(row["programs"])),
        countries=tuple(dict.fromkeys(_countries(row))),
        cities=tuple(dict.fromkeys(_cities(row["addresses"]))),
        birth_dates=tuple(dict.fromkeys(_births(row["dates_of_birth"]))),
        gender=_gender(row["ids"]),
        identifiers=numbers,
        remarks=row["remarks"][:MOST_REMARKS],
        effective_from=row["start_date"],
        effective_to=row["end_date"],
        notice=" ".join(
            f"{told}: {row[key].rstrip('.')}." for key, told in _TERMS.items() if row[key]
        ),
    )


def _names(name: str, others: str) -> Iterator[ListedName]:
    yield ListedName(name)
    for other in _values(others):
        yield ListedName(other.removeprefix("and "), "aka")


def _values(text: str) -> Iterator[str]:
    return (part for part in map(str.strip, text.split(";")) if part)


def _countries(row: Mapping[str, str]) -> Iterator[str]:
    texts = [part.rpartition(",")[2] for part in _values(row["addresses"])]
    texts += [*_values(row["nationalities"]), *_values(row["citizenships"]), row["vessel_flag"]]
    texts += [part.rpartition(",")[2] for part in _values(row["places_of_birth"])]
    return (code for text in texts if (code := country_of(text)))


def _cities(addresses: str) -> Iterator[str]:
    """Yield the last part of each address that is neither country, state nor number."""
    for address in _values(addresses):
        parts = [part.strip() for part in address.split(",")][1 if address.count(",") > 1 else 0 :]
        named = [
            part
            for part in parts
            if len(part) > len("TX") and not country_of(part) and not re.search(r"\d", part)
        ]
        yield from named[-1:]


def _births(text: str) -> Iterator[str]:
    for part in _values(text):
        found = _BORN.match(part)
        if found:
            yield ("circa " if found[1] else "") + found[2]


def _gender(text: str) -> str:
    found = _GENDER.search(text)
    return "".join(found.groups("")) if found else ""


def _identifiers(text: str) -> Iterator[str]:
    """Yield `kind number (country)`; the issues of 2019 and 2025 order the three differently."""
    for part in _values(text):
        values = [value.strip() for value in part.split(",")]
        kind = next((value for value in values if _KIND.fullmatch(value)), "")
        country = next((code for value in values if (code := _alpha2(value))), "")
        rest = [value for value in values if value != kind and not _alpha2(value)]
        number = re.sub(r"[^A-Z0-9]", "", rest[0].upper().removeprefix("IMO ")) if rest else ""
        if kind and any(map(str.isdigit, number)):
            yield f"{kind.rstrip('.')} {number}" + (f" ({country})" if country else "")


def _alpha2(text: str) -> str:
    return country_of(text) if re.fullmatch(r"[A-Z]{2}", text) else ""
