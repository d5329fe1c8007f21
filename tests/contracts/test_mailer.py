"""Every promise of the Mailer port, on the mailbox folder and on SES in moto."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from stat import S_IMODE

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sesv2 import sesv2_backends

from onebox.mailbox import Mailbox, file_name
from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.mime import address_of, mime_of
from partnerdesk.adapters.ses import SesMailer
from partnerdesk.domain.messages import Attachment, Email
from partnerdesk.ports import Mailer, MailerUnavailableError, MailRefusedError
from tests.builders import NOON

REGION = "eu-central-1"
LICENCE = b"eyJpZCI6Im8xcHN6c3pydTlnNThiN3Nhc21oaHBtemVoIn0=" * 37


def an_email(**changes):
    email = Email(
        written_at=NOON,
        key="trial.licence/TRL-2026-000123/PER-2026-000001",
        message_id="<0123456789abcdef0123456789abcdef@example-desk.partnerdesk.invalid>",
        sender="partners@vendor.example",
        recipient="ines.carvalho@rio-claro.example",
        reply_to="people@vendor.example",
        subject="TRL-2026-000123: Your trial licence",
        text="Olá Inês,\n\nyour licence is attached: a=b\n.\nFrom here on\n",
        html="<!doctype html><p>Olá Inês &amp; all, your licence is attached.</p>\n",
        attachments=(
            Attachment("LIC-2026-000123.mattermost-license", "application/octet-stream", LICENCE),
        ),
    )
    return replace(email, **changes)


@dataclass(frozen=True)
class Post:
    """A mailer, and what it has delivered so far."""

    mailer: Mailer
    delivered: Callable[[], list[bytes]]


@pytest.fixture
def ses():
    with mock_aws():
        client = boto3.client(
            "sesv2",
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        client.create_email_identity(EmailIdentity="vendor.example")
        yield client
        client.close()


@pytest.fixture(params=["mailbox", "ses"])
def post(request, tmp_path):
    if request.param == "mailbox":
        folder = tmp_path / "mailbox"
        return Post(Mailbox(folder), lambda: [it.read_bytes() for it in folder.glob("*.eml")])
    mailer = SesMailer(request.getfixturevalue("ses"))
    return Post(mailer, lambda: [it.raw_data.encode() for it in sent_by_ses()])


def sent_by_ses():
    return sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


def parsed(content):
    return message_from_bytes(content, policy=default)


# The contract


def test_a_mail_arrives_as_it_was_written(post):
    post.mailer.send(an_email())

    (content,) = post.delivered()
    mail = parsed(content)
    assert mail["From"] == "partners@vendor.example"
    assert mail["To"] == "ines.carvalho@rio-claro.example"
    assert mail["Reply-To"] == "people@vendor.example"
    assert mail["Subject"] == "TRL-2026-000123: Your trial licence"
    assert mail["Cc"] is mail["Bcc"] is None
    assert text_of(mail) == an_email().text
    assert text_of(mail, "html") == an_email().html


def test_a_mail_goes_out_under_our_own_message_id(post):
    post.mailer.send(an_email())

    assert [parsed(content)["Message-ID"] for content in post.delivered()] == [
        an_email().message_id
    ]


def test_a_licence_arrives_byte_for_byte(post):
    post.mailer.send(an_email())

    (file,) = parsed(post.delivered()[0]).iter_attachments()
    assert file.get_filename() == "LIC-2026-000123.mattermost-license"
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_content_disposition() == "attachment"
    assert file.get_payload(decode=True) == LICENCE


def test_a_mail_without_files_has_none(post):
    post.mailer.send(an_email(attachments=()))

    assert list(parsed(post.delivered()[0]).iter_attachments()) == []


def test_a_copy_sent_after_a_crash_is_the_same_mail(post):
    post.mailer.send(an_email())
    post.mailer.send(an_email())

    assert len(set(post.delivered())) == 1


def test_mails_of_different_keys_all_arrive(post):
    for number in range(3):
        post.mailer.send(an_email(key=f"trial.licence/TRL-{number}/PER-1"))

    assert len(post.delivered()) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "ada@acme.example, eve@evil.example"},
        {"recipient": "ada@acme.example\r\nBcc: eve@evil.example"},
        {"recipient": "Ada <ada@acme.example>"},
        {"recipient": '"ada eve"@acme.example'},
        {"recipient": "ada@[192.0.2.1]"},
        {"recipient": "ada@localhost"},
        {"recipient": "ädä@acme.example"},
        {"recipient": "ada@straße.example"},
        {"recipient": "ada@..example"},
        {"recipient": "ada@bü..example"},
        {"recipient": "a" * 250 + "@acme.example"},
        {"recipient": ""},
        {"sender": "partners@vendor.example\nX: y"},
        {"reply_to": "a@b.example,c@d.example"},
        {"subject": "TRL-1: hello\r\nBcc: eve@evil.example"},
        {"message_id": "<1@desk>\nX: y"},
        {"message_id": "1@desk"},
    ],
    ids=str,
)
def test_a_mail_with_an_unsafe_header_is_refused_and_goes_nowhere(post, changes):
    with pytest.raises(MailRefusedError):
        post.mailer.send(an_email(**changes))

    assert post.delivered() == []


def test_a_domain_of_another_alphabet_is_written_in_punycode(post):
    post.mailer.send(an_email(recipient="ada@bücher.example"))

    assert parsed(post.delivered()[0])["To"] == "ada@xn--bcher-kva.example"


# Bytes


def test_a_mail_is_dated_by_when_it_was_promised_and_draws_no_lots():
    content = mime_of(an_email())

    assert content == mime_of(an_email())
    assert parsed(content)["Date"].datetime == NOON
    assert parsed(content)["Auto-Submitted"] == "auto-generated"
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r\nMessage-ID: <0123" in b"\r\n" + content


@given(text=st.text(), html=st.text(), content=st.binary(max_size=300), name=st.text(max_size=30))
def test_nothing_that_a_person_writes_can_break_out_of_its_part(text, html, content, name):
    name = "".join(filter(str.isalnum, name)) or "file"
    files = (Attachment(f"{name}.bin", "application/octet-stream", content),)
    email = an_email(text=_writable(text), html=_writable(html), attachments=files)

    mail = parsed(mime_of(email))

    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/octet-stream",
    ]
    assert next(mail.iter_attachments()).get_payload(decode=True) == content
    assert text_of(mail).split() == email.text.split()


def _writable(text):
    return text.encode(errors="ignore").decode()


def test_a_line_that_looks_like_our_boundary_is_none():
    boundary = parsed(mime_of(an_email())).get_boundary()
    hostile = f"--{boundary}\nContent-Type: text/html\n\n<p>injected</p>\n--{boundary}--\n"

    mail = parsed(mime_of(an_email(text=hostile)))

    assert mail.get_boundary() == boundary
    assert text_of(mail) == hostile
    assert len(list(mail.iter_parts())) == 2


def test_a_plain_address_is_left_as_it_is():
    assert address_of("Ines.O'Neill+trial@rio-claro.example") == (
        "Ines.O'Neill+trial@rio-claro.example"
    )


# Mailbox


def test_a_mail_in_the_mailbox_is_one_file_for_its_owner_alone(tmp_path):
    mailbox = Mailbox(tmp_path / "mailbox")

    mailbox.send(an_email())
    mailbox.send(an_email())

    (path,) = (tmp_path / "mailbox").iterdir()
    assert path.name == "trial.licence+TRL-2026-000123+PER-2026-000001.eml"
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == mime_of(an_email())


@given(st.lists(st.text(max_size=20), min_size=2, max_size=2, unique=True))
def test_every_key_has_a_file_of_its_own_inside_the_folder(keys):
    names = [file_name(_writable(key)) for key in keys]

    assert len(set(names)) == len({_writable(key) for key in keys})
    assert not any("/" in name or "\0" in name for name in names)


def test_a_mailbox_that_cannot_be_written_is_unavailable(tmp_path):
    (tmp_path / "mailbox").write_text("no folder")

    with pytest.raises(MailerUnavailableError):
        Mailbox(tmp_path / "mailbox").send(an_email())


def test_a_mail_that_was_not_put_leaves_no_draft(tmp_path):
    (tmp_path / file_name(an_email().key)).mkdir()
    (tmp_path / file_name(an_email().key) / "in the way").touch()

    with pytest.raises(MailerUnavailableError):
        Mailbox(tmp_path).send(an_email())

    assert list(tmp_path.glob("*.draft")) == []


# SES


def _answering(client, status, code):
    class Body(BytesIO):
        def stream(self):
            yield self.read()

    def answer(request, **_):
        headers = {"x-amzn-errortype": code}
        return AWSResponse(request.url, status, headers, Body(b'{"message": "no"}'))

    client.meta.events.register_first("before-send.sesv2", answer)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "BadRequestException", MailRefusedError),
        (400, "MessageRejected", MailerUnavailableError),
        (400, "SendingPausedException", MailerUnavailableError),
        (400, "MailFromDomainNotVerifiedException", MailerUnavailableError),
        (429, "TooManyRequestsException", MailerUnavailableError),
        (500, "InternalServiceError", MailerUnavailableError),
        (403, "AccessDeniedException", MailerUnavailableError),
    ],
)
def test_ses_says_whether_a_mail_will_ever_be_taken(monkeypatch, status, code, error):
    client = a_patient_client(monkeypatch)
    _answering(client, status, code)

    with pytest.raises(error, match=code):
        SesMailer(client).send(an_email())


def a_patient_client(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return Clients().sesv2


def test_a_lost_answer_is_unavailable_and_never_tried_again_behind_our_back(monkeypatch):
    client = a_patient_client(monkeypatch)
    tries = []

    def lose(request, **_):
        tries.append(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register_first("before-send.sesv2", lose)

    with pytest.raises(MailerUnavailableError, match="ReadTimeoutError"):
        SesMailer(client).send(an_email())
    assert len(tries) == 1


def test_our_id_travels_as_a_tag_since_ses_writes_a_message_id_of_its_own(ses):
    asked = []
    ses.meta.events.register(
        "provide-client-params.sesv2.SendEmail", lambda params, **_: asked.append(params)
    )

    SesMailer(ses).send(an_email())

    assert asked[0]["EmailTags"] == [{"Name": "mail", "Value": "0123456789abcdef0123456789abcdef"}]
    assert asked[0]["Destination"] == {"ToAddresses": ["ines.carvalho@rio-claro.example"]}
    assert asked[0]["FromEmailAddress"] == "partners@vendor.example"
