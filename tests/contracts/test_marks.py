from dataclasses import replace
from datetime import timedelta

import pytest

from partnerdesk.domain.change import ACTIVITY, Mark
from partnerdesk.domain.record import Workbook
from tests.builders import NOON, a_case, a_licence, a_person, kept, writing

DESK, COMPLIANCE = Workbook.DESK, Workbook.COMPLIANCE
MINUTE = timedelta(minutes=1)


def row(version=1, ref="LIC-1"):
    return Mark(DESK, "licence", ref, version)


def activity(version=1, ref="LIC-1"):
    return Mark(DESK, ACTIVITY, f"licence#{ref}@{version}", version)


def test_a_commit_marks_the_record_and_its_event_where_they_are_shown(ledger, marks):
    ledger.commit(writing(a_licence(), a_case(), a_person()))

    assert list(marks.take(DESK)) == [activity(), row()]
    assert [mark.kind for mark in marks.take(COMPLIANCE)] == [ACTIVITY, "screening-case"]
    assert list(marks.stale()) == [DESK, COMPLIANCE]


def test_what_nobody_is_shown_marks_nothing(ledger, marks):
    ledger.commit(writing(a_person()))

    assert list(marks.stale()) == []


def test_a_record_has_one_mark_with_its_newest_version(ledger, marks):
    ledger.commit(writing(kept(ledger, a_licence())))

    assert list(marks.take(DESK)) == [activity(1), activity(2), row(2)]


def test_marks_stay_until_they_are_cleared(ledger, marks):
    ledger.commit(writing(a_licence()))
    taken = marks.take(DESK)

    assert marks.take(DESK) == taken
    marks.clear(taken)
    assert list(marks.take(DESK)) == []
    assert list(marks.stale()) == []
    marks.clear(taken)


def test_a_mark_that_became_newer_is_not_cleared(ledger, marks):
    read = kept(ledger, a_licence())
    taken = marks.take(DESK)
    ledger.commit(writing(replace(read, seats=60)))

    marks.clear(taken)

    assert list(marks.take(DESK)) == [activity(2), row(2)]


def test_marks_are_taken_a_few_at_a_time(ledger, marks):
    ledger.commit(writing(a_licence("LIC-2"), a_licence("LIC-1")))

    assert list(marks.take(DESK, limit=3)) == [activity(ref="LIC-1"), activity(ref="LIC-2"), row()]


def test_a_refused_action_shows_its_row_again(ledger, marks):
    ledger.commit(writing(touches=(row(3),)))

    assert list(marks.take(DESK)) == [row(3)]


def test_the_record_s_own_mark_goes_before_a_touch(ledger, marks):
    read = kept(ledger, a_licence())
    ledger.commit(writing(read, touches=(row(1),)))

    assert row(2) in marks.take(DESK)


def test_a_repair_marks_rows_without_hiding_newer_marks(ledger, marks):
    ledger.commit(writing(kept(ledger, a_licence())))

    marks.add((row(1), row(7, ref="LIC-9")))

    assert list(marks.take(DESK)) == [activity(1), activity(2), row(2), row(7, ref="LIC-9")]


def lease(marks, holder, at=NOON, workbook=DESK):
    return marks.lease(workbook, holder=holder, at=at, until=at + MINUTE)


def test_one_at_a_time_may_write_a_workbook(marks):
    assert lease(marks, "one")
    assert not lease(marks, "two")
    assert lease(marks, "two", workbook=COMPLIANCE)


def test_a_holder_extends_its_lease(marks):
    assert lease(marks, "one")
    assert lease(marks, "one", at=NOON + MINUTE / 2)
    assert not lease(marks, "two", at=NOON + MINUTE)


@pytest.mark.parametrize(
    ("after", "free"), [(MINUTE - timedelta(milliseconds=1), False), (MINUTE, True)]
)
def test_a_lease_ends_at_its_instant(marks, after, free):
    lease(marks, "one")

    assert lease(marks, "two", at=NOON + after) is free


def test_only_the_holder_gives_a_lease_up(marks):
    lease(marks, "one")
    marks.release(DESK, holder="two")
    assert not lease(marks, "two")

    marks.release(DESK, holder="one")
    assert lease(marks, "two")
    marks.release(COMPLIANCE, holder="one")
