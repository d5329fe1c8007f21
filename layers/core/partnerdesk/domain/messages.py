"""Every mail the desk writes: who gets it, what it says and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jinja2 import Environment, StrictUndefined

from partnerdesk.domain.errors import RefusedError


class UnknownNoticeError(RefusedError):
    """No mail is written for this event."""

    code = "unknown-notice"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One mail, ready to be handed over; `key` names it wherever it is kept."""

    key: str
    message_id: str
    written_at: datetime
    sender: str
    recipient: str
    reply_to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """
    What one event tells one audience. Rule NOT-1.

    All texts are templates over the facts of the record. The subject follows the
    record's id and never holds a word of the sender's (robustness.md SEC-05).
    """

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    button: str = "See where your request stands"
    link: str = "{{ status_url }}"


NOTICES: Final[Mapping[str, Notice]] = {
    "trial.licence": Notice(
        subject="Your {{ vendor }} trial licence",
        paragraphs=(
            "Hello {{ name }},",
            (
                "your {{ vendor }} trial licence for {{ company }} is attached. It unlocks "
                "{{ edition }} for up to {{ seats }} users until {{ ends_at }}, and the server "
                "keeps "
                "working for 10 more days of grace after that."
            ),
            (
                "To install it, open System Console > About > Edition and License in your "
                "server and "
                "upload the file, or run: mmctl license upload {{ file_name }}"
            ),
            (
                "The open-source Team Edition takes no licence key. If that is what you run, "
                "upgrade "
                "to Enterprise Edition first ({{ upgrade_url }}), then upload the file."
            ),
            (
                "Would you rather evaluate for a year with 50 users? Partners of ours can: answer "
                "this mail and we tell you how. To buy, contact sales: {{ sales_url }}"
            ),
        ),
        facts=(
            ("Licence", "{{ licence }}"),
            ("Edition", "{{ edition }}"),
            ("Users", "{{ seats }}"),
            ("Ends", "{{ ends_at }}"),
            ("Grace until", "{{ grace_until }}"),
        ),
    ),
    "trial.repeat": Notice(
        subject="About your {{ vendor }} trial request",
        paragraphs=(
            "Hello {{ name }},",
            (
                "{{ company }} already had a {{ vendor }} trial this year, asked for on "
                "{{ first_on }}. There is one trial a year for each organisation."
            ),
            (
                "Do you need more time, or did a colleague ask before you? Answer this mail and a "
                "person will look at it, or talk to sales: {{ sales_url }}"
            ),
        ),
    ),
    "trial.held": Notice(
        subject="About your {{ vendor }} trial request",
        paragraphs=(
            "Hello {{ name }},",
            (
                "thank you for asking for a {{ vendor }} trial for {{ company }}. Before we "
                "can send "
                "the licence, one of us has to check your request by hand. You need not do "
                "anything."
            ),
            (
                "You will hear from us within one business day. If you have a question meanwhile, "
                "write to {{ compliance }} and name {{ ref }}."
            ),
        ),
    ),
    "trial.ending": Notice(
        subject="Your {{ vendor }} trial ends on {{ ends_on }}",
        paragraphs=(
            "Hello {{ name }},",
            (
                "your {{ vendor }} trial for {{ company }} ends at {{ ends_at }}. The server keeps "
                "working for 10 more days of grace, until {{ grace_until }}."
            ),
            (
                "To go on without a break you can buy through a partner or from us: {{ "
                "sales_url }} "
                "Answer this mail if you would like a person to call you."
            ),
        ),
        facts=(("Licence", "{{ licence }}"), ("Ends", "{{ ends_at }}")),
    ),
    "record.refused": Notice(
        subject="We cannot proceed",
        paragraphs=(
            "Hello {{ name }},",
            (
                "thank you for your interest in {{ vendor }}. We are not able to proceed with "
                "request "
                "{{ ref }}."
            ),
            (
                "If you think that this is a mistake, write to {{ compliance }} and name {{ "
                "ref }}; "
                "a person will look at it."
            ),
        ),
    ),
    "screening.case": Notice(
        subject="Screening case opened",
        paragraphs=(
            (
                "A screening case waits for Compliance: {{ case }} about {{ ref }}, outcome "
                "{{ outcome }}. Due {{ due_at }}."
            ),
            (
                "The row in the Compliance workbook, tab Screening cases, tells what matched "
                "and why. "
                "Until it is decided, {{ ref }} is on hold."
            ),
        ),
        facts=(("Case", "{{ case }}"), ("Record", "{{ ref }}"), ("Due", "{{ due_at }}")),
        button="",
        link="",
    ),
}
"""The mails of rules.md 17, by event."""

_TEXT: Final = """\
{% for paragraph in paragraphs %}{{ paragraph }}

{% endfor %}{% for label, value in facts %}{{ label }}: {{ value }}
{% endfor %}{% if link %}
{{ button }}: {{ link }}
{% endif %}
Reference: {{ ref }}
Reply to: {{ reply_to }}
"""

_HTML: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ subject }}</title></head>
<body style="margin:0;background:#f4f5f8;font-family:system-ui,Segoe UI,Helvetica,Arial,sans-serif">
<div style="max-width:600px;margin:0 auto;padding:24px 16px">
<p style="margin:0 0 12px;font-size:14px;color:#3f4350">{{ vendor }}</p>
<div style="background:#ffffff;border-radius:8px;padding:24px;color:#1b1d22;line-height:1.5">
<h1 style="margin:0 0 16px;font-size:20px">{{ subject }}</h1>
{% for paragraph in paragraphs %}<p style="margin:0 0 14px">{{ paragraph }}</p>
{% endfor %}{% if facts %}<table style="margin:16px 0;border-collapse:collapse">
{% for label, value in facts %}<tr>\
<th style="text-align:left;padding:4px 24px 4px 0;font-weight:600">{{ label }}</th>\
<td style="padding:4px 0">{{ value }}</td></tr>
{% endfor %}</table>
{% endif %}{% if link %}<p style="margin:20px 0 0"><a href="{{ link }}" \
style="display:inline-block;background:#1c58d9;color:#ffffff;padding:10px 18px;\
border-radius:4px;text-decoration:none">{{ button }}</a></p>
{% endif %}</div>
<p style="margin:16px 0 0;font-size:13px;color:#5b606e">Reference {{ ref }}. \
Reply to this mail or write to {{ reply_to }}.</p>
</div></body></html>
"""

_PLAIN = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - plain text
_MARKUP = Environment(undefined=StrictUndefined, autoescape=True)


@dataclass(frozen=True, slots=True)
class Written:
    """What a mail says."""

    subject: str
    text: str
    html: str


def write(event: str, facts: Mapping[str, str]) -> Written:
    """
    Return what the mail of an event says about a record with these facts.

    Whatever a person typed is a value in a template, never a template, and is
    escaped in the HTML; the subject takes none of it. `facts` holds at least
    `ref`, `vendor`, `reply_to` and what the notice names.

    :raises UnknownNoticeError: when there is no such notice
    """
    if event not in NOTICES:
        message = f"No mail is written for {event}."
        raise UnknownNoticeError(message, event=event)
    notice = NOTICES[event]

    def fill(template: str) -> str:
        return _PLAIN.from_string(template).render(facts)

    parts = {
        "subject": f"{facts['ref']}: {fill(notice.subject)}",
        "paragraphs": [fill(each) for each in notice.paragraphs],
        "facts": [(label, fill(value)) for label, value in notice.facts],
        "button": notice.button,
        "link": fill(notice.link),
        "ref": facts["ref"],
        "vendor": facts["vendor"],
        "reply_to": facts["reply_to"],
    }
    return Written(
        subject=str(parts["subject"]),
        text=_PLAIN.from_string(_TEXT).render(parts),
        html=_MARKUP.from_string(_HTML).render(parts),
    )
