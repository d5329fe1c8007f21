"""Every handler of the template, loaded as Lambda would: from the built roots and nothing else."""

import json
import re
import subprocess
import sys
import sysconfig
from functools import cache
from importlib import metadata

import pytest

from tests.template import ROOT, functions, name_of

LIBRARIES = sysconfig.get_path("purelib")

LAYERS = {"CoreLayer": "layers/core", "ConsoleLayer": "sheets"}

PROBE = """
import importlib, json, sys
started = set(sys.modules)
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
loaded = {it: getattr(sys.modules[it], "__file__", None) or "" for it in sorted(sys.modules)}
new = len(set(loaded) - started)
print(json.dumps({"callable": callable(handler), "loaded": loaded, "new": new}))
"""

FORBIDDEN_IN_INTAKE = (
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
    "boto3",
    "cryptography",
    "gspread",
    "rapidfuzz",
    "requests",
    "typst",
)
"""robustness.md C2.1: what an answer to a form does not need, and costs its cold start."""

MOST_MODULES = {
    "Intake": 600,
    "Licensing": 650,
    "Mail": 400,
    "Relay": 400,
    "Screening": 420,
    "Syncing": 720,
}
"""Modules loaded beyond Python's own start, at most; a few above what was measured."""

MOST_DISTRIBUTIONS = 16
"""
The distributions that intake loads before the first request (robustness.md SEC-24).

Twelve of them are botocore, pydantic and Powertools with what they rest on; the
others judge names, mail addresses and their domains, for which we have no better.
"""


def roots_of(function):
    """Return the folders that the function's code and layers put on Python's path, in its order."""
    layers = [re.sub("[0-9a-f]{10}$", "", name_of(it)) for it in functions()[function]["Layers"]]
    return [str(ROOT / root) for root in ("functions", *(LAYERS[layer] for layer in layers))]


@cache
def loaded(function):
    """Load a handler in a new process whose path has its roots, the libraries, and no local/."""
    result = subprocess.run(  # noqa: S603 - our own interpreter and probe
        [sys.executable, "-S", "-c", PROBE, functions()[function]["Handler"]],
        env={"PYTHONPATH": ":".join([*roots_of(function), LIBRARIES])},
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def within(module, packages):
    return any(module == it or module.startswith(f"{it}.") for it in packages)


@cache
def locked():
    text = (ROOT / "layers/core/requirements.txt").read_text()
    return set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))


@cache
def owners():
    """Return the distribution of every installed module file; `google` belongs to several."""
    return {
        str(each.locate_file(file)): re.sub("[-_.]+", "-", each.name).lower()
        for each in metadata.distributions()
        for file in each.files or ()
        if file.suffix in {".py", ".so"}
    }


def distributions(function):
    """Return the names of the distributions that a handler loads something of."""
    files = loaded(function)["loaded"].values()
    return {owners()[file] for file in files if file.startswith(LIBRARIES)}


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_handler_loads_without_environment_or_network(function):
    assert loaded(function)["callable"]


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_handler_loads_its_own_room_and_no_other(function):
    own = functions()[function]["Handler"].partition(".")[0]
    rooms = {path.parent.name for path in (ROOT / "functions").glob("*/__init__.py")}
    entered = {it.partition(".")[0] for it in loaded(function)["loaded"]}

    assert entered & rooms == {own}
    assert entered & {"onebox", "sheetserver", "tests", "bench"} == set()


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_handler_loads_only_what_the_layer_locks(function):
    assert distributions(function) - locked() == set()


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_handler_loads_no_more_modules_than_recorded(function):
    assert loaded(function)["new"] <= MOST_MODULES[function]


@pytest.mark.parametrize("function", sorted(functions()))
def test_no_handler_loads_what_costs_starts_and_gives_nothing(function):
    """robustness.md C2.1, C2.2: neither boto3's resource layer nor what the tracer loads."""
    costly = ("boto3", "aws_xray_sdk")
    assert [it for it in loaded(function)["loaded"] if within(it, costly)] == []


def test_intake_starts_without_what_others_need():
    assert [it for it in loaded("Intake")["loaded"] if within(it, FORBIDDEN_IN_INTAKE)] == []


def test_intake_rests_on_no_more_distributions_than_recorded():
    assert len(distributions("Intake")) <= MOST_DISTRIBUTIONS


def test_only_what_visits_workbooks_carries_the_console():
    carrying = {function for function in functions() if str(ROOT / "sheets") in roots_of(function)}
    assert carrying == {"Syncing"}
