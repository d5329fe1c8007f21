"""New names for the records of the desk on AWS, counted in the ledger's table."""

from typing import TYPE_CHECKING

from partnerdesk.adapters.dynamodb_table import Table
from partnerdesk.adapters.numbering import BlockIds

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoIds(BlockIds):
    """Ids of the desk on AWS."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        super().__init__(Table(client, table))
