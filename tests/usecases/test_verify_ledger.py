import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from partnerdesk.adapters.codec import KINDS
from partnerdesk.domain.chain import digest
from partnerdesk.domain.change import Claim
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.trial import TrialState
from partnerdesk.usecases.allow_another_trial import allow_another_trial
from partnerdesk.usecases.decide_screening import clear_case, confirm_case
from partnerdesk.usecases.park_message import park_message
from partnerdesk.usecases.proof import Stores
from partnerdesk.usecases.request_trial import keep_spam
from partnerdesk.usecases.verify_ledger import INVARIANTS, verify_ledger
from tests.builders import NOON, a_licence, some_spam, writing
from tests.desk import MANAGER, OFFICER, SmallDesk


@pytest.fixture
def desk(tmp_path):
    small = SmallDesk(tmp_path)
    yield small
    small.close()


def stores_of(ledger, signer=None):
    return Stores(
        ledger=ledger,
        archive=ledger,
        outbox=ledger,
        marks=ledger,
        kinds=KINDS,
        public_keys={signer.key_id: signer.public_key()} if signer else {},
    )


def proofs(desk, *, is_full=True):
    found = verify_ledger(stores_of(desk.ledger, desk.signer), is_full=is_full)
    return {proof.invariant: proof for proof in found}


def complaints(desk):
    return {name: proof.first for name, proof in proofs(desk).items() if not proof.is_kept}


def test_an_empty_ledger_is_whole(desk):
    assert list(proofs(desk)) == [it.id for it in INVARIANTS]
    assert complaints(desk) == {}


def a_busy_day(desk):
    """Let everything happen that can happen to trial requests, and yield after every step."""
    granted = desk.ask(domain="acme.example")
    yield
    desk.work()
    yield
    repeat = desk.ask(domain="acme.example", email="bob@acme.example")
    desk.work()
    yield
    allow_another_trial(desk.act(repeat.ref, MANAGER), ledger=desk.ledger)
    yield
    desk.work()
    keep_spam(some_spam(), key="spam", limits=(), at=NOON, ledger=desk.ledger)
    yield
    desk.judged(Outcome.REVIEW)
    for n, decide in enumerate((clear, confirm)):
        held = desk.ask(domain=f"held{n}.example", email=f"ada@held{n}.example")
        desk.work()
        yield
        decide(desk, desk.trial(held.ref).case)
        yield
    desk.judged(Outcome.BLOCK)
    desk.ask(domain="bad.example", email="ada@bad.example")
    desk.work()
    yield
    assert desk.trial(granted.ref).state is TrialState.ISSUED


def clear(desk, case):
    act = desk.act(case, OFFICER)
    clear_case(act, ledger=desk.ledger, ids=desk.ids, settings=desk.settings)


def confirm(desk, case):
    confirm_case(desk.act(case, OFFICER), ledger=desk.ledger)


def test_every_invariant_holds_after_every_step_of_a_busy_day(desk):
    for _ in a_busy_day(desk):
        assert complaints(desk) == {}


def test_what_was_looked_at_is_counted(desk):
    desk.ask()
    desk.work()

    found = proofs(desk)

    assert found["V1"].counts == {"trial requests": 1, "licences": 1, "mails": 1}
    assert found["V2"].counts == {"licences": 1, "signatures": 1}
    assert found["V5"].counts["waiting"] == 0
    assert found["V8"].counts["records"] == 6
    assert found["V12"].counts["claims"] == 4
    assert found["V12"].counts["families"] == 3


def test_only_a_full_verification_compares_the_indexes(desk):
    desk.ask()

    assert "families" not in proofs(desk, is_full=False)["V12"].counts


def test_a_key_we_do_not_have_leaves_signatures_unchecked(desk):
    desk.ask()
    desk.work()

    found = {it.invariant: it for it in verify_ledger(stores_of(desk.ledger))}

    assert found["V2"].is_kept
    assert found["V2"].counts == {"licences": 1, "signatures not checked: unknown key": 1}


def test_parked_work_is_whole_when_its_row_says_why(desk):
    trial = desk.ask()
    letter = desk.ledger.lend(f"screen-trial/{trial.ref}@1.1", at=NOON)

    park_message(letter, why="no lists", at=NOON, ledger=desk.ledger, outbox=desk.ledger)

    assert complaints(desk) == {}
    assert proofs(desk)["V5"].counts["parked"] == 1


def test_parked_work_that_no_row_shows_is_named(desk):
    trial = desk.ask()
    message = f"screen-trial/{trial.ref}@1.1"

    desk.ledger.park(message, why="")

    found = proofs(desk)["V5"]
    assert (found.bad, found.first) == (2, f"{message}: is parked without a reason")


def tamper(desk, sql, *values):
    """Do to the file what somebody with a database tool might do."""
    with closing(sqlite3.connect(desk.ledger_path)) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


LICENCE = "licence LIC-2026-000001"
TRIAL = "trial TRL-2026-000001"


@pytest.mark.parametrize(
    ("sql", "invariant", "first"),
    [
        (
            "UPDATE record SET body = replace(body, '125000', '999999') WHERE kind = 'licence'",
            "V8",
            f"{LICENCE}: the record is not what its last event says",
        ),
        (
            "UPDATE record SET body = replace(body, 'Ada', 'Eve') WHERE kind = 'person'",
            "V8",
            "person PER-2026-000001: the record is not what its last event says",
        ),
        (
            (
                "UPDATE event SET body = replace(body, '125000', '999999')"
                " WHERE kind = 'licence' AND version = 2"
            ),
            "V8",
            f"{LICENCE}: event 2 has another body than its entry says",
        ),
        (
            (
                "UPDATE event SET entry = replace(entry, 'desk', 'boss')"
                " WHERE kind = 'licence' AND version = 1"
            ),
            "V8",
            f"{LICENCE}: event 1 is not what its digest says",
        ),
        (
            "UPDATE event SET entry = 'gone' WHERE kind = 'licence' AND version = 1",
            "V8",
            f"{LICENCE}: event 1 is not what its digest says",
        ),
        (
            "DELETE FROM event WHERE kind = 'licence' AND version = 2",
            "V8",
            f"{LICENCE}: event 2 is missing",
        ),
        (
            "DELETE FROM event WHERE kind = 'licence' AND version = 3",
            "V8",
            f"{LICENCE}: the record is at version 3 with 2 events",
        ),
        (
            "DELETE FROM event WHERE kind = 'licence'",
            "V8",
            f"{LICENCE}: the record is at version 3 with 0 events",
        ),
        (
            "DELETE FROM record WHERE kind = 'licence'",
            "V8",
            f"{LICENCE}: there are events but no record",
        ),
        (
            "DELETE FROM record WHERE kind = 'trial'",
            "V8",
            f"{TRIAL}: there are events but no record",
        ),
        (
            "UPDATE record SET version = 9 WHERE kind = 'licence'",
            "V8",
            f"{LICENCE}: the record is at version 9 with 3 events",
        ),
        (
            (
                "UPDATE record SET head = (SELECT head FROM record WHERE kind = 'trial')"
                " WHERE kind = 'licence'"
            ),
            "V8",
            f"{LICENCE}: the record's head is not its last event",
        ),
        (
            (
                "INSERT INTO event SELECT kind, ref, version + 1, entry, digest, body FROM event"
                " WHERE kind = 'licence' AND version = 3"
            ),
            "V8",
            f"{LICENCE}: event 4 belongs elsewhere",
        ),
        (
            (
                "UPDATE event SET body = replace(body, '\"prepared\"', '\"issued\"')"
                " WHERE kind = 'trial' AND version = 2"
            ),
            "V4",
            f"{TRIAL}: received to issued is no move",
        ),
        (
            "UPDATE event SET body = '' WHERE kind = 'trial' AND version = 1",
            "V4",
            f"{TRIAL}: new to unreadable is no move",
        ),
        (
            "DELETE FROM claim WHERE name LIKE 'grant:%'",
            "V12",
            "LIC-2026-000001: does not hold grant:TRL-2026-000001",
        ),
        (
            "DELETE FROM claim WHERE name LIKE 'trial:%'",
            "V12",
            "TRL-2026-000001: does not hold trial:acme.example/mattermost/2026",
        ),
        (
            "UPDATE claim SET holder = 'TRL-9' WHERE name LIKE 'form:%'",
            "V12",
            "claim form:TRL-2026-000001: its holder TRL-9 is not kept",
        ),
        (
            "DELETE FROM record WHERE kind = 'person'",
            "V12",
            f"{TRIAL}: its person PER-2026-000001 is gone",
        ),
        (
            "DELETE FROM record WHERE kind = 'licence-file'",
            "V2",
            "LIC-2026-000001: its file is gone",
        ),
        (
            (
                'UPDATE record SET body = replace(body, \'"text":"ey\', \'"text":"eX\')'
                " WHERE kind = 'licence-file'"
            ),
            "V2",
            "LIC-2026-000001: its file is not the one that was issued",
        ),
        (
            "UPDATE record SET family = 'grant#TRL-9' WHERE kind = 'licence'",
            "V12",
            "family grant#TRL-2026-000001: is not what the records say",
        ),
        (
            "UPDATE record SET worklist = '' WHERE kind = 'licence'",
            "V12",
            "worklist licence#issued: is not what the records say",
        ),
        (
            (
                "UPDATE record SET body = replace(body, '\"CLEAR\"', '\"REVIEW\"')"
                " WHERE kind = 'screening-decision'"
            ),
            "V10",
            "LIC-2026-000001: was granted without a clear screening",
        ),
        (
            "DELETE FROM record WHERE kind = 'screening-decision'",
            "V10",
            "LIC-2026-000001: was granted without a clear screening",
        ),
        (
            "UPDATE record SET body = '{}' WHERE kind = 'licence'",
            "V1",
            (
                "licence: A stored licence cannot be read by this version of the desk: "
                "Licence misses a field."
            ),
        ),
    ],
)
def test_tampering_is_named(desk, tmp_path, sql, invariant, first):
    desk.ledger_path = tmp_path / "desk.db"
    desk.ask()
    desk.work()
    assert complaints(desk) == {}

    tamper(desk, sql)

    assert complaints(desk)[invariant] == first


def test_an_event_with_another_past_is_named(desk, tmp_path):
    """Even one who makes the digest fit cannot hide it."""
    desk.ledger_path = tmp_path / "desk.db"
    desk.ask()
    desk.work()
    event = desk.ledger.event("licence", "LIC-2026-000001", 2)
    forged = event.entry.replace('"previous":"', '"previous":"0')

    tamper(
        desk,
        "UPDATE event SET entry = ?, digest = ? WHERE kind = 'licence' AND version = 2",
        forged,
        digest(forged),
    )

    assert complaints(desk)["V8"] == f"{LICENCE}: event 2 does not follow from the one before"


@pytest.mark.parametrize(
    ("at_work", "sql", "first"),
    [
        (
            lambda _: None,
            "DELETE FROM outbox",
            "TRL-2026-000001: is received, and nobody's turn",
        ),
        (
            lambda desk: desk.screen("TRL-2026-000001", "screen-trial/TRL-2026-000001@1.1"),
            "DELETE FROM outbox",
            "TRL-2026-000001: is prepared, and nobody's turn",
        ),
        (
            lambda desk: desk.judged(Outcome.REVIEW) or desk.work(),
            "DELETE FROM record WHERE kind = 'screening-case'",
            "TRL-2026-000001: is held, and nobody's turn",
        ),
    ],
)
def test_a_request_that_nobody_works_on_is_named(desk, tmp_path, at_work, sql, first):
    desk.ledger_path = tmp_path / "desk.db"
    desk.ask()
    at_work(desk)

    tamper(desk, sql)

    assert complaints(desk)["V1"] == first


def test_a_mail_that_nobody_sends_is_named(desk, tmp_path):
    desk.ledger_path = tmp_path / "desk.db"
    desk.ask()
    for message in ("screen-trial/TRL-2026-000001@1.1", "sign-licence/LIC-2026-000001@1.1"):
        desk.do(message)

    tamper(desk, "DELETE FROM outbox")

    assert complaints(desk)["V1"] == (
        "trial.licence/TRL-2026-000001/PER-2026-000001: is queued, and nobody sends it"
    )


def test_a_second_licence_for_a_grant_is_named(desk):
    desk.ask()
    desk.work()
    first = desk.ledger.get(Licence, "LIC-2026-000001")

    desk.ledger.commit(
        writing(
            replace(first, ref="LIC-9", version=0, head=""), claims=(Claim("another", "LIC-9"),)
        )
    )

    assert complaints(desk)["V2"] == "LIC-9: TRL-2026-000001 has another"


def test_a_licence_for_nothing_is_named_by_whatever_it_lacks(desk):
    desk.ledger.commit(writing(a_licence()))

    assert complaints(desk) == {
        "V1": "LIC-1: is requested, and nobody signs it",
        "V10": "LIC-1: was granted without a clear screening",
        "V12": "licence LIC-1: its licence-file LIC-1 is gone",
    }
