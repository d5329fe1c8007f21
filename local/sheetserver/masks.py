"""Field masks: which parts of an answer are wanted, and which parts of a record are replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from sheetserver.errors import invalid

if TYPE_CHECKING:
    from sheetserver.messages import Json, Message

Mask: TypeAlias = "dict[str, Mask]"

ALL: Mask = {}
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[*.,()/]")
_BLANK = re.compile(r"\s+")
_MAX_DEPTH = 50


def parse(text: str) -> Mask:
    """
    Return a mask as a tree; an empty tree stands for everything below.

    Accepts `a.b`, `a/b`, `a(b,c)`, lists and `*`, with names in camel or snake case.

    :raises ApiError: if the text is no mask
    """
    bare = _BLANK.sub("", text)
    tokens = _TOKEN.findall(bare)
    if not bare or "".join(tokens) != bare:
        raise _unreadable(text)
    reader = _Reader(text, tokens)
    tree = reader.listing(0)
    if reader.rest:
        raise _unreadable(text)
    return {} if "*" in tree else tree


def camel(name: str) -> str:
    """Return a snake-case name as the schema spells it."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def select(value: Json, mask: Mask) -> Json:
    """
    Return the part of a message that a mask asks for.

    Lists are looked through. A mask that names nothing present gives `{}`.
    """
    if not mask or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        return [select(each, mask) for each in value]
    wanted = value if "*" in mask else mask
    return {
        name: select(value[name], mask.get(name) or mask.get("*") or ALL)
        for name in wanted
        if name in value
    }


def replace(old: Message, new: Message, mask: Mask) -> Message:
    """
    Return a record whose masked fields are those of another.

    A field that the mask names and the new record does not have is reset: it
    disappears. Neither record is changed.
    """
    if not mask or "*" in mask:
        return dict(new)
    merged = dict(old)
    for name, below in mask.items():
        kept, given = merged.get(name), new.get(name)
        if below and (isinstance(kept, dict) or isinstance(given, dict)):
            part = replace(kept or {}, given or {}, below)
            if part or given is not None:
                merged[name] = part
            else:
                merged.pop(name, None)
        elif name in new:
            merged[name] = given
        else:
            merged.pop(name, None)
    return merged


def wants(mask: Mask, name: str) -> bool:
    """Test whether a mask lets a field through."""
    return not mask or name in mask or "*" in mask


def below(mask: Mask, *path: str) -> Mask | None:
    """Return what a mask says below a path, or None if it leaves the path out."""
    for name in path:
        if not wants(mask, name):
            return None
        mask = mask.get(name) or mask.get("*") or ALL
    return mask


class _Reader:
    """Reads the tokens of a mask from left to right."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0

    @property
    def rest(self) -> bool:
        return self._at < len(self._tokens)

    def _take(self) -> str:
        if not self.rest:
            raise _unreadable(self._text)
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _next_is(self, *tokens: str) -> bool:
        return self.rest and self._tokens[self._at] in tokens

    def listing(self, depth: int) -> Mask:
        tree: Mask = {}
        whole: set[str] = set()  # names asked for entirely beat narrower ones
        while True:
            name, below_name = self._path(depth)
            if not below_name:
                whole.add(name)
            tree[name] = {} if name in whole else _union(tree.get(name, {}), below_name)
            if not self._next_is(","):
                return tree
            self._take()

    def _path(self, depth: int) -> tuple[str, Mask]:
        name = self._take()
        if name in ".,()/" or depth > _MAX_DEPTH:
            raise _unreadable(self._text)
        if self._next_is(".", "/"):
            self._take()
            child, below_child = self._path(depth + 1)
            return camel(name), {} if child == "*" else {child: below_child}
        if self._next_is("("):
            self._take()
            inner = self.listing(depth + 1)
            if self._take() != ")":
                raise _unreadable(self._text)
            return camel(name), {} if "*" in inner else inner
        return camel(name), {}


def _union(one: Mask, other: Mask) -> Mask:
    merged = dict(one)
    for name, tree in other.items():
        known = merged.get(name)
        merged[name] = tree if known is None else (_union(known, tree) if known and tree else {})
    return merged


def _unreadable(text: str) -> Exception:
    return invalid(
        f"Invalid value at 'fields' (type.googleapis.com/google.protobuf.FieldMask), \"{text}\""
    )
