"""template.yaml as AWS will see it after its transformation, and questions about it."""

import json
from functools import cache
from pathlib import Path

import pytest
from cfnlint.decode import decode
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).parents[1]

SOMEWHERE = "s3://bucket/key"
"""Where packaging puts code; the transformation asks for an address and never opens it."""


@cache
def written() -> dict:
    """Return the template as it is written, its short forms spelled out."""
    template, problems = decode(str(ROOT / "template.yaml"))
    assert not problems
    return json.loads(json.dumps(template))


@cache
def transformed() -> dict:
    """Return the template after the serverless transformation."""
    template = json.loads(json.dumps(written()))
    template["Globals"]["Function"]["CodeUri"] = SOMEWHERE
    for layer in (it for it in template["Resources"].values() if "LayerVersion" in it["Type"]):
        layer["Properties"]["ContentUri"] = SOMEWHERE
    given = {name: it.get("Default", "given") for name, it in template["Parameters"].items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        return Translator({}, Parser()).translate(template, parameter_values=given)


def resources(kind: str) -> dict[str, dict]:
    """Return the properties of all resources of a type, by their logical name."""
    return {
        name: it.get("Properties", {})
        for name, it in transformed()["Resources"].items()
        if it["Type"] == kind
    }


def functions() -> dict[str, dict]:
    return resources("AWS::Lambda::Function")


def environment(function: str) -> dict[str, object]:
    return functions()[function]["Environment"]["Variables"]


def role_of(function: str) -> str:
    """Return the logical name of a function's role."""
    name, attribute = functions()[function]["Role"]["Fn::GetAtt"]
    assert attribute == "Arn"
    return name


def listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def name_of(value: object) -> str:
    """Return a reference such as `!GetAtt Table.Arn` as one line."""
    if isinstance(value, dict):
        [(how, what)] = value.items()
        text = ".".join(what) if isinstance(what, list) else what
        return text.removesuffix(".Arn") if how == "Fn::GetAtt" else text
    return str(value)


def permits(role: str) -> set[tuple[str, str]]:
    """Return the (action, resource) pairs that a role's own policies allow."""
    return {
        (action, name_of(resource))
        for policy in resources("AWS::IAM::Role")[role]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def wildcards(resource: dict) -> list[str]:
    """Return every action and resource with a star that a resource's policies allow, unexcused."""
    excused = resource.get("Metadata", {}).get("Wildcards", {})
    found = {
        f"{part} {name_of(value)}"
        for statement in _statements(resource.get("Properties", {}))
        for part in ("Action", "NotAction", "Resource", "NotResource")
        for value in listed(statement.get(part, []))
        if "*" in name_of(value) or part.startswith("Not")
    }
    return sorted(found - {key for key, reason in excused.items() if reason.strip()})


def _statements(value: object) -> list[dict]:
    """Return every statement that allows something, wherever it stands."""
    if isinstance(value, list):
        return [it for each in value for it in _statements(each)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get("Effect") == "Allow" else []
    return own + [it for each in value.values() for it in _statements(each)]
