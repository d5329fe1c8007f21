"""Where code may stand, what may import what, and what the lock files say."""

import ast
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from tests.template import ROOT

SHIPPED = ("functions", "layers/core", "sheets", "local")
"""The roots that ship: architecture.md section 2."""

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

DRAWERS = {"utils", "helpers", "common", "manager", "data", "info", "process"}
"""Names under which everything ends up sooner or later."""

LOCKS = ("layers/core/requirements.txt", "local/requirements.txt", "tests/requirements.txt")

CONVERTING = {
    "append_row",
    "append_rows",
    "find",
    "findall",
    "get_all_records",
    "insert_row",
    "insert_rows",
    "update_acell",
    "update_cell",
    "update_cells",
}
"""Calls of gspread that make numbers and formulas of text, or take two steps (sheets.md A6)."""


def modules(*roots):
    return sorted(
        path
        for root in roots
        for path in (ROOT / root).rglob("*.py")
        if "__pycache__" not in path.parts
    )


def imported(path):
    """Yield the names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def called(path):
    """Yield the names of the methods that a file calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def relative(path):
    return path.relative_to(ROOT).as_posix()


def test_the_children_of_the_roots_are_the_packages_we_check():
    children = {
        path.parent.name for root in SHIPPED for path in (ROOT / root).glob("*/__init__.py")
    }
    checked = set(PYPROJECT["tool"]["importlinter"]["root_packages"])

    assert children == checked
    assert set(PYPROJECT["tool"]["deptry"]["known_first_party"]) == checked


def test_every_package_says_that_it_is_typed():
    packages = [path.parent for root in SHIPPED for path in (ROOT / root).glob("*/__init__.py")]
    assert [relative(it) for it in packages if not (it / "py.typed").exists()] == []


def test_a_function_has_the_modules_of_a_function_and_no_others():
    allowed = {"__init__", "app", "entry", "services", "wiring", "work"}
    found = {
        relative(path)
        for path in (ROOT / "functions").glob("*/*.py")
        if path.stem not in allowed | ({"forms"} if path.parent.name == "intake" else set())
    }
    assert found == set()


def test_no_module_is_a_drawer():
    everywhere = modules(*SHIPPED, "tests", "bench")
    drawers = {
        relative(it) for it in everywhere if DRAWERS & {it.stem, *it.relative_to(ROOT).parts}
    }
    assert drawers == set()


def test_what_ships_imports_nothing_of_tests_or_bench():
    """Architecture.md, law 1."""
    guilty = {
        relative(path)
        for path in modules(*SHIPPED)
        for name in imported(path)
        if name.partition(".")[0] in {"tests", "bench"}
    }
    assert guilty == set()


def test_no_test_mocks_what_an_adapter_can_do():
    guilty = {
        relative(path)
        for path in modules("tests", "bench")
        for name in imported(path)
        if name.startswith("unittest.mock") or name == "mock"
    }
    assert guilty == set()


def test_nothing_that_ships_lets_sheets_guess_at_types():
    """robustness.md B3: a cell typed as a person would type it can become a formula."""
    ours = [path for path in modules(*SHIPPED) if "sheetserver" not in path.parts]
    guessing = {relative(it) for it in ours if '"USER_ENTERED"' in it.read_text()}
    gspread = {it for it in ours if any(name.startswith("gspread") for name in imported(it))}
    converting = {relative(it) for it in gspread if CONVERTING & set(called(it))}

    assert guessing == set()
    assert converting == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_pins_everything_by_hash_and_names_no_index(lock):
    text = (ROOT / lock).read_text()
    joined = text.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip()]

    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,-]+\])?==\S+ ", line), line
        assert "--hash=sha256:" in line, line
    assert not re.search(r"index-url|find-links|trusted-host|https?:|file:|\.\./", text)


@pytest.mark.parametrize("lock", ["functions/requirements.txt", "sheets/requirements.txt"])
def test_functions_and_console_bring_nothing_along(lock):
    """What they need lies in the core layer; a `.` here would silently ship nothing."""
    lines = (ROOT / lock).read_text().splitlines()
    assert all(line.startswith("#") for line in lines)


def test_a_version_is_the_same_in_every_lock_file():
    pins = [
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in LOCKS
    ]
    for smaller, larger in pairwise(pins):
        assert smaller.items() <= larger.items()


def test_the_licence_goes_along():
    text = (ROOT / "LICENSE").read_text()
    assert PYPROJECT["project"]["license"] == "Apache-2.0"
    assert PYPROJECT["project"]["license-files"] == ["LICENSE"]
    assert text.strip().startswith("Apache License")
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_repository_names_no_place_of_one_machine():
    told = re.compile(r"(?<![\w./])/(?:work|tmp|root|home)/")
    kept = [*modules(*SHIPPED), ROOT / "template.yaml", ROOT / "pyproject.toml", ROOT / "Makefile"]
    kept += [ROOT / lock for lock in LOCKS] + sorted((ROOT / "docs").rglob("*.md"))
    assert [relative(path) for path in kept if told.search(path.read_text())] == []


def test_the_roots_are_those_that_hatchling_and_mypy_know():
    hatch = PYPROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]
    assert sorted(hatch) == sorted(SHIPPED)
    assert sorted(PYPROJECT["tool"]["mypy"]["mypy_path"].split(":")) == sorted(SHIPPED)
    assert all(Path(ROOT / root).is_dir() for root in SHIPPED)
