"""What licensing does when a message or the schedule wakes it."""

from collections.abc import Callable, Mapping

from licensing.services import Services
from partnerdesk.jobs import Work
from partnerdesk.ports import Letter
from partnerdesk.usecases.sign_licence import sign_licence
from partnerdesk.usecases.turn_licences import turn_licences


def works(services: Services) -> Mapping[str, Work]:
    """Return the works of this function by the name that messages call them."""

    def sign(letter: Letter) -> None:
        sign_licence(
            letter.about,
            settles=letter.id,
            at=services.clock.now(),
            ledger=services.ledger,
            signer=services.signer,
            settings=services.desk.settings,
        )

    return {"sign-licence": sign}


def schedules(services: Services) -> Mapping[str, Callable[[], int]]:
    """Return what the schedule wakes, by name; each returns how many records it moved on."""

    def turn() -> int:
        return turn_licences(at=services.clock.now(), ledger=services.ledger)

    return {"turn-licences": turn}
