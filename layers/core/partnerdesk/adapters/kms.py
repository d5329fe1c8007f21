"""Signs with a key that lives in AWS KMS and never leaves it."""

import re
from functools import cached_property
from hashlib import sha512
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from partnerdesk.domain.keys import UnfitKeyError, key_id_of
from partnerdesk.ports import SignerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_kms import KMSClient

KEY_ARN = re.compile(r"arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d{12}:key/[a-z0-9-]+", re.IGNORECASE)
ALGORITHM: Final = "RSASSA_PKCS1_V1_5_SHA_512"
MOST_RAW = 4_096
"""Bytes that KMS takes as they are; of a longer payload it takes the digest."""


class KmsSigner:
    """The Signer port on KMS; the key is named by its full ARN, since an alias can be moved."""

    def __init__(self, client: "KMSClient", key_arn: str) -> None:
        if not KEY_ARN.fullmatch(key_arn):
            message = f"The signing key must be named by its full ARN, not {key_arn!r}."
            raise ValueError(message)
        self._client = client
        self._key_arn = key_arn

    @property
    def key_id(self) -> str:
        """
        Return the first 16 hexadecimal digits of the SHA-256 of the DER public key.

        :raises SignerUnavailableError: when it cannot be read now
        """
        return key_id_of(self._public_key)

    def public_key(self) -> str:
        """
        Return the public key as PEM, asked of KMS once a process.

        :raises SignerUnavailableError: when it cannot be read now, or is no fit key
        """
        return self._public_key

    def sign(self, payload: bytes) -> bytes:
        """
        Return the signature: a payload and its digest give the same one.

        :raises SignerUnavailableError: when the key cannot be used now
        """
        message, kind = _message(payload)
        try:
            answer = self._client.sign(
                KeyId=self._key_arn, SigningAlgorithm=ALGORITHM, MessageType=kind, Message=message
            )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error
        self._insist_on_key(answer["KeyId"])
        return answer["Signature"]

    @cached_property
    def _public_key(self) -> str:
        try:
            answer = self._client.get_public_key(KeyId=self._key_arn)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error
        self._insist_on_key(answer["KeyId"])
        key = load_der_public_key(answer["PublicKey"])
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        try:
            key_id_of(pem)
        except UnfitKeyError as unfit:
            raise SignerUnavailableError(str(unfit)) from unfit
        return pem

    def _insist_on_key(self, answered: str) -> None:
        if _bare_id(answered) != _bare_id(self._key_arn):
            message = "KMS answered for another key than the one it was asked about."
            raise SignerUnavailableError(message, key=answered)


def _bare_id(key: str) -> str:
    return key.rpartition("/")[2]


def _message(payload: bytes) -> tuple[bytes, Literal["RAW", "DIGEST"]]:
    if len(payload) <= MOST_RAW:
        return payload, "RAW"
    return sha512(payload).digest(), "DIGEST"


def _unavailable(error: ClientError | BotoCoreError) -> SignerUnavailableError:
    response: Mapping[str, Any] = getattr(error, "response", {})
    why = response.get("Error", {}).get("Code", type(error).__name__)
    return SignerUnavailableError(f"The signing key cannot be used now ({why}).", why=why)
