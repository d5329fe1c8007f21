"""Every way the server declines a request, in the words Google uses for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sheetserver.messages import Message

GRID_LIMIT = 10_000_000  # cells in one spreadsheet
BATCH_LIMIT = 100_000  # requests in one batch
TEXT_LIMIT = 50_000  # characters in one cell
COLUMN_LIMIT = 18_278  # columns of one tab

_PROTECTED = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to "
    "remove protection if you need to edit."
)


class ApiError(Exception):
    """A request answered with Google's error body instead of its result."""

    def __init__(
        self, code: int, status: str, message: str, details: list[Message] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.details = details or []

    def prefixed(self, prefix: str) -> ApiError:
        """Return the same error with the place that caused it written before the message."""
        return ApiError(self.code, self.status, prefix + self.message, self.details)

    def body(self) -> Message:
        """Return the JSON body of the answer."""
        error: Message = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def invalid(message: str) -> ApiError:
    """Return the refusal of a request that can never succeed as it stands."""
    return ApiError(400, "INVALID_ARGUMENT", message)


def malformed(violations: list[tuple[str, str]]) -> ApiError:
    """
    Return the refusal of a body that does not fit the published schema.

    :param violations: field path and description of each fault, in the order they were met
    """
    listed = [{"field": field, "description": text} for field, text in violations]
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": listed}
    message = "\n".join(text for _, text in violations)
    return ApiError(400, "INVALID_ARGUMENT", message, [detail])


def unknown_name(name: str, path: str) -> str:
    """Return the text about a field that the schema does not have."""
    where = f" at '{path}'" if path else ""
    return f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'


def unparsable(text: str) -> ApiError:
    """Return the refusal of a range that names no cells of this spreadsheet."""
    return invalid(f"Unable to parse range: {text}")


def off_grid(text: str, rows: int, columns: int) -> ApiError:
    """Return the refusal of a range that starts outside the grid."""
    return invalid(f"Range ({text}) exceeds grid limits. Max rows: {rows}, max columns: {columns}")


def outside_range(text: str, tried: str) -> ApiError:
    """Return the refusal of values that do not fit the range they were sent to."""
    return invalid(f"Requested writing within range [{text}], but tried writing to {tried}")


def not_found() -> ApiError:
    """Return the answer for an id we do not know, or that is none of the caller's business."""
    return ApiError(404, "NOT_FOUND", "Requested entity was not found.")


def forbidden() -> ApiError:
    """Return the answer for a caller without the right."""
    return ApiError(403, "PERMISSION_DENIED", "The caller does not have permission")


def unauthenticated() -> ApiError:
    """Return the answer for a call without a good token."""
    return ApiError(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
    )


def quota_exceeded(metric: str) -> ApiError:
    """
    Return the answer for a user who has used up the calls of this minute.

    :param metric: `Read requests` or `Write requests`
    """
    limit = f"{metric} per minute per user"
    message = (
        f"Quota exceeded for quota metric '{metric}' and limit '{limit}' of service "
        "'sheets.googleapis.com' for consumer 'project_number:0'."
    )
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {"service": "sheets.googleapis.com", "quota_limit": limit},
    }
    return ApiError(429, "RESOURCE_EXHAUSTED", message, [detail])


def unavailable() -> ApiError:
    """Return the answer of a service that is down for a moment."""
    return ApiError(503, "UNAVAILABLE", "The service is currently unavailable.")


def not_modelled(name: str) -> ApiError:
    """Return the refusal of something Google has and this server does not."""
    return invalid(f"{name}: not modelled by this server.")


def no_grid(sheet_id: int) -> ApiError:
    """Return the refusal of a tab id that is not in the spreadsheet."""
    return invalid(f"No grid with id: {sheet_id}")  # [assumed]


def title_taken(title: str) -> ApiError:
    """Return the refusal of a second tab with one title."""
    # The wording is [assumed]: to be confirmed on real Google.
    return invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')


def last_tab_hidden() -> ApiError:
    """Return the refusal to hide the only tab in sight."""
    return invalid("You can't hide all the sheets in a document.")


def last_tab_removed() -> ApiError:
    """Return the refusal to delete the only tab."""
    return invalid("You can't remove all the sheets in a document.")  # [assumed]


def protected() -> ApiError:
    """Return the refusal of an edit to cells that are somebody else's."""
    return invalid(_PROTECTED)


def editors_on_warning() -> ApiError:
    """Return the refusal of editors on a protection that only warns."""
    return invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")


def batch_too_long() -> ApiError:
    """Return the refusal of a batch above the limit."""
    return invalid(f"Cannot exceed {BATCH_LIMIT} requests in a single batch.")


def text_too_long() -> ApiError:
    """Return the refusal of a cell above the limit."""
    return invalid(
        f"Your input contains more than the maximum of {TEXT_LIMIT} characters in a single cell."
    )


def too_many_cells() -> ApiError:
    """Return the refusal of growth above the limit of a spreadsheet."""
    return invalid(
        "This action would increase the number of cells in the workbook above the limit of "
        f"{GRID_LIMIT} cells."
    )


def too_many_columns() -> ApiError:
    """Return the refusal of growth above the widest tab."""
    return invalid(f"A sheet cannot have more than {COLUMN_LIMIT} columns.")  # [assumed]
