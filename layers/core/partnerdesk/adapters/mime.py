"""Writes a mail as the bytes that travel: the same bytes for the same mail."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from unicodedata import normalize

from partnerdesk.domain.messages import Email
from partnerdesk.ports import MailRefusedError

ADDRESS = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)",
    re.ASCII,
)
MOST_ADDRESS = 254
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>", re.ASCII)
POLICY = SMTP.clone(max_line_length=76)
TEXT_ENCODING = "quoted-printable"
"""In it an equals sign is always written as =3D, so no line of a mail can be our boundary."""


def mime_of(email: Email) -> bytes:
    """
    Return the mail in the form of RFC 5322, to one recipient, with CRLF line ends.

    Nothing in it depends on when it is sent or on chance, so a copy sent after a crash
    is the same mail (robustness.md A1 and SEC-06).

    :raises MailRefusedError: when a header would not be safe, such as two recipients in one
    """
    message = EmailMessage(policy=POLICY)
    try:
        message["Subject"] = email.subject
    except ValueError as error:
        text = "The subject of the mail holds a line break."
        raise MailRefusedError(text) from error
    message["From"] = Address(addr_spec=address_of(email.sender))
    message["To"] = Address(addr_spec=address_of(email.recipient))
    message["Reply-To"] = Address(addr_spec=address_of(email.reply_to))
    message["Date"] = email.written_at
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.text, cte=TEXT_ENCODING)
    message.add_alternative(email.html, subtype="html", cte=TEXT_ENCODING)
    for each in email.attachments:
        maintype, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.content, maintype=maintype, subtype=subtype, filename=each.name)
    _bound(message, email.message_id)
    return _message_id_line(email.message_id) + message.as_bytes()


def _message_id_line(message_id: str) -> bytes:
    """Return the header on one line: the library folds it, and some readers keep the fold."""
    if not MESSAGE_ID.fullmatch(message_id):
        message = "The mail has no good Message-ID."
        raise MailRefusedError(message)
    return f"Message-ID: {message_id}\r\n".encode()


def _bound(message: EmailMessage, message_id: str) -> None:
    """Give the parts of a mail boundaries of our own; the library would draw them by lot."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            digest = sha256(f"{message_id}/{number}".encode()).hexdigest()
            part.set_boundary(f"=_{digest[:32]}")


def address_of(text: str) -> str:
    """
    Return one plain address in ASCII, the domain in punycode.

    :raises MailRefusedError: for anything else, two addresses or a display name included
    """
    local, _, domain = text.rpartition("@")
    address = f"{local}@{_in_ascii(domain)}"
    if len(address) > MOST_ADDRESS or not ADDRESS.fullmatch(address):
        message = "The mail has an address that is not one plain address."
        raise MailRefusedError(message)
    return address


def _in_ascii(domain: str) -> str:
    """Return a domain's punycode; one that old and new rules write differently is refused."""
    if domain.isascii():
        return domain
    try:
        ascii_form = domain.encode("idna").decode()
        is_same = ascii_form.encode().decode("idna") == normalize("NFC", domain).lower()
    except UnicodeError:
        is_same, ascii_form = False, ""
    if not is_same:
        message = "The mail's address has a domain that we cannot write in ASCII without doubt."
        raise MailRefusedError(message)
    return ascii_form
