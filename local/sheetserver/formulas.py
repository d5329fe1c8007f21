"""The formulas this server calculates: a short, closed list. Others show `#NAME?`."""

from __future__ import annotations

import math
import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

from sheetserver import formula_text
from sheetserver.book import Book, CellError, Formula, Result, Scalar, Tab
from sheetserver.clock import local_serial
from sheetserver.errors import ApiError
from sheetserver.formula_text import (
    Binary,
    Call,
    FormulaSyntaxError,
    Literal,
    Name,
    Node,
    Reference,
    Unary,
)
from sheetserver.ranges import Rect, Shift
from sheetserver.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sheetserver.draft import Draft

Cell: TypeAlias = tuple[int, int, int]  # tab, row, column
Area: TypeAlias = list[list[Result]]

NAME, REF, VALUE = CellError("#NAME?"), CellError("#REF!"), CellError("#VALUE!")
DIVIDED, NUMBER, ARGUMENTS = CellError("#DIV/0!"), CellError("#NUM!"), CellError("#N/A")

_VOLATILE = re.compile(r"\b(TODAY|NOW)\s*\(", re.IGNORECASE)
_PERIODS = {"TODAY": 1.0, "NOW": 1 / 86_400}
_CRITERION = re.compile(r"(<=|>=|<>|<|>|=)?(.*)\Z", re.DOTALL)


class _FailedError(Exception):
    """The calculation of a cell ends in an error value."""

    def __init__(self, error: CellError) -> None:
        super().__init__(error.code)
        self.error = error


class _NeededError(Exception):
    """Other formulas have to be calculated first."""

    def __init__(self, cells: list[Cell]) -> None:
        super().__init__("other cells first")
        self.cells = cells


def is_stale(book: Book, now: datetime) -> bool:
    """Test whether TODAY or NOW would show something else by now."""
    if book.period is None:
        book.period = _period(book)
    period = book.period
    if not period:
        return False
    serial = local_serial(now, book.properties["timeZone"])
    return math.floor(serial / period) != math.floor(book.calculated / period)


def _period(book: Book) -> float:
    found = (
        _PERIODS[word.upper()]
        for tab in book.tabs
        for _, _, formula in _formulas(tab)
        for word in _VOLATILE.findall(formula.source)
    )
    return min(found, default=0.0)


def _formulas(tab: Tab) -> Iterator[tuple[int, int, Formula]]:
    if not tab.formula_rows:
        return
    for index, row in enumerate(tab.rows):
        if row.key in tab.formula_rows:
            for column, value in enumerate(row.values):
                if isinstance(value, Formula):
                    yield index, column, value


def recalculate(draft: Draft) -> None:
    """Calculate every formula of a draft anew; rows are written only where a result differs."""
    book = draft.book
    book.period = _period(book)
    sheet = Sheet(book)
    for tab in tuple(book.tabs):
        fresh = [
            (row, column, formula, sheet.result((tab.sheet_id, row, column)))
            for row, column, formula in _formulas(tab)
        ]
        for row, column, formula, result in fresh:
            if result != formula.result or type(result) is not type(formula.result):
                draft.tab(tab.sheet_id).put(row, column, Formula(formula.source, result))


def shift_references(draft: Draft, tab: Tab, dimension: str, shift: Shift) -> None:
    """Let every formula follow the rows or columns of a tab that moved."""
    _rewrite(draft, tab, tab.title, lambda text: formula_text.shifted(text, dimension, shift))


def retitle_references(draft: Draft, tab: Tab, before: str) -> None:
    """Let every formula follow a tab that has got another title."""
    _rewrite(draft, tab, before, lambda text: formula_text.retitled(text, tab.title))


def _rewrite(draft: Draft, changed: Tab, title: str, change: Callable[[str], str]) -> None:
    """Change every reference to a tab, by the title it had when they were written."""
    for tab in tuple(draft.book.tabs):
        follow = partial(_followed, change, title, own=tab.sheet_id == changed.sheet_id)
        for row, column, formula in tuple(_formulas(tab)):
            source = formula_text.rewritten(formula.source, follow)
            if source != formula.source:
                draft.tab(tab.sheet_id).put(row, column, Formula(source, formula.result))


def _followed(change: Callable[[str], str], title: str, reference: str, *, own: bool) -> str:
    points = formula_text.names_tab(reference, title, own=own)
    return change(reference) if points else reference


def moved(formula: Formula, rows: int, columns: int) -> Formula:
    """Return a formula as it reads after being copied elsewhere."""
    source = formula_text.rewritten(
        formula.source, lambda text: formula_text.moved(text, rows, columns)
    )
    return Formula(source, formula.result)


@lru_cache(maxsize=4096)
def _parsed(source: str) -> Node | None:
    try:
        return formula_text.parse(source)
    except (FormulaSyntaxError, ApiError, RecursionError):
        return None


class Sheet:
    """The calculation of one state of a spreadsheet; each cell is worked out once."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[Cell, Result] = {}
        self._tabs = {tab.sheet_id: tab for tab in book.tabs}

    def result(self, cell: Cell) -> Result:
        """
        Return what a cell's formula comes to.

        Formulas it rests on come first, on a list of our own: a chain of ten
        thousand must not exhaust the interpreter's stack.
        """
        waiting, begun = [cell], set[Cell]()
        while waiting:
            current = waiting[-1]
            if current in self._known:
                waiting.pop()
                continue
            begun.add(current)
            try:
                self._known[current] = self._calculate(current)
            except _NeededError as needed:
                circular = [each for each in needed.cells if each in begun]
                self._known.update(dict.fromkeys(circular, REF))
                waiting += [each for each in needed.cells if each not in begun]
        return self._known[cell]

    def test(self, source: str, tab: Tab, row: int, column: int) -> Result:
        """Return what a formula of a rule comes to when it is copied from A1 to a cell."""
        node = _parsed(source)
        if node is None:
            return NAME
        work = _Work(self, tab, row, column)
        while True:
            try:
                return _single(work.value(node))
            except _FailedError as failed:
                return failed.error
            except _NeededError as needed:
                for cell in needed.cells:
                    self.result(cell)

    def _calculate(self, cell: Cell) -> Result:
        tab = self._tabs[cell[0]]
        formula = tab.row(cell[1]).value(cell[2])
        if not isinstance(formula, Formula):
            return formula
        node = _parsed(formula.source)
        if node is None:
            return NAME
        try:
            result = _single(_Work(self, tab).value(node))
        except _FailedError as failed:
            return failed.error
        return 0 if result is None else result

    def area(self, tab: Tab, rect: Rect) -> Area:
        """Return what the cells of a rectangle show; empty rows at its end are left out."""
        rows = range(rect.top, min(rect.bottom, max(len(tab.rows), rect.top + 1)))
        needed = []
        found: Area = []
        for row in rows:
            line = tab.row(row)
            values: list[Result] = []
            for column in range(rect.left, rect.right):
                value = line.value(column)
                if isinstance(value, Formula):
                    cell = (tab.sheet_id, row, column)
                    if cell not in self._known:
                        needed.append(cell)
                    values.append(self._known.get(cell))
                else:
                    values.append(value)
            found.append(values)
        if needed:
            raise _NeededError(needed)
        return found

    def place(self, node: Reference | Name, own: Tab, rows: int, columns: int) -> tuple[Tab, Rect]:
        """Return the cells a reference means in a formula copied some rows and columns away."""
        if isinstance(node, Name):
            wanted = node.name.casefold()
            named = (each for each in self._book.names if each["name"].casefold() == wanted)
            place = next(named, None)
            tab = self._tabs.get(place["range"].get("sheetId", 0)) if place else None
            if place is None or tab is None:
                raise _FailedError(NAME)
            return tab, tab.rect(place["range"])
        tab = own if node.title is None else self._book.titled(node.title)
        if tab is None:
            raise _FailedError(REF)
        corners = node.moved(rows, columns)
        bottom = tab.row_count if corners.bottom is None else corners.bottom
        right = tab.column_count if corners.right is None else corners.right
        rect = Rect(corners.top, corners.left, bottom, right).within(tab.extent)
        if rect.is_empty or corners.top < 0 or corners.left < 0:
            raise _FailedError(REF)
        return tab, rect

    @property
    def serial(self) -> float:
        """Return the moment NOW means."""
        return self._book.calculated


class _Work:
    """The calculation of one formula of one tab, as if copied some rows and columns away."""

    def __init__(self, sheet: Sheet, tab: Tab, rows: int = 0, columns: int = 0) -> None:
        self._sheet = sheet
        self._tab = tab
        self._offset = (rows, columns)

    def place(self, node: Reference | Name) -> tuple[Tab, Rect]:
        return self._sheet.place(node, self._tab, *self._offset)

    def value(self, node: Node) -> Result | Area:
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, (Reference, Name)):
            return self._sheet.area(*self.place(node))
        if isinstance(node, Unary):
            number = _number(self.one(node.value))
            return {"-": -number, "+": number, "%": number / 100}[node.sign]
        if isinstance(node, Binary):
            return _OPERATORS[node.operator](self.one(node.left), self.one(node.right))
        if isinstance(node, Call):
            return self._call(node)
        raise _FailedError(REF)

    def one(self, node: Node | None) -> Scalar:
        result = None if node is None else _single(self.value(node))
        if isinstance(result, CellError):
            raise _FailedError(result)
        return result

    def _call(self, node: Call) -> Result | Area:
        known = _FUNCTIONS.get(node.name)
        if known is None:
            raise _FailedError(NAME)
        least, most, function = known
        if not least <= len(node.arguments) <= most:
            raise _FailedError(ARGUMENTS)
        return function(self, node.arguments)

    def areas(self, nodes: tuple[Node | None, ...]) -> Iterator[tuple[bool, Result]]:
        """Yield every value of some arguments, and whether it was read from cells."""
        for node in nodes:
            found = None if node is None else self.value(node)
            if isinstance(found, list):
                yield from ((True, value) for row in found for value in row)
            else:
                yield False, found

    def column(self, node: Node | None) -> list[Result]:
        """Return the values of an argument, row by row."""
        return [value for _, value in self.areas((node,))]

    def padded(self, node: Node | None, like: Node | None) -> list[Result]:
        """
        Return as many values from the first cell of one argument as another has.

        Sums by condition take their shape from the range that is tested.
        """
        if not isinstance(node, (Reference, Name)) or not isinstance(like, (Reference, Name)):
            raise _FailedError(VALUE)
        _, shape = self.place(like)
        tab, rect = self.place(node)
        wanted = Rect(rect.top, rect.left, rect.top + shape.height, rect.left + shape.width)
        return [value for row in self._sheet.area(tab, wanted) for value in row]

    @property
    def serial(self) -> float:
        return self._sheet.serial


def _single(value: Result | Area) -> Result:
    return value[0][0] if isinstance(value, list) else value


def _number(value: Scalar) -> float:
    if value is None:
        return 0
    if isinstance(value, str):
        try:
            number = float(value.replace(",", ""))
        except ValueError:
            raise _FailedError(VALUE) from None
        if not math.isfinite(number):
            raise _FailedError(VALUE)
        return number
    return value + 0


def _text(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _arithmetic(operate: Callable[[float, float], float]) -> Callable[[Scalar, Scalar], Result]:
    def work(left: Scalar, right: Scalar) -> Result:
        try:
            result = operate(_number(left), _number(right))
        except ZeroDivisionError:
            raise _FailedError(DIVIDED) from None
        except OverflowError:
            raise _FailedError(NUMBER) from None
        if isinstance(result, complex) or not math.isfinite(result):
            raise _FailedError(NUMBER)
        return tidy(result)

    return work


def _rank(value: Scalar, other: Scalar) -> tuple[int, float | str]:
    """Return the place of a value in the order numbers, texts, booleans."""
    if value is None:
        value = "" if isinstance(other, str) else False if isinstance(other, bool) else 0
    if isinstance(value, bool):
        return 2, value
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


def _comparison(test: Callable[[int], bool]) -> Callable[[Scalar, Scalar], Result]:
    def work(left: Scalar, right: Scalar) -> Result:
        return test(compare(left, right))

    return work


def compare(left: Scalar, right: Scalar) -> int:
    """Return -1, 0 or 1, as the first value is less than, equal to or above the other."""
    one, other = _rank(left, right), _rank(right, left)
    if one == other:
        return 0
    return -1 if one < other else 1


_OPERATORS: dict[str, Callable[[Scalar, Scalar], Result]] = {
    "+": _arithmetic(lambda left, right: left + right),
    "-": _arithmetic(lambda left, right: left - right),
    "*": _arithmetic(lambda left, right: left * right),
    "/": _arithmetic(lambda left, right: left / right),
    "^": _arithmetic(lambda left, right: float(left) ** right),
    "&": lambda left, right: _text(left) + _text(right),
    "=": _comparison(lambda order: order == 0),
    "<>": _comparison(lambda order: order != 0),
    "<": _comparison(lambda order: order < 0),
    ">": _comparison(lambda order: order > 0),
    "<=": _comparison(lambda order: order <= 0),
    ">=": _comparison(lambda order: order >= 0),
}


def criterion(wanted: Scalar) -> Callable[[Result], bool]:
    """Return the test that a condition such as `>5`, `<>x` or `A*` stands for."""
    match = _CRITERION.match(wanted) if isinstance(wanted, str) else None
    operator = (match[1] if match else None) or "="
    operand: Scalar = _operand(match[2]) if match else wanted
    if isinstance(operand, str) and operator in {"=", "<>"}:
        return _text_test(operand, wanted_hit=operator == "=")
    compared = _OPERATORS[operator]
    kind = str if isinstance(operand, str) else bool if isinstance(operand, bool) else None

    def test(value: Result) -> bool:
        if isinstance(value, CellError) or value is None:
            return operator == "<>"
        same = isinstance(value, kind) if kind else _is_number(value)
        return bool(compared(value, operand)) if same else operator == "<>"

    return test


def _text_test(operand: str, *, wanted_hit: bool) -> Callable[[Result], bool]:
    pattern = _wildcard(operand)

    def test(value: Result) -> bool:
        if value is None:
            return (not operand) is wanted_hit
        return bool(isinstance(value, str) and pattern.match(value)) is wanted_hit

    return test


def _is_number(value: Result) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _operand(text: str) -> Scalar:
    truth = {"TRUE": True, "FALSE": False}.get(text.upper())
    if truth is not None:
        return truth
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _wildcard(text: str) -> re.Pattern[str]:
    special = {"*": ".*", "?": "."}
    parts = re.split(r"(~.|[*?])", text)
    pattern = "".join(
        special.get(part) or re.escape(part[1:] if part[:1] == "~" else part) for part in parts
    )
    return re.compile(pattern + r"\Z", re.IGNORECASE | re.DOTALL)


Arguments: TypeAlias = tuple[Node | None, ...]


def _sum(work: _Work, arguments: Arguments) -> Result:
    total: float = 0
    for from_cells, value in work.areas(arguments):
        if isinstance(value, CellError):
            raise _FailedError(value)
        if from_cells:
            total += _counted(value)
        else:
            total += _number(value)
    return tidy(total)


def _counted(value: Result) -> float:
    """Return what a cell adds to a sum: nothing unless it holds a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return 0


def _counta(work: _Work, arguments: Arguments) -> Result:
    return sum(1 for _, value in work.areas(arguments) if value is not None)


def _matching(work: _Work, arguments: Arguments) -> list[bool]:
    """Return which places fulfil all pairs of range and condition."""
    if len(arguments) % 2:
        raise _FailedError(ARGUMENTS)
    hits: list[bool] = []
    for node, wanted in zip(arguments[::2], arguments[1::2], strict=True):
        test = criterion(work.one(wanted))
        values = work.padded(node, arguments[0])
        found = [test(value) for value in values]
        if not hits:
            hits = found
        length = max(len(hits), len(found))
        padded = [each + [test(None)] * (length - len(each)) for each in (hits, found)]
        hits = [one and other for one, other in zip(*padded, strict=True)]
    return hits


def _countifs(work: _Work, arguments: Arguments) -> Result:
    return sum(_matching(work, arguments))


def _sum_hits(work: _Work, node: Node | None, conditions: Arguments) -> Result:
    hits = _matching(work, conditions)
    values = work.padded(node, conditions[0])
    found = [value for value, hit in zip(values, hits, strict=False) if hit]
    for value in found:
        if isinstance(value, CellError):
            raise _FailedError(value)
    return tidy(sum(map(_counted, found)))


def _sumif(work: _Work, arguments: Arguments) -> Result:
    summed = (arguments[2:] or arguments)[0]
    return _sum_hits(work, summed, arguments[:2])


def _sumifs(work: _Work, arguments: Arguments) -> Result:
    return _sum_hits(work, arguments[0], arguments[1:])


def _truth(value: Scalar) -> bool:
    if isinstance(value, str):
        known = {"TRUE": True, "FALSE": False}.get(value.upper())
        if known is None:
            raise _FailedError(VALUE)
        return known
    return bool(value)


def _if(work: _Work, arguments: Arguments) -> Result:
    chosen = arguments[1:2] if _truth(work.one(arguments[0])) else arguments[2:3]
    return work.one(chosen[0]) if chosen else False


def _iferror(work: _Work, arguments: Arguments) -> Result:
    try:
        return work.one(arguments[0])
    except _FailedError:
        return work.one(arguments[1]) if len(arguments) > 1 else ""


def _hyperlink(work: _Work, arguments: Arguments) -> Result:
    return work.one(arguments[-1])


_MANY = 255
_FUNCTIONS: dict[str, tuple[int, int, Callable[[_Work, Arguments], Result | Area]]] = {
    "SUM": (1, _MANY, _sum),
    "COUNTA": (1, _MANY, _counta),
    "COUNTIF": (2, 2, _countifs),
    "COUNTIFS": (2, _MANY, _countifs),
    "SUMIF": (2, 3, _sumif),
    "SUMIFS": (3, _MANY, _sumifs),
    "IF": (2, 3, _if),
    "IFERROR": (1, 2, _iferror),
    "HYPERLINK": (1, 2, _hyperlink),
    "TODAY": (0, 0, lambda work, _: math.floor(work.serial)),
    "NOW": (0, 0, lambda work, _: work.serial),
}
FUNCTIONS = tuple(_FUNCTIONS)


def link_of(source: str) -> str:
    """Return the address in a HYPERLINK formula with a literal one, or nothing."""
    node = _parsed(source)
    if isinstance(node, Call) and node.name == "HYPERLINK" and node.arguments:
        first = node.arguments[0]
        if isinstance(first, Literal) and isinstance(first.value, str):
            return first.value
    return ""
