"""The one DynamoDB table of the desk: how items look, are asked for, and may fail to come."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore import exceptions as aws

from partnerdesk.ports import LedgerBusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputPaginateTypeDef,
        UpdateItemInputTypeDef,
    )

    Item = Mapping[str, AttributeValueTypeDef]

TOO_MUCH = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""What DynamoDB answers when the same request may succeed later."""

AT_ONCE = 100
"""The most items that one request reads by their keys."""

RECORD = "RECORD"
EVENT = "EVENT#"


def item(**attributes: str | int) -> "Item":
    """Return an item as DynamoDB takes it: texts and whole numbers."""
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in attributes.items()
    }


def text(found: "Item", name: str) -> str:
    """Return a text of an item; empty where a sparse attribute is absent."""
    return found[name]["S"] if name in found else ""


def number(found: "Item", name: str) -> int:
    """Return a number of an item."""
    return int(found[name]["N"])


def named(found: "Item", key: str) -> tuple[str, str]:
    """Return the kind and reference that a key of an item names."""
    kind, ref = text(found, key).split("#", 1)
    return kind, ref


def event_key(version: int) -> str:
    """Return the sort key of an event, so that events sort by version."""
    return f"{EVENT}{version:010}"


@contextmanager
def answering() -> Iterator[None]:
    """
    Tell silence and throttling apart from our own mistakes, which stay what they are.

    :raises LedgerBusyError: when the same request may succeed later
    """
    try:
        yield
    except aws.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in TOO_MUCH or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:  # noqa: PLR2004 - the server's own faults
            raise LedgerBusyError(code) from error
        raise
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        raise LedgerBusyError(type(error).__name__) from error


class Table:
    """Consistent readings of the table, and single writes under a condition."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    def get(self, pk: str, sk: str) -> "Item":
        """
        Return an item, empty when there is none.

        :raises LedgerBusyError: when DynamoDB does not answer
        """
        with answering():
            answer = self.client.get_item(
                TableName=self.name, Key=item(pk=pk, sk=sk), ConsistentRead=True
            )
        return answer.get("Item", {})

    def query(self, pk: str, sk: str = "", *, limit: int = 0) -> Iterator["Item"]:
        """Yield the items under a key, those alone whose sort key begins so, in its order."""
        begins = " AND begins_with(sk, :sk)" if sk else ""
        return self._pages(
            {
                "TableName": self.name,
                "KeyConditionExpression": f"pk = :pk{begins}",
                "ExpressionAttributeValues": _colons(item(pk=pk, sk=sk) if sk else item(pk=pk)),
                "ConsistentRead": True,
            },
            limit,
        )

    def index(self, name: str, key: str, *, until: str = "", limit: int = 0) -> Iterator["Item"]:
        """Yield the keys that an index holds under a name, in its order; it may lag."""
        bound = " AND place <= :until" if until else ""
        values = item(key=key, until=until) if until else item(key=key)
        return self._pages(
            {
                "TableName": self.name,
                "IndexName": name,
                "KeyConditionExpression": f"#key = :key{bound}",
                "ExpressionAttributeNames": {"#key": name},
                "ExpressionAttributeValues": _colons(values),
            },
            limit,
        )

    def count(self, name: str, key: str) -> int:
        """Return how many items an index holds under a name; it may lag."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=name,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": name},
            ExpressionAttributeValues=_colons(item(key=key)),
            Select="COUNT",
        )
        with answering():
            return sum(page["Count"] for page in pages)

    def scan(self, condition: str, values: "Item", wanted: str) -> Iterator["Item"]:
        """Yield attributes of every item that meets a condition: reads the whole table."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.name,
            ConsistentRead=True,
            FilterExpression=condition,
            ExpressionAttributeValues=_colons(values),
            ProjectionExpression=wanted,
        )
        with answering():
            for page in pages:
                yield from page["Items"]

    def together(self, keys: Sequence[tuple[str, str]]) -> Iterator["Item"]:
        """Yield the items under some keys in their order, leaving out what is gone."""
        for start in range(0, len(keys), AT_ONCE):
            page = keys[start : start + AT_ONCE]
            found = {(text(it, "pk"), text(it, "sk")): it for it in self._together(page)}
            yield from (found[key] for key in page if key in found)

    def update(  # noqa: PLR0913 - one expression and all it names
        self,
        pk: str,
        sk: str,
        *,
        change: str,
        condition: str,
        values: Mapping[str, str | int],
        names: Mapping[str, str] | None = None,
    ) -> "Item":
        """Change an item and return all of it; empty when it does not meet the condition."""
        update: UpdateItemInputTypeDef = {
            "TableName": self.name,
            "Key": item(pk=pk, sk=sk),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": _colons(item(**values)),
            "ReturnValues": "ALL_NEW",
        }
        if names:
            update["ExpressionAttributeNames"] = names
        try:
            with answering():
                answer = self.client.update_item(**update)
        except self.client.exceptions.ConditionalCheckFailedException:
            return {}
        return answer["Attributes"]

    def count_up(self, counter: str, *, by: int) -> int:
        """
        Take the next numbers of a counter, and return the last of them.

        After a lost answer the block is taken once more: a gap, never a repeat.

        :raises LedgerBusyError: when DynamoDB does not answer
        """
        with answering():
            answer = self.client.update_item(
                TableName=self.name,
                Key=item(pk=f"COUNTER#{counter}", sk="COUNTER"),
                UpdateExpression="ADD latest :block",
                ExpressionAttributeValues=_colons(item(block=by)),
                ReturnValues="UPDATED_NEW",
            )
        return number(answer["Attributes"], "latest")

    def delete(self, pk: str, sk: str, *, condition: str, values: Mapping[str, str | int]) -> None:
        """Delete an item if it is there and meets the condition."""
        try:
            with answering():
                self.client.delete_item(
                    TableName=self.name,
                    Key=item(pk=pk, sk=sk),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=_colons(item(**values)),
                )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def _pages(self, query: "QueryInputPaginateTypeDef", limit: int) -> Iterator["Item"]:
        if limit:
            query["PaginationConfig"] = {"MaxItems": limit, "PageSize": limit}
        with answering():
            for page in self.client.get_paginator("query").paginate(**query):
                yield from page["Items"]

    def _together(self, keys: Sequence[tuple[str, str]]) -> Iterator["Item"]:
        left: list[Item] = [item(pk=pk, sk=sk) for pk, sk in keys]
        while left:
            with answering():
                answer = self.client.batch_get_item(
                    RequestItems={self.name: {"Keys": left, "ConsistentRead": True}}
                )
            yield from answer["Responses"][self.name]
            left = [key for kept in answer["UnprocessedKeys"].values() for key in kept["Keys"]]


def _colons(values: "Item") -> "Item":
    return {f":{name}": value for name, value in values.items()}
