"""Talks to the spreadsheet service, real Google or our own server: the only user of gspread."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote, urlsplit

import gspread
import requests
from google.auth.exceptions import GoogleAuthError
from gspread.exceptions import APIError

from console.schema import quoted
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import (
    Block,
    CellValue,
    Clock,
    SheetMessage,
    SheetRefusedError,
    SheetUnavailableError,
    WorkbookUnreachableError,
)

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

SPREADSHEETS: Final = "https://sheets.googleapis.com/v4/spreadsheets"
FILES: Final = "https://www.googleapis.com/drive/v3/files"
SCOPES: Final = ("https://www.googleapis.com/auth/spreadsheets",)
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
LONGEST_CALL: Final = timedelta(seconds=CONNECT_SECONDS + READ_SECONDS)
MARGIN: Final = timedelta(seconds=5)
"""What must be left of the time when a call is over (sheets.md A9)."""

MOST_READS: Final = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
"""Seconds before a read is tried again, doubled each time."""

TABS: Final = (
    "properties,sheets(properties,developerMetadata,protectedRanges,conditionalFormats,"
    "filterViews,charts(chartId,spec))"
)
HEADS: Final = (
    "sheets(properties.sheetId,"
    "data(rowData.values(userEnteredValue,note),columnMetadata.developerMetadata))"
)
ECHO: Final = (
    "updatedSpreadsheet.sheets(properties.title,"
    "data(startRow,startColumn,rowData.values.effectiveValue))"
)


class Endpoint(gspread.HTTPClient):
    """
    gspread's HTTP layer on another address.

    Every call of gspread passes through `request`; exchanging scheme and host
    there moves all of it, the percent-encoded path untouched (sheets.md A7).
    """

    root = ""
    """The address to use instead of Google's, without a slash at its end; empty for Google's."""

    @property
    def account(self) -> str:
        """Return the e-mail address of the account that signs in, empty for none."""
        return str(getattr(getattr(self, "auth", None), "service_account_email", ""))

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - handed on as they come
        """Send a request to the configured address."""
        if self.root:
            endpoint = self.root + urlsplit(endpoint)._replace(scheme="", netloc="").geturl()
        return super().request(method, endpoint, *args, **kwargs)


def find(http: Endpoint, title: str) -> Sequence[str]:
    """
    Return the ids of the workbooks with a title that our account sees.

    :raises WorkbookUnreachableError: when the account may not list them
    :raises SheetUnavailableError: when the service does not answer
    """
    kind = "mimeType='application/vnd.google-apps.spreadsheet'"
    name = title.replace("\\", "\\\\").replace("'", "\\'")
    params = {"q": f"{kind} and name = '{name}' and trashed = false", "fields": "files(id)"}
    answer = _answered("find", lambda: http.request("get", FILES, params=params))
    return [file["id"] for file in answer["files"]]


def anonymous(root: str) -> Endpoint:
    """Return a way to a local server that asks for no account."""
    client = Endpoint(None, session=requests.Session())  # type: ignore[arg-type] # as gspread documents
    return _ready(client, root)


def signed_in(credentials: Path, root: str = "") -> Endpoint:
    """Return a way to the service with the account of a service-account file."""
    return signed_in_as(json.loads(credentials.read_text("utf-8")), root)


def signed_in_as(account: Mapping[str, str], root: str = "") -> Endpoint:
    """Return a way to the service with a service account, given as its file's content."""
    client = gspread.service_account_from_dict(
        dict(account), scopes=SCOPES, http_client=Endpoint
    ).http_client
    if not isinstance(client, Endpoint):
        message = "gspread did not take our HTTP client."
        raise TypeError(message)
    return _ready(client, root)


def _ready(client: Endpoint, root: str) -> Endpoint:
    client.root = root
    client.set_timeout((CONNECT_SECONDS, READ_SECONDS))
    return client


class Meter(Protocol):
    """Counts calls, and says when there were enough."""

    def take(self) -> None:
        """
        Use one call.

        :raises SheetUnavailableError: when none is left for now
        """


@dataclass(slots=True)
class Bucket:
    """
    What we may ask of the service: ten calls at once and forty a minute (sheets.md A9).

    So never more than fifty in any minute of the sixty that Google grants; the
    rest is for people and for repairs.
    """

    capacity: float = 10.0
    a_minute: float = 40.0
    tick: Callable[[], float] = monotonic
    _level: float = field(default=0.0, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _gate: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        """Start full."""
        self._level, self._looked_at = self.capacity, self.tick()

    def take(self) -> None:
        """
        Use one call.

        :raises SheetUnavailableError: when none is left for now
        """
        with self._gate:
            now = self.tick()
            gained = (now - self._looked_at) * self.a_minute / 60
            self._level, self._looked_at = min(self.capacity, self._level + gained), now
            if self._level < 1:
                message = "The spreadsheet service is asked for no more this minute."
                raise SheetUnavailableError(message, why="quota")
            self._level -= 1


@dataclass(frozen=True, slots=True)
class Budget:
    """The two buckets of an account, which all its workbooks share: reads and writes."""

    reads: Meter = field(default_factory=Bucket)
    writes: Meter = field(default_factory=Bucket)

    @classmethod
    def unlimited(cls) -> "Budget":
        """Return the budget for a local server, on which nobody counts."""
        return cls(Bucket(capacity=inf), Bucket(capacity=inf))


@dataclass(frozen=True, slots=True)
class GoogleSheets:
    """
    The SheetsClient on Google Sheets or a server that speaks its language.

    Only the authorised HTTP layer of gspread is used: its helpers send
    USER_ENTERED, retry for ever, or turn text into numbers (sheets.md A6).
    """

    http: Endpoint
    books: Mapping[Workbook, str]
    """The service's id of each workbook."""

    clock: Clock
    pause: Callable[[float], None]
    """Waits some seconds."""

    dice: Callable[[], float]
    """Returns a random number from 0 to 1, so that not all try again at once."""

    account: str = ""
    budget: Budget = field(default_factory=Budget)

    def describe(self, workbook: Workbook, *, until: datetime) -> SheetMessage:
        """Return a workbook without its cells; each sheet's `data` is its heading row."""
        found: dict[str, Any] = self._get(workbook, "", {"fields": TABS}, until)
        ranges = [f"{quoted(sheet['properties']['title'])}!1:1" for sheet in found["sheets"]]
        wanted = {"ranges": ranges, "includeGridData": "true", "fields": HEADS}
        heads = self._get(workbook, "", wanted, until)
        rows = {sheet["properties"].get("sheetId", 0): sheet for sheet in heads["sheets"]}
        for sheet in found["sheets"]:
            sheet["data"] = rows[sheet["properties"].get("sheetId", 0)].get("data", [])
        return found

    def read(
        self, workbook: Workbook, ranges: Sequence[str], *, until: datetime
    ) -> Sequence[Block]:
        """Return the cells of some ranges, in their order: unformatted, dates as numbers."""
        wanted = {
            "ranges": list(ranges),
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "SERIAL_NUMBER",
        }
        answer = self._get(workbook, "/values:batchGet", wanted, until)
        return [block.get("values", []) for block in answer["valueRanges"]]

    def write(
        self,
        workbook: Workbook,
        requests: Sequence[SheetMessage],
        *,
        echo: Sequence[str] = (),
        until: datetime,
    ) -> Sequence[Block]:
        """Do all requests or none, and return the cells of the `echo` ranges as they then are."""
        body: dict[str, object] = {"requests": list(requests)}
        if echo:
            body |= {
                "includeSpreadsheetInResponse": True,
                "responseIncludeGridData": True,
                "responseRanges": list(echo),
            }
        params = {"fields": ECHO if echo else "spreadsheetId"}
        address = f"{self._address(workbook)}:batchUpdate"
        self._check(until, self.budget.writes)
        answer = _answered(
            workbook.value,
            lambda: self.http.request("post", address, params=params, json=body),
        )
        return _echoed(answer, echo) if echo else ()

    def _address(self, workbook: Workbook) -> str:
        if workbook not in self.books:
            message = f"No workbook is set up for {workbook}."
            raise WorkbookUnreachableError(message, workbook=workbook)
        return f"{SPREADSHEETS}/{quote(self.books[workbook], safe='')}"

    def _get(
        self, workbook: Workbook, path: str, params: Mapping[str, Any], until: datetime
    ) -> Any:  # noqa: ANN401 - the service's answer, as its schema has it
        address = self._address(workbook) + path
        for tried in range(1, MOST_READS + 1):
            self._check(until, self.budget.reads)
            try:
                return _answered(
                    workbook.value, lambda: self.http.request("get", address, params=dict(params))
                )
            except SheetUnavailableError as silent:
                if tried == MOST_READS or silent.facts.get("why") == "quota":
                    raise
            longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tried - 1))
            self.pause(longest * self.dice())
        return None

    def _check(self, until: datetime, bucket: Meter) -> None:
        """
        Let a call begin that will be over in time and is within the budget.

        :raises SheetUnavailableError: when it is not
        """
        if self.clock.now() + LONGEST_CALL > until - MARGIN:
            message = "There is no time left for another call."
            raise SheetUnavailableError(message, why="time")
        bucket.take()


def _answered(about: str, call: Callable[[], requests.Response]) -> Any:  # noqa: ANN401 - JSON
    """Make one call and return its answer; what it failed of is one of our errors."""
    began = monotonic()
    try:
        answer = call().json()
    except (APIError, requests.RequestException, GoogleAuthError) as failed:
        error = _translated(failed)
        facts = {"about": about, "code": error.code, **error.facts}
        logger.warning("sheets call failed", extra={"facts": facts})
        raise error from failed
    took = round((monotonic() - began) * 1000)
    logger.info("sheets call", extra={"facts": {"about": about, "ms": took}})
    return answer


SILENT: Final = frozenset({500, 502, 503, 504, -1})
"""Answers that are none: the outcome of a write is unknown."""

UNREACHABLE: Final = frozenset({401, 403, 404})


def _translated(
    failed: Exception,
) -> SheetUnavailableError | SheetRefusedError | WorkbookUnreachableError:
    """Return what a failed call means to us (sheets.md A8)."""
    if not isinstance(failed, APIError):
        return SheetUnavailableError("The spreadsheet service does not answer.", why="silent")
    code = failed.code
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return SheetUnavailableError("The spreadsheet service asks us to wait.", why="quota")
    if code in UNREACHABLE:
        return WorkbookUnreachableError("The workbook is gone, or not ours.", status=code)
    if code in SILENT:
        return SheetUnavailableError("The spreadsheet service does not answer.", why=str(code))
    return SheetRefusedError(str(failed.error.get("message", "")), status=code)


def _echoed(answer: Mapping[str, Any], ranges: Sequence[str]) -> Sequence[Block]:
    """Return the echoed blocks in the order of the ranges; the service groups them by tab."""
    by_tab: dict[str, Iterator[Mapping[str, Any]]] = {
        quoted(sheet["properties"]["title"]): iter(sheet.get("data", ()))
        for sheet in answer["updatedSpreadsheet"]["sheets"]
    }
    return [_block(next(by_tab[each.rpartition("!")[0]], {})) for each in ranges]


def _block(data: Mapping[str, Any]) -> Block:
    return [
        [_held(cell.get("effectiveValue", {})) for cell in row.get("values", ())]
        for row in data.get("rowData", ())
    ]


def _held(value: Mapping[str, Any]) -> CellValue:
    """Return what a typed value holds; an error as its text, as reading has it."""
    if "errorValue" in value:
        return f"#{value['errorValue'].get('type', 'ERROR')}!"
    held: CellValue = next(iter(value.values()), None)
    return held
