import json
from types import SimpleNamespace

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.session import get_session

from partnerdesk.adapters.dynamodb import DynamoLedger, DynamoOutbox
from partnerdesk.adapters.ids import DynamoIds
from partnerdesk.domain.change import Claim, Limit, Message, Queue
from partnerdesk.domain.licence import Licence
from partnerdesk.ports import (
    ClaimTakenError,
    LedgerBusyError,
    NoSuchRecordError,
    SettledError,
    StaleRecordError,
)
from tests.builders import NOON, a_licence, a_person, a_trial, kept, writing

SIGN = Message(Queue.LICENSING, "sign", about="LIC-1")


class Wire:
    """What is asked of DynamoDB, counted; an answer set here is given in moto's place."""

    def __init__(self, client):
        self.calls = []
        self.answers = []
        client.meta.events.register("before-call.dynamodb", self.ask)

    def ask(self, model, **_):
        self.calls.append(model.name)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def refused(code, status=400, **words):
    """Return an answer of DynamoDB as the SDK reads it."""
    error = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return SimpleNamespace(status_code=status), {**error, **words}


def cancelled(*codes):
    reasons = [{"Code": code} for code in codes]
    return refused("TransactionCanceledException", CancellationReasons=reasons)


@pytest.fixture
def client(table):  # noqa: ARG001 - the table that it asks
    """A client that does not repeat by itself, so that every fault is seen."""
    session = get_session()
    made = session.create_client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield made
    made.close()


@pytest.fixture
def wire(client):
    return Wire(client)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def ledger(client, pauses):
    return DynamoLedger(client, "ledger", wait=pauses.append)


def name_of(answer):
    return type(answer).__name__ if isinstance(answer, Exception) else answer[1]["Error"]["Code"]


CLAIM = writing(claims=(Claim("form:1", "TRL-1"),))
CONFLICT = ("TransactionConflict",)


def test_a_transaction_that_met_another_one_is_tried_again(ledger, wire, pauses):
    wire.answers = [cancelled(*CONFLICT), cancelled(*CONFLICT)]

    ledger.commit(CLAIM)

    assert pauses == [1, 2]
    assert ledger.holder("form:1") == "TRL-1"


def test_after_five_repetitions_the_ledger_is_busy(ledger, wire, pauses):
    wire.answers = [cancelled(*CONFLICT)] * 6

    with pytest.raises(LedgerBusyError):
        ledger.commit(CLAIM)

    assert pauses == [1, 2, 3, 4, 5]
    assert wire.calls == ["TransactWriteItems"] * 6


def test_the_sixth_time_may_succeed(ledger, wire):
    wire.answers = [cancelled(*CONFLICT)] * 5

    ledger.commit(CLAIM)

    assert ledger.holder("form:1") == "TRL-1"


def test_a_complaint_goes_before_a_conflict(ledger, wire, pauses):
    wire.answers = [cancelled("TransactionConflict", "ConditionalCheckFailed", "None")]

    with pytest.raises(StaleRecordError):
        ledger.commit(writing(a_person(), claims=(Claim("form:1", "TRL-1"),)))
    assert pauses == []


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_busy_at_once(ledger, wire, pauses, code):
    wire.answers = [cancelled(code)]

    with pytest.raises(LedgerBusyError):
        ledger.commit(CLAIM)
    assert pauses == []


@pytest.mark.parametrize(
    "silence",
    [
        refused("ThrottlingException"),
        refused("ProvisionedThroughputExceededException"),
        refused("TransactionInProgressException"),
        refused("InternalServerError", status=500),
        refused("SomethingNew", status=503),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
    ],
    ids=name_of,
)
def test_silence_and_throttling_are_busy_for_writers_and_readers(ledger, wire, client, silence):
    for ask in (
        lambda: ledger.commit(CLAIM),
        lambda: ledger.get(Licence, "LIC-1"),
        lambda: ledger.worklist("licence#issued"),
        lambda: list(ledger.heads()),
        lambda: DynamoIds(client, "ledger").next("TRL", at=NOON),
    ):
        wire.answers = [silence]
        with pytest.raises(LedgerBusyError):
            ask()


@pytest.mark.parametrize(
    "mistake", [refused("AccessDeniedException"), refused("ValidationException")], ids=name_of
)
def test_our_own_mistakes_are_not_called_busy(ledger, wire, mistake):
    wire.answers = [mistake, mistake]

    with pytest.raises(ClientError):
        ledger.commit(CLAIM)
    with pytest.raises(ClientError):
        ledger.holder("form:1")


def test_a_transaction_that_is_malformed_is_a_bug(ledger, wire):
    wire.answers = [cancelled("ValidationError")]

    with pytest.raises(ClientError):
        ledger.commit(CLAIM)


def test_after_a_lost_answer_the_claim_tells_what_became_of_it(ledger, client):
    """The transaction went through, and nobody heard of it."""

    def lose(**_):
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    client.meta.events.register("needs-retry.dynamodb.TransactWriteItems", lose)
    with pytest.raises(LedgerBusyError):
        ledger.commit(CLAIM)
    client.meta.events.unregister("needs-retry.dynamodb.TransactWriteItems", lose)

    with pytest.raises(ClaimTakenError) as taken:
        ledger.commit(CLAIM)
    assert taken.value.holder == "TRL-1"


def test_accepting_a_form_is_one_call(ledger, wire):
    """Robustness.md C2, rule 6."""
    ledger.commit(
        writing(
            a_trial(),
            a_person(),
            claims=(Claim("form:1", "TRL-2026-000001"),),
            limits=(Limit("source:1", 60, NOON),),
            outbox=(Message(Queue.SCREENING, "screen-trial", about="TRL-2026-000001"),),
        )
    )

    assert wire.calls == ["TransactWriteItems"]


def test_a_first_try_is_lent_in_one_call_and_later_ones_in_two(ledger, wire, client):
    ledger.commit(writing(a_licence(), outbox=(SIGN,)))
    outbox = DynamoOutbox(client, "ledger")
    wire.calls.clear()

    outbox.lend("sign/LIC-1@1.1", at=NOON)
    assert wire.calls == ["UpdateItem"]
    outbox.lend("sign/LIC-1@1.1", at=NOON)
    assert wire.calls == ["UpdateItem"] * 3
    with pytest.raises(SettledError):
        outbox.lend("sign/LIC-404@1.1", at=NOON)


def items(client):
    return {
        (it["pk"]["S"], it["sk"]["S"]): it
        for it in client.scan(TableName="ledger", ConsistentRead=True)["Items"]
    }


def test_items_look_as_the_table_s_design_says(ledger, client):
    read = kept(
        ledger,
        a_licence(),
        claims=(Claim("grant:TRL-1", "LIC-1"),),
        limits=(Limit("source:1", 60, NOON),),
        outbox=(SIGN,),
    )

    found = items(client)

    assert set(found) == {
        ("licence#LIC-1", "RECORD"),
        ("licence#LIC-1", "EVENT#0000000001"),
        ("CLAIM#grant:TRL-1", "CLAIM"),
        ("LIMIT#source:1", "LIMIT"),
        ("OUTBOX#sign/LIC-1@1.1", "OUTBOX"),
        ("DIRTY#desk", "licence#LIC-1"),
        ("DIRTY#desk", "activity#licence#LIC-1@1"),
    }
    record = found["licence#LIC-1", "RECORD"]
    assert set(record) == {"pk", "sk", "version", "head", "body", "family"}
    assert record["head"] == {"S": read.head}
    assert found["LIMIT#source:1", "LIMIT"]["expires"] == {"N": str(int(NOON.timestamp()) + 1)}
    assert found["OUTBOX#sign/LIC-1@1.1", "OUTBOX"]["worklist"] == {"S": "outbox#due"}
    assert found["OUTBOX#sign/LIC-1@1.1", "OUTBOX"]["place"] == {"S": "2026-11-25T12:02:00.000Z"}


def test_no_body_of_a_person_comes_back_with_a_refusal(ledger):
    """The SDK's error holds what stood in the way: that must never be a person."""
    ledger.commit(writing(a_person()))

    with pytest.raises(StaleRecordError) as stale:
        ledger.commit(writing(a_person(name="Grace Hopper")))
    assert "Ada" not in json.dumps(stale.value.__cause__.response)


def test_an_unknown_reference_is_said_so_without_guessing(ledger):
    with pytest.raises(NoSuchRecordError):
        ledger.get(Licence, "LIC-404")
