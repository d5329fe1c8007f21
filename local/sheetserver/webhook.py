"""The edit webhook: what the Apps Script would send when a person edits, and never for the API."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import queue
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sheetserver.engine import Engine
    from sheetserver.settings import Settings

_logger = logging.getLogger(__name__)
_TIMEOUT = 10.0  # seconds


class Reporter:
    """Sends one signed message for each edit made in the grid, in order, without holding it up."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._webhook = settings.webhook
        self._clock = engine.clock
        self._ids = settings.ids
        self._engine = engine
        self._waiting: queue.SimpleQueue[tuple[dict[str, str], bytes] | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, daemon=True, name="webhook")
        if self._webhook:
            self._sender.start()

    def close(self) -> None:
        """Send what is waiting and stop."""
        if self._webhook:
            self._waiting.put(None)
            self._sender.join(_TIMEOUT)

    def edited(self, book_id: str, sheet_id: int, span: str, email: str) -> None:
        """
        Report an edit by a person. It carries no cell value: the receiver reads again.

        :param span: the range without title; nothing if rows or columns changed places
        """
        if self._webhook is None:
            return
        now = self._clock()
        message = {
            "v": 1,
            "type": "edit" if span else "change",
            "event": None if span else "OTHER",
            "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "workbook": book_id,
            "sheetId": sheet_id,
            "sheet": self._engine.read(book_id).tab(sheet_id).title,
            "range": span or None,
            "user": email or None,
        }
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        path = urlsplit(self._webhook.url).path or "/"
        stamp = str(int(now.timestamp()))
        headers = signed_headers(self._webhook.secret, stamp, self._ids.nonce(), path, body)
        self._waiting.put((headers, body))

    def _send_all(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            try:
                self._deliver(*waiting)
            except (OSError, http.client.HTTPException):
                _logger.warning("The edit webhook could not be reached.")

    def _deliver(self, headers: dict[str, str], body: bytes) -> None:
        if self._webhook is None:
            return
        if self._webhook.deliver:
            self._webhook.deliver(self._webhook.url, headers, body)
            return
        parts = urlsplit(self._webhook.url)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=_TIMEOUT)
        try:
            connection.request("POST", parts.path or "/", body, headers)
            connection.getresponse().read()
        finally:
            connection.close()


def signed_headers(secret: str, stamp: str, nonce: str, path: str, body: bytes) -> dict[str, str]:
    """Return the headers of a doorbell message. sheets.md C10."""
    signed = f"v1.{stamp}.{nonce}.POST.{path}.{hashlib.sha256(body).hexdigest()}"
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Desk-Timestamp": stamp,
        "X-Desk-Nonce": nonce,
        "X-Desk-Signature": f"v1={mac}",
    }
