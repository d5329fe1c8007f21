from datetime import timedelta

import pytest

from partnerdesk.domain.change import (
    ACTIVITY,
    Claim,
    Limit,
    Mark,
    Message,
    Queue,
    Release,
    Series,
    Snapshot,
    TooLargeChangeError,
)
from partnerdesk.domain.record import Workbook
from tests.builders import NOON, a_case, a_licence, a_licence_file, a_person, a_trial, writing

DESK = Workbook.DESK
LIMIT = Limit("source:1", at_most=1, until=NOON + timedelta(hours=1))
SIGN = Message(Queue.LICENSING, "sign", about="LIC-1")
MAIL = Message(Queue.MAIL, "mail", about="LIC-1")
SNAPSHOT = Snapshot(DESK, "licence", "LIC-1", {})
ROW = Mark(DESK, "licence", "LIC-1", 1)


def test_a_message_is_named_after_its_work_its_record_and_its_turn():
    change = writing(a_person(), a_licence(version=2), outbox=(SIGN, MAIL, SIGN))

    assert [it.id for it in change.outgoing()] == [
        "sign/LIC-1@3.1",
        "mail/LIC-1@3.2",
        "sign/LIC-1@3.3",
    ]
    assert [it.message for it in change.outgoing()] == [SIGN, MAIL, SIGN]


def test_a_message_is_about_a_record_of_the_same_change():
    with pytest.raises(ValueError, match=r"about a written record: \['LIC-1'\]"):
        writing(a_person(), outbox=(SIGN,))


def test_a_change_makes_the_rows_of_its_records_stale():
    change = writing(a_licence(version=4), a_case(), a_person(), a_licence_file())

    assert change.marks() == (
        Mark(DESK, "licence", "LIC-1", 5),
        Mark(DESK, ACTIVITY, "licence#LIC-1@5", 5),
        Mark(Workbook.COMPLIANCE, "screening-case", "CASE-1", 1),
        Mark(Workbook.COMPLIANCE, ACTIVITY, "screening-case#CASE-1@1", 1),
    )


def test_a_touch_gives_way_to_the_record_s_own_mark():
    other = Mark(DESK, "licence", "LIC-2", 1)

    change = writing(a_licence(version=4), touches=(ROW, other))

    assert change.touched() == (other,)
    assert ROW not in change.marks()


@pytest.mark.parametrize("count", [50, 51])
def test_a_change_has_at_most_a_hundred_actions(count):
    people = [a_person(f"PER-{n}") for n in range(count)]

    if count > 50:
        with pytest.raises(TooLargeChangeError, match="102 actions"):
            writing(*people)
    else:
        writing(*people)


ONE_OF_EACH = {
    "claims": (Claim("a", "1"),),
    "releases": (Release("b", "1"),),
    "limits": (LIMIT,),
    "series": (Series("INV", 1, NOON.date()),),
    "settles": "screen/TRL-1@1.1",
    "snapshots": (SNAPSHOT,),
    "touches": (Mark(DESK, "licence", "LIC-9", 1),),
}


@pytest.mark.parametrize("part", ONE_OF_EACH)
def test_every_part_counts_as_an_action(part):
    people = [a_person(f"PER-{n}") for n in range(50)]

    with pytest.raises(TooLargeChangeError, match="101 actions"):
        writing(*people, **{part: ONE_OF_EACH[part]})


def test_a_record_shown_in_a_workbook_counts_its_two_marks():
    people = [a_person(f"PER-{n}") for n in range(48)]

    writing(*people, a_licence())
    with pytest.raises(TooLargeChangeError, match="102 actions"):
        writing(*people, a_person("PER-99"), a_licence())


@pytest.mark.parametrize(
    "parts",
    [
        {"claims": (Claim("a", "1"), Claim("a", "2"))},
        {"claims": (Claim("a", "1"),), "releases": (Release("a", "1"),)},
        {"limits": (LIMIT, LIMIT)},
        {"series": (Series("INV", 1, NOON.date()), Series("INV", 2, NOON.date()))},
        {"snapshots": (SNAPSHOT, SNAPSHOT)},
        {"touches": (ROW, ROW)},
    ],
)
def test_a_change_touches_each_item_once(parts):
    with pytest.raises(TooLargeChangeError, match="an item twice"):
        writing(**parts)


def test_a_record_is_written_once_in_a_change():
    with pytest.raises(TooLargeChangeError, match="an item twice"):
        writing(a_trial(), a_trial(users=5))


def test_a_change_cannot_settle_the_message_that_it_posts():
    with pytest.raises(TooLargeChangeError, match="an item twice"):
        writing(a_licence(), outbox=(SIGN,), settles="sign/LIC-1@1.1")
