"""Licence files as servers take them: their ids, their bytes and their text. Rule LIC-2."""

import json
from base64 import b32encode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from unicodedata import normalize

from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.licence_payload import Finding, Grade, read
from partnerdesk.domain.licence_term import (
    Facts,
    Period,
    facts_of,
    in_milliseconds,
    unlike_a_trial,
)
from partnerdesk.domain.profiles import LATEST, flags_of, sku_of

MEDIA_TYPE = "application/octet-stream"
MOST_TEXT = 10_000
"""Bytes of a file, line ends included."""

MOST_PAYLOAD = 7_244
"""Bytes of a payload: what fits into the text beside a signature."""

SIGNATURE_BYTES = 256
ATTEMPTS = 8
"""How many ids we try before a person must look: the eighth is needed once in 10^17 licences."""

RFC_4648 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
Z_BASE_32 = b"ybndrfg8ejkmcpqxot1uwisza345h769"
ID_OPENING = b'{"id":"'
ID_LENGTH = 26


class UnfitPayloadError(RefusedError):
    """What the licence shall say makes no valid file; the sentence names the fields."""

    code = "unfit-payload"


class UnusableSignatureError(RefusedError):
    """The signer's answers make no file that a server takes: a person must look at the key."""

    code = "unusable-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensee:
    """The end customer as the file names them; `email` is where the file is sent. Rule LIC-3."""

    id: str
    name: str
    email: str
    company: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that a licence file shall say."""

    id: str
    issued_at: datetime
    period: Period
    sku: str
    seats: int
    licensee: Licensee
    is_trial: bool
    is_gov_sku: bool = False
    profile: int = LATEST
    """The version of the flags table (licence-format.md 4)."""


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A finished file: the payload with the id of the attempt that was good, and the text."""

    payload: bytes
    attempt: int
    text: str

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the text, in hexadecimal."""
        return sha256(self.text.encode()).hexdigest()


def licence_id(desk_id: str, key: str, attempt: int = 0) -> str:
    """
    Return the id of a grant's licence: 26 characters, the same whenever it is asked for.

    `desk_id` is fixed per installation; `key` names the grant, such as
    `TRL-2026-000123` (licence-format.md 6).
    """
    return _id(f"partnerdesk|licence|v1|{desk_id}|{key}|{attempt}")


def customer_id(desk_id: str, key: str) -> str:
    """Return the id of a customer; the key is CUS-..., else that of the trial or evaluation."""
    return _id(f"partnerdesk|customer|v1|{desk_id}|{key}")


def _id(name: str) -> str:
    coded = b32encode(sha256(name.encode()).digest()[:16]).rstrip(b"=")
    return coded.translate(bytes.maketrans(RFC_4648, Z_BASE_32)).decode()


def file_name(ref: str) -> str:
    """Return the name under which a licence is sent."""
    return f"{ref}.mattermost-license"


def payload_of(draft: Draft) -> bytes:
    """
    Return the canonical payload, which is made once, stored, and never rebuilt.

    A bought licence that happens to have a trial's length starts a second
    earlier in the file (licence-format.md 2 and trap 7).

    :raises UnknownSkuError: when we sell no such edition
    :raises UnfitPayloadError: when it would make no valid file, with all reasons
    """
    text = json.dumps(_content(draft), ensure_ascii=False, separators=(",", ":"))
    findings = (*_oversize(text, draft.licensee), *read(text).findings)
    refusals = [each for each in findings if each.grade is Grade.REFUSAL]
    if refusals:
        codes = sorted({each.code for each in refusals})
        raise UnfitPayloadError(" ".join(each.sentence for each in refusals), codes=codes)
    return text.encode()


def _content(draft: Draft) -> Mapping[str, object]:
    starts_at = in_milliseconds(draft.period.starts_at)
    expires_at = in_milliseconds(draft.period.expires_at)
    sku = sku_of(draft.sku)
    return {
        "id": draft.id,
        "issued_at": in_milliseconds(draft.issued_at),
        "starts_at": starts_at if draft.is_trial else unlike_a_trial(starts_at, expires_at),
        "expires_at": expires_at,
        "sku_name": sku.name,
        "sku_short_name": sku.short_name,
        "customer": {
            "id": draft.licensee.id,
            "name": _plain(draft.licensee.name),
            "email": _plain(draft.licensee.email),
            "company": _plain(draft.licensee.company),
        },
        "features": {"users": draft.seats, **flags_of(draft.sku, profile=draft.profile)},
        "is_trial": draft.is_trial,
        "is_gov_sku": draft.is_gov_sku,
    }


def _plain(text: str) -> str:
    return normalize("NFC", text).strip()


def _oversize(text: str, licensee: Licensee) -> Iterator[Finding]:
    """Yield that a payload is too long for a server, naming the field that fills it."""
    size = _bytes_in(text)
    if size > MOST_PAYLOAD:
        fields = {"name": licensee.name, "email": licensee.email, "company": licensee.company}
        longest = max(fields, key=lambda each: _bytes_in(fields[each]))
        yield Finding(
            "size",
            Grade.REFUSAL,
            f"The licence would hold {size} bytes of at most {MOST_PAYLOAD}: shorten"
            f" `customer.{longest}`.",
        )


def _bytes_in(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def with_id(payload: bytes, new_id: str) -> bytes:
    """Return a stored payload under another id, and not a byte of it changed besides."""
    start = len(ID_OPENING)
    return payload[:start] + new_id.encode() + payload[start + ID_LENGTH :]


def signed(
    payload: bytes, *, sign: Callable[[bytes], bytes], next_id: Callable[[int], str]
) -> SignedFile:
    """
    Return the file of a stored payload.

    A server strips NULs from the end before it looks for the signature, so one
    that ends in NUL never verifies; and signing again gives the same one. The
    payload is then signed under the next attempt's id. Running this again
    arrives at the same file (licence-format.md trap 1).

    :raises UnusableSignatureError: when no attempt was good, or the length is not that of RSA-2048
    """
    for attempt in range(ATTEMPTS):
        tried = with_id(payload, next_id(attempt)) if attempt else payload
        signature = sign(tried)
        if len(signature) != SIGNATURE_BYTES:
            message = f"The signer answered {len(signature)} bytes instead of {SIGNATURE_BYTES}."
            raise UnusableSignatureError(message)
        if not signature.endswith(b"\0"):
            return SignedFile(tried, attempt, file_text(tried, signature))
    message = f"All {ATTEMPTS} signatures tried for this licence end in NUL; look at the key."
    raise UnusableSignatureError(message)


def file_text(payload: bytes, signature: bytes) -> str:
    """Return the text of a licence file: one line of Base64, without a final line end."""
    return b64encode(payload + signature).decode()


def facts_at(payload: bytes, at: datetime) -> Facts:
    """Return what a server sees at an instant in the dates of a payload that we made."""
    content = json.loads(payload)
    return facts_of(
        content["starts_at"],
        content["expires_at"],
        is_trial=content["is_trial"],
        now=in_milliseconds(at),
    )
