"""Delivers mails into a folder, a file each, for demos, tests and desks without a mail service."""

import os
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import quote

from partnerdesk.adapters.mime import mime_of
from partnerdesk.domain.messages import Email
from partnerdesk.ports import MailerUnavailableError

FOLDER_OF_OWNER = 0o700


class Mailbox:
    """
    The Mailer port on a folder: `KEY.eml`, whole or not at all.

    The same mail sent again lands in the same file, so there are never two.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, email: Email) -> None:
        """
        Put one mail into the folder; once this returns, not even a power failure loses it.

        :raises MailRefusedError: when a header would not be safe
        :raises MailerUnavailableError: when the disk does not take it
        """
        content = mime_of(email)
        try:
            self._put(email.key, content)
        except OSError as error:
            message = f"The mailbox took nothing just now ({error.strerror})."
            raise MailerUnavailableError(message, why=str(error.strerror)) from error

    def _put(self, key: str, content: bytes) -> None:
        self._folder.mkdir(mode=FOLDER_OF_OWNER, parents=True, exist_ok=True)
        descriptor, draft = mkstemp(dir=self._folder, suffix=".draft")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self._folder / file_name(key))
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def file_name(key: str) -> str:
    """Return the file of a mail's key: a different one for every key, and no path."""
    return quote(key, safe="").replace("%2F", "+") + ".eml"
