"""Reads the sanctions lists of the U.S. Treasury as published, and refuses broken ones."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from partnerdesk.adapters.list_files import MOST_UNREADABLE, bad, text_of
from partnerdesk.domain.places import country_of
from partnerdesk.domain.screening import PartyType
from partnerdesk.domain.watchlist import Entity, ListedName

NULL = "-0-"
END = "\x1a"
"""The Ctrl-Z that is the last line of a whole file."""

MOST_ORPHANS = 0.01
MOST_REMARKS = 600

PRIMARY, ALIASES, ADDRESSES, COMMENTS = 12, 5, 6, 2
"""Columns of the four kinds of file."""

_TYPES = {
    "": PartyType.COMPANY,
    "individual": PartyType.PERSON,
    "vessel": PartyType.VESSEL,
    "aircraft": PartyType.AIRCRAFT,
}

_NON_SDN = {
    "CMIC-EO13959": "CMIC",
    "NS-PLC": "PLC",
    "UKRAINE-EO13662": "SSI",
    "RUSSIA-EO14024": "CAP",
    "561-RELATED": "CAP",
    "FSE-IR": "FSE",
    "FSE-SY": "FSE",
    "FSE-WMD": "FSE",
    "MBS": "MBS",
}
"""Programmes of the non-SDN file that are lists of their own (screening.md 5)."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The four files of one OFAC list, by their roles, as text."""

    code: str
    primary: str
    aliases: str
    addresses: str
    comments: str


FILES = {
    "SDN": ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"),
    "CONS": ("cons_prim.csv", "cons_alt.csv", "cons_add.csv", "cons_comments.csv"),
}
"""The names of the files of each list, as published (screening.md 5)."""


def read(code: str, files: Mapping[str, bytes]) -> tuple[Entity, ...]:
    """
    Return the entities of a list from those of its four files that are there.

    :raises BadListError: when one of them is broken
    """
    texts = [_decoded(files[name], name) if name in files else "" for name in FILES[code]]
    return _entities(Folder(code, *texts))


def _decoded(content: bytes, name: str) -> str:
    text = text_of(content, name)
    may_lack_end = "comments" in name and text.endswith("\n")  # issues before 2022 did
    if not may_lack_end and not text.rstrip("\r\n ").endswith(END):
        raise bad(name, "its end is missing (no Ctrl-Z line)")
    return text


def _entities(folder: Folder) -> tuple[Entity, ...]:
    """
    Return the entities of one list with everything its four files say about them.

    :raises BadListError: when columns or types drift, numbers repeat, too many
        rows do not parse, or too many aliases or addresses belong to nobody
    """
    names = FILES[folder.code]
    primary = _rows(folder.primary, PRIMARY, names[0])
    numbers = [row[0] for row in primary]
    if len(set(numbers)) != len(numbers):
        raise bad(names[0], "an entity number repeats")
    known = frozenset(numbers)
    aliases = _grouped(_rows(folder.aliases, ALIASES, names[1]), known, names[1])
    addresses = _grouped(_rows(folder.addresses, ADDRESSES, names[2]), known, names[2])
    comments = {
        number: "".join(row[1] for row in rows)
        for number, rows in _grouped(
            _rows(folder.comments, COMMENTS, names[3]), known, names[3]
        ).items()
    }
    return tuple(
        _entity(
            folder.code,
            row,
            aliases.get(row[0], ()),
            addresses.get(row[0], ()),
            row[11] + comments.get(row[0], ""),
        )
        for row in primary
    )


def _rows(text: str, columns: int, name: str) -> list[list[str]]:
    """Return the rows of a file with nulls as empty text, leaving out the odd broken one."""
    found: list[list[str]] = []
    broken = 0
    for row in csv.reader(io.StringIO(text.rstrip("\r\n \x1a"), newline="")):
        if len(row) == columns and row[0].strip().isdigit():
            found.append([_value(cell) for cell in row])
        else:
            broken += bool(row)
    if broken > MOST_UNREADABLE * max(len(found), 1):
        raise bad(name, f"{broken} rows do not have its {columns} columns")
    return found


def _value(cell: str) -> str:
    cell = cell.strip()
    return "" if cell == NULL else cell


def _grouped(
    rows: Sequence[list[str]], known: frozenset[str], name: str
) -> Mapping[str, Sequence[list[str]]]:
    groups: dict[str, list[list[str]]] = defaultdict(list)
    orphans = 0
    for row in rows:
        if row[0] in known:
            groups[row[0]].append(row)
        else:
            orphans += 1
    if orphans > MOST_ORPHANS * len(rows):
        raise bad(name, f"{orphans} of its {len(rows)} rows belong to no entity")
    return groups


def _entity(
    code: str,
    row: list[str],
    aliases: Sequence[list[str]],
    addresses: Sequence[list[str]],
    remarks: str,
) -> Entity:
    if row[2] not in _TYPES:
        raise bad(FILES[code][0], f"{row[2]!r} is a type of entity we do not know")
    programmes = tuple(row[3].split("] ["))
    facts = tuple(part.strip(" .") for part in remarks.split(";") if part.strip(" ."))
    names = [ListedName(row[1], "primary")]
    names.extend(ListedName(alias[3], alias[2]) for alias in aliases)
    names.extend(ListedName(weak, "weak") for weak in _weak(facts))
    countries = [*(address[4] for address in addresses), row[9], *_countries(facts)]
    return Entity(
        list_code=_list_of(programmes) if code == "CONS" else code,
        number=row[0],
        type=_TYPES[row[2]],
        names=tuple(dict.fromkeys(each for each in names if each.name)),
        programmes=programmes,
        countries=_codes(countries),
        cities=tuple(dict.fromkeys(city for each in addresses if (city := _city(each[3])))),
        birth_dates=tuple(dict.fromkeys(_birth_dates(facts))),
        gender=next((fact.split()[1] for fact in facts if fact.startswith("Gender ")), ""),
        identifiers=tuple(dict.fromkeys(_identifiers(facts))),
        remarks="; ".join(fact for fact in facts if not _is_read(fact))[:MOST_REMARKS],
    )


def _list_of(programmes: tuple[str, ...]) -> str:
    return next((_NON_SDN[each] for each in programmes if each in _NON_SDN), "NON-SDN")


def _is_read(fact: str) -> bool:
    """Test whether a fact of the remarks stands elsewhere in the entry; what does not is kept."""
    one = (fact,)
    found = (_weak, _birth_dates, _identifiers)
    return fact.startswith("Gender ") or any(any(each(one)) for each in found)


def _weak(facts: Sequence[str]) -> Iterator[str]:
    """Yield the weak aliases, which stand quoted in the remarks and nowhere else."""
    for fact in facts:
        found = re.fullmatch(r"(?:alt\. )?[afn]\.k\.a\.,? '(.+)'", fact)
        if found:
            yield found[1]


def _codes(countries: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for text in countries if (code := country_of(text))))


def _countries(facts: Sequence[str]) -> Iterator[str]:
    for fact in facts:
        found = re.fullmatch(r"(?:alt\. )?(?:nationality|citizen) (.+)", fact)
        if found:
            yield found[1]
        elif re.match(r"(?:alt\. )?POB ", fact):
            yield fact.rpartition(",")[2].partition("POB ")[2] or fact.rpartition(",")[2]


def _city(text: str) -> str:
    return " ".join(word for word in text.partition(",")[0].split() if not re.search(r"\d", word))


_CIRCA = re.compile(
    r"(?:alt\. )?DOB (?P<circa>(?:circa|approximately|early|late|mid)\b[ -]*)?(?P<when>.+)"
)


def _birth_dates(facts: Sequence[str]) -> Iterator[str]:
    for fact in facts:
        found = _CIRCA.fullmatch(fact)
        if found:
            circa = "circa " if found["circa"] or " to " in found["when"] else ""
            yield from (circa + day for day in _days(found["when"]))


def _days(text: str) -> Iterator[str]:
    for part in text.replace("circa ", "").split(" to "):
        exact = re.fullmatch(r"\d{1,2} [A-Z][a-z]{2} \d{4}", part.strip())
        if exact:
            yield _iso(exact.group())
        else:
            yield from re.findall(r"\b(?:1[89]|20)\d\d\b", part)[:1]


def _iso(text: str) -> str:
    day: date = datetime.strptime(text, "%d %b %Y").date()  # noqa: DTZ007 - a birthday has no zone
    return day.isoformat()


_IDENTIFIER = re.compile(
    r"(?:alt\. )?(?P<kind>Passport|National ID No\.|Tax ID No\.|Registration Number|Registration ID"
    r"|Identification Number|Business Registration Number|Company Number|Cedula No\.|NIT #?|RUC #?"
    r"|C\.R\. No\.|D\.N\.I\.|V\.A\.T\. Number|Legal Entity Number|Chamber of Commerce Number"
    r"|Unified Social Credit Code|Vessel Registration Identification|MMSI|SWIFT/BIC"
    r"|Commercial Registry Number|Trade License No\.|Matricula Mercantil No|R\.F\.C\.|C\.U\.R\.P\.)"
    r" (?P<number>[A-Z0-9][A-Z0-9 ./-]*)",
)


def _identifiers(facts: Sequence[str]) -> Iterator[str]:
    """Yield identifiers as `kind number (country)`, the number in capitals and digits alone."""
    for fact in facts:
        plain = fact.replace(" (USCC)", "")
        found = _IDENTIFIER.match(plain)
        if found:
            number = re.sub(r"[^A-Z0-9]", "", found["number"].removeprefix("IMO "))
            country = country_of(plain.partition("(")[2].partition(")")[0])
            if any(map(str.isdigit, number)):
                kind = found["kind"].rstrip(".# ")
                yield f"{kind} {number} ({country})" if country else f"{kind} {number}"
