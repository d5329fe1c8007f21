"""Link tokens: opaque, for one purpose, record and recipient."""

import hmac
from base64 import b32encode
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

TOKEN_BYTES = 20
"""160 bits: more than anyone can guess (robustness.md SEC-14 asks 128)."""


class Purpose(StrEnum):
    """What a link lets its holder do."""

    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Links:
    """
    Makes the token of every link from one secret key.

    A token is derived, not drawn: the same request asked again is answered with
    the same link, and a mail can be written later without the token being kept.
    The ledger holds its SHA-256 alone. Rule GEN-10.
    """

    root: str
    """The public address of the desk, without a final slash: never taken from a request."""

    key: bytes = field(repr=False)

    def token(self, purpose: Purpose, ref: str, recipient: str) -> str:
        """Return the token, 32 letters and digits, for one purpose, record and recipient."""
        text = f"partnerdesk|link|v1|{purpose}|{ref}|{recipient}"
        mac = hmac.digest(self.key, text.encode(), "sha256")
        return b32encode(mac[:TOKEN_BYTES]).decode().lower()

    def status_url(self, ref: str, recipient: str) -> str:
        """Return the address of the status page of a record, for one recipient."""
        return f"{self.root}/status/{self.token(Purpose.STATUS, ref, recipient)}"


def token_digest(token: str) -> str:
    """Return what the ledger keeps of a token."""
    return sha256(token.encode()).hexdigest()


def link_claim(token: str) -> str:
    """Return the claim under which a link's record is found."""
    return f"link:{token_digest(token)}"
