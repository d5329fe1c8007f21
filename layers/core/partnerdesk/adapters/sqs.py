"""Queues in AWS: who carries messages to them, and who rings for a workbook there."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from partnerdesk.domain.change import Queue
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import QueueUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MOST_AT_ONCE: Final = 10
"""What SQS takes in one batch."""

WINDOW: Final = 5
"""Seconds within which wake-ups of a workbook become one: the delay of its queue."""


class SqsCourier:
    """The Courier port: one address a queue."""

    def __init__(self, client: "SQSClient", addresses: Mapping[Queue, str]) -> None:
        self._client = client
        self._addresses = addresses

    def carry(self, queue: Queue, messages: Sequence[str]) -> Sequence[str]:
        """
        Put the ids of messages on a queue, ten a call, and return those it did not take.

        :raises QueueUnavailableError: when it is unknown what arrived
        """
        waiting = iter(messages)
        refused: list[str] = []
        while batch := list(islice(waiting, MOST_AT_ONCE)):
            refused.extend(self._carry(self._addresses[queue], batch))
        return refused

    def _carry(self, address: str, batch: Sequence[str]) -> Iterator[str]:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(n), "MessageBody": message} for n, message in enumerate(batch)
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=address, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error
        return (batch[int(each["Id"])] for each in answer.get("Failed", ()))


class SqsWaker:
    """
    The Waker port: a FIFO queue with one group a workbook, hence one visit at a time.

    The queue waits as long as a window lasts, so a visit begins after the last
    wake-up of its window was sent, and the others of the window can be dropped.
    """

    def __init__(self, client: "SQSClient", address: str) -> None:
        self._client = client
        self._address = address

    def wake(self, workbook: Workbook, *, at: datetime) -> None:
        """
        Ask for a visit to a workbook; one a window arrives.

        :raises QueueUnavailableError: when it is unknown whether anybody was woken
        """
        try:
            self._client.send_message(
                QueueUrl=self._address,
                MessageBody=workbook.value,
                MessageGroupId=workbook.value,
                MessageDeduplicationId=f"{workbook.value}-{int(at.timestamp()) // WINDOW}",
            )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error


def _unavailable(error: ClientError | BotoCoreError) -> QueueUnavailableError:
    response: Mapping[str, Mapping[str, str]] = getattr(error, "response", {})
    why = response.get("Error", {}).get("Code", type(error).__name__)
    return QueueUnavailableError("A queue does not answer; we try again.", why=why)
