"""
A signing key for tests that is the same on every machine.

It is made from words, so that no private key lies in the repository; the two
offsets lead from the words to the next prime.
"""

from functools import cache
from hashlib import shake_256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

EXPONENT = 65_537


def _prime(words: str, offset: int) -> int:
    start = int.from_bytes(shake_256(words.encode()).digest(128), "big")
    return (start | 3 << 1022 | 1) + offset


@cache
def fixed_key() -> rsa.RSAPrivateKey:
    p = _prime("partner desk, test prime p", 22)
    q = _prime("partner desk, test prime q", 218)
    return rsa_key(p, q, EXPONENT)


def rsa_key(p: int, q: int, exponent: int) -> rsa.RSAPrivateKey:
    d = pow(exponent, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
    ).private_key()


def sign(payload: bytes) -> bytes:
    return fixed_key().sign(payload, PKCS1v15(), SHA512())


def public_pem(key: rsa.RSAPrivateKey | None = None) -> str:
    public = (key or fixed_key()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem() -> bytes:
    return fixed_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(private_pem())
    return path
