import os

import boto3
import pytest
from hypothesis import settings
from moto import mock_aws

from tests.table import TABLE, TTL

settings.register_profile("dev", max_examples=50)
settings.register_profile("ci", max_examples=200, derandomize=True, deadline=None)
settings.register_profile("nightly", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def table():
    """DynamoDB in moto with the ledger's table: a client and the table's name."""
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        client.create_table(TableName="ledger", **TABLE)
        client.update_time_to_live(TableName="ledger", TimeToLiveSpecification=TTL)
        yield client, "ledger"
        client.close()
