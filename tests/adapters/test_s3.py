"""What becomes of screening when the bucket of the lists does not answer."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.session import get_session
from moto import mock_aws

from partnerdesk.adapters.lists import IndexScreener, publish
from partnerdesk.adapters.s3 import S3Store
from partnerdesk.domain.screening import Outcome, Party, PartyType
from tests import listed

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STRANGER = Party("Northwind Orchard Systems", PartyType.COMPANY)


@pytest.fixture
def s3():
    with mock_aws():
        client = get_session().create_client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        client.create_bucket(Bucket="lists")
        yield client
        client.close()


def outcome(store):
    return IndexScreener(store).screen((STRANGER,), on=NOW.date(), at=NOW).outcome


def test_a_bucket_that_refuses_us_clears_nobody(s3):
    assert outcome(S3Store(s3, "elsewhere")) is Outcome.REVIEW


def test_a_bucket_that_answers_too_late_clears_nobody(s3):
    """robustness.md SCR-TMO and SCR-ERR."""
    store = S3Store(s3, "lists")
    publish(listed.index(), listed.edition(), store, at=NOW)
    assert outcome(store) is Outcome.CLEAR

    def lose(request, **_):
        raise ReadTimeoutError(endpoint_url=request.url)

    s3.meta.events.register_first("before-send.s3", lose)
    assert outcome(store) is Outcome.REVIEW
