"""The desk's secrets: one object in AWS Secrets Manager, read when needed and never logged."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from partnerdesk.ports import Clock, SecretUnavailableError

KEPT_FOR: Final = timedelta(minutes=5)
"""How long a reading is used: a rotated secret is known everywhere after this (SEC-18)."""


class Reader(Protocol):
    """The one call of Secrets Manager that we make."""

    def get_secret_value(self, *, SecretId: str) -> Mapping[str, Any]:  # noqa: N803 - AWS's name
        """Return the secret's current version."""


class Vault:
    """The secrets by name; every function may ask for those that it needs."""

    def __init__(self, client: Reader, secret: str, clock: Clock) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._read_at: datetime | None = None
        self._values: Mapping[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """
        Return a secret, at most five minutes old; one that is no text as JSON.

        :raises SecretUnavailableError: when it cannot be read, or nobody put it there
        """
        found = self.find(name)
        if not found:
            message = f"The secret has no {name} yet."
            raise SecretUnavailableError(message, name=name)
        return found

    def find(self, name: str) -> str:
        """
        Return a secret as above, empty when nobody put it there.

        :raises SecretUnavailableError: when the secrets cannot be read
        """
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= KEPT_FOR:
            self._values = self._read()
            self._read_at = now
        return self._values.get(name, "")

    def _read(self) -> Mapping[str, str]:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret)
        except (ClientError, BotoCoreError) as error:
            message = "The secrets cannot be read now."
            raise SecretUnavailableError(message, why=type(error).__name__) from error
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in json.loads(answer["SecretString"]).items()
        }
