"""What every public door shares: strict reading, plain answers, nothing of our inside."""

import json
import logging
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from dataclasses import asdict, dataclass
from email.utils import format_datetime
from hashlib import sha256
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from partnerdesk.domain.doorbell import UnheardError
from partnerdesk.domain.errors import (
    ConflictError,
    DeskError,
    MissingError,
    RefusedError,
    UnavailableError,
)
from partnerdesk.domain.fields import FieldError
from partnerdesk.domain.submission import Submission, UnreadableError, read_form, read_json
from partnerdesk.ports import LimitReachedError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Request
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = logging.getLogger(__name__)

MOST_BYTES = 262_144
RETRY_AFTER = "30"
"""Seconds after which a silent supplier is worth another try."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_MACHINES = ("/v1/", "/api/", "/openapi.json", "/health")
"""Paths that answer with JSON whatever the sender accepts."""


class TooLargeError(RefusedError):
    """More was sent than any of our forms can hold."""

    code = "too-large"

    def __init__(self, at_most: int) -> None:
        super().__init__(f"Please send at most {at_most:,} bytes.")


class UnsupportedTypeError(RefusedError):
    """What was sent is of a type that nobody reads here."""

    code = "unsupported-type"


class InvalidError(RefusedError):
    """What was sent can be read, and some of its fields are wrong: all of them are named."""

    code = "invalid"

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(
            "Please correct the fields named below.", codes=sorted({each.code for each in errors})
        )
        self.errors = errors


STATUS: Mapping[type[DeskError], HTTPStatus] = {
    RefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    MissingError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    LimitReachedError: HTTPStatus.TOO_MANY_REQUESTS,
    UnreadableError: HTTPStatus.BAD_REQUEST,
    UnheardError: HTTPStatus.UNAUTHORIZED,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
"""Kind of failure -> status (architecture.md 4); the nearest class in the table counts."""

TITLES: Mapping[int, str] = {
    400: "Not readable",
    401: "Not accepted",
    404: "Not found",
    405: "Not possible here",
    409: "Conflict",
    413: "Too large",
    415: "Unknown type",
    422: "Not accepted",
    429: "Too many requests",
    451: "Not available where you are",
    500: "Our fault",
    503: "Not available just now",
}

_LOGGED: Mapping[int, int] = {
    401: logging.DEBUG,  # whoever sends it chooses how often
    413: logging.DEBUG,
    429: logging.WARNING,
    503: logging.WARNING,
}

ErrorPage = Callable[[int, str, str], str]
"""Makes the page that people see instead of a problem: from title, sentence and reference."""

Schema = Callable[[], dict[str, Any]]
"""Makes the JSON schema of what a path takes, when somebody asks for it."""


def status_of(error: DeskError) -> HTTPStatus:
    """Return the status of an error: its own if it has one, else that of its kind."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(  # noqa: PLR0913 - the members of RFC 9457, each named at the call
    status: int,
    detail: str,
    *,
    code: str,
    reference: str,
    errors: tuple[FieldError, ...] = (),
    more: Mapping[str, str] | None = None,
) -> Response[str]:
    """Return an answer of RFC 9457 with every field error; `more` are members of a contract."""
    body = {
        "type": f"urn:partnerdesk:problem:{code}",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "instance": f"urn:partnerdesk:request:{reference}",
        "errors": [asdict(each) for each in errors],
    }
    return Response(status, PROBLEM, json.dumps({**body, **(more or {})}))


def answer(body: Mapping[str, object], status: int = HTTPStatus.OK) -> Response[str]:
    """Return an answer in JSON."""
    return Response(status, JSON, json.dumps(body))


def page(html: str, status: int = HTTPStatus.OK) -> Response[str]:
    """Return a page for people."""
    return Response(status, HTML, html)


def see(place: str) -> Response[str]:
    """Return a redirect that a browser follows with GET, to a path of ours."""
    return Response(HTTPStatus.SEE_OTHER, headers={"Location": place}, body="")


def reference_of(request: "Request") -> str:
    """Return the name under which a request is found in the logs."""
    return str(request.resolved_event.raw_event["requestContext"]["requestId"])


def source_of(request: "Request") -> str:
    """
    Return the address that the connection comes from.

    What a header claims does not count: anybody can write one (robustness.md SEC-04).
    """
    return str(request.resolved_event.raw_event["requestContext"]["http"]["sourceIp"])


def sent(request: "Request") -> Submission:
    """
    Return what was sent, in JSON or as a form (robustness.md B2).

    The size is judged first, from the length that the sender states.

    :raises TooLargeError: when it is over the limit
    :raises UnsupportedTypeError: when it is compressed, or of another type or charset
    :raises UnreadableError: when it is not what it says it is
    """
    body = raw(request, at_most=MOST_BYTES)
    if request.headers.get("content-encoding"):
        message = "Please send the body as it is, without Content-Encoding."
        raise UnsupportedTypeError(message)
    read = _reader(request.headers.get("content-type", ""))
    try:
        return read(body.decode())
    except UnicodeDecodeError:
        message = "The body is not valid UTF-8."
        raise UnreadableError(message) from None


def raw(request: "Request", *, at_most: int) -> bytes:
    """
    Return the bytes that were sent, without the gateway's Base64 around them.

    :raises TooLargeError: when there are more than so many, or are said to be
    """
    stated = request.headers.get("content-length", "")
    event = request.resolved_event.raw_event
    text = event.get("body") or ""
    if stated.isdecimal() and int(stated[:20]) > at_most:
        raise TooLargeError(at_most)
    body = b64decode(text) if event.get("isBase64Encoded") else text.encode(errors="replace")
    if len(body) > at_most:
        raise TooLargeError(at_most)
    return body


def _reader(content_type: str) -> Callable[[str], Submission]:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {
        part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset=")
    }
    readers = {JSON: read_json, FORM: read_form}
    if kind not in readers or not charsets <= {"utf-8", "utf8"}:
        message = f"Please send {JSON} or {FORM}, in UTF-8."
        raise UnsupportedTypeError(message)
    return readers[kind]


def idempotency_key(request: "Request", *, door: str, submission: str) -> str:
    """
    Return the key under which a submission counts once: the sender's own, or the submission's.

    :raises InvalidError: when the header is not 1 to 255 visible ASCII characters
    """
    given = request.headers.get("idempotency-key")
    if given is None:
        return sha256(f"{door}|{submission}".encode()).hexdigest()
    if not _KEY.fullmatch(given):
        wrong = "Please send 1 to 255 visible ASCII characters as Idempotency-Key, or none."
        raise InvalidError((FieldError("Idempotency-Key", "not-a-key", wrong),))
    return sha256(f"{door}|key|{given}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class About:
    """What a function's doors are called, and how they look from outside."""

    title: str
    takes: Mapping[str, Schema]
    """Path -> the schema of what may be posted there."""

    error_page: ErrorPage | None = None
    origins: tuple[str, ...] = ()
    """Other sites, exactly, whose scripts may post here and whose pages may embed ours."""


class Api(APIGatewayHttpResolver):
    """
    Routes that may answer on several threads at once.

    Powertools keeps the request on the class, which on one machine would hand
    one visitor's data to another: here each request is answered by a copy of
    its own. A handler that wants the request takes a `Request`, and it is that one.
    """

    def __init__(self, about: About) -> None:
        cors = CORSConfig(about.origins[0], [*about.origins[1:]]) if about.origins else None
        super().__init__(cors=cors)
        self._about = about
        self._preparing = Lock()
        self._is_prepared = False

    def resolve(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Return the API Gateway response to an API Gateway event, whatever happens."""
        self._prepare()
        is_head = event["requestContext"]["http"]["method"] == "HEAD"
        own = copy(self)
        own.context, own.processed_stack_frames = {}, []
        own.current_event = APIGatewayProxyEventV2(_as_get(event) if is_head else dict(event))
        own.exception_handler_manager = deepcopy(self.exception_handler_manager)
        own.exception_handler(Exception)(own.failed)
        found = super(Api, own).resolve(event, context)
        headers = {**_SECURITY, "Content-Security-Policy": self._policy(), **found["headers"]}
        body = "" if is_head else found["body"]
        return {**found, "statusCode": int(found["statusCode"]), "headers": headers, "body": body}

    def _prepare(self) -> None:
        with self._preparing:
            if not self._is_prepared:
                for route in self._static_routes + self._dynamic_routes:
                    # Powertools does it at a route's first call, and two threads would do it twice.
                    route._build_middleware_stack(self._router_middlewares, self)  # noqa: SLF001 - ditto
                self._is_prepared = True

    def failed(self, error: Exception) -> Response[str]:
        """Return what the sender is told of a failure, and log what we must know of it."""
        if isinstance(error, DeskError):
            return self._planned(error)
        if isinstance(error, NotFoundError):
            return self._nothing_here()
        logger.error("request failed", exc_info=error, extra={"reference": self._reference})
        return self._told(
            500, "our-fault", "Something went wrong on our side. We are told; please try again."
        )

    def _planned(self, error: DeskError) -> Response[str]:
        status = status_of(error)
        facts = {"code": error.code, "reference": self._reference, **error.facts}
        logger.log(_LOGGED.get(status, logging.INFO), "request refused", extra={"facts": facts})
        errors = error.errors if isinstance(error, InvalidError) else ()
        response = self._told(status, error.code, str(error), errors)
        if isinstance(error, LimitReachedError):
            response.headers["Retry-After"] = format_datetime(error.until, usegmt=True)
        elif isinstance(error, UnavailableError):
            response.headers["Retry-After"] = RETRY_AFTER
        return response

    def _nothing_here(self) -> Response[str]:
        path = self.current_event.path
        routes = [
            each for each in self._static_routes + self._dynamic_routes if each.rule.match(path)
        ]
        if not routes:
            return self._told(404, "not-found", "There is nothing at this address.")
        methods = ", ".join(sorted({each.method for each in routes}))
        response = self._told(405, "not-possible", f"This address answers to: {methods}.")
        response.headers["Allow"] = methods
        return response

    def _told(
        self, status: int, code: str, detail: str, errors: tuple[FieldError, ...] = ()
    ) -> Response[str]:
        is_page = (
            self._about.error_page is not None
            and "text/html" in self.current_event.headers.get("accept", "")
            and not self.current_event.path.startswith(_MACHINES)
        )
        if is_page and self._about.error_page is not None:
            return page(self._about.error_page(status, detail, self._reference), status)
        return problem(status, detail, code=code, reference=self._reference, errors=errors)

    @property
    def _reference(self) -> str:
        return str(self.current_event.raw_event["requestContext"]["requestId"])

    def _policy(self) -> str:
        ancestors = " ".join(("'self'", *self._about.origins))
        return (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            f"base-uri 'none'; frame-ancestors {ancestors}"
        )

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI 3.1 description of the routes."""
        schema = self.get_openapi_json_schema(title=self._about.title, version="1")
        found: dict[str, Any] = json.loads(schema)
        found["components"] = {"schemas": {"Problem": _PROBLEM_SCHEMA}}
        for path, takes in self._about.takes.items():
            found["paths"][path]["post"]["requestBody"] = {
                "required": True,
                "content": {kind: {"schema": takes()} for kind in (JSON, FORM)},
            }
        return found


def new_app(about: About) -> Api:
    """Return an application without routes."""
    return Api(about)


def _as_get(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a HEAD request as the GET whose headers it asks for."""
    context = event["requestContext"]
    http = {**context["http"], "method": "GET"}
    return {**event, "requestContext": {**context, "http": http}}


_SECURITY = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}

_TEXT = {"type": "string"}
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {"field": _TEXT, "code": _TEXT, "message": _TEXT},
            },
        },
    },
}


def described(success: int, words: str, *refusals: int) -> dict[int, Any]:
    """Return how OpenAPI describes the answers of a route: success, and problems by status."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        success: {"description": words},
        **{
            status: {"description": TITLES[status], "content": {PROBLEM: schema}}
            for status in (*refusals, 500)
        },
    }
