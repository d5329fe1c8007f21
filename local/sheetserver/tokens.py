"""Signing in: a service account's signed assertion becomes an access token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sheetserver.draft import Caller
from sheetserver.storage import Token

if TYPE_CHECKING:
    from sheetserver.engine import Engine
    from sheetserver.messages import Message

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600  # seconds a token is good for, and an assertion at most
_LEEWAY = 60  # seconds that clocks may differ
_MAX_ASSERTION = 16_384
_JWT_DOTS = 2
# Google's own client library signs for this address, whatever the account's file says.
_GOOGLES = "https://oauth2.googleapis.com/token"


class InvalidGrantError(Exception):
    """The assertion does not prove who signed it."""


def exchange(engine: Engine, form: dict[str, str], audience: str) -> Message:
    """
    Return a token answer for a posted assertion.

    :param audience: the address of the token endpoint
    :raises InvalidGrantError: saying what is wrong with it
    """
    if form.get("grant_type") != GRANT:
        why = f"Unsupported grant_type; only {GRANT} is modelled."
        raise InvalidGrantError(why)
    email = signer(engine, form.get("assertion", ""), frozenset({audience, _GOOGLES}))
    secret = engine.ids.secret()
    expires = engine.clock().timestamp() + LIFETIME
    engine.keep_token(Token(digest(secret), email, expires))
    return {"access_token": secret, "expires_in": LIFETIME, "token_type": "Bearer"}


def digest(secret: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bearer(engine: Engine, secret: str, audiences: frozenset[str]) -> Caller | None:
    """
    Return who a bearer token speaks for, None if nobody.

    A JWT that a service account signed itself will do as well.

    :param audiences: the addresses such a JWT may be meant for
    """
    token = engine.token(digest(secret))
    if token:
        return _caller(engine, token.email)
    if secret.count(".") != _JWT_DOTS:
        return None
    try:
        return _caller(engine, signer(engine, secret, audiences))
    except InvalidGrantError:
        return None


def _caller(engine: Engine, email: str) -> Caller | None:
    account = engine.account(email)
    return Caller(account.email, account.name) if account else None


def signer(engine: Engine, assertion: str, audiences: frozenset[str]) -> str:
    """
    Return the e-mail of the account that signed a JWT.

    :raises InvalidGrantError: if the JWT is broken, expired, meant for others or signed by nobody
    """
    try:
        head, claims, signature = _parts(assertion)
    except (ValueError, binascii.Error, RecursionError) as broken:
        why = "Invalid JWT: it cannot be read."
        raise InvalidGrantError(why) from broken
    account = engine.account(str(claims.get("iss", "")))
    if account is None or not account.public_key:
        why = "Invalid grant: account not found."
        raise InvalidGrantError(why)
    if head.get("alg") != "RS256" or head.get("kid") not in (None, account.key_id):
        why = "Invalid JWT Signature: RS256 by the registered key is needed."
        raise InvalidGrantError(why)
    _verify(account.public_key, assertion.rpartition(".")[0], signature)
    _check_claims(claims, audiences, engine.clock().timestamp())
    return account.email


def _parts(assertion: str) -> tuple[Message, Message, bytes]:
    if len(assertion) > _MAX_ASSERTION:
        why = "too long"
        raise ValueError(why)
    head, claims, signature = (_decoded(part) for part in assertion.split("."))
    read = json.loads(head), json.loads(claims)
    if not all(isinstance(part, dict) for part in read):
        why = "not objects"
        raise ValueError(why)
    return *read, signature


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))


def _verify(public_key: str, signed: str, signature: bytes) -> None:
    key = serialization.load_pem_public_key(public_key.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        why = "Invalid JWT Signature: the registered key is no RSA key."
        raise InvalidGrantError(why)
    try:
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as forged:
        why = "Invalid JWT Signature."
        raise InvalidGrantError(why) from forged


def _check_claims(claims: Message, audiences: frozenset[str], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
        why = "Invalid JWT: iat and exp must be numbers."
        raise InvalidGrantError(why)
    in_time = issued - _LEEWAY <= now <= expires + _LEEWAY
    if not in_time or expires - now > LIFETIME + _LEEWAY:
        why = (
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
            "timeframe. Check your iat and exp values in the JWT claim."
        )
        raise InvalidGrantError(why)
    if claims.get("aud") not in audiences:
        why = "Invalid JWT: Failed audience check."
        raise InvalidGrantError(why)
