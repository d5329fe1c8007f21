"""
Test controls under `/_test`: faults, delays, quotas, a movable clock, and people in the gap.

They exist only if the server was started with them, and answer loopback
alone. Without them `around` adds nothing to a call.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from sheetserver import errors, faults, storage
from sheetserver.calls import Answer
from sheetserver.clock import MovableClock, rfc3339
from sheetserver.faults import Fault
from sheetserver.gap import Between, Hands
from sheetserver.ids import Delays
from sheetserver.quotas import LIMIT, Quotas
from sheetserver.schema import read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from sheetserver.clock import Clock
    from sheetserver.engine import Engine
    from sheetserver.messages import Json, Message
    from sheetserver.settings import Settings
    from sheetserver.webhook import Reporter

    Exchange: TypeAlias = Callable[[], tuple[Answer, str, str]]
    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Json]]]
    Send: TypeAlias = Callable[[MutableMapping[str, Json]], Awaitable[None]]

_LOGGED = 10_000  # calls
_BOOK = re.compile(r"/v4/spreadsheets/([^/:]+)")
_HANG = 3_600.0  # seconds, unless the client hangs up first


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call that has been read and not yet answered."""

    method: str
    path: str
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Wires:
    """The two ends of a connection."""

    receive: Receive
    send: Send

    def cut(self, *, gently: bool) -> None:
        """
        Break the connection, after what was sent has left or at once.

        The transport is uvicorn's; under another server the answer is missing
        all the same, since none is sent.
        """
        transport = getattr(getattr(self.receive, "__self__", None), "transport", None)
        if isinstance(transport, asyncio.Transport):
            if gently:
                transport.close()
            else:
                transport.abort()


class Controls:
    """Everything a test may do to the server from outside."""

    def __init__(self, settings: Settings) -> None:
        self.is_on = settings.has_test_controls
        self._movable = MovableClock(settings.clock)
        self.clock: Clock = self._movable if self.is_on else settings.clock
        self._lock = threading.Lock()
        self._log: deque[Message] = deque(maxlen=_LOGGED)
        self._faults: list[Fault] = []
        self._between: list[Between] = []
        self._delay: Callable[[], float] | None = None

    def attach(self, engine: Engine, quotas: Quotas, reporter: Reporter) -> None:
        """Say what is to be controlled."""
        self._engine = engine
        self._quotas = quotas
        self._hands = Hands(engine, reporter)

    # What the calls go through

    async def around(self, call: Incoming, exchange: Exchange, wires: Wires) -> None:
        """Answer a call, with whatever was planned for it."""
        if not self.is_on:
            plain, _, _ = await asyncio.to_thread(exchange)
            await transmit(wires.send, plain)
            return
        begun = asyncio.get_running_loop().time()
        if self._delay:
            await asyncio.sleep(self._delay() / 1000)
        do = self._planned(call)
        planned = faults.ANSWERS[do] if do else None
        entry: Message = {"user": "", "bucket": ""}
        real: Answer | None = None
        if not do or do in faults.AFTER_COMMIT:
            real, entry["user"], entry["bucket"] = await asyncio.to_thread(
                self._carry_out, call, exchange
            )
        answer = planned or real
        entry["ms"] = round(1000 * (asyncio.get_running_loop().time() - begun), 3)
        entry["fault"] = do
        self._note(call, answer, entry)
        await _deliver(do, answer, wires)

    def _planned(self, call: Incoming) -> str:
        with self._lock:
            for fault in self._faults:
                if fault.strikes(call.method, call.path, call.body):
                    return fault.do
        return ""

    def _carry_out(self, call: Incoming, exchange: Exchange) -> tuple[Answer, str, str]:
        """Answer a call, with people acting before or after it."""
        is_read = call.method == "GET" or call.path.endswith((":search", "ByDataFilter"))
        if not is_read:
            self._act("before_write", call)
        result = exchange()
        if is_read and result[0].status == HTTPStatus.OK:
            self._act("after_read", call)
        return result

    def _act(self, when: str, call: Incoming) -> None:
        with self._lock:
            struck = [
                each
                for each in self._between
                if each.strikes(when, call.method, call.path, call.body)
            ]
        for each in struck:
            try:
                self._hands.act(_book_of(call.path), each.edits, each.email)
            except errors.ApiError as refusal:
                each.refusal = refusal.message

    def _note(self, call: Incoming, answer: Answer | None, entry: Message) -> None:
        book_id = _book_of(call.path)
        revision = None
        if book_id in self._engine.every_book():
            revision = self._engine.heading(book_id)["revision"]
        noted = {
            "time": rfc3339(self.clock()),
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "body": call.body.decode("utf-8", "replace"),
            "status": answer.status if answer else None,
            "revision": revision,
            **entry,
        }
        with self._lock:
            self._log.append(noted)

    # What tests ask

    def answer(self, method: str, path: str, body: bytes, client: str) -> Answer:
        """
        Return the answer to a control.

        :raises ApiError: 404 without controls or from elsewhere, 400 for what is none
        """
        name = path.removeprefix("/_test/")
        handler = self._handlers().get((method, name))
        if not self.is_on or not _is_loopback(client) or handler is None:
            raise errors.not_found()
        return Answer(body=handler(read_json(body)))

    def _handlers(self) -> dict[tuple[str, str], Callable[[Json], Json]]:
        return {
            ("GET", "faults"): lambda _: {"faults": [each.shown() for each in self._faults]},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "latency"): self._set_latency,
            ("GET", "quota"): lambda _: self._quota(),
            ("POST", "quota"): self._set_quota,
            ("POST", "clock"): self._set_clock,
            ("GET", "clock"): lambda _: {"now": rfc3339(self.clock())},
            ("POST", "between"): self._add_between,
            ("GET", "between"): lambda _: self._told_between(),
            ("DELETE", "between"): self._clear_between,
            ("GET", "requests"): lambda _: {"requests": list(self._log)},
            ("DELETE", "requests"): self._clear_log,
            ("GET", "state"): lambda _: self._state(),
            ("PUT", "state"): self._set_state,
            ("POST", "reset"): self._reset,
        }

    def _add_fault(self, given: Json) -> Json:
        fault = Fault.of(given)
        with self._lock:
            self._faults.append(fault)
        return fault.shown()

    def _clear_faults(self, _: Json) -> Json:
        with self._lock:
            self._faults.clear()
        return {}

    def _set_latency(self, given: Json) -> Json:
        _check_names(given, "fixed", "p50", "p99", "seed")
        if given.get("p50"):
            self._delay = Delays(
                int(given.get("seed", 0)), float(given["p50"]), float(given.get("p99", 0))
            ).next
        else:
            fixed = float(given.get("fixed", 0))
            self._delay = (lambda: fixed) if fixed else None
        return {}

    def _quota(self) -> Json:
        return {
            "enforced": self._quotas.limit is not None,
            "limit": self._quotas.limit or LIMIT,
            "counters": self._quotas.shown(),
        }

    def _set_quota(self, given: Json) -> Json:
        _check_names(given, "enforce", "limit")
        self._quotas.limit = int(given.get("limit", LIMIT)) if given.get("enforce") else None
        return self._quota()

    def _set_clock(self, given: Json) -> Json:
        _check_names(given, "fixed", "offset", "speed")
        try:
            shown = (
                datetime.fromisoformat(given["fixed"])
                if "fixed" in given
                else self.clock() + timedelta(seconds=float(given.get("offset", 0)))
            )
            speed = float(given.get("speed", 0 if "fixed" in given else 1))
        except (ValueError, AttributeError, OverflowError) as wrong:
            msg = f"That is no time: {wrong}"
            raise errors.invalid(msg) from wrong
        if shown.tzinfo is None:
            why = "A fixed time needs a zone, such as Z."
            raise errors.invalid(why)
        if given:
            self._movable.set(shown, speed)
        else:
            self._movable.reset()
        return {"now": rfc3339(self.clock())}

    def _add_between(self, given: Json) -> Json:
        with self._lock:
            self._between.append(Between.of(given))
        return self._told_between()

    def _told_between(self) -> Json:
        return {
            "waiting": sum(not each.is_done for each in self._between),
            "refused": [each.refusal for each in self._between if each.refusal],
        }

    def _clear_between(self, _: Json) -> Json:
        with self._lock:
            self._between.clear()
        return {}

    def _clear_log(self, _: Json) -> Json:
        with self._lock:
            self._log.clear()
        return {}

    def _state(self) -> Json:
        books = [self._engine.read(book_id) for book_id in self._engine.every_book()]
        state = {
            "spreadsheets": [storage.state_of(book) for book in books],
            "permissions": [
                [each.book, each.email, each.role, each.id, each.kind]
                for book in books
                for each in self._engine.permissions(book.id)
            ],
        }
        return json.dumps(state, sort_keys=True, separators=(",", ":")).encode()

    def _set_state(self, given: Json) -> Json:
        _check_names(given, "spreadsheets", "permissions")
        books = [storage.from_state(each) for each in given.get("spreadsheets", ())]
        rights = [storage.Permission(*each) for each in given.get("permissions", ())]
        self._engine.replace_all(books, rights)
        return {"spreadsheets": len(books)}

    def _reset(self, _: Json) -> Json:
        self._engine.replace_all([], [])
        self._movable.reset()
        self._quotas.reset()
        self._quotas.limit = self._delay = None
        for clear in (self._clear_faults, self._clear_between, self._clear_log):
            clear({})
        return {}


def _check_names(given: Json, *names: str) -> None:
    if not isinstance(given, dict) or given.keys() - set(names):
        msg = f"This control has of these parts: {', '.join(names)}."
        raise errors.invalid(msg)


def _book_of(path: str) -> str:
    found = _BOOK.match(path)
    return found[1] if found else ""


def _is_loopback(client: str) -> bool:
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


async def transmit(send: Send, answer: Answer) -> None:
    """Send an answer."""
    content = answer.content()
    await _begin(send, answer, len(content))
    await send({"type": "http.response.body", "body": content})


async def _begin(send: Send, answer: Answer, length: int) -> None:
    headers = [(b"content-length", str(length).encode())]
    if length:
        headers.append((b"content-type", answer.media_type.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _deliver(do: str, answer: Answer | None, wires: Wires) -> None:
    """Send an answer, or break the connection in the planned way."""
    if do == "hang":
        with suppress(TimeoutError):
            async with asyncio.timeout(_HANG):
                while (await wires.receive())["type"] != "http.disconnect":
                    pass
    elif do == "truncated_body" and answer:
        content = answer.content()
        await _begin(wires.send, answer, len(content))
        half = {"body": content[: len(content) // 2], "more_body": True}
        await wires.send({"type": "http.response.body", **half})
        wires.cut(gently=True)
    elif do.startswith("drop"):
        wires.cut(gently=False)
    elif answer:
        await transmit(wires.send, answer)
