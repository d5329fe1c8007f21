"""What the tabs declare, held against the contract of the console."""

from datetime import timedelta

import pytest

from console.reference import guide, main
from console.schema import (
    NOTHING,
    QUEUE_END,
    QUEUE_START,
    Cell,
    Health,
    LogTab,
    Picture,
    QueueTab,
    cell_value,
    text_of,
)
from console.tabs import BOARDS, CASES, DECIDED_BY, TABS, TRIALS, health_line, span, tabs_of
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening_case import ScreeningCase
from partnerdesk.domain.trial import TrialRequest
from tests.builders import NOON

QUEUES = [tab for tab in TABS if isinstance(tab, QueueTab)]
LOGS = [tab for tab in TABS if isinstance(tab, LogTab)]


def test_the_first_version_has_these_tabs():
    titles = {workbook: [tab.title for tab in tabs_of(workbook)] for workbook in Workbook}

    assert titles == {
        Workbook.DESK: ["Trials", "Licences", "Activity"],
        Workbook.FINANCE: [],
        Workbook.COMPLIANCE: ["Screening cases", "Decisions"],
    }


def test_every_queue_has_the_fixed_columns_of_the_contract():
    """sheets.md C3."""
    assert [column.heading for column in QUEUE_START] == [
        "ID",
        "Name",
        "Status",
        "Flag",
        "Waiting for",
        "Due",
        "Action",
        "Preview",
        "Confirm",
        "Reason",
        "Result",
        "Owner",
    ]
    assert [column.heading for column in QUEUE_END] == [
        "Notes",
        "Link",
        "Updated",
        "Updated by",
        "_rev",
    ]
    staff = [it.heading for it in (*QUEUE_START, *QUEUE_END) if it.is_staff]
    assert staff == ["Action", "Confirm", "Reason", "Owner", "Notes"]


@pytest.mark.parametrize("tab", LOGS, ids=lambda tab: tab.title)
def test_a_log_takes_no_edits(tab):
    headings = [column.heading for column in tab.every_column]

    assert headings[:7] == ["ID", "Time", "Who", "How", "Record", "What", "Outcome"]
    assert headings[-2:] == ["Link", "_rev"]
    assert tab.staff_fields == ()
    assert set(tab.values) == {column.field for column in tab.every_column} - {"_rev"}


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.title)
def test_a_field_and_a_heading_stand_for_one_column(tab):
    fields = [column.field for column in tab.every_column]
    headings = [column.heading for column in tab.every_column]

    assert len(set(fields)) == len(fields)
    assert len(set(headings)) == len(headings)
    assert all("_" not in heading for heading in headings if heading != "_rev")


@pytest.mark.parametrize("board", BOARDS, ids=lambda it: f"{it.title} of {it.workbook}")
def test_a_board_has_as_many_lines_as_its_charts_and_colours_expect(board):
    rows = {tab.key: [] for tab in QUEUES}
    lines = board.lines(Picture(NOON, rows, Health(edits="live edits on")))

    assert len(lines) + 1 == board.height
    for section, start in zip(board.sections, board.starts, strict=True):
        if section.title:
            assert lines[start - 2][0] == section.title
    titles = [it.title for it in board.sections]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("workbook", [Workbook.DESK, Workbook.COMPLIANCE])
def test_help_says_what_the_guide_says(workbook):
    """sheets.md C1: both derive from the tabs."""
    (told,) = [it for it in BOARDS if it.is_fixed and it.workbook is workbook]
    text = guide().replace("**", "").replace("`", "").casefold()

    for section in told.sections:
        assert section.title.startswith("Status in") or section.title.casefold() in text
        if section.title != "Whom to ask":
            for topic, meaning in section.lines(NOTHING):
                assert topic.casefold() in text
                assert meaning.casefold() in text


def test_only_rev_is_hidden():
    hidden = {it.field for tab in TABS for it in tab.every_column if it.is_hidden}

    assert hidden == {"_rev"}


def test_compliance_says_who_decides_first():
    (cases,) = [tab for tab in QUEUES if tab.workbook is Workbook.COMPLIANCE]

    assert cases.columns[0].field == DECIDED_BY
    assert cases.columns[0].is_staff


def test_every_kind_that_is_shown_has_a_tab_in_that_workbook():
    """A mark of a kind without a tab would wake a workbook for ever."""
    shown = {
        (workbook, kind.KIND)
        for kind in (TrialRequest, Licence, ScreeningCase)
        for workbook in kind.SHOWN_IN
    }

    assert shown == {(tab.workbook, tab.key) for tab in QUEUES}
    assert {workbook for workbook, _ in shown} == {tab.workbook for tab in LOGS}


def test_what_cannot_be_taken_back_is_marked_dangerous():
    """Rule GEN-9, and the `!` of sheets.md C2."""
    marked = {action.label: action.is_dangerous for tab in QUEUES for action in tab.actions}

    assert marked == {
        "Allow another trial": True,
        "Resend": False,
        "Clear": True,
        "Confirm": True,
    }


def test_staff_cells_that_are_typed_are_text():
    """sheets.md A3: else a person who presses Enter has the cell parsed again."""
    kinds = {it.field: it.cell for tab in TABS for it in tab.every_column if it.is_staff}

    assert kinds.pop("confirm") is Cell.TICK
    assert set(kinds.values()) == {Cell.TEXT}


def test_the_guide_names_every_tab_column_and_step():
    text = guide()

    for tab in TABS:
        assert f"### {tab.title}" in text
        for column in tab.every_column:
            assert column.is_hidden or f"| {column.heading} |" in text
    for action in (action for tab in QUEUES for action in tab.actions):
        assert f"| {action.label}{'!' if action.is_dangerous else ''} |" in text


def test_the_check_tells_when_the_guide_is_out_of_date(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()

    assert main(["--check"]) == 1
    assert "+# The console" in capsys.readouterr().out
    assert main([]) == 0
    assert main(["--check"]) == 0
    assert (tmp_path / "docs" / "console.md").read_text() == guide()


# What a Summary tells


def row(**cells):
    empty = dict.fromkeys((*TRIALS.tallied, *CASES.tallied), "")
    return {**empty, "waiting_for": "Us: screening", **cells}


def told(title, rows, *, at=NOON, lists=None):
    """Return the lines of a section of the partner desk's Summary, as words -> number."""
    (board,) = [it for it in BOARDS if it.workbook is Workbook.DESK and not it.is_fixed]
    (section,) = [it for it in board.sections if it.title == title]
    health = Health(edits="live edits on", lists=lists or {})
    lines = section.lines(Picture(at, {"trial": rows, "licence": []}, health))
    return {line[0]: line[1] for line in lines if line[1] is not None}


def serial(at):
    return text_of(cell_value(at))


CLOCK = "Open trials and licences by their clock"


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(hours=-1), "Open, in time"),
        (timedelta(0), "Open, in time"),
        (timedelta(minutes=1), "Overdue by less than an hour"),
        (timedelta(hours=1), "Overdue by less than a day"),
        (timedelta(days=1), "Overdue by less than a week"),
        (timedelta(days=7), "Overdue by a week or more"),
    ],
)
def test_open_rows_are_told_apart_by_their_clock(late, words):
    counts = told(CLOCK, [row(due=serial(NOON)), row(waiting_for="Nobody")], at=NOON + late)

    assert counts.pop(words) == 1
    assert set(counts.values()) == {0}


def test_a_row_without_a_due_time_is_open_all_the_same():
    assert told(CLOCK, [row()])["Open without a due time"] == 1


def test_weeks_begin_on_monday_and_the_oldest_fall_out():
    """NOON is a Wednesday."""
    days = (0, 2, 3, 9, 51, 52)
    rows = [row(received_at=serial(NOON - timedelta(days=it))) for it in days]

    counts = told("Trials by week, from Monday", rows)

    assert list(counts.values()) == [1, 0, 0, 0, 0, 0, 2, 2]
    assert next(iter(counts)) == "05 Oct"


def test_five_minutes_to_the_millisecond_are_in_time():
    at = [timedelta(minutes=5), timedelta(minutes=5, seconds=1)]
    rows = [row(received_at=serial(NOON), first_mailed_at=serial(NOON + it)) for it in at]

    assert told("Trial clock of 5 minutes", rows) == {
        "Answered in time": 1,
        "Answered late": 1,
        "Hit rate in percent": 50,
    }


def test_nothing_answered_yet_has_no_hit_rate():
    assert "Hit rate in percent" not in told("Trial clock of 5 minutes", [row()])


def test_the_health_line_counts_what_was_set_aside_and_names_the_oldest_list():
    lists = {"SDN": NOON - timedelta(hours=5), "UN": NOON - timedelta(minutes=12)}
    health = Health(edits="live edits on (last 11:58)", waiting=3, calls=12, lists=lists)

    line = health_line(Picture(NOON, {"trial": [row(flag="Needs a person"), row()]}, health))

    assert line == (
        "Last sync 12:00:00 UTC, live edits on (last 11:58), waiting rows 3, parked 1, "
        "Google calls 12 of 50, list age 5 h"
    )


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_time_is_told_in_its_coarsest_unit(time, words):
    assert span(time) == words
