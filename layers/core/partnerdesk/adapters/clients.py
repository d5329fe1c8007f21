"""Our connections to AWS: each made when it is first needed, all with the same patience."""

from functools import cached_property
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_sesv2 import SESV2Client

PATIENCE = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "adaptive", "total_max_attempts": 4},
)
"""Seconds and tries: with their pauses well within one function's time."""

PATIENCE_WITH_MAIL = PATIENCE.merge(Config(retries={"total_max_attempts": 1}))
"""SES knows no repetition: a retry after a lost answer would be a second mail."""


class Clients:
    """One client a service, shared by the adapters of one function."""

    @cached_property
    def _session(self) -> Session:
        return Session()

    @cached_property
    def kms(self) -> "KMSClient":
        """Return the client that signs."""
        return self._session.client("kms", config=PATIENCE)

    @cached_property
    def sesv2(self) -> "SESV2Client":
        """Return the client that mails, which never tries twice by itself."""
        return self._session.client("sesv2", config=PATIENCE_WITH_MAIL)
