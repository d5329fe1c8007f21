"""Every mail: whom it concerns, what it must hold, and what it must never do."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.messages import NOTICES, UnknownNoticeError, write

FACTS = {
    "ref": "TRL-2026-000123",
    "vendor": "Mattermost",
    "reply_to": "partners@mattermost.com",
    "compliance": "compliance@mattermost.com",
    "sales_url": "https://mattermost.com/contact-sales/",
    "upgrade_url": "https://docs.mattermost.com/upgrade",
    "name": "Inês Carvalho",
    "company": "Rio Claro Logística",
    "status_url": "https://desk.example/status/abc",
    "first_on": "3 March 2026",
    "licence": "LIC-2026-000042",
    "edition": "Enterprise",
    "seats": "125,000",
    "ends_at": "25 December 2026, 17:12 UTC",
    "ends_on": "25 December 2026",
    "grace_until": "4 January 2027, 17:12 UTC",
    "file_name": "LIC-2026-000042.mattermost-license",
    "case": "SCR-2026-000001",
    "outcome": "REVIEW",
    "due_at": "26 November 2026, 23:59 UTC",
}


class Tags(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self):
        super().__init__()
        self.tags = []
        self.links = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text += data


def read(html):
    page = Tags()
    page.feed(html)
    return page


@pytest.mark.parametrize("event", NOTICES)
def test_every_mail_begins_with_the_id_and_names_the_next_step(event):
    """Rule NOT-1: the subject starts with the id; a reply address is always there."""
    written = write(event, FACTS)

    assert written.subject.startswith("TRL-2026-000123: ")
    assert "\n" not in written.subject
    assert "TRL-2026-000123" in written.text
    assert "partners@mattermost.com" in written.text
    assert "{{" not in written.text + written.html


def test_the_licence_mail_says_what_rules_md_asks():
    """Rules 17 (trial.licence), LIC-6 and TRIAL-7."""
    text = write("trial.licence", FACTS).text

    for needed in (
        "25 December 2026, 17:12 UTC",
        "125,000",
        "10 more days",
        "Team Edition takes no licence key",
        "mmctl license upload LIC-2026-000042.mattermost-license",
        "50 users",
        "https://desk.example/status/abc",
    ):
        assert needed in text


@pytest.mark.parametrize("event", ["trial.held", "record.refused"])
def test_outsiders_hear_neutral_words(event):
    """Rule SCR-7: no list, name or score; the compliance address."""
    text = write(event, FACTS).text.lower()

    assert "compliance@mattermost.com" in text
    for never in ("list", "sanction", "screen", "match", "score", "ofac", "sdn"):
        assert never not in text.replace("listen", "")


@given(typed=st.text(max_size=60))
def test_nothing_that_was_typed_becomes_markup_or_subject(typed):
    """robustness.md SEC-05, SEC-06: user text is a value, escaped, and never in a subject."""
    plain = write("trial.licence", FACTS)
    written = write("trial.licence", {**FACTS, "name": typed, "company": typed})

    assert written.subject == plain.subject
    assert read(written.html).tags == read(plain.html).tags
    assert read(written.html).links == read(plain.html).links
    assert typed.replace("\r", "\n") in written.text.replace("\r", "\n")


def test_an_unknown_event_is_refused():
    with pytest.raises(UnknownNoticeError):
        write("no.such.event", FACTS)


def test_a_template_in_a_name_stays_text():
    written = write("trial.held", {**FACTS, "company": "{{ vendor }} {0.__class__} %s"})

    assert "{{ vendor }} {0.__class__} %s" in written.text
