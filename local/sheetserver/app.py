"""
The server as an ASGI application: sign-in, the two APIs, the browser grid, test controls.

`build(settings)` returns it. One HTTP request is one transaction, and the
answer leaves after the commit. Engine work runs in threads, so one slow
request does not stop the others or the live events of the grid.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette

from sheetserver import accounts, calls, errors, export, grid, tokens
from sheetserver.calls import Answer, Call, Route
from sheetserver.capabilities import capabilities
from sheetserver.controls import Controls, Incoming, Wires, transmit
from sheetserver.draft import Caller
from sheetserver.drive_api import DriveApi, refused
from sheetserver.engine import Engine
from sheetserver.quotas import Quotas
from sheetserver.schema import Schema, drive, sheets
from sheetserver.sheets_api import SheetsApi
from sheetserver.webhook import Reporter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from sheetserver.messages import Json
    from sheetserver.settings import Settings

    Scope: TypeAlias = MutableMapping[str, Json]
    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Json]]]
    Send: TypeAlias = Callable[[MutableMapping[str, Json]], Awaitable[None]]

ANONYMOUS = Caller("anonymous@sheetserver.local", "Anonymous", everything=True)

_LARGEST_BODY = 64 * 2**20  # bytes
_logger = logging.getLogger(__name__)


class App:
    """The application. `engine` is its core, for whoever runs it in the same process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._closing = threading.Event()
        self.controls = Controls(settings)
        self.engine = Engine(settings.folder, clock=self.controls.clock, ids=settings.ids)
        self.quotas = Quotas(self.controls.clock)
        self.reporter = Reporter(settings, self.engine)
        self.controls.attach(self.engine, self.quotas, self.reporter)
        self._routes = [
            (sheets(), SheetsApi(self.engine, settings.root).routes),
            (drive(), DriveApi(self.engine, settings.root).routes),
        ]
        self._plain: dict[str, Callable[[Incoming], Answer]] = {
            "/token": self._token,
            "/capabilities": lambda _call: Answer(body=capabilities()),
        }
        self._hosts = settings.hosts | {urlsplit(settings.root).netloc}
        self._audiences = frozenset(
            {
                settings.root,
                f"{settings.root}/",
                "https://sheets.googleapis.com/",
                "https://www.googleapis.com/",
            }
        )
        for persona in settings.personas:
            accounts.register_persona(self.engine, persona)
        self.engine.on_create(self._share_new)
        self._grid = Starlette(routes=grid.routes(self._desk()))

    def _desk(self) -> grid.Desk:
        hashes = self.settings.secrets

        def is_secret(email: str, secret: str) -> bool:
            return accounts.is_secret(hashes, email, secret)

        return grid.Desk(
            engine=self.engine,
            is_secret=is_secret if hashes else None,
            exports=export.EXPORTS,
            edited=self.reporter.edited,
            is_closing=self._closing.is_set,
        )

    def _share_new(self, book_id: str) -> None:
        for persona in self.settings.personas:
            accounts.grant(self.engine, persona, book_id)

    def hang_up(self) -> None:
        """End the live events of every browser, so that nothing holds up the server's end."""
        self._closing.set()

    def close(self) -> None:
        """Let go of the data folder."""
        self.reporter.close()
        self.engine.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        path = scope.get("raw_path", scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        if not self._is_host(scope):
            await transmit(send, _answer(errors.ApiError(421, "MISDIRECTED", "Unknown host.")))
        elif path.startswith(_API_PATHS) and not self._is_ours(scope):
            await transmit(send, _answer(errors.forbidden()))
        elif path.startswith(_API_PATHS):
            await self._api(scope, path, receive, send)
        else:
            await self._grid(scope, receive, send)

    def _is_host(self, scope: Scope) -> bool:
        """Test whether a request was sent to a name of ours: it stops DNS rebinding."""
        return _header(scope, b"host") in self._hosts

    def _is_ours(self, scope: Scope) -> bool:
        """Test whether no foreign page sent a request: a browser would say so in Origin."""
        origin = _header(scope, b"origin")
        return not origin or urlsplit(origin).netloc in self._hosts

    async def _api(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        try:
            body = await _body(scope, receive)
        except errors.ApiError as refusal:
            await transmit(send, _answer(refusal))
            return
        call = _incoming(scope, path, body)
        if path.startswith("/_test/"):
            client = (scope.get("client") or [""])[0]
            await transmit(send, await asyncio.to_thread(self._control, call, client))
            return
        bearer = _header(scope, b"authorization")
        exchange = partial(self._exchange, call, bearer)
        await self.controls.around(call, exchange, Wires(receive, send))

    def _control(self, call: Incoming, client: str) -> Answer:
        try:
            return self.controls.answer(call.method, call.path, call.body, client)
        except errors.ApiError as refusal:
            return _answer(refusal)

    def _exchange(self, call: Incoming, bearer: str) -> tuple[Answer, str, str]:
        """Return the answer to an API call, who asked, and the quota it used up."""
        try:
            return self._answered(call, bearer)
        except Exception:
            _logger.exception("%s failed", call.method)
            failed = errors.ApiError(500, "INTERNAL", "Internal error encountered.")
            return _answer(failed), "", ""

    def _answered(self, call: Incoming, bearer: str) -> tuple[Answer, str, str]:
        user, metric = "", ""
        try:
            if call.path in self._plain:
                return self._plain[call.path](call), user, metric
            route, schema, place = self._route(call)
            caller = self._caller(bearer)
            user, metric = caller.email, route.metric
            checked = calls.check_query(schema, route.operation, calls.read_query(call.query))
            if schema is sheets():
                self.quotas.spend(user, metric)
            shown = route.handler(Call(checked, call.body, caller, place))
            return Answer(status=204 if shown is None else 200, body=shown), user, metric
        except errors.ApiError as refusal:
            return _answer(refusal), user, metric

    def _route(self, call: Incoming) -> tuple[Route, Schema, dict[str, str]]:
        for schema, routes in self._routes:
            found = calls.match(routes, call.method, call.path)
            if found:
                return found[0], schema, found[1]
        missing = refused(call.method, call.path)
        if missing:
            raise errors.not_modelled(missing)
        raise errors.not_found()

    def _caller(self, bearer: str) -> Caller:
        kind, _, secret = bearer.partition(" ")
        if not kind and self.settings.is_anonymous:
            return ANONYMOUS
        found = None
        if kind.casefold() == "bearer" and secret.isascii():
            found = tokens.bearer(self.engine, secret.strip(), self._audiences)
        if found is None:
            raise errors.unauthenticated()
        return found

    def _token(self, call: Incoming) -> Answer:
        if call.method != "POST":
            raise errors.not_found()
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        try:
            granted = tokens.exchange(self.engine, form, f"{self.settings.root}/token")
        except tokens.InvalidGrantError as wrong:
            told = {"error": "invalid_grant", "error_description": str(wrong)}
            return Answer(status=400, body=told)
        return Answer(body=granted)


_API_PATHS = ("/v4/", "/drive/", "/upload/", "/token", "/capabilities", "/_test/")


def build(settings: Settings) -> App:
    """Return the application for a data folder; nobody else may have the folder open."""
    return App(settings)


def _answer(refusal: errors.ApiError) -> Answer:
    return Answer(status=refusal.code, body=refusal.body())


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


def _incoming(scope: Scope, path: str, body: bytes) -> Incoming:
    """
    Return a call as it is meant.

    Google's client turns a GET with a long query into a POST that names the
    method it stands for and carries the query as its body.
    """
    method, query = scope["method"], scope["query_string"].decode("latin-1")
    meant = _header(scope, b"x-http-method-override").upper()
    if method == "POST" and meant:
        form = _header(scope, b"content-type").startswith("application/x-www-form-urlencoded")
        if meant == "GET" and form:
            return Incoming(meant, path, body.decode("latin-1"), b"")
        return Incoming(meant, path, query, body)
    return Incoming(method, path, query, body)


async def _body(scope: Scope, receive: Receive) -> bytes:
    length = _header(scope, b"content-length")
    if length.isdigit() and int(length) > _LARGEST_BODY:
        raise errors.ApiError(413, "INVALID_ARGUMENT", "Request payload size exceeds the limit.")
    parts = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            msg = "The request ended early."
            raise errors.invalid(msg)
        parts += event.get("body", b"")
        if len(parts) > _LARGEST_BODY:
            raise errors.ApiError(
                413, "INVALID_ARGUMENT", "Request payload size exceeds the limit."
            )
        if not event.get("more_body"):
            return bytes(parts)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
