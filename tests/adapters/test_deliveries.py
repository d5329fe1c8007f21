"""What Lambda hands over, and what it is asked for again."""

import logging
from datetime import UTC, datetime

from partnerdesk.adapters.deliveries import each_message, told


def queued(*bodies, groups=()):
    attributes = [{"MessageGroupId": group} for group in groups] or [{}] * len(bodies)
    return {
        "Records": [
            {"messageId": f"m{n}", "body": body, "attributes": attributes[n]}
            for n, body in enumerate(bodies)
        ]
    }


def again(answer):
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


class Doer:
    def __init__(self, *poison):
        self.poison = poison
        self.done = []

    def __call__(self, body):
        if body in self.poison:
            raise ZeroDivisionError
        self.done.append(body)


def test_what_is_done_is_not_asked_for_again():
    doer = Doer()
    assert again(each_message(queued("a", "b"), doer)) == []
    assert doer.done == ["a", "b"]


def test_one_bad_message_stops_no_other(caplog):
    doer = Doer("b")
    with caplog.at_level(logging.ERROR):
        assert again(each_message(queued("a", "b", "c"), doer)) == ["m1"]
    assert doer.done == ["a", "c"]
    assert [record.facts for record in caplog.records] == [{"message": "m1"}]


def test_within_a_group_nothing_overtakes_what_failed(caplog):
    caplog.set_level(logging.CRITICAL)
    doer = Doer("b")
    event = queued("a", "b", "c", "d", groups=("desk", "desk", "desk", "compliance"))

    assert again(each_message(event, doer)) == ["m1", "m2"]
    assert doer.done == ["a", "d"]


def test_the_stream_is_read_in_its_order():
    event = {
        "Records": [
            {
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_795_608_000.0,
                    "Keys": {"pk": {"S": f"OUTBOX#{n}"}, "sk": {"S": "OUTBOX"}},
                    "SequenceNumber": str(n),
                }
            }
            for n in (3, 1, 2)
        ]
    }
    assert [(it.number, it.pk) for it in told(event)] == [
        ("3", "OUTBOX#3"),
        ("1", "OUTBOX#1"),
        ("2", "OUTBOX#2"),
    ]
    assert told(event)[0].at == datetime(2026, 11, 25, 12, tzinfo=UTC)
