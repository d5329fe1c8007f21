"""The queues, the stream and the alarms of the template, against architecture.md section 3."""

import json

import pytest

from tests.template import functions, listed, name_of, resources

DAY = 86_400

QUEUES = [
    ("ScreeningQueue", "Screening", {"batch": 5, "visibility": 180, "at_once": 5}),
    ("LicensingQueue", "Licensing", {"batch": 5, "visibility": 180, "at_once": 5}),
    ("MailQueue", "Mail", {"batch": 5, "visibility": 180, "at_once": 2}),
    ("SyncingQueue", "Syncing", {"batch": 10, "visibility": 540, "at_once": 2}),
]
"""The table of queues; visits are one a workbook because of their groups."""

ALARMED = [queue.replace("Queue", "Dead") for queue, *_ in QUEUES] + ["StreamDead"]


def queue_named(name):
    return resources("AWS::SQS::Queue")[name]


def mappings():
    """Return the event source mappings by what they read from."""
    found = resources("AWS::Lambda::EventSourceMapping").values()
    return {name_of(it["EventSourceArn"]): it for it in found}


def alarms_on(queue):
    return [
        alarm
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", [])
        if name_of(dimension["Value"]) == f"{queue}.QueueName"
    ]


@pytest.mark.parametrize(("queue", "function", "wanted"), QUEUES)
def test_a_queue_feeds_its_function_as_planned(queue, function, wanted):
    reads = mappings()[queue]

    assert name_of(reads["FunctionName"]) == function
    assert reads["BatchSize"] == wanted["batch"]
    assert reads["ScalingConfig"] == {"MaximumConcurrency": wanted["at_once"]}
    assert reads["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue_named(queue)["VisibilityTimeout"] == wanted["visibility"]


@pytest.mark.parametrize(("queue", "function", "wanted"), QUEUES)
def test_a_message_stays_hidden_for_six_function_timeouts(queue, function, wanted):
    assert wanted["visibility"] == 6 * functions()[function]["Timeout"]
    assert queue_named(queue)["VisibilityTimeout"] == wanted["visibility"]


@pytest.mark.parametrize(("queue", "function", "wanted"), QUEUES)
def test_a_function_may_run_as_often_at_once_as_its_queue_asks(queue, function, wanted):
    assert functions()[function]["ReservedConcurrentExecutions"] >= wanted["at_once"], queue


@pytest.mark.parametrize("queue", [queue for queue, *_ in QUEUES])
def test_a_message_given_up_after_five_receives_is_kept_for_14_days(queue):
    redrive = queue_named(queue)["RedrivePolicy"]
    dead = name_of(redrive["deadLetterTargetArn"])

    assert redrive["maxReceiveCount"] == 5
    assert dead == queue.replace("Queue", "Dead")
    assert queue_named(dead)["MessageRetentionPeriod"] == 14 * DAY
    assert queue_named(dead).get("FifoQueue") == queue_named(queue).get("FifoQueue")


@pytest.mark.parametrize("queue", ALARMED)
def test_one_dead_letter_is_an_alarm(queue):
    [alarm] = alarms_on(queue)

    assert alarm["Namespace"] == "AWS/SQS"
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Threshold"] == 1
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_every_queue_is_either_read_or_alarmed():
    assert set(resources("AWS::SQS::Queue")) == {queue for queue, *_ in QUEUES} | set(ALARMED)


def test_every_queue_is_encrypted():
    assert all(it["SqsManagedSseEnabled"] for it in resources("AWS::SQS::Queue").values())


def test_a_fifo_queue_is_read_without_a_batching_window():
    """robustness.md B3: AWS refuses one, and cfn-lint does not notice."""
    reads = mappings()["SyncingQueue"]

    assert queue_named("SyncingQueue")["FifoQueue"] is True
    assert queue_named("SyncingQueue")["DelaySeconds"] == 5
    assert "ContentBasedDeduplication" not in queue_named("SyncingQueue")
    assert "MaximumBatchingWindowInSeconds" not in reads
    assert reads["BatchSize"] <= 10


def test_the_least_concurrency_an_event_source_takes_is_two():
    asked = [it.get("ScalingConfig", {"MaximumConcurrency": 2}) for it in mappings().values()]
    assert min(it["MaximumConcurrency"] for it in asked) >= 2


def test_one_bad_record_never_blocks_the_stream():
    reads = mappings()["Table.StreamArn"]

    assert name_of(reads["FunctionName"]) == "Relay"
    assert reads["BatchSize"] == 100
    assert reads["BisectBatchOnFunctionError"] is True
    assert reads["MaximumRetryAttempts"] == 10
    assert reads["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert name_of(reads["DestinationConfig"]["OnFailure"]["Destination"]) == "StreamDead"


def test_the_stream_tells_of_new_messages_and_of_new_or_changed_marks():
    filters = mappings()["Table.StreamArn"]["FilterCriteria"]["Filters"]
    told = [json.loads(it["Pattern"]) for it in filters]

    assert [(it["eventName"], it["dynamodb"]["Keys"]["pk"]["S"]) for it in told] == [
        (["INSERT"], [{"prefix": "OUTBOX#"}]),
        (["INSERT", "MODIFY"], [{"prefix": "DIRTY#"}]),
    ]


def test_what_a_tick_misses_the_next_one_finds():
    """A schedule's call is not repeated by Lambda: the next tick derives the same work."""
    rules = resources("AWS::Events::Rule").values()
    ticked = {
        name_of(target["Arn"]) for rule in rules for target in rule["Targets"] if "Input" in target
    }
    quiet = {
        name_of(it["FunctionName"])
        for it in resources("AWS::Lambda::EventInvokeConfig").values()
        if it["MaximumRetryAttempts"] == 0
    }
    assert ticked <= quiet


def test_every_alarm_reaches_a_person():
    [topic] = resources("AWS::SNS::Topic").values()
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": {"Ref": "AlarmAddress"}}]
    for name, alarm in resources("AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name


def test_a_bug_in_any_function_is_an_alarm():
    watched = {
        name_of(it["LogGroupName"])
        for it in resources("AWS::Logs::MetricFilter").values()
        if it["MetricTransformations"][0]["MetricName"] == "Bugs"
    }
    assert watched == {name_of(it["LoggingConfig"]["LogGroup"]) for it in functions().values()}


def test_every_metric_that_we_count_has_an_alarm():
    counted = {
        transformation["MetricName"]
        for it in resources("AWS::Logs::MetricFilter").values()
        for transformation in listed(it["MetricTransformations"])
    }
    alarmed = {it["MetricName"] for it in resources("AWS::CloudWatch::Alarm").values()}
    assert counted <= alarmed
