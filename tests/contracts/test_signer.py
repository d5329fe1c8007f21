"""
Every promise of the Signer port, on the key file and on KMS.

moto proves the calls up to 4,096 bytes. Beyond them its signatures do not
verify and its limits are not those of KMS, so `RealKms` answers at the wire
instead: a key of its own behind the documented conditions.
"""

import json
from base64 import b64decode, b64encode
from io import BytesIO
from stat import S_IMODE

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from moto import mock_aws

from onebox.signer import KeyFileError, KeyFileSigner, licence_key, make_key, receipt_key
from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.kms import KmsSigner
from partnerdesk.domain.keys import is_signature, key_id_of, public_key_of
from partnerdesk.domain.licence_check import check
from partnerdesk.domain.licence_file import file_text, payload_of
from partnerdesk.ports import SignerUnavailableError
from tests.drafts import NOON, an_order
from tests.signing import fixed_key, key_file, private_pem, public_pem, rsa_key, sign

ARN = "arn:aws:kms:eu-central-1:123456789012:key/0b1c2d3e-0000-4000-8000-000000000001"
OTHER_ARN = ARN.replace("0001", "0002")
REGION = "eu-central-1"


class _Body(BytesIO):
    def stream(self):
        yield self.read()


class RealKms:
    """KMS at the wire, as its documentation has it, for one RSA key."""

    def __init__(self, key=None, arn=ARN):
        self.key = key or fixed_key()
        self.arn = arn
        self.asked = []
        self.failing = ""

    def client(self):
        client = boto3.client(
            "kms",
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - signs requests that never leave
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-send.kms", self._answer)
        return client

    def _answer(self, request, **_):
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        asked = json.loads(request.body)
        self.asked.append((operation, asked))
        if self.failing == "unreachable":
            raise EndpointConnectionError(endpoint_url=request.url)
        fault = self.failing or self._fault(operation, asked)
        if fault:
            return self._response(request, 400, {"__type": fault, "message": "no"})
        return self._response(request, 200, getattr(self, f"_{operation}")(asked))

    def _fault(self, operation, asked):
        if asked["KeyId"] != ARN:
            return "NotFoundException"
        if operation == "GetPublicKey":
            return ""
        length = len(b64decode(asked["Message"]))
        fits = {"RAW": 1 <= length <= 4_096, "DIGEST": length == 64}[asked["MessageType"]]
        known = asked["SigningAlgorithm"] == "RSASSA_PKCS1_V1_5_SHA_512"
        return "" if fits and known else "ValidationException"

    def _Sign(self, asked):  # noqa: N802 - the name of the operation
        message = b64decode(asked["Message"])
        algorithm = Prehashed(SHA512()) if asked["MessageType"] == "DIGEST" else SHA512()
        signature = self.key.sign(message, PKCS1v15(), algorithm)
        return {"KeyId": self.arn, "Signature": b64encode(signature).decode()}

    def _GetPublicKey(self, _):  # noqa: N802 - the name of the operation
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"KeyId": self.arn, "PublicKey": b64encode(der).decode()}

    @staticmethod
    def _response(request, status, body):
        return AWSResponse(request.url, status, {}, _Body(json.dumps(body).encode()))

    def messages(self):
        return [
            (asked["MessageType"], len(b64decode(asked["Message"])))
            for operation, asked in self.asked
            if operation == "Sign"
        ]


@pytest.fixture(params=["key file", "kms"])
def signer(request, tmp_path):
    if request.param == "kms":
        return KmsSigner(RealKms().client(), ARN)
    return KeyFileSigner(key_file(tmp_path / "keys" / "licence.pem"))


# The contract


@pytest.mark.parametrize("size", [1, 1_077, 4_096, 4_097, 7_244])
def test_what_is_signed_verifies_with_the_public_key(signer, size):
    payload = b"p" * size

    signature = signer.sign(payload)

    assert len(signature) == 256
    assert is_signature(signature, payload, key=public_key_of(signer.public_key()))


@pytest.mark.parametrize("size", [1, 4_096, 4_097])
def test_signing_again_gives_the_same_bytes(signer, size):
    payload = b"p" * size

    assert signer.sign(payload) == signer.sign(payload)


@pytest.mark.parametrize("size", [4_096, 4_097])
def test_both_engines_give_the_same_signature(signer, size):
    assert signer.sign(b"p" * size) == sign(b"p" * size)


def test_the_public_key_is_one_pem_block_and_named_by_its_digest(signer):
    assert signer.public_key() == public_pem()
    assert signer.key_id == key_id_of(public_pem())


def test_a_licence_signed_by_it_is_accepted(signer):
    payload = payload_of(an_order())

    text = file_text(payload, signer.sign(payload))

    assert check(text.encode(), signer.public_key(), at=NOON).is_accepted


# KMS


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_a_key_in_kms_signs_what_a_server_accepts():
    kms = Clients().kms
    made = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    signer = KmsSigner(kms, made["KeyMetadata"]["Arn"])
    payload = payload_of(an_order())

    text = file_text(payload, signer.sign(payload))

    assert is_signature(b64decode(text)[-256:], payload, key=public_key_of(signer.public_key()))
    assert signer.sign(payload) == signer.sign(payload)
    assert signer.sign(b"p" * 4_096) == signer.sign(b"p" * 4_096)
    assert signer.key_id == key_id_of(signer.public_key())


@pytest.mark.usefixtures("aws")
def test_a_client_is_made_once_and_when_it_is_first_needed():
    clients = Clients()

    assert vars(clients) == {}
    assert clients.kms is clients.kms
    assert clients.kms.meta.config.retries["mode"] == "adaptive"


def test_kms_is_sent_a_payload_up_to_4096_bytes_and_the_digest_of_a_longer_one():
    kms = RealKms()
    signer = KmsSigner(kms.client(), ARN)

    for size in (1, 4_096, 4_097):
        signer.sign(b"p" * size)

    assert kms.messages() == [("RAW", 1), ("RAW", 4_096), ("DIGEST", 64)]


def test_kms_is_asked_for_the_public_key_once_a_process():
    kms = RealKms()
    signer = KmsSigner(kms.client(), ARN)

    assert signer.public_key() == signer.public_key()
    assert signer.key_id == signer.key_id
    assert [operation for operation, _ in kms.asked] == ["GetPublicKey"]


@pytest.mark.parametrize(
    "name",
    ["alias/licences", "0b1c2d3e-0000-4000-8000-000000000001", ARN.replace("key/", "alias/")],
)
def test_a_key_must_be_named_by_its_full_arn(name):
    with pytest.raises(ValueError, match="full ARN"):
        KmsSigner(RealKms().client(), name)


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ("ThrottlingException", "ThrottlingException"),
        ("KMSInternalException", "KMSInternalException"),
        ("KMSInvalidStateException", "KMSInvalidStateException"),
        ("DisabledException", "DisabledException"),
        ("AccessDeniedException", "AccessDeniedException"),
        ("unreachable", "EndpointConnectionError"),
    ],
)
def test_a_key_that_cannot_be_used_is_unavailable_and_says_why(failing, words):
    kms = RealKms()
    kms.failing = failing
    signer = KmsSigner(kms.client(), ARN)

    with pytest.raises(SignerUnavailableError, match=words):
        signer.sign(b"payload")
    with pytest.raises(SignerUnavailableError, match=words):
        signer.public_key()


def test_after_a_failure_the_public_key_is_asked_for_again():
    kms = RealKms()
    kms.failing = "ThrottlingException"
    signer = KmsSigner(kms.client(), ARN)
    with pytest.raises(SignerUnavailableError):
        signer.public_key()

    kms.failing = ""

    assert signer.public_key() == public_pem()


def test_an_answer_for_another_key_is_not_taken():
    signer = KmsSigner(RealKms(arn=OTHER_ARN).client(), ARN)

    with pytest.raises(SignerUnavailableError, match="another key"):
        signer.sign(b"payload")
    with pytest.raises(SignerUnavailableError, match="another key"):
        signer.public_key()


def test_a_key_of_another_kind_is_not_taken():
    longer = rsa.generate_private_key(public_exponent=65_537, key_size=3072)

    with pytest.raises(SignerUnavailableError, match="2048 bits"):
        KmsSigner(RealKms(key=longer).client(), ARN).public_key()


# Key file


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path):
    path = licence_key(tmp_path)

    make_key(path)
    first = path.read_bytes()
    make_key(path)

    assert path.read_bytes() == first
    assert first.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert len(KeyFileSigner(path).sign(b"payload")) == 256


def test_the_key_of_receipts_is_another_one(tmp_path):
    make_key(licence_key(tmp_path))
    make_key(receipt_key(tmp_path))

    licences, receipts = (KeyFileSigner(of(tmp_path)) for of in (licence_key, receipt_key))
    assert licences.key_id != receipts.key_id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o700, 0o610])
def test_a_key_file_that_is_open_to_others_is_refused(tmp_path, mode):
    path = key_file(tmp_path / "licence.pem")
    path.chmod(mode)

    with pytest.raises(KeyFileError, match="0600"):
        KeyFileSigner(path).sign(b"payload")


def test_a_key_file_may_be_closed_to_writing(tmp_path):
    path = key_file(tmp_path / "licence.pem")
    path.chmod(0o400)

    assert KeyFileSigner(path).public_key() == public_pem()


def _pem(key, form=PrivateFormat.PKCS8, encryption=None):
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def _of_exponent_17():
    numbers = fixed_key().private_numbers()
    return _pem(rsa_key(numbers.p, numbers.q, 17))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: _pem(fixed_key(), PrivateFormat.TraditionalOpenSSL), "PKCS#8"),
        (lambda: _pem(fixed_key(), encryption=BestAvailableEncryption(b"word")), "PKCS#8"),
        (lambda: public_pem().encode(), "PKCS#8"),
        (lambda: b"", "PKCS#8"),
        (lambda: private_pem()[:200], "cannot be read"),
        (lambda: _pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
        (lambda: _pem(rsa.generate_private_key(public_exponent=65_537, key_size=3072)), "2048"),
        (_of_exponent_17, "65537"),
    ],
    ids=["pkcs1", "encrypted", "public", "empty", "cut", "curve", "3072", "exponent"],
)
def test_a_key_file_of_another_form_is_refused_and_named(tmp_path, content, why):
    path = tmp_path / "licence.pem"
    path.touch(mode=0o600)
    path.write_bytes(content())

    with pytest.raises(SignerUnavailableError, match=f"licence.pem .*{why}"):
        KeyFileSigner(path).sign(b"payload")


def test_a_missing_key_file_is_unavailable_until_it_is_there(tmp_path):
    signer = KeyFileSigner(tmp_path / "licence.pem")
    with pytest.raises(KeyFileError, match="cannot be opened"):
        signer.public_key()

    key_file(tmp_path / "licence.pem")

    assert signer.public_key() == public_pem()
