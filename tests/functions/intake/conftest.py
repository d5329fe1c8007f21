import pytest

from intake.app import build
from intake.services import Services
from partnerdesk.usecases.answer_doorbell import Doorbell
from tests.desk import SmallDesk


class Intake:
    """Intake's routes over a small desk."""

    def __init__(self, desk, **parts):
        self.desk = desk
        self.services = Services(
            **{
                "ledger": desk.ledger,
                "clock": desk.clock,
                "ids": desk.ids,
                "links": desk.links,
                "settings": desk.settings,
                "doorbell": Doorbell({}, secrets=lambda: (), clock=desk.clock),
            }
            | parts
        )
        self.app = build(self.services)

    def resolve(self, request):
        return self.app.resolve(request, None)


@pytest.fixture
def desk(tmp_path):
    desk = SmallDesk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def intake(desk):
    return Intake(desk)
