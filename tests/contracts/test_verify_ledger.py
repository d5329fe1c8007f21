from partnerdesk.adapters.codec import KINDS
from partnerdesk.domain.change import Claim, Message, Queue
from partnerdesk.domain.licence import grant_claim
from partnerdesk.usecases.proof import Stores
from partnerdesk.usecases.verify_ledger import verify_ledger
from tests.builders import a_licence, a_licence_file, a_person, a_trial, writing


def complaints(engine):
    stores = Stores(
        ledger=engine.ledger,
        archive=engine.archive,
        outbox=engine.outbox,
        marks=engine.marks,
        kinds=KINDS,
    )
    found = verify_ledger(stores, is_full=True)
    return {proof.invariant: proof.first for proof in found if not proof.is_kept}


def test_a_whole_ledger_is_whole_on_both_engines(engine):
    trial = a_trial()
    links = (Claim("form:1", trial.ref), Claim(f"link:{trial.status_token}", trial.ref))
    screen = Message(Queue.SCREENING, "screen-trial", about=trial.ref)

    engine.ledger.commit(writing(trial, a_person(), claims=links, outbox=(screen,)))

    assert complaints(engine) == {}


def test_a_licence_that_came_from_nowhere_is_named_on_both_engines(engine):
    engine.ledger.commit(
        writing(
            a_licence(),
            a_licence_file(),
            a_person(),
            claims=(Claim(grant_claim("TRL-2026-000001"), "LIC-1"),),
        )
    )

    assert complaints(engine) == {
        "V1": "LIC-1: is requested, and nobody signs it",
        "V10": "LIC-1: was granted without a clear screening",
        "V12": "licence LIC-1: its trial TRL-2026-000001 is gone",
    }
