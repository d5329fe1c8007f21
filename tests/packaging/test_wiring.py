"""The environment that the template gives a function, against what its wiring reads."""

import json
import re
from collections.abc import Mapping

import pytest
from moto import mock_aws

import intake.app
import intake.wiring
import licensing.app
import licensing.wiring
import licensing.work
import relay.wiring
import relay.work
import screening.wiring
import screening.work
import syncing.wiring
from partnerdesk.adapters.clients import Clients
from tests.signing import private_pem
from tests.template import environment, functions, name_of, resources

WIRINGS = {
    "Intake": intake.wiring.services,
    "Licensing": licensing.wiring.services,
    "Mail": relay.wiring.mail_services,
    "Relay": relay.wiring.services,
    "Screening": screening.wiring.services,
    "Syncing": lambda it: (syncing.wiring.services(it), syncing.wiring.waker(it)),
}

KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

GIVEN = {
    "DESK_ID": "example-desk",
    "DESK_ROOT": "https://desk.example",
    "DESK_SECRET": "desk",
    "DESK_SENDER": "partners@vendor.example",
    "DESK_SIGNING_KEY": KEY_ARN,
}


GOOGLE_ACCOUNT = {
    "type": "service_account",
    "client_email": "desk@example.invalid",
    "private_key": private_pem().decode(),
    "token_uri": "https://oauth2.example/token",
}
"""A service account as Google's file has it; nobody is asked for a token here."""


class Noted(Mapping):
    """An environment that remembers what was asked of it."""

    def __init__(self, names):
        self._values = {name: GIVEN.get(name, name.lower()) for name in names}
        self.read = set()

    def __getitem__(self, name):
        self.read.add(name)
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        Clients().secretsmanager.create_secret(
            Name="desk",
            SecretString=json.dumps({"link_key": "k" * 64, "google_account": GOOGLE_ACCOUNT}),
        )
        yield


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_function_is_told_exactly_what_its_wiring_reads(function):
    environ = Noted(environment(function))
    WIRINGS[function](environ)
    assert environ.read == set(environ)


def test_every_schedule_of_the_template_is_a_schedule_of_its_function():
    ticks = {
        (target["Arn"]["Fn::GetAtt"][0], json.loads(target["Input"])["schedule"])
        for rule in resources("AWS::Events::Rule").values()
        for target in rule["Targets"]
        if "Input" in target
    }
    rooms = {"Licensing": licensing, "Relay": relay, "Screening": screening}
    offered = {
        (function, name)
        for function, room in rooms.items()
        if hasattr(room.work, "schedules")
        for name in room.work.schedules(WIRINGS[function](Noted(environment(function))))
    }
    assert ticks == offered


def routes_of(app):
    """Return the method and path of every route, in API Gateway's way of writing."""
    routes = app._static_routes + app._dynamic_routes  # noqa: SLF001 - it shows them nowhere else
    return {(it.method.lower(), re.sub("<([^>]+)>", r"{\1}", it.path)) for it in routes}


def test_the_door_has_exactly_the_routes_of_the_functions():
    [api] = resources("AWS::ApiGatewayV2::Api").values()
    declared = {"Intake": set(), "Licensing": set()}
    for path, methods in api["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = name_of(operation["x-amazon-apigateway-integration"]["uri"])
            function = re.search(r"functions/\$\{(\w+)\.Arn\}", uri)[1]
            declared[function].add((method, path))
    default = ("x-amazon-apigateway-any-method", "/$default")

    assert declared == {
        "Intake": routes_of(routes("Intake", intake.app.build)) | {default},
        "Licensing": routes_of(routes("Licensing", licensing.app.build)),
    }


def routes(function, build):
    return build(WIRINGS[function](Noted(environment(function))))
