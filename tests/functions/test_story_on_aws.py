"""The story on AWS: from a request to the mailed licence, through every handler of the template."""

import json
import logging
from collections import Counter
from datetime import timedelta
from functools import partial

import gspread
import pytest
from gspread.utils import rowcol_to_a1

from partnerdesk.domain.licence_check import check
from sheetserver.accounts import create_service_account
from sheetserver.webhook import signed_headers
from tests.cloud import a_cloud, may
from tests.template import functions
from tests.workbooks import SheetServer

COMPANY = "Northwind Orchard Systems"
BELL = "Glöckchen 🔔"
NONCE = "0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b"

ASKED = {
    "organisation": COMPANY,
    "contact_name": "Ada Lovelace",
    "email": "ada@northwind-orchard.example",
    "country": "DE",
    "city": "Berlin",
    "company_size": "51-100",
    "users": 60,
    "stage": "evaluating",
    "terms_accepted": True,
    "product_emails": False,
}

IN_PRODUCT = {
    "server_id": "qmaiwknipbgq8xhdkaznxbp7ec",
    "email": "ada@northwind-orchard.example",
    "name": "Ada Lovelace",
    "site_url": "https://chat.northwind-orchard.example",
    "site_name": "Chat",
    "users": 100,
    "terms_accepted": True,
    "receive_emails_accepted": False,
    "company_name": COMPANY,
    "company_country": "DE",
    "company_size": "51-100",
    "contact_name": "Ada Lovelace",
    "contact_email": "ada@northwind-orchard.example",
}


@pytest.fixture
def cloud(monkeypatch):
    with a_cloud(monkeypatch) as cloud:
        cloud.publish_lists()
        yield cloud


class Staff:
    """A person with the two workbooks, by an unmodified gspread on another address."""

    def __init__(self, server, folder):
        self._server, self._folder = server, folder
        _, self.desk_account = self._account("partner-desk")
        _, account = self._account("ana")

        class Here(gspread.HTTPClient):
            def request(self, method, endpoint, *args, **kwargs):
                path = endpoint.partition(".googleapis.com")[2]
                return super().request(method, server.root + path, *args, **kwargs)

        self._client = gspread.service_account_from_dict(account, http_client=Here)
        self.desk = self._book("Partner desk")
        self.compliance = self._book("Compliance")

    def close(self):
        self._client.http_client.session.close()

    def _account(self, name):
        file = self._folder / f"{name}.json"
        email = create_service_account(self._server.app.engine, file, name, self._server.root)
        return email, json.loads(file.read_text())

    def _book(self, title):
        made = self._client.create(title)
        made.share(self.desk_account["client_email"], perm_type="user", role="writer", notify=False)
        return made

    def row(self, book, tab, **wanted):
        """Return the one row with these cells, as heading -> shown text."""
        heading, *rows = book.worksheet(tab).get_all_values()
        found = [dict(zip(heading, row, strict=False)) for row in rows]
        [row] = [it for it in found if wanted.items() <= it.items()]
        return row

    def choose(self, book, tab, ref, **cells):
        """Put values into a record's row as a dropdown would."""
        sheet = book.worksheet(tab)
        heading, *rows = sheet.get_all_values()
        at = next(n for n, row in enumerate(rows, start=2) if row[0] == ref)
        for name, value in cells.items():
            cell = rowcol_to_a1(at, heading.index(name) + 1)
            sheet.update([[value]], cell, raw=True)
        return sheet.id, cell


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = SheetServer(tmp_path_factory.mktemp("sheets"))
    yield running
    running.stop()


@pytest.fixture
def staff(server, tmp_path):
    made = Staff(server, tmp_path)
    yield made
    made.close()


@pytest.fixture
def office(monkeypatch, server, staff):
    """The desk on AWS with its workbooks."""
    with a_cloud(
        monkeypatch,
        DeskWorkbook=staff.desk.id,
        ComplianceWorkbook=staff.compliance.id,
        SheetsRoot=server.root,
    ) as cloud:
        cloud.secret(link_key="k" * 64, google_account=staff.desk_account, doorbell_secret=BELL)
        cloud.publish_lists()
        yield cloud


def licence_of(mail):
    [file] = mail.iter_attachments()
    return file.get_content()


def verified(cloud, file):
    return check(file, cloud.licence_key(), at=cloud.clock.now() + timedelta(minutes=1))


def test_a_trial_becomes_a_signed_and_mailed_licence(cloud):
    answer = cloud.post("/v1/trials", ASKED)
    assert answer.status == 202
    cloud.settle()

    [mail] = cloud.mails()
    outcome = verified(cloud, licence_of(mail))
    assert outcome.is_accepted, outcome.findings
    assert mail["To"] == ASKED["email"]
    assert mail["Subject"].startswith(answer.json["reference"])
    assert answer.json["status_url"] in mail.get_body(("plain",)).get_content()


def test_the_status_page_tells_of_the_mailed_licence(cloud):
    url = cloud.post("/v1/trials", ASKED).json["status_url"]
    path = url.removeprefix("https://desk.example")
    assert "Your licence is issued" not in cloud.ask("GET", path).body
    cloud.settle()
    assert "Your licence is issued" in cloud.ask("GET", path).body


def test_the_same_request_again_is_the_same_licence(cloud):
    first = cloud.post("/v1/trials", ASKED)
    cloud.settle()
    again = cloud.post("/v1/trials", ASKED)
    cloud.settle()

    assert (again.status, again.json) == (202, first.json)
    assert len(cloud.mails()) == 1


def test_whatever_is_delivered_twice_happens_once(cloud):
    cloud.deliveries = 2
    cloud.post("/v1/trials", ASKED)
    cloud.settle()

    assert len(cloud.mails()) == 1


def test_a_listed_name_waits_for_compliance_and_hears_nothing_of_lists(cloud):
    answer = cloud.post("/v1/trials", ASKED | {"contact_name": "Vladimir Putin"})
    assert answer.status == 202
    cloud.settle()

    subjects = sorted(mail["Subject"] for mail in cloud.mails())
    to_them = [mail for mail in cloud.mails() if mail["To"] == ASKED["email"]]
    assert len(subjects) == 2
    assert "Screening case" in " ".join(subjects)
    assert "OFAC" not in to_them[0].get_body(("plain",)).get_content()
    assert all(not list(mail.iter_attachments()) for mail in cloud.mails())


def test_without_lists_nothing_is_clear(monkeypatch):
    with a_cloud(monkeypatch) as cloud:
        cloud.post("/v1/trials", ASKED)
        cloud.settle()
        assert all(not list(mail.iter_attachments()) for mail in cloud.mails())
        assert len(cloud.mails()) == 2


def test_a_server_is_answered_with_its_licence_at_once(cloud):
    answer = cloud.post("/api/v1/trials", IN_PRODUCT)

    assert answer.status == 200
    outcome = verified(cloud, answer.json["license"].encode())
    assert outcome.is_accepted, outcome.findings
    cloud.settle()
    [mail] = cloud.mails()
    assert licence_of(mail) == answer.json["license"].encode()


def test_what_nobody_declared_is_answered_by_intake(cloud):
    assert cloud.ask("GET", "/wp-login.php").status == 404
    assert cloud.ask("DELETE", "/v1/trials").status == 405
    assert cloud.ask("HEAD", "/health").status == 200


BY_AWS_ITSELF = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
"""What Lambda does in a role's name: it reads queues and the stream, and writes logs."""

NO_CALL = {
    ("Licensing", "s3:ListBucket"),
    ("Mail", "ses:SendRawEmail"),
    ("Relay", "sqs:SendMessage", "StreamDead"),
    ("Screening", "s3:ListBucket"),
    ("Syncing", "sqs:SendMessage"),
}
"""
What a role needs without a call of that name in the story.

S3 asks for the first where an object is missing, SES for raw mails; Lambda gives
up records of the stream; a visit sends another only when it could not finish.
"""


def test_a_role_is_what_its_function_calls_and_nothing_else(office, staff):
    """robustness.md SEC-20, both ways."""
    office.ask("GET", "/forms/trial")
    office.post("/v1/trials", ASKED)
    office.post("/v1/trials", ASKED)
    office.post("/api/v1/trials", IN_PRODUCT)
    held = ASKED | {"contact_name": "Vladimir Putin", "email": "v@orchard.example"}
    answer = office.post("/v1/trials", held)
    office.minute()
    office.ask("GET", answer.json["status_url"].removeprefix("https://desk.example"))
    clear(office, staff, answer.json["reference"])
    office.tick("turn-licences")

    needed = {(function, *act) for function in functions() for act in office.acts(function)}
    granted = {
        (function, action, resource)
        for function in functions()
        for action, resource in may(function)
        if action not in BY_AWS_ITSELF
    }
    assert needed - granted == set()
    assert {it for it in granted - needed if not NO_CALL & {it, it[:2]}} == set()


def test_accepting_a_form_is_one_call_to_aws(cloud):
    """robustness.md C2.6: apart from a block of ids each twentieth time."""
    cloud.post("/v1/trials", ASKED)
    before = Counter(cloud.calls("Intake"))
    cloud.post("/v1/trials", ASKED | {"email": "b@orchard.example"})

    assert cloud.calls("Intake") - before == {"TransactWriteItems": 1}


def test_issuing_a_licence_takes_few_calls_to_aws(cloud):
    """robustness.md C2.6: read, sign, commit; and taking the message off the outbox."""
    for n in range(2):
        before = Counter(cloud.calls("Licensing"))
        cloud.post("/v1/trials", ASKED | {"email": f"b@orchard-{n}.example"})
        cloud.settle()
    spent = cloud.calls("Licensing") - before

    assert spent["Sign"] == 1
    assert spent["TransactWriteItems"] == 1
    assert spent["GetPublicKey"] == 0


def test_staff_see_the_row_act_on_it_and_read_what_came_of_it(office, staff):
    ref = office.post("/v1/trials", ASKED).json["reference"]
    office.minute()
    trial = staff.row(staff.desk, "Trials", ID=ref)
    assert trial["Status"] == "Issued"
    assert trial["Name"] == COMPANY
    assert staff.row(staff.desk, "Licences", ID=trial["Licence"])["Times sent"] == "1"

    staff.choose(staff.desk, "Licences", trial["Licence"], Action="Resend")
    office.minute()

    licence = staff.row(staff.desk, "Licences", ID=trial["Licence"])
    assert (licence["Action"], licence["Times sent"]) == ("", "2")
    assert licence["Result"]
    first, second = office.mails()
    assert licence_of(first) == licence_of(second)


def ring(office, book, sheet_id, cell):
    """Ring the doorbell of a workbook as its script would, once Ana has edited a cell."""
    told = {
        "v": 1,
        "type": "edit",
        "event": None,
        "at": "2026-11-25T12:00:00.000Z",
        "workbook": book.id,
        "sheetId": sheet_id,
        "sheet": "Licences",
        "range": cell,
        "user": "ana@vendor.example",
    }
    body = json.dumps(told)
    stamp = str(int(office.clock.now().timestamp()))
    headers = signed_headers(BELL, stamp, NONCE, "/v1/sheet-edits", body.encode())
    lower = {name.lower(): text for name, text in headers.items()}
    return office.ask("POST", "/v1/sheet-edits", body, **lower)


def test_the_doorbell_brings_a_visit_that_knows_who_edited(office, staff):
    """Without any tick: the ring is a mark, marks reach the relay, the relay wakes the visit."""
    ref = office.post("/v1/trials", ASKED).json["reference"]
    office.minute()
    licence = staff.row(staff.desk, "Trials", ID=ref)["Licence"]

    sheet_id, cell = staff.choose(staff.desk, "Licences", licence, Action="Resend")
    answer = ring(office, staff.desk, sheet_id, cell)
    assert (answer.status, answer.json) == (202, {"workbook": "known"})
    office.run()

    assert "(ana@vendor.example)" in staff.row(staff.desk, "Licences", ID=licence)["Result"]
    assert ring(office, staff.desk, sheet_id, cell).status == 401


def clear(office, staff, ref):
    """Do what an officer does: read why, choose, read the preview, confirm."""
    cases = partial(staff.row, staff.compliance, "Screening cases", Record=ref)
    act = partial(staff.choose, staff.compliance, "Screening cases", cases()["ID"])
    act(Reason="Born in 1990: another person of that name.", Action="Clear")
    office.minute()
    assert cases()["Preview"].startswith(f"Would clear: {ref} becomes Prepared")
    act(Confirm=True)
    office.minute()
    assert cases()["Status"] == "Cleared"


def test_compliance_clears_what_was_held(office, staff):
    ref = office.post("/v1/trials", ASKED | {"contact_name": "Vladimir Putin"}).json["reference"]
    office.minute()
    assert staff.row(staff.desk, "Trials", ID=ref)["Licence"] == ""

    clear(office, staff, ref)

    [file] = [licence_of(mail) for mail in office.mails() if list(mail.iter_attachments())]
    assert verified(office, file).is_accepted
    assert staff.row(staff.desk, "Trials", ID=ref)["Status"] == "Issued"


def test_what_the_stream_forgets_the_sweep_does(office, staff):
    """robustness.md SYS-01: the stream is silent for 26 hours, then for good."""
    office.is_streaming = False
    ref = office.post("/v1/trials", ASKED).json["reference"]
    office.clock.advance(hours=26)
    for _ in range(8):
        office.minute()

    assert len(office.mails()) == 1
    assert staff.row(staff.desk, "Trials", ID=ref)["Status"] == "Issued"


def test_time_alone_turns_a_licence(office, staff):
    ref = office.post("/v1/trials", ASKED).json["reference"]
    office.minute()
    office.clock.advance(days=31)
    office.tick("turn-licences")
    office.minute()

    licence = staff.row(staff.desk, "Trials", ID=ref)["Licence"]
    assert staff.row(staff.desk, "Licences", ID=licence)["Status"] == "In grace"


def test_a_wake_up_that_nobody_understands_stops_nothing(office, staff, caplog):
    """robustness.md SYS-06: an old queue may name a workbook that this version lacks."""
    with caplog.at_level(logging.CRITICAL, "syncing.entry"):
        office.wake("attic")
        office.post("/v1/trials", ASKED)
        office.minute()

    assert staff.row(staff.desk, "Trials", Name=COMPANY)["Status"] == "Issued"


def test_forms_licences_and_mail_do_not_wait_for_a_sheet(cloud):
    """robustness.md SYS-04: nobody set up the workbooks, and their key is missing."""
    cloud.post("/v1/trials", ASKED)
    cloud.minute()

    assert len(cloud.mails()) == 1
