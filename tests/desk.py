"""A small desk for use case tests: the real ledger, key and mail folder, and a chosen verdict."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from onebox.ids import SqliteIds
from onebox.ledger import SqliteLedger
from onebox.signer import KeyFileSigner, make_key
from partnerdesk.domain.messages import Email
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.signature import Links, Purpose, token_digest
from partnerdesk.domain.staff import Act, Staff
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import MailerUnavailableError
from partnerdesk.usecases.request_trial import accept_limits, request_trial
from partnerdesk.usecases.screen_record import Desk, screen_trial
from partnerdesk.usecases.send_mail import Post, send_mail
from partnerdesk.usecases.sign_licence import sign_licence
from tests.builders import NOON, a_person, a_trial, a_verdict

MANAGER = Staff("ana@vendor.example", Workbook.DESK)
OFFICER = Staff("olu@vendor.example", Workbook.COMPLIANCE)


@cache
def a_signer() -> KeyFileSigner:
    """Return one key for a whole test run: making one takes longer than using it."""
    path = Path(mkdtemp()) / "keys" / "licence.pem"
    make_key(path)
    return KeyFileSigner(path)


class StandingClock:
    """A clock that a test moves."""

    def __init__(self, at=NOON):
        self.at = at

    def now(self):
        return self.at

    def advance(self, **parts):
        self.at += timedelta(**parts)


@dataclass
class Oracle:
    """A Screener whose verdict a test chooses."""

    verdict: object = field(default_factory=a_verdict)
    asked: list = field(default_factory=list)
    failure: Exception | None = None

    def screen(self, parties, *, on, at):
        self.asked.append((parties, on, at))
        if self.failure:
            raise self.failure
        return self.verdict


@dataclass
class Postbox:
    """A Mailer that keeps what it is handed, or fails as a test wants."""

    mails: list[Email] = field(default_factory=list)
    failure: Exception | None = None
    is_taken: bool = True
    """Whether a failing post office takes the mail all the same: a lost answer."""

    def send(self, email):
        if self.failure is None or self.is_taken:
            self.mails.append(email)
        if self.failure:
            raise self.failure


class SmallDesk:
    """Carries trials through the use cases, one message at a time."""

    def __init__(self, folder: Path):
        self.ledger = SqliteLedger(folder / "desk.db")
        self.ids = SqliteIds(self.ledger)
        self.clock = StandingClock()
        self.signer = a_signer()
        self.screener = Oracle()
        self.postbox = Postbox()
        self.settings = Settings(desk_id="example-desk", signing_key=self.signer.key_id)
        self.links = Links("https://desk.example", key=b"k" * 32)
        self.deciding = Desk(self.screener, self.ids, self.settings)
        self.post = Post(self.postbox, self.links, self.settings)

    def close(self):
        self.ledger.close()

    def now(self) -> datetime:
        return self.clock.now()

    def ask(self, *, key=None, email="ada@acme.example", **parts) -> TrialRequest:
        """Post a trial request and return what was kept."""
        at = self.now()
        ref, person = self.ids.next("TRL", at=at), self.ids.next("PER", at=at)
        token = self.links.token(Purpose.STATUS, ref, person)
        facts = {"contact": person, "received_at": at, "status_token": token_digest(token)} | parts
        trial = a_trial(ref=ref, **facts)
        limits = accept_limits(self.settings.limits, source="127.0.0.1", domain="x", at=at)
        who = a_person(ref=person, email=email)
        return request_trial(trial, who, key=key or ref, limits=limits, at=at, ledger=self.ledger)

    def work(self) -> int:
        """Do everything the outbox holds, and return how many messages that took."""
        done = 0
        while due := self.ledger.due(at=self.now()):
            for message in due:
                self.do(message)
                done += 1
        return done

    def do(self, message: str):
        """Do the work of one message."""
        work, _, rest = message.partition("/")
        about = rest.rpartition("@")[0]
        {"screen-trial": self.screen, "sign-licence": self.sign, "send-mail": self.mail}[work](
            about, message
        )

    def screen(self, ref, message):
        return screen_trial(
            ref, settles=message, at=self.now(), ledger=self.ledger, desk=self.deciding
        )

    def sign(self, ref, message):
        return sign_licence(
            ref,
            settles=message,
            at=self.now(),
            ledger=self.ledger,
            signer=self.signer,
            settings=self.settings,
        )

    def mail(self, ref, message):
        send_mail(ref, settles=message, now=self.now, ledger=self.ledger, post=self.post)

    def trial(self, ref) -> TrialRequest:
        return self.ledger.get(TrialRequest, ref)

    def sent(self, ref) -> list[str]:
        """Return the subjects of the mails about a record, without its id."""
        prefix = f"{ref}: "
        return [
            it.subject.removeprefix(prefix)
            for it in self.postbox.mails
            if it.subject.startswith(prefix)
        ]

    def judged(self, outcome: Outcome, **parts):
        """Let screening find this from now on."""
        self.screener.verdict = replace(a_verdict(outcome), **parts)

    def act(self, ref, by, reason="They asked us on the phone.") -> Act:
        return Act(ref, by, at=self.now(), reason=reason)

    def lose_answers(self):
        """Let the mail service take every mail and answer none."""
        self.postbox.failure = MailerUnavailableError("no answer")
