"""The desk on AWS, in moto: the template's resources, and Lambda's part played between them."""

import importlib
import json
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from functools import cache, cached_property

import botocore.handlers
import botocore.loaders
import botocore.session
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.ses.models import ses_backends

from partnerdesk.adapters.lists import publish
from partnerdesk.adapters.s3 import S3Store
from tests import listed
from tests.desk import StandingClock
from tests.template import environment, functions, name_of, permits, resources, role_of
from tests.template import listed as as_list

REGION = "eu-central-1"
GIVEN = {
    "ComplianceWorkbook": "unknown",
    "DeskId": "example-desk",
    "DeskWorkbook": "unknown",
    "PublicRoot": "https://desk.example",
    "Sender": "partners@vendor.example",
    "SenderDomain": "vendor.example",
    "SheetsRoot": "https://sheets.example",
}
"""What a person who deploys would state."""

WINDOW = timedelta(seconds=6)
"""How much later each round of the stream is: longer than wake-ups are gathered."""

MOST_ROUNDS = 50
NO_REST = "The desk never came to rest."

VISITS = "SyncingQueue"

IDENTITY = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${SenderDomain}"
"""The sender's identity, as the template names it."""


one_loader = cache(botocore.loaders.create_loader)
"""Reads what botocore knows of each service once a test run, instead of once a client."""

lists_content = cache(listed.index)


@dataclass(frozen=True)
class Context:
    """What Lambda tells of itself."""

    aws_request_id: str = "c0ffee"
    function_name: str = "desk"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:desk"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: str

    @property
    def json(self):
        return json.loads(self.body)


@contextmanager
def a_cloud(monkeypatch, **given):
    """Make every resource that the functions' environments name; `given` are parameters."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr(botocore.session, "create_loader", one_loader)
    calls = []

    def note(model, params, **_):
        calls.append((model.service_model.service_name, model.name, params))

    noting = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call", note)]
    with mock_aws():
        cloud = Cloud(monkeypatch, calls, GIVEN | given)
        monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", noting)
        yield cloud
        cloud.forget()


class Cloud:
    """All functions with the roles, queues, table, key, secret and bucket of the template."""

    def __init__(self, monkeypatch, calls, given):
        self._patch = monkeypatch
        self._calls = calls
        self._names = dict(given)
        self._clients = {}
        self.clock = StandingClock()
        """The time of every function; each round of the stream moves it on."""
        self._acts_of = {function: set() for function in functions()}
        self._calls_of = {function: Counter() for function in functions()}
        self.deliveries = 1
        """How often everything is delivered."""
        self.loader = one_loader
        """What the functions' clients read about services."""
        self.is_streaming = True
        """Whether the table's stream reaches the relay."""
        self._make()

    def client(self, service):
        if service not in self._clients:
            self._clients[service] = botocore.session.get_session().create_client(service)
        return self._clients[service]

    def _make(self):
        self._make_table()
        for name, queue in resources("AWS::SQS::Queue").items():
            self._make_queue(name, queue)
        key = self.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        self._names["SigningKey.Arn"] = key["KeyMetadata"]["Arn"]
        [secret] = resources("AWS::SecretsManager::Secret").values()
        made = secret["GenerateSecretString"]
        value = json.loads(made["SecretStringTemplate"]) | {made["GenerateStringKey"]: "k" * 64}
        self.secret(**value)
        self.client("s3").create_bucket(
            Bucket="lists", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self._names["Lists"] = "lists"
        self.client("sesv2").create_email_identity(EmailIdentity=self._names["SenderDomain"])
        self.client("sesv2").create_email_identity(EmailIdentity=self._names["Sender"])

    def _make_table(self):
        [table] = resources("AWS::DynamoDB::Table").values()
        asked = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
        made = self.client("dynamodb").create_table(
            TableName="ledger",
            StreamSpecification={"StreamEnabled": True, **table["StreamSpecification"]},
            **{name: table[name] for name in asked},
        )
        self._names["Table"] = "ledger"
        self._names["Table.StreamArn"] = made["TableDescription"]["LatestStreamArn"]

    def _make_queue(self, name, queue):
        # Not the delay, nor that a message in hand is hidden: the test's own rounds stand for both.
        is_fifo = queue.get("FifoQueue", False)
        made = self.client("sqs").create_queue(
            QueueName=name + (".fifo" if is_fifo else ""),
            Attributes={"FifoQueue": "true"} if is_fifo else {},
        )
        self._names[name] = made["QueueUrl"]

    def secret(self, **values):
        """Put the desk's secret, as its owner would."""
        client = self.client("secretsmanager")
        if "Secret" in self._names:
            client.put_secret_value(SecretId=self._names["Secret"], SecretString=json.dumps(values))
        else:
            made = client.create_secret(Name="desk", SecretString=json.dumps(values))
            self._names["Secret"] = made["ARN"]

    def publish_lists(self):
        """Put a small real list into use, confirmed just now."""
        store = S3Store(self.client("s3"), "lists")
        publish(lists_content(), listed.edition(), store, at=self.clock.now())

    def invoke(self, function, event):
        """Run a function's handler in the environment that the template gives it."""
        for name in {it for each in functions() for it in environment(each)}:
            self._patch.delenv(name, raising=False)
        for name, value in environment(function).items():
            self._patch.setenv(name, self._names[name_of_ref(value)])
        module, _, handler = functions()[function]["Handler"].rpartition(".")
        entry = importlib.import_module(module)
        wiring = sys.modules[f"{entry.__package__}.wiring"]
        self._patch.setattr(wiring, "SystemClock", lambda: self.clock)
        before = len(self._calls)
        with self._patch.context() as patch:
            patch.setattr(botocore.session, "create_loader", self.loader)
            answer = getattr(entry, handler)(event, Context())
        for call in self._calls[before:]:
            self._calls_of[function][call[1]] += 1
            self._acts_of[function].update(self._acts(*call))
        return json.loads(json.dumps(answer))

    def acts(self, function):
        """Return the actions on resources that a function needed so far."""
        return set(self._acts_of[function])

    def calls(self, function):
        """Return how often a function called which operation of AWS so far."""
        return Counter(self._calls_of[function])

    def licence_key(self):
        """Return the public key of licences as PEM, asked of KMS as an administrator."""
        found = self.client("kms").get_public_key(KeyId=self._names["SigningKey.Arn"])
        key = load_der_public_key(found["PublicKey"])
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def forget(self):
        """Let every function start cold, as a new version of it would."""
        for function in functions().values():
            module = sys.modules.get(function["Handler"].rpartition(".")[0])
            for each in list(vars(module).values()) if module else ():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()

    def ask(self, method, path, body="", **headers):
        """Send a request through the HTTP API to the function that its routes name."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        context = {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "test",
            },
            "requestId": "request-1",
            "stage": "$default",
            "timeEpoch": int(self.clock.now().timestamp() * 1000),
        }
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"accept": "*/*", "content-length": str(len(body.encode())), **headers},
            "requestContext": context,
            "body": body,
            "isBase64Encoded": False,
        }
        found = self.invoke(self._function_of(method, path), event)
        return Answer(found["statusCode"], found["headers"], found["body"])

    def post(self, path, fields):
        return self.ask("POST", path, json.dumps(fields), content_type="application/json")

    def _function_of(self, method, path):
        [api] = resources("AWS::ApiGatewayV2::Api").values()
        paths = api["Body"]["paths"]
        methods = paths.get(path, {})
        found = methods.get(method.lower()) or paths["/$default"]["x-amazon-apigateway-any-method"]
        uri = name_of(found["x-amazon-apigateway-integration"]["uri"])
        return uri.partition("functions/${")[2].partition(".Arn}")[0]

    def run(self):
        """Let messages and marks flow until nothing moves."""
        for _ in range(MOST_ROUNDS):
            if not (self.flow() or self.visit()):
                return
        raise AssertionError(NO_REST)

    def minute(self):
        """Let a minute go by: what flows flows, then the sweep looks for what was forgotten."""
        self.run()
        self.clock.advance(minutes=1)
        self.tick("sweep")
        self.run()

    def settle(self):
        """Let everything but visits flow until nothing moves."""
        for _ in range(MOST_ROUNDS):
            if not self.flow():
                return
        raise AssertionError(NO_REST)

    def flow(self):
        """Bring the stream to the relay and messages to their functions; return how many moved."""
        queues = [queue for queue in self._mappings if queue != VISITS]
        return self._stream() + sum(self._deliver(queue) for queue in queues)

    def visit(self):
        """Bring wake-ups to the visits: later than all else, as their queue's delay has it."""
        return self._deliver(VISITS)

    def wake(self, workbook):
        """Put a wake-up on the visits' queue, whatever it says."""
        self.client("sqs").send_message(
            QueueUrl=self._names[VISITS],
            MessageBody=workbook,
            MessageGroupId=workbook,
            MessageDeduplicationId=workbook,
        )

    def tick(self, schedule):
        """Let the scheduler call whichever function has this schedule."""
        for rule in resources("AWS::Events::Rule").values():
            for target in rule["Targets"]:
                event = json.loads(target.get("Input", "{}"))
                if event.get("schedule") == schedule:
                    self.invoke(name_of(target["Arn"]), event)

    @cached_property
    def _mappings(self):
        found = resources("AWS::Lambda::EventSourceMapping").values()
        return {name_of(it["EventSourceArn"]): it for it in found if "Stream" not in str(it)}

    @cached_property
    def _streaming(self):
        found = resources("AWS::Lambda::EventSourceMapping").values()
        return next(it for it in found if name_of(it["EventSourceArn"]) == "Table.StreamArn")

    def _stream(self):
        self.clock.at += WINDOW
        wanted = [
            json.loads(each["Pattern"]) for each in self._streaming["FilterCriteria"]["Filters"]
        ]
        told = [
            {**record, "eventSource": "aws:dynamodb"}
            for record in self._records()
            if self.is_streaming and any(is_like(record, pattern) for pattern in wanted)
        ]
        size = self._streaming["BatchSize"]
        for start in range(0, len(told), size):
            self._hand_over("Relay", told[start : start + size])
        return len(told)

    def _records(self):
        """
        Yield what is new in the stream, and take it out of moto.

        Its own reader does not survive a refused commit, and every commit copies
        the whole table, stream included.
        """
        table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table("ledger")
        told, table.stream_shard.items = table.stream_shard.items, []
        for each in told:
            record = each.to_json()
            image = {
                **record["dynamodb"],
                "ApproximateCreationDateTime": self.clock.now().timestamp(),
            }
            yield {"eventName": record["eventName"], "dynamodb": image}

    def _deliver(self, queue):
        reads, sqs, address = self._mappings[queue], self.client("sqs"), self._names[queue]
        moved = 0
        while batch := sqs.receive_message(
            QueueUrl=address,
            MaxNumberOfMessages=reads["BatchSize"],
            AttributeNames=["All"],
        ).get("Messages"):
            records = [
                {
                    "messageId": it["MessageId"],
                    "receiptHandle": it["ReceiptHandle"],
                    "body": it["Body"],
                    "attributes": it["Attributes"],
                    "eventSource": "aws:sqs",
                }
                for it in batch
            ]
            self._hand_over(name_of(reads["FunctionName"]), records)
            for each in batch:
                sqs.delete_message(QueueUrl=address, ReceiptHandle=each["ReceiptHandle"])
            moved += len(batch)
        return moved

    def _hand_over(self, function, records):
        for _ in range(self.deliveries):
            assert self.invoke(function, {"Records": records}) == {"batchItemFailures": []}

    def mails(self):
        """Return every mail that SES took, the oldest first."""
        sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
        return [message_from_bytes(it.raw_data.encode(), policy=policy.default) for it in sent]

    def _acts(self, service, operation, params):
        """Yield the IAM actions that a call needs, with the resource as the template names it."""
        body = params.get("body") or b""
        asked = json.loads(body) if body[:1] in (b"{", "{") else {}
        if operation == "TransactWriteItems":
            for item in asked["TransactItems"]:
                yield from (
                    (f"dynamodb:{kind}Item", "Table") for kind in item if kind != "ConditionCheck"
                )
        elif service == "dynamodb":
            index = asked.get("IndexName")
            yield f"dynamodb:{operation}", f"${{Table.Arn}}/index/{index}" if index else "Table"
        elif service == "sqs":
            queue = next(it for it, url in self._names.items() if url == asked["QueueUrl"])
            yield f"sqs:{operation.removesuffix('Batch')}", queue
        elif service == "s3":
            yield f"s3:{operation}", "${Lists.Arn}/lists/*"
        elif service == "sesv2":
            yield f"ses:{operation}", IDENTITY
        else:
            yield f"{service}:{operation}", {"kms": "SigningKey"}.get(service, "Secret")


def name_of_ref(value):
    """Return the name under which the cloud keeps what an environment refers to."""
    [(how, what)] = value.items()
    return what if how == "Ref" else ".".join(what)


def is_like(value, pattern):
    """Test whether an event passes a filter of Lambda, as far as ours go."""
    if isinstance(pattern, dict):
        return all(name in value and is_like(value[name], it) for name, it in pattern.items())
    return any(
        value.startswith(it["prefix"]) if isinstance(it, dict) else value == it for it in pattern
    )


def may(function):
    """Return what a function's role may do, by its own policies and by the key's."""
    found = permits(role_of(function))
    for name, key in resources("AWS::KMS::Key").items():
        for statement in key["KeyPolicy"]["Statement"]:
            if name_of(statement["Principal"]["AWS"]) == role_of(function):
                found |= {(action, name) for action in as_list(statement["Action"])}
    return found
