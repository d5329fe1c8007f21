"""What intake answers: the welcome page, the trial form, where a request stands, the doorbell."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from anyascii import anyascii
from aws_lambda_powertools.event_handler import Request, Response

from intake.forms import Judge, TrialForm, read_trial, recipient_of
from intake.services import Services
from partnerdesk.domain import doorbell
from partnerdesk.domain.countries import COUNTRIES, REGIONS
from partnerdesk.domain.embargo import countries_with_regions
from partnerdesk.domain.errors import UnavailableError
from partnerdesk.domain.signature import Purpose
from partnerdesk.domain.submission import Submission
from partnerdesk.domain.trial import (
    COMPANY_SIZES,
    REPEAT_RULE,
    SEATS,
    STAGES,
    Spam,
    TrialRequest,
    TrialState,
)
from partnerdesk.http import (
    TITLES,
    About,
    Api,
    InvalidError,
    answer,
    described,
    idempotency_key,
    new_app,
    page,
    raw,
    see,
    sent,
    source_of,
    status_of,
)
from partnerdesk.usecases.answer_doorbell import answer_doorbell
from partnerdesk.usecases.follow_link import follow_link
from partnerdesk.usecases.request_trial import accept_limits, keep_spam, request_trial

if TYPE_CHECKING:
    from jinja2 import Environment

TRIALS: Final = "/v1/trials"
FORM: Final = "/forms/trial"
SHEET_EDITS: Final = "/v1/sheet-edits"
STYLE: Final = "/style.css"
ICON: Final = "/icon.svg"
REFUSALS: Final = (400, 409, 413, 415, 422, 429, 503)
"""The problems that a form may be answered with."""

FOR_AN_HOUR: Final = "public, max-age=3600"

LABELS: Final[Mapping[str, str]] = {
    "organisation": "Organisation",
    "contact_name": "Your name",
    "email": "Work e-mail",
    "country": "Region/Country",
    "state": "State or province",
    "city": "City",
    "company_size": "Company size",
    "users": "Number of users",
    "stage": "Where are you with Mattermost?",
    "terms_accepted": "I accept the terms",
    "product_emails": "Send me news about the product",
}
"""The fields of the trial form in their order, as people see them. Rules TRIAL-1, GEN-6."""

WORDS: Final[Mapping[TrialState, tuple[str, str]]] = {
    TrialState.RECEIVED: (
        "We have your request",
        "It is being checked, which takes a minute or two. Your licence then comes by e-mail.",
    ),
    TrialState.PREPARED: (
        "Your licence is being made",
        "Your request is checked. The signed file comes by e-mail in a moment.",
    ),
    TrialState.ISSUED: (
        "Your licence is issued",
        (
            "The file goes to the address that you gave. If it has not come after a few minutes, "
            "please look in your spam folder."
        ),
    ),
    TrialState.HELD: (
        "One of us is looking at your request",
        "You need not do anything. You will hear from us within one business day.",
    ),
    TrialState.REFUSED: (
        "We cannot proceed with this request",
        "If you think that this is a mistake, please write to us and name the reference.",
    ),
}
"""What the status page says: neutral about reasons. Rule SCR-7."""

REPEATED: Final = (
    "There was a trial this year already",
    (
        "There is one trial a year for each organisation. Do you need more time, or did a "
        "colleague ask before you? Please talk to us."
    ),
)
"""What it says about a repeat. Rule TRIAL-4."""


_RECEIVED: Final = ("Request received", "received_at")
_AHEAD: Final = (("Licence issued", ""), ("Licence mailed", ""))
STEPS: Final[Mapping[TrialState, tuple[tuple[str, str], ...]]] = {
    TrialState.RECEIVED: (_RECEIVED, ("Checked", ""), *_AHEAD),
    TrialState.HELD: (_RECEIVED, ("Checked by hand", ""), *_AHEAD),
    TrialState.PREPARED: (_RECEIVED, ("Checked", "state_since"), *_AHEAD),
    TrialState.ISSUED: (
        _RECEIVED,
        ("Checked", "state_since"),
        ("Licence issued", "state_since"),
        ("Licence mailed", "mailed_at"),
    ),
    TrialState.REFUSED: (_RECEIVED, ("Request closed", "state_since")),
}
"""The way of a request: each step, and the instant of the record that says when it was taken."""


def build(services: Services) -> Api:
    """Return the routes of this function, bound to its services."""
    pages = _Pages(services)
    app = new_app(
        About(
            title="Partner Desk",
            takes={TRIALS: TrialForm.model_json_schema},
            error_page=pages.failure,
        )
    )

    @app.get("/", summary="Welcome page", responses=described(200, "A page"))
    def get_welcome() -> Response[str]:
        return pages.show("welcome.html", seats=SEATS)

    @app.get(FORM, summary="Trial form", responses=described(200, "A page"))
    def get_form() -> Response[str]:
        return pages.form()

    @app.post(FORM, include_in_schema=False)
    def post_form(request: Request) -> Response[str]:
        return _posted(request, services, pages)

    @app.post(
        TRIALS,
        summary="Ask for a trial licence",
        responses=described(202, "Accepted: the licence comes by e-mail", *REFUSALS),
    )
    def post_trial(request: Request) -> Response[str]:
        kept = _accepted(sent(request), request, services)
        url = services.links.status_url(kept.ref, recipient_of(kept))
        return answer({"reference": kept.ref, "status_url": url}, HTTPStatus.ACCEPTED)

    @app.post(SHEET_EDITS, include_in_schema=False)
    def post_sheet_edit(request: Request) -> Response[str]:
        is_ours = answer_doorbell(
            _call(request),
            at=services.clock.now(),
            doorbell=services.doorbell,
            ledger=services.ledger,
        )
        # The sender has shown the secret, and may know whether its workbook is set up.
        return answer({"workbook": "known" if is_ours else "unknown"}, HTTPStatus.ACCEPTED)

    @app.get(
        "/status/<token>", summary="Where a request stands", responses=described(200, "A page", 404)
    )
    def get_status(token: str) -> Response[str]:
        works_for = timedelta(days=services.settings.link_days)
        kept = follow_link(
            token, at=services.clock.now(), works_for=works_for, ledger=services.ledger
        )
        return pages.status(kept)

    _add_files(app)

    @app.get("/openapi.json", include_in_schema=False)
    def get_document() -> Response[str]:
        return answer(app.document())

    @app.get("/health", summary="Whether this door is open", responses=described(200, "It is"))
    def get_health() -> Response[str]:
        return answer({"status": "ok"})

    return app


def _add_files(app: Api) -> None:
    """Add the routes of what pages are drawn with."""

    @app.get(STYLE, include_in_schema=False)
    def get_style() -> Response[str]:
        return _kept_for_an_hour(STYLE, "text/css")

    @app.get(ICON, include_in_schema=False)
    def get_icon() -> Response[str]:
        return _kept_for_an_hour(ICON, "image/svg+xml")


def _call(request: Request) -> doorbell.Call:
    event, headers = request.resolved_event.raw_event, request.headers
    return doorbell.Call(
        method=event["requestContext"]["http"]["method"],
        path=event["rawPath"],
        stamp=headers.get("x-desk-timestamp", ""),
        nonce=headers.get("x-desk-nonce", ""),
        signature=headers.get("x-desk-signature", ""),
        body=raw(request, at_most=doorbell.MOST_BYTES),
    )


def _judge(services: Services, at: datetime, *, is_typed: bool) -> Judge:
    return Judge(at.date(), services.settings.addresses.contact_sales, is_typed)


def _accepted(submission: Submission, request: Request, services: Services) -> TrialRequest | Spam:
    """Return what is kept of a submission: the first one's, where it was sent before."""
    at = services.clock.now()
    form = read_trial(submission, _judge(services, at, is_typed=submission.is_typed))
    # The year is part of it: next year the same words are a new request. Rule TRIAL-3.
    key = idempotency_key(request, door=TRIALS, submission=f"{at.year}|{form.typed}")
    limits = accept_limits(
        services.settings.limits, source=source_of(request), domain=form.domain, at=at
    )
    if form.nickname:
        spam = form.spam(services.ids, services.links, at=at)
        return keep_spam(spam, key=key, limits=limits, at=at, ledger=services.ledger)
    trial, who = form.records(services.ids, services.links, at=at)
    return request_trial(trial, who, key=key, limits=limits, at=at, ledger=services.ledger)


def _posted(request: Request, services: Services, pages: "_Pages") -> Response[str]:
    """Return the way to the status page, or the form with what was typed and all that is wrong."""
    submission = sent(request)
    try:
        kept = _accepted(submission, request, services)
    except InvalidError as wrong:
        errors = {each.field: each.message for each in wrong.errors}
        return pages.form(submission.fields, errors, status=status_of(wrong))
    except UnavailableError as silent:
        return pages.form(submission.fields, {"": str(silent)}, status=status_of(silent))
    token = services.links.token(Purpose.STATUS, kept.ref, recipient_of(kept))
    return see(f"/status/{token}")


class _Pages:
    """The pages for people: they work without script, and say Region/Country. Rule GEN-6."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def show(self, name: str, status: int = HTTPStatus.OK, **facts: object) -> Response[str]:
        """Return a page filled with facts, each of them escaped."""
        settings = self._services.settings
        shared = {
            "addresses": settings.addresses,
            "icon": ICON,
            "notice": self._services.notice,
            "style": f"{STYLE}?v={_style_version()}",
            "vendor": settings.vendor,
        }
        return page(_templates().get_template(name).render(shared | facts), status)

    def form(
        self,
        typed: Mapping[str, object] | None = None,
        errors: Mapping[str, str] | None = None,
        status: int = HTTPStatus.OK,
    ) -> Response[str]:
        """Return the trial form, with what was typed and what is wrong with it."""
        with_regions = sorted(countries_with_regions(self._services.clock.now().date()))
        return self.show(
            "trial.html",
            status,
            labels=LABELS,
            typed=dict.fromkeys(LABELS, "") | dict(typed or {}),
            errors=errors or {},
            wrong=dict.fromkeys(LABELS, "") | dict(errors or {}),
            countries=_countries_by_name(),
            regions=[name for code in with_regions for name in REGIONS.get(code, {}).values()],
            with_regions=[COUNTRIES[code] for code in with_regions],
            sizes=[(size, f"{size} people") for size in COMPANY_SIZES],
            stages=STAGES,
        )

    def status(self, kept: TrialRequest | Spam) -> Response[str]:
        """Return the page that shows where a request stands; a robot's stands still."""
        trial = kept if isinstance(kept, TrialRequest) else None
        state = trial.state if trial else TrialState.RECEIVED
        is_repeat = trial is not None and trial.refusal_rule == REPEAT_RULE
        headline, sentence = REPEATED if is_repeat else WORDS[state]
        return self.show(
            "status.html",
            ref=kept.ref,
            headline=headline,
            sentence=sentence,
            is_repeat=is_repeat,
            state=state,
            steps=_steps(kept),
        )

    def failure(self, status: int, detail: str, reference: str) -> str:
        """Return the page that people see instead of a problem."""
        shown = self.show("failure.html", title=TITLES[status], detail=detail, reference=reference)
        return str(shown.body)


def _steps(kept: TrialRequest | Spam) -> list[tuple[str, str]]:
    """Return what has happened with its time, then what comes next without one."""
    state = kept.state if isinstance(kept, TrialRequest) else TrialState.RECEIVED
    return [(words, _minute(getattr(kept, when, None))) for words, when in STEPS[state]]


def _minute(at: datetime | None) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC" if at else ""


@cache
def _countries_by_name() -> tuple[tuple[str, str], ...]:
    """Return code and name of every Region/Country, accents put aside for the order."""
    return tuple(sorted(COUNTRIES.items(), key=lambda it: anyascii(it[1]).casefold()))


def _kept_for_an_hour(path: str, media_type: str) -> Response[str]:
    return Response(HTTPStatus.OK, media_type, _file(path), {"Cache-Control": FOR_AN_HOUR})


@cache
def _file(path: str) -> str:
    return (files("intake") / "pages" / path.removeprefix("/")).read_text(encoding="utf-8")


@cache
def _style_version() -> str:
    return sha256(_file(STYLE).encode()).hexdigest()[:8]


@cache
def _templates() -> "Environment":
    # Answers to programs do without pages, and a cold start without this import.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - see above

    return Environment(
        loader=PackageLoader("intake", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
