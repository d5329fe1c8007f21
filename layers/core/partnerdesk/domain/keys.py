"""The public keys that signatures are checked against, and the short names we call them by."""

import re
from base64 import b64decode
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from partnerdesk.domain.errors import RefusedError

KEY_BITS = 2048
KEY_ID_DIGITS = 16
PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*",
    re.ASCII,
)


class UnfitKeyError(RefusedError):
    """A server could not use this public key."""

    code = "unfit-key"


def public_key_of(pem: str) -> RSAPublicKey:
    """
    Return the RSA key of 2048 bits in a PEM text, which holds it and nothing else.

    :raises UnfitKeyError: for any other key or form, such as `BEGIN RSA PUBLIC KEY`
    """
    der = _der(pem)
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as broken:
        message = "The public key cannot be read."
        raise UnfitKeyError(message) from broken
    if not isinstance(key, RSAPublicKey) or key.key_size != KEY_BITS:
        message = f"The public key must be an RSA key of {KEY_BITS} bits."
        raise UnfitKeyError(message)
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != der:
        message = "The public key must be a SubjectPublicKeyInfo, whatever its PEM block says."
        raise UnfitKeyError(message)
    return key


def _der(pem: str) -> bytes:
    found = PEM.fullmatch(pem)
    if found is None:
        message = "The public key must be one PEM block that begins with BEGIN PUBLIC KEY."
        raise UnfitKeyError(message)
    try:
        return b64decode("".join(found[1].split()), validate=True)
    except ValueError as broken:
        message = "The public key's PEM block is no Base64."
        raise UnfitKeyError(message) from broken


def key_id_of(pem: str) -> str:
    """
    Return the short name of a public key: 16 hexadecimal digits of its DER form's SHA-256.

    :raises UnfitKeyError: when the text is no fit key
    """
    public_key_of(pem)
    return sha256(_der(pem)).hexdigest()[:KEY_ID_DIGITS]


def is_signature(signature: bytes, payload: bytes, *, key: RSAPublicKey) -> bool:
    """Test whether a signature (RSASSA-PKCS1-v1_5, SHA-512) is the key's own over a payload."""
    try:
        key.verify(signature, payload, PKCS1v15(), SHA512())
    except InvalidSignature:
        return False
    return True
