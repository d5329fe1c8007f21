"""Every tab of the console and every column of it, once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from console.schema import (
    Action,
    BoardLine,
    BoardTab,
    Cell,
    Cells,
    Column,
    Happening,
    LogTab,
    Picture,
    QueueTab,
    Relation,
    Section,
    Seen,
    Tab,
    Tone,
    Value,
    instant,
    views_for,
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
from partnerdesk.domain.settings import Addresses
from partnerdesk.domain.trial import STAGES, TrialRequest, TrialState
from partnerdesk.domain.waiting import Flag, day
from partnerdesk.domain.waiting import Party as Turn

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
    counted=("received_at", "first_mailed_at"),
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
        Column(
            "first_mailed_at",
            "First mail",
            Cell.INSTANT,
            width=160,
            note="The trial clock of 5 minutes runs until then.",
        ),
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
    views=views_for(Turn.COMPLIANCE, has_partners=False),
    not_here="screening, which opens every case itself",
    counted=("name", "opened_at"),
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
"""Every tab of rows, in the order of the tabs in its workbook."""


def tabs_of(workbook: Workbook) -> tuple[Tab, ...]:
    """Return the tabs of rows of a workbook, in their order."""
    return tuple(tab for tab in TABS if tab.workbook is workbook)


SILENCE: Final = (
    "Is the last sync older than 10 minutes? Then the desk stands still: call whoever runs it. "
    "Nothing is lost, forms and licences go on, and the tabs catch up by themselves."
)
"""What stands beside the health line."""

MOST_CALLS: Final = 50
"""What we ask of the spreadsheet service in a minute at most (sheets.md A9)."""


def health_line(picture: Picture) -> str:
    """Return the line that tells how the console fares (sheets.md C4)."""
    health = picture.health
    oldest = min(health.lists.values(), default=None)
    parked = sum(
        row["flag"] == Flag.NEEDS_A_PERSON for rows in picture.rows.values() for row in rows
    )
    parts = (
        f"Last sync {picture.at:%H:%M:%S} UTC",
        health.edits,
        f"waiting rows {health.waiting}",
        f"parked {parked}",
        f"Google calls {health.calls} of {MOST_CALLS}",
        f"list age {span(picture.at - oldest)}" if oldest else "list age unknown",
    )
    return ", ".join(parts)


def span(time: timedelta) -> str:
    """Return a stretch of time in its coarsest unit: `3 days`, `5 h`, `12 min`."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    if hours >= HOURS_IN_WORDS:
        return f"{hours // 24} days"
    return f"{hours} h" if hours else f"{minutes} min"


HOURS_IN_WORDS: Final = 48
"""From here on, days tell more than hours."""


def _health(picture: Picture) -> Iterator[BoardLine]:
    yield health_line(picture), None, SILENCE


def _by_status(tab: QueueTab[Any]) -> Section:
    """Return the section that counts the rows of a tab by the words in Status."""

    def lines(picture: Picture) -> Iterator[BoardLine]:
        counts = Counter(row["status"] for row in picture.rows[tab.key])
        for word in tab.tones:
            yield word, counts[word]

    return Section(f"{tab.title} by status", len(tab.tones), lines, chart="BAR")


AGES: Final = (
    ("Overdue by less than an hour", timedelta(hours=1)),
    ("Overdue by less than a day", timedelta(days=1)),
    ("Overdue by less than a week", timedelta(days=7)),
    ("Overdue by a week or more", timedelta.max),
)
"""How overdue rows are told apart: words, and less than how long."""

NO_CLOCK, IN_TIME = "Open without a due time", "Open, in time"


def _age(row: Cells, at: datetime) -> str:
    """Return how an open row stands with its clock; empty for one that waits for nobody."""
    if row["waiting_for"].startswith(Turn.NOBODY):
        return ""
    due = instant(row["due"])
    if due is None:
        return NO_CLOCK
    if at <= due:
        return IN_TIME
    return next(words for words, limit in AGES if at - due < limit)


def _ageing(*tabs: QueueTab[Any]) -> Section:
    """Return the section that counts open rows by how they stand with their clock."""

    def lines(picture: Picture) -> Iterator[BoardLine]:
        rows = [row for tab in tabs for row in picture.rows[tab.key]]
        counts = Counter(_age(row, picture.at) for row in rows)
        for words_ in (NO_CLOCK, IN_TIME, *(name for name, _ in AGES)):
            yield words_, counts[words_]

    title = f"Open {' and '.join(tab.title.lower() for tab in tabs)} by their clock"
    return Section(title, len(AGES) + 2, lines)


def _trial_clock(picture: Picture) -> Iterator[BoardLine]:
    """Yield how often the first mail about a request was handed over in time. Rule SLA-4."""
    took = [
        mailed - received
        for row in picture.rows[TRIALS.key]
        if (received := instant(row["received_at"]))
        if (mailed := instant(row["first_mailed_at"]))
    ]
    hits = sum(time <= trial.ACKNOWLEDGED_WITHIN + ROUNDING for time in took)
    yield "Answered in time", hits
    yield "Answered late", len(took) - hits
    rate = round(100 * hits / len(took)) if took else None
    yield "Hit rate in percent", rate, "From received to the first mail handed over (SLA-4)."


ROUNDING: Final = timedelta(milliseconds=1)
"""What cells lose of an instant at most."""

WEEKS: Final = 8


def _by_week(picture: Picture) -> Iterator[BoardLine]:
    """Yield how many requests came in each of the last weeks, from Monday, the oldest first."""
    today = picture.at.date()
    monday = today - timedelta(days=today.weekday())
    received = filter(None, (instant(row["received_at"]) for row in picture.rows[TRIALS.key]))
    weeks = Counter((monday - it.date() + timedelta(days=6)).days // 7 for it in received)
    for back in reversed(range(WEEKS)):
        yield f"{monday - timedelta(weeks=back):%d %b}", weeks[back]


def _oldest_case(picture: Picture) -> Iterator[BoardLine]:
    cases = picture.rows[CASES.key]
    opened = [
        (at, row["name"])
        for row in cases
        if not row["waiting_for"].startswith(Turn.NOBODY)
        if (at := instant(row["opened_at"]))
    ]
    since, about = min(opened, default=(None, ""))
    days = (picture.at - since) // timedelta(days=1) if since else None
    yield "Days open", days, f"{about}, since {day(since)}" if since else "No case is open."


MOST_LISTS: Final = 12
"""Room for lists; the oldest come first, as they are what matters."""


def _list_ages(picture: Picture) -> Iterator[BoardLine]:
    known = [
        (code, (picture.at - at) // timedelta(days=1), f"Current on {day(at)}.")
        for code, at in sorted(picture.health.lists.items(), key=lambda pair: (pair[1], pair[0]))
    ]
    unknown = ("Unknown here", None, "The cases tell which lists they rest on.")
    lines: list[BoardLine] = [*known[:MOST_LISTS]] or [unknown]
    yield from lines + [("",)] * (MOST_LISTS - len(lines))


PREVIEW_ALL: Final = "preview_all"
"""The switch that treats every step of a workbook as dangerous (sheets.md C4.4)."""

SUMMARY_COLUMNS: Final = (
    Column("what", "Summary", width=440, is_wrapped=True, note="The desk writes it."),
    Column("number", "Number", Cell.NUMBER, width=90, note="The desk writes it."),
    Column("more", "More", width=430, is_wrapped=True, note="The desk writes it."),
    Column(
        PREVIEW_ALL,
        "Preview everything",
        Cell.TICK,
        width=110,
        is_staff=True,
        note="Yours: tick the box below, and every step of this workbook shows a preview first and "
        "waits for Confirm.",
    ),
)


def _summary(workbook: Workbook, purpose: str, *sections: Section) -> BoardTab:
    return BoardTab(
        name="summary",
        title="Summary",
        workbook=workbook,
        purpose=purpose,
        columns=SUMMARY_COLUMNS,
        sections=(Section("", 1, _health), *sections),
    )


STEPS: Final = (
    "**Action** lists what is possible now for this row. Choose one.",
    (
        "An ordinary step is done at once: Action is emptied, Result says "
        "`✓ 14:02 Sent again (ana@example.com)`."
    ),
    (
        "A step marked with `!` is first tried without being done. **Preview** says what it "
        "would do. Write a **Reason**, read Preview, then tick **Confirm**. A tick that was set "
        "before the preview does not count, and neither does one for a record that has changed "
        "since: you get a new preview."
    ),
    "What cannot be done is refused with the reason, `✗ 14:02 Not done: ..`, and nothing happens.",
    "More than 20 new steps at once ask first: `Held: 37 at once`. Tick Confirm where you mean it.",
    (
        "With the tick **Preview everything** on Summary, every step of the workbook is tried "
        "first, as those with `!` are; a Reason is needed only where it is marked."
    ),
    "To take a step back before it is confirmed, empty Action.",
)
"""How staff act in a row: for Help and the guide alike."""

WHOSE: Final = (
    ("white", "yours to fill in; so is everything to the right of our columns"),
    ("grey", "belongs to the desk"),
)

MEANINGS: Final = {
    Tone.DONE: ("green", "done"),
    Tone.WAITING: ("yellow", "waits for somebody, or is due soon"),
    Tone.IN_PROGRESS: ("blue", "the desk is at work"),
    Tone.NEEDS_A_PERSON: ("red", "overdue, or needs a person"),
    Tone.CLOSED: ("grey text", "closed"),
}

SIGNS: Final = (
    ("✓", "done, and by whom"),
    ("✗", "not done, and why"),
    ("?", "the desk asks before it does anything"),
    ("!", "behind a step: it needs a preview, a Reason and Confirm"),
)

ROWS: Final = (
    ("Sort, filter, insert rows, add columns", "As you like: rows are found by their ID."),
    ("Delete a row", "An open record's row comes back at the bottom, with your cells."),
    ("Copy a row", "Two rows with one ID are both left alone until you delete one."),
    ("Type over a heading", "It is put back, and your word is kept in its note."),
    ("Paste over grey cells", "The desk puts them right within the hour."),
    ("Read a time", "Times are UTC."),
)


def _plain(text: str) -> str:
    """Return a text of the guide without its marks."""
    return text.replace("**", "").replace("`", "")


def _fixed(title: str, lines: Iterable[BoardLine], *tones: Tone) -> Section:
    """Return a section that always says the same."""
    kept = tuple(lines)
    return Section(title, len(kept), lambda _picture: kept, tones=tones)


def _explained(tab: QueueTab[Any]) -> Iterator[Section]:
    """Yield the sections about the steps and the words of a queue."""
    if tab.actions:
        yield _fixed(f"Steps in {tab.title}", [(it.shown, it.help) for it in tab.actions])
    told = [(word, words(MEANINGS[tone][1])) for word, tone in tab.tones.items()]
    yield _fixed(f"Status in {tab.title}", told, *tab.tones.values())


def _help(workbook: Workbook, *contacts: tuple[str, str]) -> BoardTab:
    queues = [tab for tab in tabs_of(workbook) if isinstance(tab, QueueTab)]
    purposes = [(tab.title, tab.purpose) for tab in tabs_of(workbook)]
    colours = [(words(name), words(meaning)) for name, meaning in (*WHOSE, *MEANINGS.values())]
    keeper = ("The desk stands still", "Whoever runs it: the last sync on Summary is old.")
    return BoardTab(
        name="help",
        title="Help",
        workbook=workbook,
        purpose="What the colours and signs mean, how to act in a row, and whom to ask.",
        columns=(
            Column("topic", "Help", width=280, note="The desk writes it."),
            Column("meaning", "What it means", width=760, is_wrapped=True),
        ),
        sections=(
            _fixed("How to act", [(f"{n}.", _plain(it)) for n, it in enumerate(STEPS, start=1)]),
            _fixed("Colours", colours, *MEANINGS),
            _fixed("Signs", [(sign, words(meaning)) for sign, meaning in SIGNS]),
            _fixed("What you may do to rows", ROWS),
            _fixed("Tabs", purposes),
            *(section for tab in queues for section in _explained(tab)),
            _fixed("Whom to ask", (*contacts, keeper)),
        ),
        is_fixed=True,
    )


ASKED: Final = Addresses()

BOARDS: Final = (
    _summary(
        Workbook.DESK,
        "How many requests and licences there are, what is late, and how the desk fares.",
        _by_status(TRIALS),
        _by_status(LICENCES),
        _ageing(TRIALS, LICENCES),
        Section("Trial clock of 5 minutes", 3, _trial_clock),
        Section("Trials by week, from Monday", WEEKS, _by_week, chart="COLUMN"),
    ),
    _summary(
        Workbook.COMPLIANCE,
        "How many cases are open, since when, how old the lists are, and how the desk fares.",
        _by_status(CASES),
        _ageing(CASES),
        Section("Oldest open case", 1, _oldest_case),
        Section("Age of the lists in days", MOST_LISTS, _list_ages),
    ),
    _help(
        Workbook.DESK,
        ("Partners and trials", ASKED.partners),
        ("A request that Compliance holds", ASKED.compliance),
    ),
    _help(
        Workbook.COMPLIANCE,
        ("Screening and embargoes", ASKED.compliance),
        ("The request behind a case", ASKED.partners),
    ),
)
"""Every board; the Summary comes before the tabs that it tells of, the others behind them."""


def boards_of(workbook: Workbook) -> tuple[BoardTab, ...]:
    """Return the boards of a workbook, in their order."""
    return tuple(board for board in BOARDS if board.workbook is workbook)


def all_tabs_of(workbook: Workbook) -> tuple[Tab, ...]:
    """Return every tab of a workbook in its order: the Summary, the rows, the other boards."""
    first, *others = boards_of(workbook) or (None,)
    return (*([first] if first else ()), *tabs_of(workbook), *others)
