"""Who edited a cell, as far as the doorbell told."""

from datetime import timedelta

import pytest

from partnerdesk.domain.record import Workbook
from syncing.services import FORGOTTEN_AFTER, Reports, Span, nobody
from tests.desk import StandingClock

DESK = Workbook.DESK
G5 = Span(4, 6, 5, 7)


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture
def reports(clock):
    return Reports(clock)


def test_the_last_report_about_a_cell_counts(reports):
    reports.hear(DESK, 7, G5, "ana@vendor.example")
    reports.hear(DESK, 7, Span(0, 0, 100, 100), "sam@vendor.example")
    reports.hear(DESK, 7, Span(4, 7, 5, 8), "ida@vendor.example")

    assert reports.who(DESK, 7, 4, 6) == "sam@vendor.example"


@pytest.mark.parametrize(
    "cell",
    [
        (DESK, 7, 5, 6),
        (DESK, 7, 4, 5),
        (DESK, 8, 4, 6),
        (Workbook.COMPLIANCE, 7, 4, 6),
    ],
)
def test_a_report_says_nothing_of_other_cells(reports, cell):
    reports.hear(DESK, 7, G5, "ana@vendor.example")

    assert reports.who(*cell) == ""


def test_an_old_report_is_forgotten(reports, clock):
    reports.hear(DESK, 7, G5, "ana@vendor.example")
    clock.at += FORGOTTEN_AFTER - timedelta(seconds=1)
    assert reports.who(DESK, 7, 4, 6) == "ana@vendor.example"
    clock.advance(seconds=1)

    assert reports.who(DESK, 7, 4, 6) == ""


def test_without_a_doorbell_nobody_is_reported():
    assert nobody(DESK, 7, 4, 6) == ""
