"""The edit webhook: what the Apps Script would send when a person edits, and never for the API."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import queue
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sheetserver.engine import Engine
    from sheetserver.messages import Json
    from sheetserver.settings import Settings, Webhook

_logger = logging.getLogger(__name__)
_TIMEOUT = 10.0  # seconds
_FIRST_BEAT = 5.0  # seconds: whoever is rung at may still be starting
_MEMBERS = ("v", "type", "event", "at", "workbook", "sheetId", "sheet", "range", "user")


class Reporter:
    """
    Sends one signed message for each edit made in the grid, in order, without holding it up.

    In between it sends heartbeats: without them nobody could tell a quiet grid
    from one whose messages are lost.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._webhook = settings.webhook
        self._clock = engine.clock
        self._ids = settings.ids
        self._engine = engine
        self._waiting: queue.SimpleQueue[tuple[dict[str, str], bytes] | None] = queue.SimpleQueue()
        self._sender: threading.Thread | None = None
        if self._webhook:
            self._sender = threading.Thread(
                target=self._send_all, args=(self._webhook,), daemon=True, name="webhook"
            )
            self._sender.start()

    def close(self) -> None:
        """Send what is waiting and stop."""
        if self._sender:
            self._waiting.put(None)
            self._sender.join(_TIMEOUT)

    def edited(self, book_id: str, sheet_id: int, span: str, email: str) -> None:
        """
        Report an edit by a person. It carries no cell value: the receiver reads again.

        :param span: the range without title; nothing if rows or columns changed places
        """
        if self._webhook is None:
            return
        told = {
            "type": "edit" if span else "change",
            "event": None if span else "OTHER",
            "workbook": book_id,
            "sheetId": sheet_id,
            "sheet": self._engine.read(book_id).tab(sheet_id).title,
            "range": span or None,
            "user": email or None,
        }
        self._waiting.put(self._message(self._webhook, told))

    def _message(self, webhook: Webhook, told: dict[str, Json]) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a message; what is not told is null."""
        now = self._clock()
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        known = {"v": 1, "at": at, **told}
        message = {name: known.get(name) for name in _MEMBERS}
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        path = urlsplit(webhook.url).path or "/"
        stamp = str(int(now.timestamp()))
        return signed_headers(webhook.secret, stamp, self._ids.nonce(), path, body), body

    def _send_all(self, webhook: Webhook) -> None:
        beats_at = time.monotonic() + min(_FIRST_BEAT, webhook.beats_every)
        while True:
            try:
                waiting = self._waiting.get(timeout=max(0.0, beats_at - time.monotonic()))
            except queue.Empty:
                beats_at = time.monotonic() + webhook.beats_every
                for book_id in self._engine.every_book():
                    told: dict[str, Json] = {"type": "heartbeat", "workbook": book_id}
                    self._send(webhook, *self._message(webhook, told))
                continue
            if waiting is None:
                return
            self._send(webhook, *waiting)

    def _send(self, webhook: Webhook, headers: dict[str, str], body: bytes) -> None:
        try:
            self._deliver(webhook, headers, body)
        except (OSError, http.client.HTTPException):
            _logger.warning("The edit webhook could not be reached.")

    def _deliver(self, webhook: Webhook, headers: dict[str, str], body: bytes) -> None:
        if webhook.deliver:
            webhook.deliver(webhook.url, headers, body)
            return
        parts = urlsplit(webhook.url)
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
