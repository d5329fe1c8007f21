"""Whether a server would take a licence file, and everything that speaks against it."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from partnerdesk.domain.keys import UnfitKeyError, is_signature, public_key_of
from partnerdesk.domain.licence_file import MOST_TEXT, SIGNATURE_BYTES
from partnerdesk.domain.licence_payload import Finding, Grade, Reading, read
from partnerdesk.domain.licence_term import Facts, facts_of, in_milliseconds

LINE_ENDS = b"\r\n"
NOT_BASE64 = "The file is not plain Base64"


def _refusal(code: str, sentence: str) -> Finding:
    return Finding(code, Grade.REFUSAL, sentence)


MISTAKES = tuple(
    (re.compile(pattern), _refusal("base64", f"{NOT_BASE64}: {words}."))
    for pattern, words in (
        (rb"\A\xef\xbb\xbf", "it begins with a byte-order mark"),
        (rb"[ \t]", "it holds spaces"),
        (rb"[-_]", "it is in the URL-safe alphabet"),
        (rb"[^A-Za-z0-9+/=]", "it holds other characters"),
        (rb"=[^=]", "something follows the padding"),
    )
)
"""What people do to Base64, in the order in which we look for it."""

TOO_LONG = _refusal("size", f"The file has more than {MOST_TEXT} bytes, line ends included.")
CUT_OFF = _refusal("base64", f"{NOT_BASE64}: its end or its padding is missing.")
STRAY_BITS = _refusal("base64", f"{NOT_BASE64}: its last character carries stray bits.")
TOO_SHORT = _refusal("length", "The file is too short to hold a payload and a signature.")
NOT_SIGNED = _refusal("signature", "The signature is not this key's over this payload.")
NOT_UTF_8 = _refusal("utf-8", "The payload is signed, but is not UTF-8 text.")
EXPIRED = _refusal("expired", "It has expired; a server refuses its upload.")


@dataclass(frozen=True, slots=True)
class Check:
    """
    The outcome of looking at a licence file.

    `payload` is what was signed, byte for byte; empty when no signature vouches
    for it, or when it is not text.
    """

    findings: tuple[Finding, ...]
    payload: str = ""
    facts: Facts | None = None

    @property
    def is_accepted(self) -> bool:
        """Test whether every server would take the file."""
        return all(finding.grade is not Grade.REFUSAL for finding in self.findings)


class _RefusedFileError(Exception):
    """The file is refused so early that nothing else can be said about it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


def check(
    content: bytes, public_key: str, *, at: datetime, active_users: int | None = None
) -> Check:
    """
    Return whether a server with this public key (PEM) would take a file, and all findings.

    At least as strict as any server at the instant `at`; seats are compared
    only when the number of active users is known. Nothing of a file that the
    key did not sign is told (licence-format.md 9).
    """
    try:
        payload = _signed_part(_decoded(content), _key(public_key))
        text = _text(payload)
    except _RefusedFileError as refused:
        return Check((refused.finding,))
    reading = read(text)
    facts = _facts(reading, in_milliseconds(at))
    return Check(
        (*reading.findings, *_dates(facts), *_seats(reading, active_users)),
        payload=text,
        facts=facts,
    )


def _decoded(content: bytes) -> bytes:
    if len(content) > MOST_TEXT:
        raise _RefusedFileError(TOO_LONG)
    text = content.translate(None, LINE_ENDS)
    for pattern, finding in MISTAKES:
        if pattern.search(text):
            raise _RefusedFileError(finding)
    try:
        decoded = b64decode(text, validate=True)
    except NotBase64 as error:
        raise _RefusedFileError(CUT_OFF) from error
    if b64encode(decoded) != text:
        raise _RefusedFileError(STRAY_BITS)
    return decoded


def _key(pem: str) -> RSAPublicKey:
    try:
        return public_key_of(pem)
    except UnfitKeyError as unfit:
        raise _RefusedFileError(_refusal("key", str(unfit))) from unfit


def _signed_part(decoded: bytes, key: RSAPublicKey) -> bytes:
    """Return the payload, split off as a server does it: NULs at the end are stripped first."""
    stripped = decoded.rstrip(b"\0")
    if len(stripped) <= SIGNATURE_BYTES:
        raise _RefusedFileError(TOO_SHORT)
    payload, signature = stripped[:-SIGNATURE_BYTES], stripped[-SIGNATURE_BYTES:]
    if not is_signature(signature, payload, key=key):
        raise _RefusedFileError(NOT_SIGNED)
    return payload


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise _RefusedFileError(NOT_UTF_8) from error


def _facts(reading: Reading, now: int) -> Facts | None:
    """Return what the dates say, when there are dates to be read."""
    starts_at, expires_at = (reading.values.get(each) for each in ("starts_at", "expires_at"))
    if not (isinstance(starts_at, int) and isinstance(expires_at, int)):
        return None
    is_trial = reading.values.get("is_trial") is True
    return facts_of(starts_at, expires_at, is_trial=is_trial, now=now)


def _dates(facts: Facts | None) -> Iterator[Finding]:
    if facts is None:
        return
    told = (
        ("trial", facts.is_trial, "It is a trial", "It is no trial"),
        ("sanctioned", facts.is_sanctioned, "It is sanctioned: a server takes it again", ""),
        ("started", facts.has_started, "It has started", "It has not started; servers do not wait"),
        ("grace", facts.is_in_grace, "It is in its 10 days of grace", ""),
    )
    for code, is_so, so, otherwise in told:
        words = so if is_so else otherwise
        if words:
            yield Finding(code, Grade.FACT, f"{words}.")
    yield Finding("days-left", Grade.FACT, f"Whole days left: {facts.days_left}.")
    if facts.is_expired:
        yield EXPIRED


def _seats(reading: Reading, active_users: int | None) -> Iterator[Finding]:
    seats = reading.values.get("features.users")
    if active_users is not None and isinstance(seats, int) and active_users > seats:
        sentence = f"It has {seats} seats for {active_users} active users."
        yield _refusal("seats", sentence)
