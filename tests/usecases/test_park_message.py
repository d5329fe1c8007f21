"""Work that needs a person stands where staff can see it."""

from partnerdesk.domain.record import Workbook
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.usecases.park_message import concerned, park_message


def test_a_parked_message_shows_in_the_row_of_its_record(desk):
    """robustness.md A1.7: parked, visible with the reason and a way to try again."""
    asked = desk.ask()
    [message] = desk.ledger.due(at=desk.now())
    letter = desk.ledger.lend(message, at=desk.now())
    park_message(
        letter, why="We cannot read it.", at=desk.now(), ledger=desk.ledger, outbox=desk.ledger
    )

    [parked] = desk.ledger.parked()
    assert (parked.id, parked.why) == (message, "We cannot read it.")
    assert "work parked" in desk.ledger.history(TrialRequest, asked.ref)[-1].entry
    assert ("trial", asked.ref) in {
        (mark.kind, mark.ref) for mark in desk.ledger.take(Workbook.DESK)
    }


def test_a_mails_fate_is_shown_at_what_it_is_about(desk):
    asked = desk.ask()
    for _ in range(2):
        desk.do(desk.ledger.due(at=desk.now())[0])
    letter = desk.ledger.lend(desk.ledger.due(at=desk.now())[0], at=desk.now())

    assert letter.about.startswith("trial.licence/")
    assert concerned(letter) == asked.ref
