"""Whose row is whose, and what an edit asks for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.inbox import Verb, held_back, intent_of, sort_rows
from console.schema import Kept, Row
from console.tabs import CASES, LICENCES, TRIALS
from partnerdesk.domain.licence import LicenceState, Standing
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.trial import REPEAT_RULE, TrialState
from tests.builders import a_case, a_licence, a_trial

EMPTY = {"action": "", "confirm": "", "reason": "", "owner": "", "notes": ""}
ISSUED = a_licence(version=3, state=LicenceState.ISSUED, standing=Standing.ACTIVE)
REPEAT = a_trial(version=2, state=TrialState.REFUSED, refusal_rule=REPEAT_RULE)


def a_row(ref="LIC-1", rev="", index=1, **cells):
    return Row(index, ref, rev or f"{ref}@3.0", EMPTY | cells)


# Sorting


def test_rows_are_known_by_their_id():
    found = sort_rows([a_row("A-1"), a_row("A-2", index=2)], {"A-1", "A-2", "A-3"})

    assert {ref: row.index for ref, row in found.known.items()} == {"A-1": 1, "A-2": 2}
    assert found.missing == ("A-3",)


def test_a_row_that_was_written_but_never_acknowledged_is_known_by_both_its_marks():
    assert "A-1" in sort_rows([a_row("A-1")], set()).known
    assert sort_rows([a_row("A-1", rev="x")], set()).unknown


@pytest.mark.parametrize("wrong", ["", "nonsense", "TRL-1999-000001"])
def test_a_lost_id_is_restored_from_rev(wrong):
    found = sort_rows([a_row(wrong, rev="A-1@3.0")], {"A-1"})

    assert found.owned["A-1"].id == wrong
    assert not found.missing


def test_a_lost_id_is_not_restored_when_the_record_is_shown_elsewhere():
    found = sort_rows([a_row("A-1"), a_row("", rev="A-1@3.0", index=2)], {"A-1"})

    assert found.known["A-1"].index == 1
    assert [row.index for row in found.strays] == [2]


def test_with_staff_cells_it_is_unknown_and_not_stray():
    rows = [a_row("A-1"), a_row("", rev="A-1@3.0", index=2, notes="mine")]

    assert [row.index for row in sort_rows(rows, {"A-1"}).unknown] == [2]


def test_of_two_rows_with_one_lost_id_neither_is_chosen():
    rows = [a_row("", rev="A-1@3.0", index=at) for at in (1, 2)]

    found = sort_rows(rows, {"A-1"})

    assert found.missing == ("A-1",)
    assert len(found.strays) == 2


def test_one_id_twice_is_doubled():
    found = sort_rows([a_row("A-1"), a_row("A-1", index=2)], {"A-1"})

    assert [row.index for row in found.doubled["A-1"]] == [1, 2]
    assert not found.owned
    assert not found.missing


def test_where_a_and_rev_disagree_a_wins():
    rows = [a_row("A-1", rev="A-2@1.0"), a_row("A-2", rev="A-1@1.0", index=2)]

    assert {ref: row.index for ref, row in sort_rows(rows, {"A-1", "A-2"}).known.items()} == {
        "A-1": 1,
        "A-2": 2,
    }


refs = st.sampled_from(["A-1", "A-2", "A-3"])
some_rows = st.lists(
    st.tuples(
        refs | st.sampled_from(["", "typed"]),
        st.builds("{}@1.0".format, refs) | st.sampled_from(["", "?", "!"]),
        st.sampled_from(["", "note"]),
    ),
    max_size=8,
)


@given(some_rows, st.sets(refs))
def test_every_row_is_one_thing_and_every_record_has_one_place(rows, records):
    given_rows = [
        Row(at, ref, rev, EMPTY | {"notes": note}) for at, (ref, rev, note) in enumerate(rows, 1)
    ]

    found = sort_rows(given_rows, records)

    used = [row for row in given_rows if row.id or row.rev or row.cells["notes"]]
    doubled = [row for twins in found.doubled.values() for row in twins]
    placed = [*found.owned.values(), *doubled, *found.unknown, *found.strays]
    assert sorted(row.index for row in placed) == [row.index for row in used]
    claimed = [*found.owned, *found.doubled, *found.missing]
    assert len(set(claimed)) == len(claimed)
    assert records <= set(claimed)


# Edits


def asked(tab, record, row, **remembered):
    return intent_of(tab, row, Kept(**remembered), record)


def test_an_untouched_row_asks_for_nothing():
    row = a_row(notes="hello")

    assert asked(LICENCES, ISSUED, row, staff={"notes": "hello"}) is None


def test_a_legal_step_is_run():
    intent = asked(LICENCES, ISSUED, a_row(action="Resend"))

    assert (intent.verb, intent.action.label) == (Verb.RUN, "Resend")


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("resend", "resend is not a step. Possible now: Resend."),
        ("=Resend", "=Resend is not a step. Possible now: Resend."),
        ("TRUE", "TRUE is not a step. Possible now: Resend."),
    ],
)
def test_what_is_not_in_the_list_is_refused(label, sentence):
    intent = asked(LICENCES, ISSUED, a_row(action=label))

    assert (intent.verb, intent.sentence) == (Verb.REFUSE, sentence)
    assert "GEN-1" in intent.note


def test_a_step_the_record_does_not_allow_is_refused():
    intent = asked(LICENCES, a_licence(version=1), a_row(action="Resend"))

    assert intent.verb is Verb.REFUSE
    assert intent.sentence == "Resend is not possible now. No step is possible now."


def test_a_dangerous_step_is_rehearsed_first():
    intent = asked(TRIALS, REPEAT, a_row(action="Allow another trial", confirm="TRUE"))

    assert intent.verb is Verb.REHEARSE
    assert "confirm" in intent.rehearsed("p", result="?", version=2).handled


def pending(**parts):
    staff = {"action": "Allow another trial", "reason": "Because"}
    return Kept(**({"staff": staff, "previewed": "2", "turn": 1, "revision": 1} | parts))


TICKED = a_row(
    "TRL-1",
    rev="TRL-1@2.1",
    action="Allow another trial",
    reason="Because",
    confirm="TRUE",
)


def test_a_tick_after_the_preview_runs_the_step():
    assert intent_of(TRIALS, TICKED, pending(), REPEAT).verb is Verb.RUN


@pytest.mark.parametrize(
    ("row", "kept", "record"),
    [
        (replace(TICKED, rev="TRL-1@2.0"), pending(), REPEAT),  # the preview is not written yet
        (replace(TICKED, rev="pasted"), pending(), REPEAT),
        (TICKED, pending(previewed="1"), REPEAT),
        (TICKED, pending(), replace(REPEAT, version=3)),  # the record has changed
    ],
)
def test_any_other_tick_asks_again(row, kept, record):
    assert intent_of(TRIALS, row, kept, record).verb is Verb.REHEARSE


def test_a_tick_on_a_step_that_is_no_longer_possible_is_refused():
    issued = replace(REPEAT, state=TrialState.ISSUED)

    assert intent_of(TRIALS, TICKED, pending(), issued).verb is Verb.REFUSE


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_dangerous_step_needs_a_reason(reason):
    row = replace(TICKED, cells=TICKED.cells | {"reason": reason})

    intent = intent_of(TRIALS, row, pending(), REPEAT)

    assert intent.verb is Verb.REHEARSE
    assert intent.sentence == "Write a Reason, then tick Confirm again."


def test_a_handled_step_that_still_stands_there_is_not_run_again():
    """sheets.md C6.6."""
    kept = Kept(staff={"action": "Resend"}, handled=frozenset({"action"}), turn=1)

    assert intent_of(LICENCES, a_row(action="Resend"), kept, ISSUED) is None


def test_a_handled_step_seen_empty_may_be_chosen_again():
    kept = Kept(staff={"action": "Resend"}, handled=frozenset({"action"}), turn=1)
    seen_empty = intent_of(LICENCES, a_row(), kept, ISSUED)

    assert seen_empty.verb is Verb.KEEP
    after = seen_empty.noticed()
    assert after.handled == frozenset()
    assert intent_of(LICENCES, a_row(action="Resend"), after, ISSUED).verb is Verb.RUN


def test_a_note_beside_a_handled_step_is_no_second_step():
    kept = Kept(staff={"action": "Resend"}, handled=frozenset({"action"}), turn=1)

    intent = intent_of(LICENCES, a_row(action="Resend", notes="done?"), kept, ISSUED)

    assert intent.verb is Verb.KEEP
    assert intent.noticed().handled == frozenset({"action"})


def test_the_key_of_an_edit_is_the_same_until_it_is_acknowledged():
    row = a_row(action="Resend")
    first, again = (intent_of(LICENCES, row, Kept(revision=4), ISSUED) for _ in range(2))
    later = intent_of(LICENCES, row, Kept(revision=5), ISSUED)

    assert first.key("desk", 7, "LIC-1") == again.key("desk", 7, "LIC-1")
    assert first.key("desk", 7, "LIC-1") != later.key("desk", 7, "LIC-1")
    assert first.key("desk", 7, "LIC-1") != first.key("compliance", 7, "LIC-1")


@pytest.mark.parametrize(
    ("outcome", "verb"),
    [(Outcome.REVIEW, Verb.REHEARSE), (Outcome.BLOCK, Verb.REFUSE)],
)
def test_only_a_review_can_be_cleared_by_one_person(outcome, verb):
    """Rules GEN-8 and SCR-5."""
    row = a_row("SCR-1", action="Clear", decided_by="")

    assert asked(CASES, a_case(version=1, outcome=outcome), row).verb is verb


def test_many_new_steps_at_once_are_held():
    """Rule GEN-9."""
    intents = {
        f"LIC-{n}": asked(LICENCES, ISSUED, a_row(f"LIC-{n}", action="Resend")) for n in range(3)
    }
    note = asked(LICENCES, ISSUED, a_row("LIC-9", notes="hello"))

    assert held_back(intents, 3) == intents
    held = held_back(intents | {"LIC-9": note}, 2)
    assert {held[ref].verb for ref in intents} == {Verb.REHEARSE}
    assert held["LIC-0"].sentence.startswith("Held: 3 at once (limit 2).")
    assert held["LIC-9"] == note
