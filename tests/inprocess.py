"""Our own sheet server without a network: gspread's calls go straight into the application."""

import asyncio
from io import BytesIO
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from console.google import anonymous
from sheetserver.app import build
from sheetserver.settings import Settings

ROOT = "http://sheets.test"


class InProcess(BaseAdapter):
    """Carries what `requests` would send to an ASGI application, and its answer back."""

    def __init__(self, app):
        super().__init__()
        self._app = app
        self._loop = asyncio.Runner()

    def send(self, request, **_how):
        """
        Return the application's answer.

        :raises ConnectionError: when it sends none, or only a part
        """
        there = urlsplit(request.url)
        body = request.body or b""
        scope = {
            "type": "http",
            "method": request.method,
            "path": there.path,
            "raw_path": there.path.encode(),
            "query_string": there.query.encode(),
            "headers": [(b"host", there.netloc.encode()), *_raw(request.headers)],
            "client": ("127.0.0.1", 0),
        }
        asked = {
            "type": "http.request",
            "body": body.encode() if isinstance(body, str) else body,
        }
        told = []

        async def receive():
            return asked

        async def send(event):
            told.append(event)

        self._loop.run(self._app(scope, receive, send))
        if not told or told[-1].get("more_body") or len(told) == 1:
            raise requests.ConnectionError(request=request)
        return _answer(request, told)

    def close(self):
        self._loop.close()


def _raw(headers):
    return [(name.lower().encode(), value.encode()) for name, value in _texts(headers)]


def _texts(headers):
    for name, value in headers.items():
        yield name, value if isinstance(value, str) else value.decode()


def _answer(request, told):
    begin, *parts = told
    answer = requests.Response()
    answer.status_code = begin["status"]
    pairs = ((name.decode(), value.decode()) for name, value in begin["headers"])
    answer.headers = CaseInsensitiveDict(pairs)
    answer.raw = BytesIO(b"".join(part.get("body", b"") for part in parts))
    answer.url, answer.request = request.url, request
    answer.encoding = "utf-8"
    return answer


class SheetsInProcess:
    """A sheet server that can be reached in this process alone, without accounts."""

    root = ROOT

    def __init__(self, folder, **parts):
        settings = Settings(
            folder=folder, root=ROOT, is_anonymous=True, has_test_controls=True, **parts
        )
        self.app = build(settings)

    def http(self):
        """Return gspread's way to the server."""
        made = anonymous(ROOT)
        made.session.mount(ROOT, InProcess(self.app))
        return made

    def stop(self):
        self.app.close()
