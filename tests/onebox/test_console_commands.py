"""`desk console provision`, against a sheet server with its own accounts."""

import pytest
from click.testing import CliRunner

from onebox.cli import desk
from onebox.place import Place
from onebox.sheets import open_sheets
from tests.workbooks import listening, serving


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    made.make()
    return made


@pytest.fixture
def port(place):
    """The port of a sheet server on the place's folder, with workbooks that are empty."""
    with listening() as (socket, root):
        server = open_sheets(place, root=root)
        server.workbooks()
        with serving(server.app, socket):
            yield root.rpartition(":")[2]
        server.app.close()


def provision(place, port, *options):
    arguments = ["--data", str(place.data), "console", "provision", "--sheets-port", port]
    return CliRunner().invoke(desk, [*arguments, *options])


def test_a_dry_run_says_what_it_would_do_and_does_nothing(place, port):
    first, again = (provision(place, port, "--dry-run").output for _ in range(2))

    assert first == again
    assert first.startswith("Partner desk: would send ")
    assert "addSheet x 4" in first


def test_a_second_run_changes_nothing(place, port):
    first, again = (provision(place, port) for _ in range(2))

    assert first.exit_code == 0
    assert "Compliance: sent" in first.output
    assert again.output == (
        "Partner desk: as declared, nothing to do.\nCompliance: as declared, nothing to do.\n"
    )


def test_a_workbook_that_nobody_sees_is_named_with_the_way_out(place, port):
    answer = provision(place, port, "--workbook", "desk", "gone")

    assert answer.exit_code == 1
    assert "The workbook is gone, or not ours." in answer.output


def test_without_a_key_it_says_how_to_get_one(place):
    answer = provision(place, "1")

    assert answer.exit_code == 1
    assert "start the desk, or name one with --credentials" in answer.output
