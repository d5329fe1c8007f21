"""What every published list file must be before its rows are looked at."""

import csv
import io
from collections.abc import Mapping

from partnerdesk.domain.errors import RefusedError

MOST_BYTES = 200_000_000
MOST_UNREADABLE = 0.001


class BadListError(RefusedError):
    """A list file is broken, cut short or not what it says; the version in use stays."""

    code = "bad-list"


def bad(name: str, why: str) -> BadListError:
    """Return the refusal of a file, in one sentence."""
    return BadListError(f"{name} is refused: {why}.", file=name)


def text_of(content: bytes, name: str, *, most_bytes: int = MOST_BYTES) -> str:
    """
    Return the text of a list file: UTF-8, or Latin-1 as older issues are.

    :raises BadListError: for an empty or huge file, or a web page in its place
    """
    if not content.strip():
        raise bad(name, "it is empty")
    if len(content) > most_bytes:
        raise bad(name, f"it is larger than {most_bytes} bytes")
    if content.lstrip()[:1] == b"<":
        raise bad(name, "it is a web page")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def table(
    text: str, name: str, *headers: tuple[str, ...], delimiter: str = ","
) -> list[Mapping[str, str]]:
    """
    Return the rows of a file by the names in its header, blanks around values cut off.

    :raises BadListError: when the header is none of those known, the last row is
        cut short, or too many rows do not have every column
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        found = [row for row in reader if row]
    except csv.Error as broken:
        raise bad(name, "its last row is cut short") from broken
    header = tuple(cell.strip() for cell in found[0])
    if header not in headers:
        raise bad(name, "its columns are not those we know")
    whole = [row for row in found[1:] if len(row) == len(header)]
    if len(found[-1]) != len(header):
        raise bad(name, "its last row is cut short")
    broken_rows = len(found) - 1 - len(whole)
    if broken_rows > MOST_UNREADABLE * len(whole):
        raise bad(name, f"{broken_rows} rows do not have its {len(header)} columns")
    return [
        dict(zip(header, (" ".join(cell.split()) for cell in row), strict=True)) for row in whole
    ]
