"""Every tab of the console and every column of it, once."""

from collections.abc import Mapping
from typing import Final

from console.schema import (
    Action,
    Cell,
    Column,
    Happening,
    LogTab,
    QueueTab,
    Relation,
    Seen,
    Tab,
    Tone,
    Value,
    words,
)
from partnerdesk.domain import licence, screening_case, trial
from partnerdesk.domain.countries import COUNTRIES
from partnerdesk.domain.licence import GRACE, Licence, LicenceState
from partnerdesk.domain.person import Person
from partnerdesk.domain.profiles import SKUS
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening import Hit
from partnerdesk.domain.screening_case import CaseMove, CaseState, Decision, ScreeningCase
from partnerdesk.domain.trial import STAGES, TrialRequest, TrialState

TITLES: Final[Mapping[Workbook, str]] = {
    Workbook.DESK: "Partner desk",
    Workbook.FINANCE: "Finance",
    Workbook.COMPLIANCE: "Compliance",
}
"""What the workbooks are called."""

HELD: Final = "Held by Compliance"
"""All that anybody outside Compliance is shown of a screening. Rule SCR-7."""

DECIDED_BY: Final = "decided_by"
"""The field in which Compliance says who decides."""


def _yes(field: str) -> Column:
    """Return a column that says yes or nothing."""
    heading = {"may_be_partner": "Reseller?", "look_alike_domain": "Look-alike domain?"}[field]
    note = {
        "may_be_partner": "Yes if the organisation ended with [RESELLER].",
        "look_alike_domain": "Yes if the e-mail's domain imitates another alphabet. Look closely.",
    }[field]

    def value(seen: Seen[TrialRequest]) -> Value:
        return "Yes" if seen.find(field) else ""

    return Column(field, heading, width=110, note=note, value=value)


def _trial_status(seen: Seen[TrialRequest]) -> str:
    state = seen.record.state
    return HELD if state is TrialState.HELD else words(state)


def _country(seen: Seen[TrialRequest]) -> Value:
    code = seen.record.country
    return COUNTRIES.get(code, code)


def _stage(seen: Seen[TrialRequest]) -> Value:
    return STAGES.get(seen.record.stage, seen.record.stage)


def _users(seen: Seen[TrialRequest]) -> Value:
    return seen.record.users or None


TRIALS: Final = QueueTab[TrialRequest](
    title="Trials",
    workbook=Workbook.DESK,
    purpose="Requests for a trial licence, from the web form and from servers.",
    kind=TrialRequest,
    lifecycle=trial.LIFECYCLE,
    name="organisation",
    status=_trial_status,
    waiting_for=trial.waiting_for,
    is_closed=trial.is_closed,
    tones={
        "Received": Tone.IN_PROGRESS,
        "Prepared": Tone.IN_PROGRESS,
        "Issued": Tone.DONE,
        HELD: Tone.WAITING,
        "Refused": Tone.CLOSED,
    },
    not_here="the trial form",
    relations=(Relation("contact", Person),),
    actions=(
        Action(
            "Allow another trial",
            may=trial.may_have_another,
            help="Gives a second trial in the same year: screened again, then mailed.",
            is_dangerous=True,
        ),
    ),
    columns=(
        Column("contact.name", "Contact", width=160, note="Who asked for it."),
        Column("contact.email", "E-mail", width=240, note="Where the licence is mailed to."),
        Column("domain", "Domain", width=160, note="Who this is: one trial a year for each."),
        Column("country", "Region/Country", width=150, value=_country),
        Column("region", "State", width=90, note="State or province, where it was asked."),
        Column("city", "City", width=120),
        Column("company_size", "Company size", width=110, note="Employees, as stated."),
        Column("users", "Users", Cell.NUMBER, width=80, note="As asked for.", value=_users),
        Column("stage", "Where they are", width=260, note="With the product.", value=_stage),
        Column("door", "Came by", width=100, note="The web form, or a server in the product."),
        _yes("may_be_partner"),
        _yes("look_alike_domain"),
        Column("received_at", "Received", Cell.INSTANT, width=160),
        Column("licence", "Licence", width=150, note="Its row is in the tab Licences."),
        Column("mailed_at", "Last mail", Cell.INSTANT, width=160, note="When it was handed over."),
        Column("refusal", "Why refused", width=260),
    ),
)


def _licence_status(seen: Seen[Licence]) -> str:
    licence = seen.record
    return words(licence.standing if licence.state is LicenceState.ISSUED else licence.state)


def _is_over(licence: Licence) -> bool:
    return licence.standing not in LIVE and licence.state is LicenceState.ISSUED


LIVE: Final = frozenset(licence.TURNS)
"""Where an issued licence stands as long as a server takes it."""


def _edition(seen: Seen[Licence]) -> Value:
    return SKUS[seen.record.sku].name


def _grace_ends(seen: Seen[Licence]) -> Value:
    return seen.record.ends_at + GRACE


LICENCES: Final = QueueTab[Licence](
    title="Licences",
    workbook=Workbook.DESK,
    purpose="Every licence that was granted. The file itself is never in a sheet.",
    kind=Licence,
    lifecycle=licence.LIFECYCLE,
    name="company",
    status=_licence_status,
    waiting_for=licence.waiting_for,
    is_closed=_is_over,
    tones={
        "Prepared": Tone.IN_PROGRESS,
        "Active": Tone.DONE,
        "Ending": Tone.WAITING,
        "In grace": Tone.WAITING,
        "Expired": Tone.CLOSED,
    },
    not_here="the trial form",
    relations=(Relation("contact", Person),),
    actions=(
        Action(
            "Resend",
            may=licence.may_be_sent_again,
            help="Mails the same file to the same person once more.",
        ),
    ),
    columns=(
        Column("grant", "Granted for", width=150, note="The request or order behind it."),
        Column("type", "Kind", width=110),
        Column("sku", "Edition", width=110, value=_edition),
        Column("seats", "Users", Cell.NUMBER, width=90),
        Column("starts_at", "Starts", Cell.INSTANT, width=160),
        Column("ends_at", "Ends", Cell.INSTANT, width=160),
        Column(
            "grace_ends_at",
            "Grace ends",
            Cell.INSTANT,
            width=160,
            note="The server goes on for 10 days after the end.",
            value=_grace_ends,
        ),
        Column("contact.name", "Contact", width=160),
        Column("contact.email", "E-mail", width=240, note="The file is mailed to nobody else."),
        Column("issued_at", "Issued", Cell.INSTANT, width=160),
        Column("mailed_at", "Mailed", Cell.INSTANT, width=160, note="The last time."),
        Column("times_sent", "Times sent", Cell.NUMBER, width=90),
    ),
)


def _case_status(seen: Seen[ScreeningCase]) -> str:
    return words(seen.record.state)


def _may_confirm(case: ScreeningCase) -> bool:
    return CaseMove.CONFIRM in screening_case.LIFECYCLE.legal(case.state)


def _is_decided(case: ScreeningCase) -> bool:
    return case.state is not CaseState.OPEN


def _outcome(seen: Seen[ScreeningCase]) -> Value:
    return words(seen.record.outcome.value.lower())


def _rules(seen: Seen[ScreeningCase]) -> Value:
    return ", ".join(seen.record.rules)


def _decision(seen: Seen[ScreeningCase]) -> Decision | None:
    found: Decision | None = seen.related.get("decision")
    return found


def _why(seen: Seen[ScreeningCase]) -> Value:
    decision = _decision(seen)
    return "\n".join(decision.verdict.reasons) if decision else None


def _screened(seen: Seen[ScreeningCase]) -> Value:
    decision = _decision(seen)
    return "\n".join(f"{it.name} ({it.type})" for it in decision.parties) if decision else None


def _where(seen: Seen[ScreeningCase]) -> Value:
    decision = _decision(seen)
    if decision is None:
        return None
    places = {
        ", ".join(filter(None, (it.street, it.city, it.postcode, it.region, it.country)))
        for party in decision.parties
        for it in party.addresses
    }
    return "\n".join(sorted(places))


def _hit(hit: Hit) -> str:
    score = f"{hit.score // 10}.{hit.score % 10}"
    line = f"{hit.name} ({hit.list_code} {hit.entity}, score {score})"
    return "\n".join((line, *hit.explanation))


def _matches(seen: Seen[ScreeningCase]) -> Value:
    decision = _decision(seen)
    return "\n".join(map(_hit, decision.verdict.hits)) if decision else None


def _lists(seen: Seen[ScreeningCase]) -> Value:
    decision = _decision(seen)
    return "\n".join(decision.verdict.lists) if decision else None


CASES: Final = QueueTab[ScreeningCase](
    title="Screening cases",
    workbook=Workbook.COMPLIANCE,
    purpose="Records that screening holds or refused, for Compliance to decide.",
    kind=ScreeningCase,
    lifecycle=screening_case.LIFECYCLE,
    name="about.organisation",
    status=_case_status,
    waiting_for=screening_case.waiting_for,
    is_closed=_is_decided,
    tones={"Open": Tone.WAITING, "Cleared": Tone.DONE, "Confirmed": Tone.CLOSED},
    not_here="screening, which opens every case itself",
    relations=(Relation("about", TrialRequest), Relation("decision", Decision)),
    actions=(
        Action(
            "Clear",
            may=screening_case.may_be_cleared,
            help="Says that it is somebody else: what was held goes on. Never for an embargo.",
            is_dangerous=True,
        ),
        Action(
            "Confirm",
            may=_may_confirm,
            help="Says that it is the listed party or place: what was held is refused.",
            is_dangerous=True,
        ),
    ),
    columns=(
        Column(
            DECIDED_BY,
            "Decided by",
            width=180,
            is_staff=True,
            note="Who decides: your e-mail address.",
        ),
        Column("about", "Record", width=150, note="What is held."),
        Column("outcome", "Outcome", width=90, value=_outcome),
        Column("rules", "Rules", width=100, value=_rules),
        Column(
            "why",
            "Why",
            width=360,
            note="What the screening says.",
            value=_why,
            is_wrapped=True,
        ),
        Column("screened", "Screened", width=220, note="Who was checked.", value=_screened),
        Column("where", "Place", width=180, note="Where they are.", value=_where),
        Column("matches", "Matches", width=360, note="What they resemble.", value=_matches),
        Column("lists", "Lists", width=200, note="Which lists, of which day.", value=_lists),
        Column("opened_at", "Opened", Cell.INSTANT, width=160),
        Column("decided_at", "Decided", Cell.INSTANT, width=160),
        Column("decided_by_kept", "Recorded: by", width=200, value=lambda it: it.record.decided_by),
        Column("reason_kept", "Recorded: reason", width=260, value=lambda it: it.record.reason),
    ),
)

_PUBLIC: Final[Mapping[str, str]] = {
    "screened: CLEAR": "Screened",
    "screened: CLEAR_BY_OVERRIDE": "Screened",
    "screened: REVIEW": HELD,
    "screened: BLOCK": "Refused by Compliance",
    "screening case cleared": "Released by Compliance",
    "screening case confirmed": "Refused by Compliance",
}
"""What the partner desk is told of events that say more than it may know. Rule SCR-7."""

BY_ITSELF: Final = frozenset({"desk", "schedule"})
DOORS: Final = frozenset(door.value for door in trial.Door)


def _how(it: Happening) -> Value:
    if it.who in BY_ITSELF:
        return "By itself"
    return words(it.who) if it.who in DOORS else "Sheet"


def who(it: Happening) -> str:
    """Return who is behind an event, as staff read it: a person as reported, else what it was."""
    if it.who in BY_ITSELF:
        return "The desk"
    return words(it.who) if it.who in DOORS else it.who


def _what(it: Happening) -> str:
    return words(it.what.replace(".", " "))


def _public_what(it: Happening) -> Value:
    return _PUBLIC.get(it.what) or _what(it)


def _state(it: Happening) -> Value:
    return words(it.state)


def _public_state(it: Happening) -> Value:
    is_held = it.kind == TrialRequest.KIND and it.state == TrialState.HELD
    return HELD if is_held else _state(it)


def _evidence(it: Happening) -> Value:
    return "\n".join(f"{words(name)}: {text}" for name, text in it.facts.items() if text)


_EVENT: Final = {
    "id": lambda it: it.id,
    "time": lambda it: it.at,
    "who": who,
    "how": _how,
    "record": lambda it: it.ref,
    "what": _what,
    "outcome": _state,
    "link": lambda _it: "",
}

ACTIVITY: Final = LogTab(
    title="Activity",
    workbook=Workbook.DESK,
    purpose="What happened, the latest at the bottom. It takes no edits.",
    values=_EVENT | {"what": _public_what, "outcome": _public_state},
)

DECISIONS: Final = LogTab(
    title="Decisions",
    workbook=Workbook.COMPLIANCE,
    purpose="Who decided what, why, and on which evidence. It takes no edits.",
    values=_EVENT | {"evidence": _evidence},
    columns=(Column("evidence", "Evidence", width=360, note="What the decision rests on."),),
)

TABS: Final[tuple[Tab, ...]] = (TRIALS, LICENCES, ACTIVITY, CASES, DECISIONS)
"""Every tab, in the order of the tabs in its workbook."""


def tabs_of(workbook: Workbook) -> tuple[Tab, ...]:
    """Return the tabs of a workbook, in their order."""
    return tuple(tab for tab in TABS if tab.workbook is workbook)
