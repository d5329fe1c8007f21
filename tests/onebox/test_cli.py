"""`desk`: every command is found, explains itself, and fails in a sentence."""

import os
import signal
from threading import Thread

import pytest
from click.testing import CliRunner

from onebox.cli import desk
from onebox.place import Place

COMMANDS = ["clock", "console", "licence", "lists", "run", "screen", "verify"]


def said(*words, **more):
    return CliRunner().invoke(desk, [str(word) for word in words], **more)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    answer = said(command, "--help")

    assert answer.exit_code == 0
    assert "Usage: desk" in answer.output


def test_help_names_every_command():
    assert all(command in said("-h").output for command in COMMANDS)


def test_a_planned_failure_is_one_sentence(tmp_path):
    answer = said("--data", tmp_path, "console", "provision")

    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: There is no key file")


def test_a_clock_that_cannot_be_read_is_told(tmp_path):
    place = Place(tmp_path)
    place.clock.write_text("not a clock")

    assert "delete it" in said("--data", tmp_path, "clock", "show").stderr


def test_run_ends_cleanly_on_ctrl_c(tmp_path):
    """Issue point 1: the addresses are printed, and Ctrl-C stops it with everything kept."""
    place = Place(tmp_path / "desk")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def press():
        while not place.ledger.exists():
            pass
        os.kill(os.getpid(), signal.SIGINT)

    person = Thread(target=press)
    person.start()
    ports = ("--port", "0", "--sheets-port", "0")
    answer = said("--data", place.data, "run", "--demo", "--verbose", *ports)
    person.join()
    for number, handler in before.items():
        signal.signal(number, handler)

    assert answer.exit_code == 0, answer.output
    assert "Desk     http://127.0.0.1:" in answer.output
    assert "Console  http://127.0.0.1:" in answer.output
    assert "This is a demo" in answer.output
    assert "Stopped; everything is kept." in answer.output
