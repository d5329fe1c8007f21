"""Messages and wake-ups on real queues (in moto)."""

from datetime import timedelta

import pytest
from botocore.session import get_session
from moto import mock_aws

from partnerdesk.adapters.sqs import SqsCourier, SqsWaker
from partnerdesk.domain.change import Queue
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import QueueUnavailableError
from tests.builders import NOON


@pytest.fixture
def sqs():
    with mock_aws():
        client = get_session().create_client(
            "sqs",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        yield client
        client.close()


@pytest.fixture
def address(sqs):
    return sqs.create_queue(QueueName="screening")["QueueUrl"]


@pytest.fixture
def fifo(sqs):
    return sqs.create_queue(QueueName="syncing.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def bodies(sqs, address):
    found = []
    while batch := sqs.receive_message(QueueUrl=address, MaxNumberOfMessages=10).get("Messages"):
        found += [it["Body"] for it in batch]
    return sorted(found)


def test_any_number_of_messages_arrives(sqs, address):
    messages = [f"screen-trial/TRL-2026-{n:06}@1.1" for n in range(23)]

    assert SqsCourier(sqs, {Queue.SCREENING: address}).carry(Queue.SCREENING, messages) == []
    assert bodies(sqs, address) == messages


def test_nothing_to_carry_is_no_call(sqs):
    assert SqsCourier(sqs, {Queue.SCREENING: "nowhere"}).carry(Queue.SCREENING, []) == []


def test_a_message_that_sqs_refuses_is_named(sqs, address):
    def refuse_second(parsed, **_):
        parsed["Failed"] = [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]

    sqs.meta.events.register("after-call.sqs.SendMessageBatch", refuse_second)
    courier = SqsCourier(sqs, {Queue.SCREENING: address})

    assert courier.carry(Queue.SCREENING, ["a/1@1.1", "b/2@1.1", "c/3@1.1"]) == ["b/2@1.1"]


def test_a_queue_that_is_not_there_is_unavailable(sqs, address):
    sqs.delete_queue(QueueUrl=address)
    with pytest.raises(QueueUnavailableError) as caught:
        SqsCourier(sqs, {Queue.SCREENING: address}).carry(Queue.SCREENING, ["a/1@1.1"])
    assert caught.value.facts["why"]


def test_wake_ups_of_one_window_become_one(sqs, fifo):
    waker = SqsWaker(sqs, fifo)
    for second in (0, 1, 4):
        waker.wake(Workbook.DESK, at=NOON + timedelta(seconds=second))
    waker.wake(Workbook.COMPLIANCE, at=NOON)

    assert bodies(sqs, fifo) == ["compliance", "desk"]


def test_the_next_window_wakes_again(sqs, fifo):
    waker = SqsWaker(sqs, fifo)
    waker.wake(Workbook.DESK, at=NOON + timedelta(seconds=4))
    waker.wake(Workbook.DESK, at=NOON + timedelta(seconds=5))

    assert bodies(sqs, fifo) == ["desk", "desk"]


def test_a_bell_that_does_not_answer_is_unavailable(sqs, fifo):
    sqs.delete_queue(QueueUrl=fifo)
    with pytest.raises(QueueUnavailableError):
        SqsWaker(sqs, fifo).wake(Workbook.DESK, at=NOON)
