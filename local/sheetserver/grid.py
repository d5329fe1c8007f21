"""
The browser grid: the pages in which people read and edit workbooks.

`routes(desk)` are mounted by the server beside the API. Everything a page
changes goes through `people`, so a person meets the same protections as a
program. Texts from cells leave as JSON or as escaped text, never as markup.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from sheetserver import a1, errors, gridcells, people
from sheetserver.draft import Caller
from sheetserver.gridcells import packed, shown_tabs
from sheetserver.gridevents import Stream
from sheetserver.storage import Account, Token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from sheetserver.book import Book, Tab
    from sheetserver.engine import Engine
    from sheetserver.messages import Json, Message

    Endpoint = Callable[[Request], Awaitable[Response]]

COOKIE = "sheet_persona"
_STAY = 30 * 86_400  # seconds until a persona must be chosen again
_LARGEST_BODY = 4 * 2**20  # bytes
_MOST_EDITS = 20_000
_PAGE = 200  # rows of a table without script
_FIRST, _REST = 400, 20_000  # rows of one answer

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, a form would name no origin
    "Cache-Control": "no-store",
}
_STATIC_TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What the pages need of the server.

    `is_secret` checks the secret of a persona (e-mail, secret) for use from
    other machines; without it whoever sits here simply chooses. `exports`
    writes a workbook, or one of its tabs, as a file: by ending, a function of
    the workbook and the tab's id. `edited` is told of every edit by a person:
    workbook, tab's id, range, e-mail. Once `is_closing`, the live events end.
    """

    engine: Engine
    is_secret: Callable[[str, str], bool] | None = None
    exports: dict[str, tuple[str, Callable[[Book, int], bytes]]] | None = None
    edited: Callable[[str, int, str, str], None] | None = None
    is_closing: Callable[[], bool] = lambda: False

    def personas(self) -> list[Account]:
        """Return everybody a person can be."""
        return [each for each in self.engine.accounts() if each.kind == "persona"]


class _GoneError(Exception):
    """The page is not there, or not for this persona."""


def routes(desk: Desk) -> list[Route]:
    """Return the routes of the pages."""
    pages = _Pages(desk)
    edits = _Edits(desk)
    return [
        Route("/", _guarded(pages.workbooks)),
        Route("/persona", _guarded(pages.chooser), methods=["GET"]),
        Route("/persona", _guarded(pages.choose), methods=["POST"]),
        Route("/static/{name}", _static),
        Route("/grid/{book}", _guarded(pages.workbook)),
        Route("/grid/{book}/tabs", _guarded(pages.tabs)),
        Route("/grid/{book}/tabs/{sheet:int}", _guarded(pages.rows)),
        Route("/grid/{book}/tabs/{sheet:int}/views/{view:int}", _guarded(pages.view)),
        Route("/grid/{book}/tabs/{sheet:int}/export.{ending}", _guarded(pages.export)),
        Route("/grid/{book}/events", _guarded(pages.events)),
        Route("/grid/{book}/edit", _guarded(edits.edit), methods=["POST"]),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except _GoneError:
            response = _told(request, 404, "not-found", "There is no such page, or not for you.")
        except errors.ApiError as refused:
            response = _told(request, refused.code, refused.status.lower(), refused.message)
        response.headers.update(_HEADERS)
        return response

    return answer


def _told(request: Request, code: int, kind: str, message: str, **facts: Json) -> Response:
    """Return a refusal: a page for a person, JSON for the page's own script."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return _page("message.html", code, title="Not found", message=message)
    return JSONResponse({"error": {"code": kind, "message": message, **facts}}, code)


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("sheetserver", "pages"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _page(name: str, code: int = 200, **facts: Json) -> Response:
    text = _TEMPLATES.get_template(name).render(facts)
    return Response(text, code, media_type="text/html")


async def _static(request: Request) -> Response:
    """Return one of our own scripts or style sheets; a browser asks whether it has changed."""
    name = request.path_params["name"]
    folder = resources.files("sheetserver") / "static"
    known = {each.name: each for each in folder.iterdir()}
    ending = name[name.rfind(".") :] if "." in name else ""
    if name not in known or ending not in _STATIC_TYPES:
        return PlainTextResponse("Not found", 404)
    body = known[name].read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**_HEADERS, "Cache-Control": "no-cache", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=_STATIC_TYPES[ending], headers=headers)


class _Door:
    """Knows who sits at the browser."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.engine = desk.engine

    def persona(self, request: Request) -> Account | None:
        """Return who was chosen in this browser, None if nobody was."""
        token = self.engine.token(_digest(request.cookies.get(COOKIE, "")))
        account = self.engine.account(token.email) if token else None
        return account if account and account.kind == "persona" else None

    def caller(self, request: Request) -> Caller:
        """
        Return who asks.

        :raises _GoneError: if nobody was chosen
        """
        account = self.persona(request)
        if account is None:
            raise _GoneError
        return Caller(account.email, account.name)

    async def open(self, request: Request) -> tuple[Book, gridcells.Viewer]:
        """
        Return the workbook of the address, and who looks.

        :raises ApiError: 404 if there is none, or none for this persona
        """
        who = self.caller(request)
        book_id = request.path_params["book"]
        book = await run_in_threadpool(people.open_book, self.engine, who, book_id)
        return book, self.viewer(book.id, who)

    def viewer(self, book_id: str, who: Caller) -> gridcells.Viewer:
        """Return a caller as somebody who looks at one workbook."""
        return gridcells.Viewer(who.email, who.name, self.engine.role(book_id, who))


def _digest(secret: str) -> str:
    # Of another kind than the digests of API tokens: the cookie opens no API.
    return "grid:" + hashlib.sha256(secret.encode()).hexdigest()


def _tab(book: Book, sheet_id: int) -> Tab:
    """
    Return a tab that is shown.

    :raises _GoneError: if there is none, or it is hidden
    """
    found = next((tab for tab in shown_tabs(book) if tab.sheet_id == sheet_id), None)
    if found is None:
        raise _GoneError
    return found


def _tab_list(book: Book) -> list[Message]:
    return [
        {"sheetId": tab.sheet_id, "title": tab.title, "colour": _tab_colour(tab)}
        for tab in shown_tabs(book)
    ]


def _tab_colour(tab: Tab) -> str:
    style = {"backgroundColor": tab.properties.get("tabColor")}
    return str(gridcells.styled(style).get("bg", "")) if style["backgroundColor"] else ""


class _Pages(_Door):
    """What can be looked at."""

    async def chooser(self, request: Request) -> Response:
        """Show whom one can be."""
        return self._chooser(request, request.query_params.get("next", "/"))

    def _chooser(self, request: Request, then: str, problem: str = "", code: int = 200) -> Response:
        return _page(
            "personas.html",
            code,
            personas=self.desk.personas(),
            current=self.persona(request),
            then=_own_path(then),
            with_secret=self.desk.is_secret is not None,
            problem=problem,
        )

    async def choose(self, request: Request) -> Response:
        """Remember in this browser who somebody wants to be."""
        if not _same_origin(request):
            return _told(request, 403, "forbidden", "This form belongs to another page.")
        form = await _form(request)
        email, then = form.get("email", ""), _own_path(form.get("next", "/"))
        account = self.engine.account(email)
        known = account is not None and account.kind == "persona"
        checked = self.desk.is_secret
        if checked and not await run_in_threadpool(checked, email, form.get("secret", "")):
            known = False
        if not known:
            return self._chooser(request, then, "Name and secret do not fit together.", 403)
        response = RedirectResponse(then, 303)
        secret = self.engine.ids.secret()
        expires = self.engine.clock().timestamp() + _STAY
        self.engine.keep_token(Token(_digest(secret), email, expires))
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, secret, max_age=_STAY, httponly=True, samesite="strict", secure=secure
        )
        return response

    async def workbooks(self, request: Request) -> Response:
        """Show the workbooks a persona may open."""
        persona = self.persona(request)
        if persona is None:
            return self._chooser(request, "/")
        listed = people.books(self.engine, Caller(persona.email, persona.name))
        return _page("workbooks.html", persona=persona, workbooks=listed)

    async def workbook(self, request: Request) -> Response:
        """Show a workbook: the page that loads the grid, and a table for when it cannot."""
        if self.persona(request) is None:
            path = request.url.path
            return RedirectResponse(f"/persona?next={quote(path)}", 303)
        book, viewer = await self.open(request)
        tabs = shown_tabs(book)
        wanted = request.query_params.get("sheet", "")
        found = next((tab for tab in tabs if str(tab.sheet_id) == wanted), tabs[0])
        first = _whole_number(request.query_params.get("from", "1"))
        table = await run_in_threadpool(_plain_table, book, found, viewer, first)
        return _page(
            "workbook.html",
            book=book,
            viewer=viewer,
            tabs=_tab_list(book),
            current=found,
            table=table,
            start={
                "book": book.id,
                "title": book.title,
                "name": viewer.name or viewer.email,
                "sheet": found.sheet_id,
                "mayEdit": viewer.may_edit,
                "exports": sorted(self.desk.exports or {}),
                "firstRows": _FIRST,
            },
            exports=sorted(self.desk.exports or {}),
        )

    async def tabs(self, request: Request) -> Response:
        """Return title and tabs of a workbook."""
        book, _ = await self.open(request)
        return JSONResponse(
            {"revision": book.revision, "title": book.title, "tabs": _tab_list(book)}
        )

    async def rows(self, request: Request) -> Response:
        """Return rows of a tab, with its heading when they are the first."""
        book, viewer = await self.open(request)
        tab = _tab(book, request.path_params["sheet"])
        start = _whole_number(request.query_params.get("start", "0"))
        count = min(_REST, _whole_number(request.query_params.get("count", str(_FIRST))))
        body = await run_in_threadpool(_rows_body, book, tab, viewer, start, count)
        return Response(body, media_type="application/json")

    async def view(self, request: Request) -> Response:
        """Return which rows a filter view shows, in its order."""
        book, _ = await self.open(request)
        tab = _tab(book, request.path_params["sheet"])
        found = gridcells.find_view(tab, request.path_params["view"])
        if found is None:
            raise _GoneError
        order = await run_in_threadpool(lambda: gridcells.View(book, tab, found).order())
        return JSONResponse({"revision": book.revision, "rows": order})

    async def export(self, request: Request) -> Response:
        """Return a workbook or a tab as a file."""
        book, _ = await self.open(request)
        tab = _tab(book, request.path_params["sheet"])
        ending = request.path_params["ending"]
        known = (self.desk.exports or {}).get(ending)
        if known is None:
            raise _GoneError
        media_type, write = known
        body = await run_in_threadpool(write, book, tab.sheet_id)
        whole = book.title if ending == "xlsx" else f"{book.title} - {tab.title}"
        name = quote(f"{whole}.{ending}", safe="")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(body, media_type=media_type, headers=headers)

    async def events(self, request: Request) -> Response:
        """Tell of every change, from the one after `after` or the last event that arrived."""
        book, viewer = await self.open(request)
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        seen = int(after) if after.isdecimal() else book.revision
        lines = Stream(self.engine, book.id, viewer, seen).lines(self.desk.is_closing)
        return StreamingResponse(lines, media_type="text/event-stream")


def _own_path(path: str) -> str:
    """Return a path of this server: never an address that leads elsewhere."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


def _whole_number(text: str) -> int:
    return min(int(text), 10_000_000) if text.isdecimal() and text.isascii() else 0


def _rows_body(book: Book, tab: Tab, viewer: gridcells.Viewer, start: int, count: int) -> bytes:
    sight = gridcells.Sight(book, tab, viewer)
    end = min(start + count, tab.row_count)
    rows = sight.rows(range(start, end))
    body = {"revision": book.revision, "start": start, "rows": rows, "looks": sight.looks}
    if start == 0:
        body["heading"] = gridcells.heading(book, tab, viewer)
    return packed(body)


def _plain_table(book: Book, tab: Tab, viewer: gridcells.Viewer, first: int) -> Message:
    """Return a page of rows for a browser without script; `first` counts from 1."""
    heading = gridcells.heading(book, tab, viewer)
    columns = [at for at in range(tab.column_count) if at not in set(heading["hiddenColumns"])]
    used = max(tab.used().bottom, 1)
    start = min(max(first, 1), used) - 1
    head = range(min(heading["frozenRows"], used))
    body = [at for at in range(start, min(start + _PAGE, used)) if at not in head]
    sight = gridcells.Sight(book, tab, viewer)
    return {
        "letters": [a1.column_letters(at) for at in columns],
        "head": [_plain_row(sight, at, columns) for at in head],
        "rows": [_plain_row(sight, at, columns) for at in body],
        "looks": sight.looks,
        "previous": max(1, start + 1 - _PAGE) if start else None,
        "next": start + 1 + _PAGE if start + _PAGE < used else None,
    }


def _plain_row(sight: gridcells.Sight, index: int, columns: Iterable[int]) -> Message:
    shown = sight.row(index)[1]
    cells = [shown[at] if at < len(shown) else 0 for at in columns]
    return {"number": index + 1, "cells": [[*_plain_cell(cell)] for cell in cells]}


def _plain_cell(cell: Json) -> tuple[str, int, Message]:
    if isinstance(cell, int):
        return "", cell, {}
    text, look, *rest = cell
    return text, look, rest[0] if rest else {}


def _same_origin(request: Request) -> bool:
    """Test whether a POST comes from a page of this server, or from no page at all."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _body(request: Request) -> bytes:
    """
    Return the body of a request.

    :raises ApiError: if it is larger than anything a page sends
    """
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _LARGEST_BODY:
                raise errors.ApiError(413, "too-large", "That is too much at once.")
    except ClientDisconnect as gone:
        msg = "The request broke off."
        raise errors.invalid(msg) from gone
    return body


async def _form(request: Request) -> dict[str, str]:
    text = (await _body(request)).decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


class _Edits(_Door):
    """What can be changed."""

    async def edit(self, request: Request) -> Response:
        """Type into cells, or change rows: all of it or nothing. sheets.md B13."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" or not _same_origin(request):
            return _told(request, 403, "forbidden", "Edits come from the page itself, as JSON.")
        who = self.caller(request)
        book_id = request.path_params["book"]
        wish = _wish(await _body(request))
        place = people.Place(book_id, wish["sheetId"], wish["revision"])
        try:
            revision = await run_in_threadpool(self._apply, who, place, wish)
        except people.EditConflictError as conflict:
            return self._conflict(request, conflict)
        except people.EditRefusedError as refused:
            cells = [
                {"a1": a1.cell_name(*cell), "reason": reason}
                for cell, reason in sorted(refused.reasons.items())
            ]
            message = f"Nothing was changed: {len(cells)} cell{'s' * (len(cells) > 1)} refused."
            return _told(request, 422, "refused", message, cells=cells)
        body = await run_in_threadpool(self._after, who, place, wish, revision)
        return Response(body, media_type="application/json")

    def _after(self, who: Caller, place: people.Place, wish: Message, revision: int) -> bytes:
        """Return the edited rows as they have become, so that the page shows them at once."""
        book = self.engine.read(place.book)
        touched = sorted({each.row for each in wish.get("edits", ())})
        sight = gridcells.Sight(book, book.tab(place.sheet_id), self.viewer(book.id, who))
        rows = {index: sight.row(index) for index in touched}
        return packed({"revision": revision, "rows": rows, "looks": sight.looks})

    def _apply(self, who: Caller, place: people.Place, wish: Message) -> int:
        if "operation" in wish:
            revision = people.operate(self.engine, who, place, [wish["operation"]])
            self._ring(who, place, "")
            return revision
        revision = people.edit(self.engine, who, place, wish["edits"])
        self._ring(who, place, _span(wish["edits"]))
        return revision

    def _ring(self, who: Caller, place: people.Place, span: str) -> None:
        if self.desk.edited:
            self.desk.edited(place.book, place.sheet_id, span, who.email)

    @staticmethod
    def _conflict(request: Request, conflict: people.EditConflictError) -> Response:
        cells = [
            {"a1": a1.cell_name(*cell), "text": view.text, "old": view.raw}
            for cell, view in sorted(conflict.current.items())
        ]
        message = "Somebody else changed this meanwhile. Nothing of yours was saved."
        if not cells:
            message = "Rows or columns have moved meanwhile. Nothing of yours was saved."
        return _told(request, 409, "conflict", message, revision=conflict.revision, cells=cells)


def _span(edits: list[people.Edit]) -> str:
    rows = [each.row for each in edits]
    columns = [each.column for each in edits]
    first, last = a1.cell_name(min(rows), min(columns)), a1.cell_name(max(rows), max(columns))
    return first if first == last else f"{first}:{last}"


def _wish(body: bytes) -> Message:
    """
    Return what a page asks for, its edits as `people.Edit`.

    :raises ApiError: if it is not what our page sends
    """
    try:
        wish = json.loads(body)
    except (ValueError, RecursionError) as broken:
        msg = "The request is not JSON."
        raise errors.invalid(msg) from broken
    if not isinstance(wish, dict) or wish.keys() not in _SHAPES or not _has_place(wish):
        msg = "An edit names sheetId, revision and either edits or an operation."
        raise errors.invalid(msg)
    if "edits" in wish:
        return {**wish, "edits": _edits(wish["edits"])}
    if not isinstance(wish["operation"], dict):
        msg = "An operation is an object."
        raise errors.invalid(msg)
    return {**wish}


_SHAPES = ({"sheetId", "revision", "edits"}, {"sheetId", "revision", "operation"})


def _has_place(wish: Message) -> bool:
    numbers = (wish["sheetId"], wish["revision"])
    return all(isinstance(each, int) and not isinstance(each, bool) for each in numbers)


def _edits(listed: Json) -> list[people.Edit]:
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST_EDITS:
        msg = f"Between 1 and {_MOST_EDITS} cells can be edited at once."
        raise errors.invalid(msg)
    return [_edit(each) for each in listed]


def _edit(each: Json) -> people.Edit:
    fits = isinstance(each, dict) and each.keys() == {"a1", "old", "new"}
    if not fits or not all(isinstance(text, str) for text in each.values()):
        msg = "Each edit holds the texts a1, old and new."
        raise errors.invalid(msg)
    corners = a1.corners(each["a1"])
    if corners is None or not corners.is_single:
        msg = "Each edit names one cell."
        raise errors.invalid(msg)
    return people.Edit(corners.top, corners.left, each["old"], each["new"])
