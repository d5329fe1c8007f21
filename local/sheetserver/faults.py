"""Planned failures: which calls they meet, how often, and what happens to those calls."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sheetserver import errors
from sheetserver.calls import Answer

if TYPE_CHECKING:
    from sheetserver.messages import Json, Message

_HTML = b"<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title></html>"

# What each fault answers with; None where the connection itself fails.
ANSWERS: dict[str, Answer | None] = {
    "401": Answer(401, errors.unauthenticated().body()),
    "403": Answer(403, errors.forbidden().body()),
    "429": Answer(429, errors.quota_exceeded("Write requests").body()),
    "500": Answer(500, errors.ApiError(500, "INTERNAL", "Internal error encountered.").body()),
    "502": Answer(502, errors.ApiError(502, "UNAVAILABLE", "Bad gateway.").body()),
    "503": Answer(503, errors.unavailable().body()),
    "503_after_commit": Answer(503, errors.unavailable().body()),
    "html_body": Answer(502, _HTML, "text/html; charset=UTF-8"),
    "drop": None,
    "drop_after_commit": None,
    "hang": None,
    "truncated_body": None,
}
AFTER_COMMIT = frozenset({"503_after_commit", "drop_after_commit", "truncated_body"})
_KNOWN = frozenset({"match", "after", "times", "do"})


@dataclass(frozen=True, slots=True)
class Match:
    """Which calls are meant: every part that is given must fit."""

    method: str = ""
    path: str = ""  # regular expression, searched for in the raw path
    spreadsheet: str = ""  # its id
    kind: str = ""  # of a request in the batch

    @classmethod
    def of(cls, given: Json) -> Match:
        """
        Return the match a control asks for.

        :raises ApiError: if it has other parts, or the path is no pattern
        """
        names = {"method", "path", "spreadsheet", "kind"}
        if not isinstance(given, dict) or given.keys() - names:
            msg = f"A match has of these parts: {', '.join(sorted(names))}."
            raise errors.invalid(msg)
        try:
            re.compile(str(given.get("path", "")))
        except re.error as wrong:
            msg = f"The path is no regular expression: {wrong}"
            raise errors.invalid(msg) from wrong
        return cls(**{name: str(value) for name, value in given.items()})

    def fits(self, method: str, path: str, body: bytes) -> bool:
        """Test whether a call is meant."""
        return (
            self.method.upper() in ("", method)
            and bool(re.search(self.path, path))
            and self.spreadsheet in path
            and (not self.kind or self.kind in kinds_of(body))
        )


def kinds_of(body: bytes) -> set[str]:
    """Return the kinds of request in a batch; none if the body is no batch."""
    try:
        read = json.loads(body)
    except ValueError:
        return set()
    requests = read.get("requests", []) if isinstance(read, dict) else []
    listed = requests if isinstance(requests, list) else []
    return {kind for request in listed if isinstance(request, dict) for kind in request}


@dataclass(slots=True)
class Fault:
    """One planned failure: it lets the first `after` calls pass, then meets `times` of them."""

    match: Match
    do: str
    after: int = 0
    times: int = 1
    hits: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, given: Json) -> Fault:
        """
        Return the fault a control asks for.

        :raises ApiError: if it is none of ours
        """
        if not isinstance(given, dict) or given.keys() - _KNOWN:
            msg = f"A fault has of these parts: {', '.join(sorted(_KNOWN))}."
            raise errors.invalid(msg)
        if given.get("do") not in ANSWERS:
            msg = f"A fault does one of: {', '.join(ANSWERS)}."
            raise errors.invalid(msg)
        counts = [given.get("after", 0), given.get("times", 1)]
        if not all(type(count) is int and count >= 0 for count in counts):
            why = "after and times are whole numbers."
            raise errors.invalid(why)
        return cls(Match.of(given.get("match", {})), given["do"], *counts)

    def strikes(self, method: str, path: str, body: bytes) -> bool:
        """Test whether a call fails, and count it."""
        if not self.match.fits(method, path, body):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if len(self.hits) >= self.times:
            return False
        self.hits.append(f"{method} {path}")
        return True

    def shown(self) -> Message:
        """Return the fault with the calls it has met."""
        return {"do": self.do, "after": self.after, "times": self.times, "hits": self.hits}
