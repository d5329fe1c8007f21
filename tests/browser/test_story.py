"""The desk in a real browser: a person asks, staff act in the grid, the licence arrives."""

import json
import re
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from onebox.cli import desk as command
from onebox.place import Place
from onebox.running import RunningDesk

pytestmark = pytest.mark.e2e

SOON = 30_000
"""Milliseconds in which a busy machine must have answered in the sheet."""

LOOKS = 200
"""How often the mailbox is opened before a mail counts as missing."""


@pytest.fixture
def running(tmp_path):
    """A demo desk with its sample data, on free ports."""
    made = RunningDesk(Place(tmp_path / "desk"), port=0, sheets_port=0, is_demo=True)
    yield made
    made.stop()


def fill_in(page, running, **changed):
    typed = {
        "organisation": "Lumen Optics BV",
        "contact_name": "Sanne de Wit",
        "email": "sanne.dewit@lumen-optics.example",
        "users": "45",
    } | changed
    page.goto(f"{running.addresses.desk}/forms/trial")
    for name, text in typed.items():
        page.fill(f"[name={name}]", text)
    page.select_option("[name=country]", "NL")
    page.select_option("[name=company_size]", "51-100")
    page.check("[name=stage][value=evaluating]")
    page.check("[name=terms_accepted]")
    page.click("button[type=submit]")


def open_book(page, running, persona, title, tab):
    page.goto(running.addresses.console)
    page.get_by_text(persona).first.click()
    page.get_by_role("link", name=re.compile(title)).first.click()
    page.get_by_role("tab", name=tab).click()


def in_mailbox(page, running, name, *, at_least=1):
    """Open the mailbox again and again until it holds a mail, and return its link."""
    for _ in range(LOOKS):
        page.goto(f"{running.addresses.desk}/mailbox")
        if page.get_by_role("link", name=name).count() >= at_least:
            break
    return page.get_by_role("link", name=name).first


def reference_on(page):
    return re.search(r"TRL-\d{4}-\d{6}", page.inner_text("main")).group()


def test_a_form_becomes_a_row_and_a_licence_that_verifies(page, running, tmp_path):
    """Issue point 10: the form, the row in the grid, the mail, and the file on the command line."""
    fill_in(page, running)
    page.wait_for_url("**/status/*")
    reference = reference_on(page)

    open_book(page, running, "Ana Ruiz", "Partner desk", "Trials")
    page.get_by_text(reference).first.wait_for(timeout=SOON)
    page.get_by_text("Lumen Optics BV").first.wait_for(timeout=SOON)

    in_mailbox(page, running, f"{reference}: Your Mattermost trial licence").click()
    link = page.get_by_role("link", name=re.compile("mattermost-license")).get_attribute("href")
    file = tmp_path / "trial.mattermost-license"
    with urlopen(f"{running.addresses.desk}{link}") as answer:  # noqa: S310 - our own server
        file.write_bytes(answer.read())
    verified = CliRunner().invoke(
        command, ["--data", str(tmp_path / "desk"), "licence", "verify", str(file)]
    )
    assert verified.exit_code == 0, verified.stderr
    payload = json.loads(verified.stdout)
    assert payload["customer"]["email"] == "sanne.dewit@lumen-optics.example"
    assert payload["is_trial"] is True


def the_cell(page, text, heading):
    """Return the cell of the row that holds a text, in the column under a heading."""
    place = page.get_by_role("row").filter(has_text="Waiting for").first
    column = place.get_by_text(heading, exact=True).locator(
        "xpath=ancestor-or-self::*[@aria-colindex]"
    )
    index = column.first.get_attribute("aria-colindex")
    row = page.get_by_role("row").filter(has_text=text).first
    return row.locator(f"[aria-colindex='{index}']")


def choose(page, text, heading, wanted):
    """Type into a cell as a person does: click it, open it, type, Enter."""
    the_cell(page, text, heading).click()
    page.keyboard.press("Enter")
    page.keyboard.type(wanted)
    page.keyboard.press("Enter")


def test_a_partner_manager_resends_a_licence_in_the_grid(page, running):
    """Rule LIC-4: executed within seconds, the cell cleared, Result written, who recorded."""
    open_book(page, running, "Ana Ruiz", "Partner desk", "Licences")
    company = "Harbour Street Clinics"
    page.get_by_text(company).first.wait_for(timeout=SOON)
    choose(page, company, "Action", "Resend")

    result = the_cell(page, company, "Result")
    expect(result).to_contain_text("Sent again", timeout=SOON)
    expect(result).to_contain_text("ana.ruiz@vendor.example")
    expect(the_cell(page, company, "Action")).not_to_contain_text("Resend")
    in_mailbox(page, running, re.compile("Your Mattermost trial licence"), at_least=4)


def test_compliance_clears_what_was_held_and_the_licence_goes_out(page, running):
    """Rules SCR-5 and TRIAL-6: a dangerous step shows its preview, then wants Confirm."""
    open_book(page, running, "Ida Lund", "Compliance", "Screening cases")
    held = "Kazanskaya Optika"
    page.get_by_text(held).first.wait_for(timeout=SOON)
    choose(page, held, "Reason", "End customer checked by telephone.")
    choose(page, held, "Decided by", "ida.lund@vendor.example")
    choose(page, held, "Action", "Clear")
    expect(the_cell(page, held, "Preview")).to_contain_text("Would", timeout=SOON)
    the_cell(page, held, "Confirm").click()
    page.keyboard.press("Space")
    expect(the_cell(page, held, "Result")).to_contain_text("Cleared", timeout=SOON)

    row = in_mailbox(page, running, re.compile("Your Mattermost trial licence"), at_least=4)
    expect(row.page.get_by_text("t.sabirov@kazan-optika.example").first).to_be_visible()
