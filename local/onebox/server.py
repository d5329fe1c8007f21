"""The desk's address on one machine: HTTP requests become API Gateway events and back."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from partnerdesk.ports import Clock, Ids

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
MOST_BODY = 6 * 1024 * 1024
"""What a Lambda function could be handed at most; a longer body is refused unread."""

MOST_DRAINED = 4 * MOST_BODY
"""How much of a refused body is read and dropped, so that the sender can read our answer."""

Event = dict[str, Any]


class Routes(Protocol):
    """A function's routes: what a Lambda handler would call."""

    def resolve(self, event: Event, context: Any) -> Event:  # noqa: ANN401 - a Lambda context
        """Return the API Gateway response to an API Gateway event."""


@dataclass(frozen=True, slots=True)
class Context:
    """The part of a Lambda context that routes may look at."""

    aws_request_id: str
    function_name: str = "onebox"
    memory_limit_in_mb: int = 0
    invoked_function_arn: str = "onebox"


@dataclass(frozen=True, slots=True)
class Gateway:
    """Answers requests by the routes of the functions, as API Gateway would."""

    functions: Mapping[str, Routes]
    """Path -> the function that answers it; `*` for all other paths."""

    clock: Clock
    ids: Ids

    async def answer(self, request: Request) -> Response:
        """Return the functions' answer to a request."""
        body = await _body(request)
        if body is None:
            return _too_large()
        event = _event(request, body, self.clock, request_id=self.ids.secret())
        routes = self.functions.get(request.url.path, self.functions["*"])
        context = Context(aws_request_id=event["requestContext"]["requestId"])
        return _response(await run_in_threadpool(routes.resolve, event, context))


def application(gateway: Gateway, *, extra: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the desk's ASGI application; `extra` are pages that only one machine has."""
    everything = Route("/{path:path}", gateway.answer, methods=METHODS)
    return Starlette(routes=[*extra, everything])


async def _body(request: Request) -> bytes | None:
    """Return the body, or None when it is too large; then what is coming is dropped."""
    stated = request.headers.get("content-length", "0")
    is_too_large = not stated.isdecimal() or int(stated) > MOST_BODY
    kept, read = bytearray(), 0
    async for chunk in _chunks(request):
        read += len(chunk)
        is_too_large = is_too_large or read > MOST_BODY
        if not is_too_large:
            kept += chunk
        elif read > MOST_DRAINED:
            break
    return None if is_too_large else bytes(kept)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


def _too_large() -> Response:
    problem = (
        '{"type":"about:blank","title":"Too large","status":413,'
        '"detail":"The request is larger than we take. Send less.","errors":[]}'
    )
    return Response(problem, status_code=413, media_type="application/problem+json")


def _event(request: Request, body: bytes, clock: Clock, *, request_id: str) -> Event:
    now = clock.now()
    text, is_base64 = _as_text(body)
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path.partition("?")[0],
        "rawQueryString": request.url.query,
        "headers": _joined(request.headers.items()),
        "queryStringParameters": _joined(request.query_params.multi_items()),
        "requestContext": {
            "accountId": "onebox",
            "apiId": "onebox",
            "domainName": "onebox",
            "http": {
                "method": request.method,
                "path": path.partition("?")[0],
                "protocol": "HTTP/1.1",
                "sourceIp": request.client.host if request.client else "",
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": format_datetime(now),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def _as_text(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return repeated names joined by commas, as API Gateway hands them on."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _response(answer: Event) -> Response:
    body: str | bytes = answer.get("body") or ""
    if answer.get("isBase64Encoded"):
        body = base64.b64decode(body)
    response = Response(body, status_code=answer["statusCode"])
    for name, value in (answer.get("headers") or {}).items():
        response.headers[name] = str(value)
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        for value in values:
            response.headers.append(name, value)
    return response
