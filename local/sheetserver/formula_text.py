"""The text of a formula: its words, its structure, and the references inside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sheetserver import a1
from sheetserver.ranges import COLUMNS, ROWS, Shift

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Scalar

_COLUMN, _ROW = r"\$?[A-Za-z]{1,3}", r"\$?[1-9]\d*"
_WORD = re.compile(
    r'(?P<blank>\s+)|(?P<text>"(?:[^"]|"")*")'
    r"|(?P<reference>(?:(?:'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.]*)!)?"
    rf"(?:{_COLUMN}{_ROW}(?::(?:{_COLUMN}{_ROW}|{_COLUMN}|{_ROW}))?"
    rf"|{_COLUMN}:{_COLUMN}(?:{_ROW})?|{_ROW}:(?:{_COLUMN})?{_ROW})(?![\w(]))"
    r"|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<broken>\#REF!)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)"
    r"|(?P<mark><=|>=|<>|[-+*/^&=<>%(),])"
)
_PARTS = re.compile(
    r"(?:(?P<title>.*)!)?(?P<c1>\$?[A-Za-z]{1,3})?(?P<r1>\$?\d+)?"
    r"(?P<colon>:)?(?P<c2>\$?[A-Za-z]{1,3})?(?P<r2>\$?\d+)?\Z",
    re.DOTALL,
)
_BROKEN = "#REF!"
_LONGEST = 50_000
_DEEPEST = 60  # brackets, signs and powers inside each other


class FormulaSyntaxError(ValueError):
    """The text is no formula we can read."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Broken:
    """A reference whose cells were deleted."""


@dataclass(frozen=True, slots=True)
class Reference:
    """
    One cell or a rectangle, of this tab if `title` is None.

    `fixed` says which of top, left, bottom and right stay when the formula is copied.
    """

    title: str | None
    corners: a1.Corners
    fixed: tuple[bool, bool, bool, bool] = (False, False, False, False)

    def moved(self, rows: int, columns: int) -> a1.Corners:
        """Return the rectangle as a copy of the formula some cells away means it."""
        top, left, bottom, right = self.fixed
        it = self.corners
        return a1.Corners(
            it.top if top else it.top + rows,
            it.left if left else it.left + columns,
            it.bottom if bottom or it.bottom is None else it.bottom + rows,
            it.right if right or it.right is None else it.right + columns,
        )


@dataclass(frozen=True, slots=True)
class Name:
    """A named range."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; None is one left out."""

    name: str
    arguments: tuple[Node | None, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before a value, or the `%` after it."""

    sign: str
    value: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values with an operator between them."""

    operator: str
    left: Node
    right: Node


Node: TypeAlias = Literal | Broken | Reference | Name | Call | Unary | Binary
Word: TypeAlias = tuple[str, str]  # kind, text

_LEVELS = (("=", "<", ">", "<=", ">=", "<>"), ("&",), ("+", "-"), ("*", "/"), ("^",))


def words(source: str) -> list[Word]:
    """
    Return the words of a formula without its `=`, blanks included.

    :raises FormulaSyntaxError: if a character belongs to none
    """
    found, at = [], 0
    while at < len(source):
        match = _WORD.match(source, at)
        if not match:
            raise FormulaSyntaxError(source)
        found.append((str(match.lastgroup), match.group()))
        at = match.end()
    return found


def parse(source: str) -> Node:
    """
    Return the structure of a formula, which begins with `=`.

    :raises FormulaSyntaxError: if it has none
    """
    if len(source) > _LONGEST:
        raise FormulaSyntaxError(source[:100])
    reader = _Reader([word for word in words(source[1:]) if word[0] != "blank"])
    node = reader.level(0, 0)
    if reader.kind:
        raise FormulaSyntaxError(source)
    return node


class _Reader:
    """Reads words from left to right."""

    def __init__(self, found: list[Word]) -> None:
        self._words = [*found, ("", "")]
        self._at = 0

    @property
    def kind(self) -> str:
        return self._words[self._at][0]

    @property
    def text(self) -> str:
        return self._words[self._at][1]

    def _take(self) -> str:
        self._at += 1
        return self._words[self._at - 1][1]

    def _is(self, *marks: str) -> bool:
        return self.kind == "mark" and self.text in marks

    def level(self, level: int, depth: int) -> Node:
        if depth > _DEEPEST:
            raise FormulaSyntaxError
        if level == len(_LEVELS):
            return self._signed(depth)
        node = self.level(level + 1, depth)
        while self._is(*_LEVELS[level]):
            node = Binary(self._take(), node, self.level(level + 1, depth))
        return node

    def _signed(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise FormulaSyntaxError
        if self._is("+", "-"):
            return Unary(self._take(), self._signed(depth + 1))
        node = self._atom(depth)
        while self._is("%"):
            node = Unary(self._take(), node)
        return node

    def _atom(self, depth: int) -> Node:
        kind, text = self.kind, self._take()
        if kind == "mark" and text == "(":
            node = self.level(0, depth + 1)
            self._expect(")")
            return node
        if kind == "name" and self._is("("):
            return self._call(text, depth)
        if kind in _ATOMS:
            return _ATOMS[kind](text)
        raise FormulaSyntaxError(text)

    def _call(self, name: str, depth: int) -> Node:
        self._take()
        arguments: list[Node | None] = []
        while not self._is(")"):
            arguments.append(None if self._is(",") else self.level(0, depth + 1))
            if self._is(","):
                self._take()
                if self._is(")"):
                    arguments.append(None)
            elif not self._is(")"):
                raise FormulaSyntaxError(name)
        self._take()
        return Call(name.upper(), tuple(arguments))

    def _expect(self, mark: str) -> None:
        if not self._is(mark):
            raise FormulaSyntaxError(self.text)
        self._take()


def _number(text: str) -> Node:
    value = float(text)
    return Literal(int(value) if value.is_integer() and abs(value) < 2**53 else value)


def _name(text: str) -> Node:
    truth = {"TRUE": True, "FALSE": False}.get(text.upper())
    return Name(text) if truth is None else Literal(truth)


def _reference(text: str) -> Node:
    title, rest = a1.split_title(text)
    corners = a1.corners(rest)
    if corners is None:
        raise FormulaSyntaxError(text)
    found = _parts(text)
    ends = (found["r1"], found["c1"], found["r2"] or found["r1"], found["c2"] or found["c1"])
    # Without a row or a column of its own a reference means all of them, and does not move.
    top, left, bottom, right = (not end or end.startswith("$") for end in ends)
    return Reference(title, corners, (top, left, bottom, right))


_ATOMS: dict[str, Callable[[str], Node]] = {
    "text": lambda text: Literal(text[1:-1].replace('""', '"')),
    "number": _number,
    "name": _name,
    "reference": _reference,
    "broken": lambda _text: Broken(),
}

# The rewriting of references


def rewritten(source: str, change: Callable[[str], str]) -> str:
    """Return a formula whose references have been changed; one we cannot read stays as it is."""
    try:
        found = words(source[1:])
    except FormulaSyntaxError:
        return source
    return "=" + "".join(change(text) if kind == "reference" else text for kind, text in found)


def names_tab(reference: str, title: str, *, own: bool) -> bool:
    """Test whether a reference points at a tab; one without title points at its own."""
    named, _ = a1.split_title(reference)
    return own if named is None else named.casefold() == title.casefold()


def retitled(reference: str, title: str) -> str:
    """Return a reference with another title before it, if it has one."""
    named, rest = a1.split_title(reference)
    return reference if named is None else f"{a1.quoted(title)}!{rest}"


def moved(reference: str, rows: int, columns: int) -> str:
    """Return a reference as it reads after its formula was copied elsewhere."""
    found = _parts(reference)
    ends = []
    for column, row in ((found["c1"], found["r1"]), (found["c2"], found["r2"])):
        ends.append((_moved_column(column, columns), _moved_row(row, rows)))
    if any(part == _BROKEN for end in ends for part in end):
        return _BROKEN
    return _joined(found, ends)


def shifted(reference: str, dimension: str, shift: Shift) -> str:
    """Return a reference as it reads after rows or columns of its tab moved."""
    found = _parts(reference)
    first, last = ("r1", "r2") if dimension == ROWS else ("c1", "c2")
    if found["colon"] and found[first] and found[last]:
        one, other = _index(found[first]), _index(found[last])
        span = shift.span(min(one, other), max(one, other) + 1)
        if span is None:
            return _BROKEN
        low, high = span[0], span[1] - 1
        placed = {first: low if one <= other else high, last: high if one <= other else low}
    else:
        placed = {}
        for end in (first, last):
            if found[end]:
                point = shift.point(_index(found[end]))
                if point is None:
                    return _BROKEN
                placed[end] = point
    texts = {end: _written(found[end], index, dimension) for end, index in placed.items()}
    kept = {**found, **texts}
    return _joined(found, [(kept["c1"], kept["r1"]), (kept["c2"], kept["r2"])])


def _parts(reference: str) -> dict[str, str]:
    match = _PARTS.match(reference)
    if not match:
        raise FormulaSyntaxError(reference)
    return {name: text or "" for name, text in match.groupdict().items()}


def _joined(found: dict[str, str], ends: list[tuple[str, str]]) -> str:
    title = f"{found['title']}!" if found["title"] else ""
    first, last = ("".join(end) for end in ends)
    return f"{title}{first}{found['colon']}{last}"


def _index(part: str) -> int:
    bare = part.lstrip("$")
    return int(bare) - 1 if bare.isdigit() else a1.column_number(bare)


def _written(part: str, index: int, dimension: str) -> str:
    fixed = "$" if part.startswith("$") else ""
    return fixed + (a1.column_letters(index) if dimension == COLUMNS else str(index + 1))


def _moved_column(part: str, by: int) -> str:
    if not part or part.startswith("$"):
        return part
    index = _index(part) + by
    return a1.column_letters(index) if 0 <= index < a1.MAX_COLUMNS else _BROKEN


def _moved_row(part: str, by: int) -> str:
    if not part or part.startswith("$"):
        return part
    index = _index(part) + by
    return str(index + 1) if index >= 0 else _BROKEN
