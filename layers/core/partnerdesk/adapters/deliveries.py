"""What Lambda hands to a function, and how the function says which part of it failed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, final

logger = logging.getLogger(__name__)


class Sent(TypedDict):
    """One message of a queue, as Lambda hands it over."""

    messageId: str
    body: str
    attributes: Mapping[str, str]


@final
class Queued(TypedDict):
    """What Lambda hands over from a queue."""

    Records: Sequence[Sent]


@final
class Scheduled(TypedDict):
    """What the schedule hands over: which of a function's schedules is due."""

    schedule: str


@final
class Asked(TypedDict):
    """An HTTP request, as API Gateway hands it over (payload format 2.0)."""

    version: str
    rawPath: str
    headers: Mapping[str, str]
    requestContext: Mapping[str, Any]


class Item(TypedDict):
    """The key of an item, in DynamoDB's own notation."""

    pk: Mapping[str, str]
    sk: Mapping[str, str]


class Image(TypedDict):
    """What a stream says of a change to an item."""

    ApproximateCreationDateTime: float
    Keys: Item
    SequenceNumber: str


class Streamed(TypedDict):
    """One record of the table's stream, as Lambda hands it over."""

    dynamodb: Image


@final
class Streaming(TypedDict):
    """What Lambda hands over from the table's stream."""

    Records: Sequence[Streamed]


class Failure(TypedDict):
    """One part of a delivery that must come again."""

    itemIdentifier: str


class Failures(TypedDict):
    """The parts of a delivery that must come again; everything else is done."""

    batchItemFailures: list[Failure]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the table's stream tells of: the key of a new or changed item."""

    number: str
    """Where it stands in the stream."""

    pk: str
    at: datetime


def each_message(event: Queued, do: Callable[[str], None]) -> Failures:
    """
    Do something with every message of a queue, and return those that must come again.

    One that fails does not stop its neighbours. In a queue that keeps the order
    of a group, the rest of that group comes again with it, untouched.
    """
    failed: list[str] = []
    stopped: set[str] = set()
    for message in event["Records"]:
        group = message["attributes"].get("MessageGroupId", "")
        if group in stopped or not _is_done(message, do):
            failed.append(message["messageId"])
            stopped |= {group} - {""}
    return failures(failed)


def _is_done(message: Sent, do: Callable[[str], None]) -> bool:
    try:
        do(message["body"])
    except Exception:
        # Whatever it was, the other messages of the delivery are not to blame.
        logger.exception("a delivery failed", extra={"facts": {"message": message["messageId"]}})
        return False
    return True


def told(event: Streaming) -> Sequence[Told]:
    """Return what the records of a stream tell of, in their order."""
    return tuple(
        Told(
            number=image["SequenceNumber"],
            pk=image["Keys"]["pk"]["S"],
            at=datetime.fromtimestamp(image["ApproximateCreationDateTime"], UTC),
        )
        for image in (record["dynamodb"] for record in event["Records"])
    )


def failures(numbers: Sequence[str]) -> Failures:
    """Return the answer that asks for some parts of a delivery again."""
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
