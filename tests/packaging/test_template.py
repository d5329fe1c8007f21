"""What the template keeps, who may do what in it, and that it tells the functions no secret."""

import copy
import re

import pytest

from partnerdesk.adapters.environment import DOORBELL_SECRETS, LINK_KEY
from syncing.wiring import ACCOUNT
from tests.table import TABLE, TTL
from tests.template import (
    ROOT,
    environment,
    functions,
    name_of,
    permits,
    resources,
    role_of,
    transformed,
    wildcards,
    written,
)

LEDGER = {f"dynamodb:{it}Item" for it in ("Delete", "Get", "Put", "Update")}
QUEUE = {f"sqs:{it}" for it in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
SECRET = {"secretsmanager:GetSecretValue"}
WORKLIST = "${Table.Arn}/index/worklist"
INDEXES = "${Lists.Arn}/lists/*"
IDENTITY = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${SenderDomain}"

ROLES = {
    "Intake": {
        "IntakeLog": LOG,
        "Table": LEDGER - {"dynamodb:DeleteItem"},
        "Secret": SECRET,
    },
    "Screening": {
        "ScreeningLog": LOG,
        "ScreeningQueue": QUEUE,
        "Table": LEDGER,
        "Lists": {"s3:ListBucket"},
        INDEXES: {"s3:GetObject"},
    },
    "Licensing": {
        "LicensingLog": LOG,
        "LicensingQueue": QUEUE,
        "Table": LEDGER,
        WORKLIST: {"dynamodb:Query"},
        "Lists": {"s3:ListBucket"},
        INDEXES: {"s3:GetObject"},
        "Secret": SECRET,
    },
    "Relay": {
        "RelayLog": LOG,
        "Table": {"dynamodb:Query"},
        WORKLIST: {"dynamodb:Query"},
        "Table.StreamArn": {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
        },
        "*": {"dynamodb:ListStreams"},
        **{
            queue: {"sqs:SendMessage"}
            for queue in (
                "LicensingQueue",
                "MailQueue",
                "ScreeningQueue",
                "StreamDead",
                "SyncingQueue",
            )
        },
    },
    "Mail": {
        "MailLog": LOG,
        "MailQueue": QUEUE,
        "Table": LEDGER,
        "Secret": SECRET,
        IDENTITY: {"ses:SendEmail", "ses:SendRawEmail"},
    },
    "Syncing": {
        "SyncingLog": LOG,
        "SyncingQueue": QUEUE | {"sqs:SendMessage"},
        "Table": LEDGER | {"dynamodb:Query"},
        "Secret": SECRET,
    },
}
"""Per function: on which resource which actions. Nothing else is in its role (SEC-20)."""


def planted(where, **parts):
    """Return a resource of the template with something more in its first allowed statement."""
    resource = copy.deepcopy(transformed()["Resources"][where])
    statement = resource["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    statement.update(parts)
    return resource


@pytest.mark.parametrize("function", ROLES)
def test_a_role_is_exactly_what_was_recorded(function):
    recorded = {
        (action, resource) for resource, actions in ROLES[function].items() for action in actions
    }
    assert permits(role_of(function)) == recorded


def test_every_function_has_a_role_of_its_own():
    roles = [role_of(function) for function in functions()]
    assert sorted(roles) == sorted(set(roles))
    assert set(roles) == set(resources("AWS::IAM::Role"))
    assert set(functions()) == set(ROLES)


def test_no_role_borrows_a_policy_that_others_write():
    for name, role in resources("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role, name


def test_no_policy_has_a_wildcard_without_a_written_reason():
    found = {
        name: wildcards(resource)
        for name, resource in transformed()["Resources"].items()
        if wildcards(resource)
    }
    assert found == {}


def test_every_written_reason_excuses_something():
    for name, resource in copy.deepcopy(transformed()["Resources"]).items():
        excuses = resource.get("Metadata", {}).pop("Wildcards", {})
        assert sorted(excuses) == wildcards(resource), name


@pytest.mark.parametrize(
    "parts",
    [
        {"Action": "*"},
        {"Action": ["dynamodb:*"]},
        {"Resource": "*"},
        {"Resource": {"Fn::Sub": "${Table.Arn}/*"}},
        {"NotAction": "iam:PassRole"},
        {"NotResource": "arn:aws:s3:::public"},
    ],
)
def test_a_planted_wildcard_is_found(parts):
    """robustness.md B3: cfn-lint and checkov both passed such a policy."""
    assert wildcards(planted("MailRole", **parts)) != []


def test_only_licensing_can_sign_and_only_as_licences_are_signed():
    """robustness.md SEC-19; licence-format.md 8."""
    [key] = resources("AWS::KMS::Key").values()
    signing = [it for it in key["KeyPolicy"]["Statement"] if "kms:Sign" in str(it["Action"])]

    assert [name_of(it["Principal"]["AWS"]) for it in signing] == ["LicensingRole"]
    assert signing[0]["Action"] == "kms:Sign"
    assert signing[0]["Condition"] == {
        "StringEquals": {"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_512"}
    }
    assert "kms:CreateGrant" not in str(key["KeyPolicy"])
    assert not any("kms:" in action for role in ROLES for action, _ in permits(role_of(role)))


def test_the_signing_key_is_as_servers_expect_and_cannot_vanish_soon():
    [key] = resources("AWS::KMS::Key").values()
    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_2048", "SIGN_VERIFY")
    assert key["PendingWindowInDays"] == 30


def test_whoever_touches_the_signing_key_raises_an_alarm():
    rule = resources("AWS::Events::Rule")["SigningKeyTouched"]
    assert set(rule["EventPattern"]["detail"]["eventName"]) == {
        "DisableKey",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
    }
    assert [name_of(it["Arn"]) for it in rule["Targets"]] == ["Alarms"]


def test_the_table_is_the_one_that_the_tests_use():
    [table] = resources("AWS::DynamoDB::Table").values()
    wanted = dict(TABLE)
    stream = dict(wanted.pop("StreamSpecification"))
    stream.pop("StreamEnabled")  # CloudFormation has no such switch

    assert {name: table[name] for name in wanted} == wanted
    assert table["StreamSpecification"] == stream
    assert table["TimeToLiveSpecification"] == TTL


def test_the_ledger_survives_mistakes():
    [table] = resources("AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    ],
)
def test_what_cannot_be_made_again_outlives_the_stack(kind):
    kept = [it for it in transformed()["Resources"].values() if it["Type"] == kind]
    assert kept
    assert all(it["DeletionPolicy"] == it["UpdateReplacePolicy"] == "Retain" for it in kept)


def test_no_bucket_is_public():
    for bucket in resources("AWS::S3::Bucket").values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


@pytest.mark.parametrize("function", sorted(ROLES))
def test_a_function_is_bounded_and_logs_for_30_days(function):
    properties = functions()[function]
    group = name_of(properties["LoggingConfig"]["LogGroup"])

    assert properties["Runtime"] == {"Ref": "Runtime"}
    assert properties["Architectures"] == ["arm64"]
    assert properties["ReservedConcurrentExecutions"] > 0
    assert properties["LoggingConfig"]["LogFormat"] == "JSON"
    assert resources("AWS::Logs::LogGroup")[group] == {"RetentionInDays": 30}


@pytest.mark.parametrize("function", sorted(ROLES))
def test_no_environment_holds_a_secret(function):
    """robustness.md SEC-18: it holds references to resources and parameters, nothing typed in."""
    for name, value in environment(function).items():
        assert isinstance(value, dict), name
        assert "resolve:" not in str(value), name
    assert not any("NoEcho" in it for it in written()["Parameters"].values())


def test_layers_are_built_by_the_python_that_runs_them():
    default = written()["Parameters"]["Runtime"]["Default"]
    layers = [it for it in written()["Resources"].values() if "LayerVersion" in it["Type"]]

    assert [it["Metadata"]["BuildMethod"] for it in layers] == [default] * len(layers)
    assert {it["Properties"]["ContentUri"] for it in layers} == {"layers/core/", "sheets/"}


def test_every_python_we_support_may_run():
    runtimes = written()["Parameters"]["Runtime"]["AllowedValues"]
    assert runtimes == ["python3.11", "python3.12", "python3.13"]
    assert all((ROOT / uri).is_dir() for uri in ("functions", "layers/core", "sheets"))


def test_the_door_is_throttled_and_logs_neither_addresses_nor_tokens():
    [stage] = resources("AWS::ApiGatewayV2::Stage").values()
    written_down = stage["AccessLogSettings"]["Format"]

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    assert not any(word in written_down for word in ("sourceIp", "path", "userAgent"))


def test_costs_have_an_alarm():
    """robustness.md SEC-04."""
    [budget] = resources("AWS::Budgets::Budget").values()
    [notification] = budget["NotificationsWithSubscribers"]
    assert notification["Subscribers"] == [
        {"SubscriptionType": "EMAIL", "Address": {"Ref": "AlarmAddress"}}
    ]


def test_the_guide_names_every_parameter_and_what_is_reserved():
    guide = (ROOT / "docs/aws.md").read_text()
    reserved = sum(it["ReservedConcurrentExecutions"] for it in functions().values())

    assert [it for it in written()["Parameters"] if f"`{it}`" not in guide] == []
    assert f"reserve {reserved} executions" in guide
    secrets = set(re.findall(r'"(link_key|google_account|doorbell_\w+)":', guide))
    assert secrets == {LINK_KEY, ACCOUNT, *DOORBELL_SECRETS}
