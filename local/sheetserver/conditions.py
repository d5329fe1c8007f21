"""Conditions on a cell: those of dropdowns and other validations, of filters and colour rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from sheetserver import a1, errors, formulas, numberformat, typing_in
from sheetserver.book import CellError, Formula, Result
from sheetserver.clock import moment_of

if TYPE_CHECKING:
    from sheetserver.book import Book, Tab
    from sheetserver.messages import Message

# A test of one cell: its value, how it is shown, and its distance from the rule's first cell.
Test: TypeAlias = Callable[[Result, str, int, int], bool]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
_URL = re.compile(r"(https?|ftp|mailto):\S+\Z", re.IGNORECASE)
_RELATIVE_DAYS = {
    "TODAY": 0,
    "YESTERDAY": -1,
    "TOMORROW": 1,
    "PAST_WEEK": -7,
    "PAST_MONTH": -30,
    "PAST_YEAR": -365,
}

_OPERANDS = {  # how many values a condition takes, at least and at most
    "NUMBER_BETWEEN": (2, 2),
    "NUMBER_NOT_BETWEEN": (2, 2),
    "DATE_BETWEEN": (2, 2),
    "DATE_NOT_BETWEEN": (2, 2),
    "DATE_IS_VALID": (0, 0),
    "TEXT_IS_EMAIL": (0, 0),
    "TEXT_IS_URL": (0, 0),
    "BLANK": (0, 0),
    "NOT_BLANK": (0, 0),
    "BOOLEAN": (0, 2),
    "ONE_OF_LIST": (1, 500),
    "ONE_OF_RANGE": (1, 1),
    "CUSTOM_FORMULA": (1, 1),
    # Filters may name several texts or numbers that are (not) meant.
    "TEXT_EQ": (1, 500),
    "TEXT_NOT_EQ": (1, 500),
    "NUMBER_EQ": (1, 500),
    "NUMBER_NOT_EQ": (1, 500),
    "DATE_EQ": (1, 500),
    "DATE_NOT_EQ": (1, 500),
}


def check(condition: Message) -> None:
    """
    Let a condition pass.

    :raises ApiError: if it names no type, or not as many values as the type takes
    """
    kind = condition.get("type", "CONDITION_TYPE_UNSPECIFIED")
    if kind == "CONDITION_TYPE_UNSPECIFIED":
        why = "ConditionType is required."
        raise errors.invalid(why)
    least, most = _OPERANDS.get(kind, (1, 1))
    values = condition.get("values", [])
    if not least <= len(values) <= most:
        msg = f"Condition {kind} takes {least} to {most} values, but {len(values)} were given."
        raise errors.invalid(msg)


def check_rule(rule: Message) -> None:
    """
    Let a validation rule pass.

    :raises ApiError: if its condition is none
    """
    check(rule.get("condition", {}))


class Judge:
    """Turns the conditions of one state of a spreadsheet into tests."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._sheet = formulas.Sheet(book)
        self._year = moment_of(book.calculated).year if book.calculated else 1970

    def test(self, condition: Message, tab: Tab) -> Test:
        """Return the test a condition of a tab stands for."""
        kind = condition["type"]
        if kind == "CUSTOM_FORMULA":
            return self._formula(condition["values"][0].get("userEnteredValue", ""), tab)
        if kind in _BY_RESULT:
            return _BY_RESULT[kind]
        if kind == "BOOLEAN":
            return self._boolean(condition)
        if kind == "ONE_OF_RANGE":
            listed = frozenset(self.listed(condition, tab))
            return lambda _value, text, _row, _column: text in listed
        if kind == "ONE_OF_LIST":
            entries = frozenset(self.listed(condition, tab))
            return lambda _value, text, _row, _column: text in entries
        return self._compared(kind, condition, tab)

    def listed(self, condition: Message, tab: Tab) -> list[str]:
        """Return the entries of a dropdown, as shown."""
        values = [each.get("userEnteredValue", "") for each in condition.get("values", ())]
        if condition["type"] == "ONE_OF_LIST":
            return values
        if condition["type"] != "ONE_OF_RANGE":
            return []
        place = self._area(values[0].removeprefix("="), tab)
        if place is None:
            return []
        other, corners = place
        found = []
        bottom = corners.bottom if corners.bottom is not None else other.row_count
        right = corners.right if corners.right is not None else other.column_count
        for index in range(corners.top, min(bottom, len(other.rows))):
            row = other.rows[index]
            for column in range(corners.left, right):
                value = row.value(column)
                shown = value.result if isinstance(value, Formula) else value
                style = self._book.pool.get(row.style(column))
                found.append(numberformat.shown(shown, style.get("numberFormat", {})))
        return [text for text in found if text]

    def _area(self, text: str, tab: Tab) -> tuple[Tab, a1.Corners] | None:
        title, rest = a1.split_title(text)
        named = next((each for each in self._book.names if each["name"] == text), None)
        if named:
            other = self._book.tab(named["range"].get("sheetId", 0))
            rect = other.rect(named["range"])
            return other, a1.Corners(rect.top, rect.left, rect.bottom, rect.right)
        found = tab if title is None else self._book.titled(title)
        corners = a1.corners(rest)
        return (found, corners) if found and corners else None

    def _formula(self, source: str, tab: Tab) -> Test:
        text = source if source.startswith("=") else f"={source.removeprefix('+')}"

        def test(_value: Result, _text: str, row: int, column: int) -> bool:
            result = self._sheet.test(text, tab, row, column)
            return not isinstance(result, (CellError, str)) and bool(result)

        return test

    def _boolean(self, condition: Message) -> Test:
        custom = frozenset(each.get("userEnteredValue", "") for each in condition.get("values", ()))
        if custom:
            return lambda _value, text, _row, _column: text in custom
        return lambda value, _text, _row, _column: isinstance(value, bool)

    def _compared(self, kind: str, condition: Message, tab: Tab) -> Test:
        family, _, name = kind.partition("_")
        operands = [self._operand(each, tab, family) for each in condition["values"]]
        comparison = {"TEXT": _TEXTS, "NUMBER": _NUMBERS, "DATE": _DATES}[family][name]
        if family == "TEXT":
            texts = [numberformat.shown(each, {}).casefold() for each in operands]
            return lambda _value, text, _row, _column: comparison(text.casefold(), texts)
        numbers = [each for each in operands if _is_number(each)]
        if len(numbers) != len(operands):
            return lambda _value, _text, _row, _column: False
        return lambda value, _text, _row, _column: _is_number(value) and comparison(value, numbers)

    def _operand(self, message: Message, tab: Tab, family: str) -> Result:
        relative = message.get("relativeDate")
        if relative:
            return int(self._book.calculated) + _RELATIVE_DAYS.get(relative, 0)
        text = message.get("userEnteredValue", "")
        if text.startswith("="):
            return self._sheet.test(text, tab, 0, 0)
        if family == "TEXT":
            return str(text)
        value = typing_in.read(text, year=self._year).value
        return None if isinstance(value, Formula) else value


def _is_number(value: Result) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_BY_RESULT: dict[str, Test] = {
    "BLANK": lambda _value, text, _row, _column: not text,
    "NOT_BLANK": lambda _value, text, _row, _column: bool(text),
    "DATE_IS_VALID": lambda value, _text, _row, _column: _is_number(value),
    "TEXT_IS_EMAIL": lambda _value, text, _row, _column: bool(_EMAIL.match(text)),
    "TEXT_IS_URL": lambda _value, text, _row, _column: bool(_URL.match(text)),
}
_TEXTS: dict[str, Callable[..., bool]] = {
    "CONTAINS": lambda text, wanted: wanted[0] in text,
    "NOT_CONTAINS": lambda text, wanted: wanted[0] not in text,
    "STARTS_WITH": lambda text, wanted: text.startswith(wanted[0]),
    "ENDS_WITH": lambda text, wanted: text.endswith(wanted[0]),
    "EQ": lambda text, wanted: text in wanted,
    "NOT_EQ": lambda text, wanted: text not in wanted,
}
_NUMBERS: dict[str, Callable[..., bool]] = {
    "GREATER": lambda value, wanted: value > wanted[0],
    "GREATER_THAN_EQ": lambda value, wanted: value >= wanted[0],
    "LESS": lambda value, wanted: value < wanted[0],
    "LESS_THAN_EQ": lambda value, wanted: value <= wanted[0],
    "EQ": lambda value, wanted: value in wanted,
    "NOT_EQ": lambda value, wanted: value not in wanted,
    "BETWEEN": lambda value, wanted: wanted[0] <= value <= wanted[1],
    "NOT_BETWEEN": lambda value, wanted: not wanted[0] <= value <= wanted[1],
}
_DATES: dict[str, Callable[..., bool]] = {
    "EQ": lambda value, wanted: int(value) in map(int, wanted),
    "NOT_EQ": lambda value, wanted: int(value) not in map(int, wanted),
    "BEFORE": lambda value, wanted: value < int(wanted[0]),
    "AFTER": lambda value, wanted: value >= int(wanted[0]) + 1,
    "ON_OR_BEFORE": lambda value, wanted: value < int(wanted[0]) + 1,
    "ON_OR_AFTER": lambda value, wanted: value >= int(wanted[0]),
    "BETWEEN": lambda value, wanted: int(wanted[0]) <= value < int(wanted[1]) + 1,
    "NOT_BETWEEN": lambda value, wanted: not int(wanted[0]) <= value < int(wanted[1]) + 1,
}
