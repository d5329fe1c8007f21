"""The desk's secrets, read seldom and never repeated."""

import json

import pytest
from botocore.session import get_session
from moto import mock_aws

from partnerdesk.adapters.environment import DOORBELL_SECRETS, doorbell_of
from partnerdesk.adapters.vault import Vault
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import SecretUnavailableError
from tests.desk import StandingClock


@pytest.fixture
def manager():
    with mock_aws():
        client = get_session().create_client(
            "secretsmanager",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        client.create_secret(Name="desk", SecretString=json.dumps({"link_key": "old"}))
        yield client
        client.close()


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture
def vault(manager, clock):
    return Vault(manager, "desk", clock)


def put(manager, **secrets):
    manager.put_secret_value(SecretId="desk", SecretString=json.dumps(secrets))


def test_a_secret_is_used_for_five_minutes(vault, manager, clock):
    assert vault["link_key"] == "old"
    put(manager, link_key="new")
    clock.advance(minutes=4, seconds=59)
    assert vault["link_key"] == "old"


def test_a_rotated_secret_is_known_after_five_minutes(vault, manager, clock):
    """robustness.md SYS-05."""
    assert vault["link_key"] == "old"
    put(manager, link_key="new")
    clock.advance(minutes=5)
    assert vault["link_key"] == "new"


def test_a_secret_that_nobody_put_there_is_named(vault):
    with pytest.raises(SecretUnavailableError, match="doorbell"):
        vault["doorbell"]


def test_a_secret_that_one_may_do_without_is_empty_until_somebody_puts_it_there(
    vault, manager, clock
):
    _, before = DOORBELL_SECRETS
    assert vault.find(before) == ""
    put(manager, **{before: "old"})
    clock.advance(minutes=5)
    assert vault.find(before) == "old"


def test_the_doorbell_opens_to_a_secret_and_to_the_one_before_it(vault, manager, clock):
    environ = {"DESK_WORKBOOK_DESK": "book-1", "DESK_WORKBOOK_COMPLIANCE": "book-2"}
    doorbell = doorbell_of(environ, vault, clock)
    put(manager, **dict(zip(DOORBELL_SECRETS, ("new", "old"), strict=True)))

    assert list(doorbell.secrets()) == ["new", "old"]
    assert doorbell.books == {"book-1": Workbook.DESK, "book-2": Workbook.COMPLIANCE}


def test_secrets_that_cannot_be_read_are_unavailable_and_not_told(manager, clock):
    with pytest.raises(SecretUnavailableError) as caught:
        Vault(manager, "elsewhere", clock)["link_key"]
    assert "old" not in str(caught.value)


def test_a_secret_with_parts_is_handed_on_as_json(vault, manager):
    put(manager, google_account={"type": "service_account"})
    assert json.loads(vault["google_account"]) == {"type": "service_account"}
