"""Golden decisions: an engine that answers otherwise must say so by its version."""

import json

from partnerdesk.domain.matching import ENGINE
from tests.golden import FILE, decisions, text


def test_the_engine_decides_as_it_did():
    """screening.md 12: every engine change is a conscious one."""
    assert text(decisions()) == FILE.read_text("utf-8")


def test_the_golden_decisions_are_of_this_engine():
    kept = json.loads(FILE.read_text("utf-8"))
    assert {each["verdict"]["engine"] for each in kept} == {ENGINE}
    assert {each["verdict"]["outcome"] for each in kept} == {"CLEAR", "REVIEW", "BLOCK"}
