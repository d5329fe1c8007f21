"""Reads the Denied Persons List of the U.S. Department of Commerce as published."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from partnerdesk.adapters.list_files import bad, table, text_of
from partnerdesk.domain.places import country_of
from partnerdesk.domain.screening import PartyType
from partnerdesk.domain.watchlist import Entity, ListedName

FILE = "dpl.txt"
HEADER = (
    "Name", "Street_Address", "City", "State", "Country", "Postal_Code", "Effective_Date",
    "Expiration_Date", "Standard_Order", "Last_Update", "Action", "FR_Citation",
)  # fmt: skip

NUMBER = 12
"""Digits of an entity's number: the list has none, so it follows from the name."""

_NO_END = "9999-12-31"


def read(files: Mapping[str, bytes]) -> tuple[Entity, ...]:
    """
    Return one entity for each denied name, with all of its orders and addresses.

    A name may have several orders; it is denied until the last of them expires,
    for good when one has no expiry date.

    :raises BadListError: when the file is broken or its columns drift
    """
    rows = table(text_of(files[FILE], FILE), FILE, HEADER, delimiter="\t")
    named: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        named[row["Name"].upper()].append(row)
    return tuple(_entity(orders) for name, orders in named.items() if name)


def _entity(orders: Sequence[Mapping[str, str]]) -> Entity:
    name = orders[0]["Name"]
    last = max(_day(each["Expiration_Date"]) or _NO_END for each in orders)
    countries = (country_of(each["Country"]) for each in orders)
    return Entity(
        list_code="DPL",
        number=sha256(name.upper().encode()).hexdigest()[:NUMBER],
        type=PartyType.UNKNOWN,
        names=(ListedName(name),),
        countries=tuple(dict.fromkeys(code for code in countries if code)),
        cities=tuple(dict.fromkeys(each["City"].title() for each in orders if each["City"])),
        effective_from=min(_day(each["Effective_Date"]) for each in orders),
        effective_to="" if last == _NO_END else last,
        notice=" ".join(dict.fromkeys(map(_order, orders))),
    )


def _order(row: Mapping[str, str]) -> str:
    end = _day(row["Expiration_Date"]) or "no stated end"
    kind = "Standard" if row["Standard_Order"] == "Y" else "Non-standard"
    return f"{kind} order from {_day(row['Effective_Date'])} to {end}, {row['FR_Citation']}."


def _day(text: str) -> str:
    """
    Return `06/19/2003` as `2003-06-19`, nothing for nothing.

    :raises BadListError: when it is no day
    """
    month, _, rest = text.partition("/")
    day, _, year = rest.partition("/")
    if not text:
        return ""
    if not (month + day + year).isdigit() or len(year) != len("2003"):
        raise bad(FILE, f"{text!r} is no day as this list writes them")
    return f"{year}-{month:0>2}-{day:0>2}"
