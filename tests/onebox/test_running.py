"""A demo desk in one process: its pages, its mailbox, its console, its banner."""

import csv
import json
import logging
import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import httpx
import pytest

from onebox.log import FactsFormatter
from onebox.place import Place
from onebox.running import RunningDesk
from onebox.samples import SAMPLES
from partnerdesk.domain.trial import TrialRequest

ROUNDS = 2_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A demo with its samples worked off."""
    place = Place(tmp_path_factory.mktemp("desk"))
    made = RunningDesk(place, port=0, sheets_port=0, is_demo=True)
    for _ in range(ROUNDS):
        if not made.adapters.ledger.waiting() and not made.adapters.ledger.stale():
            break
        get(f"{made.addresses.desk}/health")
    yield made
    made.stop()


def get(address, **headers):
    try:
        with urlopen(Request(address, headers=headers)) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read(), answer.headers
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read(), refused.headers


def test_every_sample_came_in_by_the_public_door(desk):
    for number in range(1, len(SAMPLES) + 1):
        assert desk.adapters.ledger.holder(f"link:{token_of(desk, number)}")


def token_of(desk, number):
    return desk.adapters.ledger.get(TrialRequest, f"TRL-2026-{number:06d}").status_token


def test_the_mailbox_lists_every_mail_and_shows_one(desk):
    _, listed, headers = get(f"{desk.addresses.desk}/mailbox")
    page = listed.decode()
    links = re.findall(r'href="(/mailbox/[^"]+)"', page)

    assert "Your Mattermost trial licence" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    shown = get(desk.addresses.desk + links[0])[1].decode()
    assert "Reply to: partners@mattermost.com" in shown


def test_the_mailbox_hands_out_attached_files(desk):
    _, listed, _ = get(f"{desk.addresses.desk}/mailbox")
    link = next(
        it for it in re.findall(r'href="(/mailbox/[^"]+)"', listed.decode()) if "licence" in it
    )
    page = get(desk.addresses.desk + link)[1].decode()
    file = re.search(r'href="(/mailbox/[^"]+mattermost-license)"', page).group(1)
    status, content, headers = get(desk.addresses.desk + file)

    assert status == 200
    assert len(content) > 1_000
    assert headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path", ["/mailbox/none", "/mailbox/none/file", "/mailbox/..%2f..%2fidentity.json"]
)
def test_the_mailbox_knows_mails_alone(desk, path):
    assert get(desk.addresses.desk + path)[0] == 404


def test_the_console_lists_who_one_can_be(desk):
    status, page, _ = get(desk.addresses.console)

    assert status == 200
    assert "Ana Ruiz, partner manager" in page.decode()


def test_an_in_product_request_reaches_licensing(desk):
    request = Request(  # noqa: S310 - our own server
        f"{desk.addresses.desk}/api/v1/trials",
        data=json.dumps({"server_id": "s"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request) as answer:  # noqa: S310 - our own server
        assert "web form" in json.load(answer)["message"]


def test_bytes_that_are_no_text_are_refused_and_answered(desk):
    request = Request(  # noqa: S310 - our own server
        f"{desk.addresses.desk}/v1/trials",
        data=b"\xff\xfe",
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(request)  # noqa: S310 - our own server
    with refused.value:
        assert refused.value.code == 400


class Grid:
    """A tab of the console in the browser of somebody."""

    def __init__(self, desk, email, tab):
        self.browser = httpx.Client(base_url=desk.addresses.console, follow_redirects=True)
        page = self.browser.post("/persona", data={"email": email, "next": "/"}).text
        self.book = re.search(r'href="/grid/([^"/]+)"', page)[1]
        tabs = self.browser.get(f"/grid/{self.book}/tabs").json()["tabs"]
        [self.sheet] = [it["sheetId"] for it in tabs if it["title"] == tab]

    def rows(self):
        """Return the rows as heading -> shown text."""
        file = self.browser.get(f"/grid/{self.book}/tabs/{self.sheet}/export.csv").text
        return list(csv.DictReader(file.removeprefix("\ufeff").splitlines()))

    def type(self, number, heading, text):
        """Type into an empty cell, by the number of its row from 0 and the heading."""
        column = chr(ord("A") + list(self.rows()[0]).index(heading))
        edit = {"a1": f"{column}{number + 2}", "old": "", "new": text}
        revision = self.browser.get(f"/grid/{self.book}/tabs").json()["revision"]
        wish = {"sheetId": self.sheet, "revision": revision, "edits": [edit]}
        assert self.browser.post(f"/grid/{self.book}/edit", json=wish).status_code == 200


def resent(grid):
    """Choose Resend in the first row, and return its Result once the Action is done."""
    grid.type(0, "Action", "Resend")
    for _ in range(ROUNDS):
        row = grid.rows()[0]
        if not row["Action"]:
            return row["Result"]
    raise AssertionError


def test_an_edit_in_the_grid_rings_and_the_row_says_who_made_it(desk):
    """
    The message goes by HTTP to the desk's own address, signed as in sheets.md C10.

    A poll can see an edit just before it is told of, and then names nobody.
    """
    grid = Grid(desk, "ana.ruiz@vendor.example", "Licences")
    results = (resent(grid) for _ in range(3))
    told = next(it for it in results if "not reported" not in it)
    grid.browser.close()

    assert told.endswith("Sent again (ana.ruiz@vendor.example)")


def test_whoever_has_no_secret_rings_in_vain(desk):
    request = Request(  # noqa: S310 - our own server
        f"{desk.addresses.desk}/v1/sheet-edits",
        data=b"{}",
        headers={"X-Desk-Signature": "v1=" + "0" * 64},
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(request)  # noqa: S310 - our own server
    with refused.value:
        assert refused.value.code == 401


def test_a_log_line_tells_the_planned_facts():
    record = logging.LogRecord("desk", logging.INFO, "f", 1, "work ended", (), None)
    record.facts = {"code": "settled", "about": "TRL-2026-000001"}
    plain = logging.LogRecord("desk", logging.INFO, "f", 1, "plain", (), None)

    line = FactsFormatter().format(record)
    assert line.endswith("work ended code=settled about=TRL-2026-000001")
    assert FactsFormatter().format(plain).endswith("plain")
