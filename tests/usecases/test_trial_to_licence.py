"""From the request to the mailed licence, and everything that may stop it."""

import base64
import json
from datetime import timedelta

import pytest

from partnerdesk.domain.errors import MissingError
from partnerdesk.domain.licence import Licence, LicenceFile, LicenceKind, LicenceState, Standing
from partnerdesk.domain.licence_check import check
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.screening_case import Decision, ScreeningCase
from partnerdesk.domain.signature import Purpose, link_claim
from partnerdesk.domain.trial import Spam, TrialRequest, TrialState
from partnerdesk.ports import (
    LedgerBusyError,
    LimitReachedError,
    NoSuchRecordError,
    SettledError,
    SignerUnavailableError,
)
from partnerdesk.usecases.grant_trial_now import grant_trial_now
from partnerdesk.usecases.request_trial import KeyReusedError, accept_limits, keep_spam
from partnerdesk.usecases.sign_licence import RefusedByServersError
from tests.builders import some_spam
from tests.desk import a_signer

SILENCE = SignerUnavailableError("The signer does not answer.")


def the_case(desk, trial):
    return desk.ledger.get(ScreeningCase, trial.case)


def test_a_clear_request_ends_in_a_mailed_licence_that_verifies(desk):
    """Rules TRIAL-2, LIC-1 to 3: 30 days and 8 hours, 125,000 users, to the address given."""
    asked = desk.ask(company="Acme Ltd", organisation="Acme Ltd [RESELLER]")
    desk.work()

    trial = desk.trial(asked.ref)
    licence = desk.ledger.get(Licence, trial.licence)
    file = desk.ledger.get(LicenceFile, trial.licence)
    assert trial.state is TrialState.ISSUED
    assert trial.mailed_at == trial.first_mailed_at == desk.now()
    assert (licence.state, licence.standing) == (LicenceState.ISSUED, Standing.ACTIVE)
    assert licence.ends_at - licence.starts_at == timedelta(days=30, hours=8)
    outcome = check(file.text.encode(), desk.signer.public_key(), at=desk.now())
    assert outcome.is_accepted
    payload = json.loads(outcome.payload)
    assert payload["features"]["users"] == 125_000
    assert payload["is_trial"] is True
    assert payload["customer"]["email"] == "ada@acme.example"
    assert payload["customer"]["company"] == "Acme Ltd"
    [mail] = desk.postbox.mails
    assert mail.recipient == "ada@acme.example"
    assert mail.attachments[0].content == file.text.encode()
    assert mail.attachments[0].name == f"{licence.ref}.mattermost-license"


def test_the_same_submission_is_one_request(desk):
    """Rule GEN-11: a form posted twice is answered with the first."""
    first = desk.ask(key="form-1")
    second = desk.ask(key="form-1")

    assert second.ref == first.ref
    desk.work()
    assert desk.sent(first.ref) == ["Your Mattermost trial licence"]


def test_a_key_used_for_another_submission_is_a_conflict(desk):
    """robustness.md B2: 409, key reused with another body."""
    desk.ask(key="form-1")

    with pytest.raises(KeyReusedError):
        desk.ask(key="form-1", submission="2" * 64)


def test_the_status_link_leads_to_the_request(desk):
    """robustness.md SEC-14: found by the digest of the token alone."""
    asked = desk.ask()
    token = desk.links.token(Purpose.STATUS, asked.ref, asked.contact)

    assert desk.ledger.holder(link_claim(token)) == asked.ref
    with pytest.raises(MissingError):
        desk.ledger.holder(link_claim(token[:-1]))


def test_one_sender_cannot_ask_without_end(desk):
    """robustness.md SEC-04: limits ride in the accept commit, nothing is stored beyond them."""
    most = desk.settings.limits.per_source_an_hour
    for _ in range(most):
        desk.ask()
    with pytest.raises(LimitReachedError):
        desk.ask()
    desk.clock.advance(hours=1)
    assert desk.ask().ref


def test_a_robot_is_answered_alike_and_nothing_comes_of_it(desk):
    """The hidden field was filled in: kept as spam, no licence, no mail, no message."""
    limits = accept_limits(desk.settings.limits, source="s", domain="d", at=desk.now())
    kept = keep_spam(
        some_spam("TRL-2026-000007"), key="k", limits=limits, at=desk.now(), ledger=desk.ledger
    )
    again = keep_spam(
        some_spam("TRL-2026-000008"), key="k", limits=limits, at=desk.now(), ledger=desk.ledger
    )

    assert again == desk.ledger.get(Spam, kept.ref)
    assert desk.work() == 0
    with pytest.raises(NoSuchRecordError):
        desk.trial(kept.ref)


def test_a_second_trial_in_the_year_is_refused_with_the_first_ones_date(desk):
    """Rules TRIAL-3 and TRIAL-4."""
    first = desk.ask()
    desk.work()
    desk.clock.advance(days=1)
    second = desk.ask(email="bob@acme.example")
    desk.work()

    refused = desk.trial(second.ref)
    assert (refused.state, refused.refusal_rule) == (TrialState.REFUSED, "TRIAL-4")
    assert first.ref in refused.refusal
    assert desk.sent(second.ref) == ["About your Mattermost trial request"]
    assert "asked for on 25 November 2026" in desk.postbox.mails[-1].text


def test_the_next_calendar_year_brings_another_trial(desk):
    """Rule TRIAL-3: per calendar year, UTC."""
    desk.ask()
    desk.work()
    desk.clock.advance(days=40)
    second = desk.ask()
    desk.work()

    assert desk.trial(second.ref).state is TrialState.ISSUED


def test_nobody_is_mailed_twice_a_day_about_requests_they_may_not_have_made(desk):
    """robustness.md SEC-05: one mail per address and day for unconfirmed requests."""
    desk.judged(Outcome.REVIEW)
    for number in range(3):
        desk.ask(domain=f"firm-{number}.example", email="victim@acme.example")
    desk.work()

    to_victim = [it for it in desk.postbox.mails if it.recipient == "victim@acme.example"]
    assert len(to_victim) == 1


def test_a_possible_hit_is_held_and_shown_to_compliance(desk):
    """Rules SCR-2, SCR-7, TRIAL-6: held, a case, neutral words, no licence."""
    desk.judged(Outcome.REVIEW, reasons=("resembles an entry",), rules=("SCR-4",))
    asked = desk.ask()
    desk.work()

    held = desk.trial(asked.ref)
    case = the_case(desk, held)
    assert (held.state, held.licence) == (TrialState.HELD, "")
    assert (case.about, case.outcome) == (asked.ref, Outcome.REVIEW)
    assert case.due_at.isoformat() == "2026-11-26T23:59:59+00:00"
    assert desk.ledger.get(Decision, case.decision).verdict.reasons == ("resembles an entry",)
    assert sorted(desk.sent(asked.ref)) == [
        "About your Mattermost trial request",
        "Screening case opened",
    ]
    assert {it.recipient for it in desk.postbox.mails} == {
        "ada@acme.example",
        "compliance@mattermost.com",
    }


def test_a_block_is_refused_without_saying_who_matched(desk):
    """Rules SCR-4, SCR-7."""
    desk.judged(Outcome.BLOCK, reasons=("is listed as number 306",), rules=("CU",))
    asked = desk.ask()
    desk.work()

    refused = desk.trial(asked.ref)
    assert (refused.state, refused.refusal_rule) == (TrialState.REFUSED, "SCR-4")
    assert "306" not in refused.refusal + "".join(it.text + it.html for it in desk.postbox.mails)
    assert "We cannot proceed" in desk.sent(asked.ref)


def test_a_screening_that_fails_holds(desk):
    """Rule SCR-2: in doubt we hold, never CLEAR."""
    desk.screener.failure = LedgerBusyError()
    asked = desk.ask()
    desk.work()

    trial = desk.trial(asked.ref)
    assert trial.state is TrialState.HELD
    [reason] = desk.ledger.get(Decision, the_case(desk, trial).decision).verdict.reasons
    assert reason.startswith("The screening did not finish")


def test_organisation_and_person_are_screened_at_their_place(desk):
    """Rule SCR-1: names and places of companies and individuals."""
    desk.ask(country="UA", region="UA-30", city="Kyiv", company="Acme Ltd")
    desk.work()

    [(parties, on, _)] = desk.screener.asked
    assert [party.name for party in parties] == ["Acme Ltd", "Ada Lovelace"]
    assert {place.region for party in parties for place in party.addresses} == {"UA-30"}
    assert on == desk.now().date()


def test_screening_twice_decides_once(desk):
    """robustness.md A1.2: a message delivered twice has one effect."""
    asked = desk.ask()
    [message] = desk.ledger.due(at=desk.now())
    desk.screen(asked.ref, message)

    with pytest.raises(SettledError):
        desk.screen(asked.ref, message)
    assert len(desk.ledger.family(f"grant#{asked.ref}")) == 1


def test_a_silent_signer_leaves_the_licence_prepared(desk):
    """robustness.md SGN-ERR: prepared grants issue by themselves later, with the same bytes."""
    asked = desk.ask()
    desk.screen(asked.ref, desk.ledger.due(at=desk.now())[0])
    prepared = desk.ledger.get(LicenceFile, desk.trial(asked.ref).licence)

    class Silent:
        key_id = "x"

        def sign(self, _payload):
            raise SILENCE

    desk.signer = Silent()
    [message] = desk.ledger.due(at=desk.now())
    with pytest.raises(SignerUnavailableError):
        desk.do(message)
    assert desk.trial(asked.ref).state is TrialState.PREPARED

    desk.signer = a_signer()
    desk.clock.advance(hours=3)
    desk.work()
    finished = desk.ledger.get(LicenceFile, prepared.ref)
    assert desk.trial(asked.ref).state is TrialState.ISSUED
    signed = base64.b64decode(finished.text)[:-256].decode()
    assert signed[35:] == prepared.payload[35:]


def test_signing_twice_issues_once(desk):
    """robustness.md SGN-DUP: the same file, and the second is told that it is done."""
    asked = desk.ask()
    desk.screen(asked.ref, desk.ledger.due(at=desk.now())[0])
    [message] = desk.ledger.due(at=desk.now())
    desk.do(message)

    with pytest.raises(SettledError):
        desk.do(message)


def test_a_file_that_no_server_would_take_is_never_issued(desk):
    """licence-format.md 7.3: our own check comes before the commit."""
    asked = desk.ask()
    desk.screen(asked.ref, desk.ledger.due(at=desk.now())[0])

    class Mixed:
        """A signer that shows one key and signs with another."""

        key_id = "x"

        def sign(self, payload):
            return b"\x01" * len(a_signer().sign(payload))

        def public_key(self):
            return a_signer().public_key()

    desk.signer = Mixed()
    with pytest.raises(RefusedByServersError):
        desk.do(desk.ledger.due(at=desk.now())[0])
    assert desk.trial(asked.ref).state is TrialState.PREPARED


def test_a_server_that_waits_is_granted_at_once(desk):
    """Rule TRIAL-5: the reply carries the licence, and the outbox has only the mail left."""
    asked = desk.ask()
    granted = grant_trial_now(
        asked.ref, at=desk.now(), ledger=desk.ledger, desk=desk.deciding, signer=desk.signer
    )

    assert granted.state is TrialState.ISSUED
    assert desk.work() == 1


def test_it_does_not_matter_who_comes_first(desk):
    """The outbox may have screened, or signed, or both, before the waiting server's turn."""
    asked = desk.ask()
    desk.work()

    again = grant_trial_now(
        asked.ref, at=desk.now(), ledger=desk.ledger, desk=desk.deciding, signer=desk.signer
    )
    assert again.state is TrialState.ISSUED
    assert len(desk.ledger.family(f"grant#{asked.ref}")) == 1


def test_an_overtaken_stage_is_read_again(desk):
    """Between its reading and its commit the outbox screened: the waiting server goes on."""
    asked = desk.ask()
    real = desk.deciding

    class Overtaking:
        def screen(self, parties, *, on, at):
            desk.deciding = real
            desk.screen(asked.ref, desk.ledger.due(at=at)[0])
            return real.screener.screen(parties, on=on, at=at)

    racing = type(real)(Overtaking(), real.ids, real.settings)
    granted = grant_trial_now(
        asked.ref, at=desk.now(), ledger=desk.ledger, desk=racing, signer=desk.signer
    )
    assert granted.state is TrialState.ISSUED


def test_the_licence_of_a_trial_is_of_kind_trial(desk):
    asked = desk.ask()
    desk.work()

    assert desk.ledger.get(Licence, desk.trial(asked.ref).licence).type is LicenceKind.TRIAL
    assert isinstance(desk.trial(asked.ref), TrialRequest)
