"""The adapters of one machine, and every function's work over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from intake.services import Services as IntakeServices
from licensing import work as licensing_work
from licensing.services import Services as LicensingServices
from onebox.clock import DeskClock
from onebox.ids import SqliteIds
from onebox.ledger import SqliteLedger
from onebox.lists import LocalScreener
from onebox.mailbox import Mailbox
from onebox.place import Place
from onebox.signer import KeyFileSigner, licence_key, make_key
from partnerdesk.domain.holidays import US_FEDERAL
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.settings import AcceptLimits, Settings
from partnerdesk.domain.signature import Links
from partnerdesk.jobs import Jobs, jobs_of
from partnerdesk.usecases.answer_doorbell import Doorbell
from partnerdesk.usecases.screen_record import Desk
from partnerdesk.usecases.send_mail import Post
from relay import work as relay_work
from relay.services import MailServices
from screening import work as screening_work
from screening.services import Services as ScreeningServices


@dataclass(frozen=True, slots=True)
class Adapters:
    """What stands behind the ports on one machine."""

    ledger: SqliteLedger
    ids: SqliteIds
    clock: DeskClock
    signer: KeyFileSigner
    screener: LocalScreener
    mailbox: Mailbox
    links: Links
    settings: Settings

    @property
    def desk(self) -> Desk:
        """Return what deciding about a record takes."""
        return Desk(self.screener, self.ids, self.settings)

    def close(self) -> None:
        """Write everything out and let another process open the folder."""
        self.ledger.close()


def open_adapters(
    place: Place, *, root: str, is_demo: bool, limits: AcceptLimits | None = None
) -> Adapters:
    """
    Open a data folder, making what a new one lacks.

    `root` is the public address that links begin with. A demo accepts the
    screening list that ships with the desk, however old. `limits` are how much
    one sender may ask for, the defaults if none are given.

    :raises FolderInUseError: when another desk has the folder open
    """
    place.make()
    ledger = SqliteLedger(place.ledger)
    ids = SqliteIds(ledger)
    identity = place.identity(ids)
    make_key(licence_key(place.data))
    signer = KeyFileSigner(licence_key(place.data))
    return Adapters(
        ledger=ledger,
        ids=ids,
        clock=DeskClock(place.clock),
        signer=signer,
        screener=LocalScreener(place.lists, accept_snapshot=is_demo),
        mailbox=Mailbox(place.mailbox),
        links=Links(root, key=identity.link_key),
        settings=Settings(
            desk_id=identity.desk_id,
            signing_key=signer.key_id,
            holidays=frozenset(US_FEDERAL),
            limits=limits or AcceptLimits(),
        ),
    )


def doorbell(books: Mapping[Workbook, str], secret: str) -> Doorbell:
    """Return who may ring; the sheet server keeps real time, even where the desk runs ahead."""
    known = {book: workbook for workbook, book in books.items()}
    return Doorbell(known, secrets=lambda: (secret,), clock=DeskClock())


def intake_services(adapters: Adapters, *, doorbell: Doorbell, notice: str) -> IntakeServices:
    """Return the ports behind the public pages; `notice` stands on top of each."""
    return IntakeServices(
        ledger=adapters.ledger,
        clock=adapters.clock,
        ids=adapters.ids,
        links=adapters.links,
        settings=adapters.settings,
        doorbell=doorbell,
        notice=notice,
    )


def screening_services(adapters: Adapters) -> ScreeningServices:
    """Return the ports behind screening."""
    return ScreeningServices(adapters.ledger, adapters.ledger, adapters.clock, adapters.desk)


def licensing_services(adapters: Adapters) -> LicensingServices:
    """Return the ports behind licensing."""
    return LicensingServices(
        ledger=adapters.ledger,
        outbox=adapters.ledger,
        clock=adapters.clock,
        signer=adapters.signer,
        links=adapters.links,
        desk=adapters.desk,
    )


def mail_services(adapters: Adapters) -> MailServices:
    """Return the ports behind mail."""
    post = Post(adapters.mailbox, adapters.links, adapters.settings)
    return MailServices(adapters.ledger, adapters.ledger, adapters.clock, post)


def jobs(adapters: Adapters) -> Jobs:
    """Return every function's works, fed from the one outbox."""
    return jobs_of(
        {
            **screening_work.works(screening_services(adapters)),
            **licensing_work.works(licensing_services(adapters)),
            **relay_work.works(mail_services(adapters)),
        },
        ledger=adapters.ledger,
        outbox=adapters.ledger,
        clock=adapters.clock,
    )


def schedules(adapters: Adapters) -> Mapping[str, Callable[[], int]]:
    """Return everything that time wakes; the sweeper is the worker's own look at the outbox."""
    return licensing_work.schedules(licensing_services(adapters))
