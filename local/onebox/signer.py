"""Signs with a key that lies in a file of this machine, which nobody else may read."""

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from stat import S_IMODE
from tempfile import mkstemp

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from partnerdesk.domain.keys import KEY_BITS, key_id_of
from partnerdesk.ports import SignerUnavailableError

EXPONENT = 65_537
OWNER_ALONE = 0o600
FOLDER_OF_OWNER = 0o700
PKCS8 = b"-----BEGIN PRIVATE KEY-----"

OPEN_TO_OTHERS = "is open to others than its owner: give it the mode 0600"
NOT_PKCS8 = "is not in the form PKCS#8, unencrypted"
UNREADABLE = "cannot be read as a key"
NOT_RSA = f"is no RSA key of {KEY_BITS} bits"
OTHER_EXPONENT = f"has another exponent than {EXPONENT}"


class KeyFileError(SignerUnavailableError):
    """The key file is not there, or is not as it must be."""

    code = "key-file"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The key file {path.name} {why}.", file=path.name, why=why)


def licence_key(data: Path) -> Path:
    """Return where a data folder keeps the key that signs licences, and nothing else."""
    return data / "keys" / "licence.pem"


def receipt_key(data: Path) -> Path:
    """Return where a data folder keeps the key that signs receipts."""
    return data / "keys" / "receipt.pem"


def make_key(path: Path) -> None:
    """
    Make a new key, unless there is one: an existing key is never touched.

    It appears whole or not at all, readable by its owner alone; of two
    processes that make it at once, one wins and the other uses the winner's.
    """
    if path.exists():
        return
    path.parent.mkdir(mode=FOLDER_OF_OWNER, parents=True, exist_ok=True)
    key = generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor, draft = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # else a power failure could forget a key that has signed
    os.close(folder)


class KeyFileSigner:
    """The Signer port on a key file: PKCS#8, RSA of 2048 bits, mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def key_id(self) -> str:
        """
        Return the first 16 hexadecimal digits of the SHA-256 of the DER public key.

        :raises KeyFileError: when the key cannot be read
        """
        return key_id_of(self.public_key())

    def public_key(self) -> str:
        """
        Return the public key as PEM.

        :raises KeyFileError: when the key cannot be read
        """
        key = self._key.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, payload: bytes) -> bytes:
        """
        Return the signature of a payload, the same each time.

        :raises KeyFileError: when the key cannot be read
        """
        return self._key.sign(payload, PKCS1v15(), SHA512())

    @cached_property
    def _key(self) -> RSAPrivateKey:
        try:
            key = load_pem_private_key(self._pem(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as broken:
            raise KeyFileError(self._path, UNREADABLE) from broken
        if not isinstance(key, RSAPrivateKey) or key.key_size != KEY_BITS:
            raise KeyFileError(self._path, NOT_RSA)
        if key.public_key().public_numbers().e != EXPONENT:
            raise KeyFileError(self._path, OTHER_EXPONENT)
        return key

    def _pem(self) -> bytes:
        """Return the file's content, after looking at the mode of that very file."""
        try:
            with self._path.open("rb") as file:
                mode = S_IMODE(os.fstat(file.fileno()).st_mode)
                pem = file.read()
        except OSError as error:
            why = f"cannot be opened ({error.strerror})"
            raise KeyFileError(self._path, why) from error
        if mode & ~OWNER_ALONE:
            raise KeyFileError(self._path, OPEN_TO_OTHERS)
        if not pem.lstrip().startswith(PKCS8):
            raise KeyFileError(self._path, NOT_PKCS8)
        return pem
