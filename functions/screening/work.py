"""What screening does when a message wakes it."""

from collections.abc import Mapping

from partnerdesk.jobs import Work
from partnerdesk.ports import Letter
from partnerdesk.usecases.screen_record import screen_trial
from screening.services import Services


def works(services: Services) -> Mapping[str, Work]:
    """Return the works of this function by the name that messages call them."""

    def screen(letter: Letter) -> None:
        screen_trial(
            letter.about,
            settles=letter.id,
            at=services.clock.now(),
            ledger=services.ledger,
            desk=services.desk,
        )

    return {"screen-trial": screen}
