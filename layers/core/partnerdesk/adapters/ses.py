"""Hands mails over to Amazon SES."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from partnerdesk.adapters.mime import address_of, mime_of
from partnerdesk.domain.messages import Email
from partnerdesk.ports import MailerUnavailableError, MailRefusedError

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

NEVER: Final = frozenset({"BadRequestException"})
"""
Answers after which the same mail will never be taken.

A rejected message is not among them: a sender not yet verified is answered
with it, too, and then the mail must wait for a person and not be lost.
"""


class SesMailer:
    """
    The Mailer port on SES.

    SES writes a Message-ID of its own, so ours also travels as the tag `mail`,
    which its delivery events carry.
    """

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client

    def send(self, email: Email) -> None:
        """
        Hand one mail over under our own Message-ID.

        :raises MailRefusedError: when it will never be taken
        :raises MailerUnavailableError: when it was not taken, or that is unknown
        """
        content = mime_of(email)
        try:
            self._client.send_email(
                FromEmailAddress=address_of(email.sender),
                Destination={"ToAddresses": [address_of(email.recipient)]},
                Content={"Raw": {"Data": content}},
                EmailTags=[{"Name": "mail", "Value": _tag(email.message_id)}],
            )
        except (ClientError, BotoCoreError) as error:
            raise _failure(error) from error


def _tag(message_id: str) -> str:
    """Return what stands before the @ of a Message-ID: a tag takes no other characters."""
    return message_id.strip("<>").partition("@")[0]


def _failure(error: ClientError | BotoCoreError) -> MailerUnavailableError | MailRefusedError:
    code = type(error).__name__
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
    if code in NEVER:
        return MailRefusedError(f"The mail service refused the mail ({code}).", why=code)
    return MailerUnavailableError(f"The mail service took nothing just now ({code}).", why=code)
