"""Our connections to AWS: each made when it is first needed, all with the same patience."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

    from partnerdesk.adapters.vault import Reader

PATIENCE = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "adaptive", "total_max_attempts": 4},
)
"""Seconds and tries: with their pauses well within one function's time."""

PATIENCE_WITH_MAIL = PATIENCE.merge(Config(retries={"total_max_attempts": 1}))
"""SES knows no repetition: a retry after a lost answer would be a second mail."""


class Clients:
    """
    One client a service, shared by the adapters of one function.

    They come from botocore: boto3 would load its resource layer with them.
    """

    @cached_property
    def _session(self) -> Session:
        return get_session()

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Return the client that keeps the ledger."""
        return cast("DynamoDBClient", self._session.create_client("dynamodb", config=PATIENCE))

    @cached_property
    def kms(self) -> "KMSClient":
        """Return the client that signs."""
        return cast("KMSClient", self._session.create_client("kms", config=PATIENCE))

    @cached_property
    def s3(self) -> "S3Client":
        """Return the client that reads the lists."""
        return cast("S3Client", self._session.create_client("s3", config=PATIENCE))

    @cached_property
    def secretsmanager(self) -> "Reader":
        """Return the client that reads the secrets."""
        return cast("Reader", self._session.create_client("secretsmanager", config=PATIENCE))

    @cached_property
    def sesv2(self) -> "SESV2Client":
        """Return the client that mails, which never tries twice by itself."""
        return cast("SESV2Client", self._session.create_client("sesv2", config=PATIENCE_WITH_MAIL))

    @cached_property
    def sqs(self) -> "SQSClient":
        """Return the client that hands messages on."""
        return cast("SQSClient", self._session.create_client("sqs", config=PATIENCE))
