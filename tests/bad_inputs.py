"""The corpus of hostile and awkward inputs, and the operators that its values are written in."""

import gzip
import json
import os
from base64 import b64decode
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

CORPUS = Path(
    os.environ.get("BAD_INPUTS", Path(__file__).parents[2] / "shared/data/bad_inputs.json")
)
"""It lies beside the repository, not in it."""

_NUMBERS = count(1)


class Raw(str):
    """A JSON token that is written as it stands."""

    __slots__ = ()


def cases(endpoint):
    """Return the corpus's inputs for an endpoint by name; none where it is absent."""
    if not CORPUS.exists():
        return {}
    return {
        each["name"]: each
        for each in json.loads(CORPUS.read_text(encoding="utf-8"))
        if endpoint in each["endpoints"]
    }


def value_of(written):
    """Return what a value of the corpus stands for; operators nest."""
    if isinstance(written, dict) and len(written) == 1:
        ((operator, operand),) = written.items()
        if operator in _OPERATORS:
            return _OPERATORS[operator](operand)
    return written


def _repeated(operand):
    part, times = operand
    return value_of(part) * times


def _joined(parts):
    return "".join(str(value_of(each)) for each in parts)


_OPERATORS = {
    "$repeat": _repeated,
    "$concat": _joined,
    "$b64": b64decode,
    "$raw": lambda token: Raw(value_of(token)),
    "$fresh": lambda text: text.replace("{n}", f"{next(_NUMBERS)}x"),
    "$keys": lambda n: {f"k{number}": number for number in range(n)},
    "$gzip_zeros": lambda n: gzip.compress(bytes(n)),
}


@dataclass(frozen=True)
class Base:
    """An endpoint's valid body, and its property for each role of the corpus."""

    fields: dict
    properties: dict

    def altered(self, how):
        """Return the body as the members of `$base` alter it, in bytes."""
        fields = self.fields | {
            self.properties.get(role, role): value_of(it)
            for role, it in how.get("extra", {}).items()
        }
        for role, token in how.get("extra_raw", {}).items():
            fields[self.properties.get(role, role)] = Raw(value_of(token))
        pairs = list(fields.items())
        if "duplicate" in how:
            pairs.append((self.properties[how["duplicate"]], "another"))
        body = _form(pairs) if how.get("as") == "form" else _json(pairs, how)
        body = body.encode(how.get("charset", "utf-8"))
        if "at" in how:
            body = _spliced(body, str(self.fields[self.properties[how["at"]]]).encode(), how)
        before = how.get("prefix", "").encode() + b64decode(how.get("prefix_b64", ""))
        body = before + body + how.get("suffix", "").encode()
        return body[: len(body) - how.get("cut", 0)]


def _spliced(body, value, how):
    """Put something into the middle of a value."""
    start = body.index(value) + len(value) // 2
    piece = how["splice"].encode() if "splice" in how else b64decode(how["splice_b64"])
    return body[:start] + piece + body[start:]


def _form(pairs):
    return urlencode([(name, _word(value)) for name, value in pairs])


def _word(value):
    return {True: "true", False: ""}.get(value, value) if isinstance(value, bool) else value


def _json(pairs, how):
    return "{" + ", ".join(f"{_name(name, how)}: {token(value)}" for name, value in pairs) + "}"


def _name(name, how):
    if how.get("escape_keys"):
        return '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'
    return json.dumps(name)


def token(value):
    """Return a value as a JSON token."""
    return str(value) if isinstance(value, Raw) else json.dumps(value)


def body_of(case, base):
    """Return the bytes that a case of the surfaces field, extra or body sends, and their type."""
    if case["surface"] == "body":
        written = case["value"]
        if isinstance(written, dict) and "$base" in written:
            return base.altered(written["$base"])
        value = value_of(written)
        if isinstance(value, bytes):
            return value
        return (json.dumps(value) if isinstance(value, dict) else value).encode()
    name = base.properties.get(case["field"], case["field"])
    fields = base.fields | {name: value_of(case["value"])}
    pairs = list(fields.items())
    return (_form(pairs) if case.get("encoding") == "form" else _json(pairs, {})).encode()


def headers_of(case, usual):
    """Return the headers that a case sends: the usual ones with its own set or removed."""
    changed = case["value"] if case["surface"] == "header" else case.get("headers", {})
    headers = usual | {name: value_of(value) for name, value in changed.items()}
    return {name: value for name, value in headers.items() if value is not None}
