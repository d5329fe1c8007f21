"""The tables that ship with the desk: places, embargo rules, words that names are made of."""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files


@cache
def rows(table: str) -> tuple[Mapping[str, str], ...]:
    """
    Return the rows of a shipped table by column name, in the order of the file.

    The tables are part of the code, as reviewed and as versioned as the code:
    reading them is importing them, and it happens once.
    """
    return tuple(_read(table))


def _read(table: str) -> Iterator[Mapping[str, str]]:
    text = (files(__name__) / f"{table}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines(keepends=True))
