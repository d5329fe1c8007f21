"""What staff may do in a row, and what is refused whoever asks."""

import pytest

from partnerdesk.domain.change import Change, Claim, Mark, Snapshot
from partnerdesk.domain.licence import Licence, LicenceKind, LicenceState
from partnerdesk.domain.licence_term import MILLISECOND, TRIAL_AGAIN
from partnerdesk.domain.lifecycle import IllegalMoveError
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.screening_case import CaseState, ScreeningCase
from partnerdesk.domain.trial import TrialRequest, TrialState
from partnerdesk.ports import ClaimTakenError
from partnerdesk.usecases.allow_another_trial import NotARepeatError, allow_another_trial
from partnerdesk.usecases.alongside import Alongside
from partnerdesk.usecases.decide_screening import (
    ComplianceOnlyError,
    NotClearableError,
    TrialGivenMeanwhileError,
    clear_case,
    confirm_case,
)
from partnerdesk.usecases.rehearsal import Rehearsal
from partnerdesk.usecases.resend_licence import NotIssuedError, resend_licence
from tests.desk import MANAGER, OFFICER


def a_repeat(desk):
    desk.ask()
    desk.work()
    desk.clock.advance(days=1)
    second = desk.ask(email="bob@acme.example")
    desk.work()
    return desk.trial(second.ref)


def held(desk, **parts):
    desk.judged(Outcome.REVIEW)
    asked = desk.ask(**parts)
    desk.work()
    return desk.trial(asked.ref)


def clear(desk, case, by=OFFICER):
    return clear_case(desk.act(case, by), ledger=desk.ledger, ids=desk.ids, settings=desk.settings)


def test_another_trial_lasts_exactly_32_days(desk):
    """Rule TRIAL-4: a server takes a second trial of this length."""
    repeat = a_repeat(desk)
    said = allow_another_trial(desk.act(repeat.ref, MANAGER), ledger=desk.ledger)
    desk.work()

    trial = desk.trial(repeat.ref)
    licence = desk.ledger.get(Licence, trial.licence)
    assert said == "Another trial allowed"
    assert (trial.state, licence.type) == (TrialState.ISSUED, LicenceKind.TRIAL_AGAIN)
    assert licence.ends_at - licence.starts_at == TRIAL_AGAIN * MILLISECOND
    assert "Your Mattermost trial licence" in desk.sent(trial.ref)


def test_another_trial_is_screened_afresh(desk):
    """screening.md 1: a gate screens every party, whatever was found the day before."""
    repeat = a_repeat(desk)
    desk.judged(Outcome.BLOCK)
    allow_another_trial(desk.act(repeat.ref, MANAGER), ledger=desk.ledger)
    desk.work()

    assert desk.trial(repeat.ref).state is TrialState.REFUSED
    assert desk.trial(repeat.ref).refusal_rule == "SCR-4"


def test_only_a_repeat_can_be_allowed(desk):
    blocked = desk.ask()
    desk.judged(Outcome.BLOCK)
    desk.work()

    with pytest.raises(NotARepeatError):
        allow_another_trial(desk.act(blocked.ref, MANAGER), ledger=desk.ledger)


def test_a_cleared_case_grants_what_it_held(desk):
    """Rules TRIAL-6 and SCR-5."""
    trial = held(desk)
    assert clear(desk, trial.case) == "Cleared"
    desk.work()

    case = desk.ledger.get(ScreeningCase, trial.case)
    assert desk.trial(trial.ref).state is TrialState.ISSUED
    assert (case.state, case.decided_by) == (CaseState.CLEARED, OFFICER.name)
    assert case.reason


def test_partner_managers_decide_no_case(desk):
    """Rule SCR-5 and sheets.md C2: Compliance alone, in its own workbook."""
    trial = held(desk)

    with pytest.raises(ComplianceOnlyError):
        clear(desk, trial.case, by=MANAGER)
    with pytest.raises(ComplianceOnlyError):
        confirm_case(desk.act(trial.case, MANAGER), ledger=desk.ledger)
    assert desk.trial(trial.ref).state is TrialState.HELD


def test_one_person_cannot_clear_a_block(desk):
    """Rules GEN-8 and SCR-5."""
    desk.judged(Outcome.BLOCK)
    asked = desk.ask()
    desk.work()

    with pytest.raises(NotClearableError):
        clear(desk, desk.trial(asked.ref).case)


def test_a_case_is_not_cleared_into_a_second_trial(desk):
    """Rule TRIAL-3: the year's trial went to another request meanwhile."""
    trial = held(desk)
    desk.judged(Outcome.CLEAR)
    desk.ask(email="bob@acme.example")
    desk.work()

    with pytest.raises(TrialGivenMeanwhileError):
        clear(desk, trial.case)
    assert desk.ledger.get(ScreeningCase, trial.case).state is CaseState.OPEN


def test_a_case_cleared_in_two_places_at_once_grants_once(desk):
    """The grant is claimed: who comes second is told, and nothing is doubled."""
    trial = held(desk)
    taken = Claim(f"grant:{trial.ref}", holder="LIC-2026-000099")
    desk.ledger.commit(Change(at=desk.now(), claims=(taken,)))

    with pytest.raises(ClaimTakenError):
        clear(desk, trial.case)


def test_a_confirmed_case_ends_the_request_in_neutral_words(desk):
    """Rules SCR-4, SCR-7."""
    trial = held(desk)
    assert confirm_case(desk.act(trial.case, OFFICER), ledger=desk.ledger) == "Confirmed"
    desk.clock.advance(days=1)
    desk.work()

    assert desk.trial(trial.ref).state is TrialState.REFUSED
    assert "We cannot proceed" in desk.sent(trial.ref)
    with pytest.raises(IllegalMoveError):
        confirm_case(desk.act(trial.case, OFFICER), ledger=desk.ledger)


def test_a_block_is_confirmed_and_stays_refused(desk):
    desk.judged(Outcome.BLOCK)
    asked = desk.ask()
    desk.work()
    confirm_case(desk.act(desk.trial(asked.ref).case, OFFICER), ledger=desk.ledger)

    assert desk.trial(asked.ref).state is TrialState.REFUSED
    assert desk.work() == 0


def test_resend_sends_the_same_file_to_the_same_person(desk):
    """Rule LIC-4."""
    asked = desk.ask()
    desk.work()
    licence = desk.trial(asked.ref).licence
    assert resend_licence(desk.act(licence, MANAGER), ledger=desk.ledger) == "Sent again"
    desk.work()

    first, second = desk.postbox.mails
    assert first.attachments == second.attachments
    assert first.recipient == second.recipient
    assert first.message_id != second.message_id


def test_there_is_nothing_to_resend_before_it_was_issued(desk):
    asked = desk.ask()
    desk.screen(asked.ref, desk.ledger.due(at=desk.now())[0])

    with pytest.raises(NotIssuedError):
        resend_licence(desk.act(desk.trial(asked.ref).licence, MANAGER), ledger=desk.ledger)
    assert desk.ledger.get(Licence, desk.trial(asked.ref).licence).state is LicenceState.PREPARED


def test_a_rehearsal_shows_every_effect_and_makes_none_true(desk):
    """rules.md 20.1: same code path, its Change is built and not committed."""
    trial = held(desk)
    rehearsal = Rehearsal(desk.ledger)
    clear_case(
        desk.act(trial.case, OFFICER), ledger=rehearsal, ids=desk.ids, settings=desk.settings
    )

    [change] = rehearsal.changes
    assert {write.record.KIND for write in change.writes} == {
        "trial",
        "licence",
        "licence-file",
        "screening-case",
    }
    assert desk.trial(trial.ref).state is TrialState.HELD
    assert desk.work() == 0


def test_effect_edit_and_snapshot_are_one_commit(desk):
    """sheets.md C6.4: after a crash the comparison repeats and the claim stops a second effect."""
    asked = desk.ask()
    desk.work()
    licence = desk.trial(asked.ref).licence
    snapshot = Snapshot(Workbook.DESK, "licence", licence, {"action": "Resend"})
    alongside = Alongside(
        desk.ledger,
        claims=(Claim("edit:1", holder=licence),),
        snapshots_kept=(snapshot,),
        touches=(Mark(Workbook.DESK, "licence", licence, 99),),
    )
    resend_licence(desk.act(licence, MANAGER), ledger=alongside)

    assert desk.ledger.snapshots(Workbook.DESK)["licence", licence].cells == {"action": "Resend"}
    again = Alongside(desk.ledger, claims=(Claim("edit:1", holder=licence),))
    with pytest.raises(ClaimTakenError):
        resend_licence(desk.act(licence, MANAGER), ledger=again)
    desk.work()
    assert len(desk.sent(asked.ref)) == 2


def test_a_reading_ledger_reads_what_is_there(desk):
    asked = desk.ask()
    desk.work()
    reading = Rehearsal(desk.ledger)

    assert reading.get(TrialRequest, asked.ref) == desk.trial(asked.ref)
    assert reading.holder(f"form:{asked.ref}") == asked.ref
    assert reading.history(TrialRequest, asked.ref)
    assert reading.event("trial", asked.ref, 1).version == 1
    assert reading.worklist("licence#issued")
    assert reading.family("domain#acme.example")
    assert reading.snapshots(Workbook.DESK) == {}
