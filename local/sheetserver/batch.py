"""batchUpdate: many requests in order on one working copy, all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sheetserver import errors
from sheetserver.kinds import (
    cellwise,
    clipboard,
    dimensions,
    filters,
    layout,
    metadata,
    objects,
    protections,
    rules,
    tabs,
    texts,
)
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.draft import Draft
    from sheetserver.messages import Message

Kind: TypeAlias = "Callable[[Draft, Message], Message | None]"

KINDS: dict[str, Kind] = {
    **tabs.KINDS,
    **cellwise.KINDS,
    **dimensions.KINDS,
    **protections.KINDS,
    **rules.KINDS,
    **filters.KINDS,
    **metadata.KINDS,
    **layout.KINDS,
    **clipboard.KINDS,
    **texts.KINDS,
    **objects.KINDS,
}


def accepted(requests: list[Message]) -> list[Message]:
    """
    Return requests as the kinds want them, checked against the schema.

    :raises ApiError: naming the first request of a kind we do not model, or every
        field that is unknown or of the wrong type
    """
    refuse_unmodelled(requests)
    body = sheets().accept("BatchUpdateSpreadsheetRequest", {"requests": requests})
    return list(body.get("requests", []))


def refuse_unmodelled(requests: object) -> None:
    """
    Let a list of requests pass if each is of a kind this server carries out.

    :raises ApiError: naming the first that Google has and we do not
    """
    known = sheets().types["Request"]["properties"]
    if not isinstance(requests, list):
        return  # the schema has the words for it
    for index, request in enumerate(requests):
        for name in request if isinstance(request, dict) else ():
            if name in known and name not in KINDS:
                msg = f"Invalid requests[{index}].{name}"
                raise errors.not_modelled(msg)


def run(draft: Draft, requests: list[Message]) -> list[Message]:
    """
    Carry out accepted requests and return their replies.

    :raises ApiError: of the first that fails, with its place before the message
    """
    if not requests:
        why = "Must specify at least one request."
        raise errors.invalid(why)
    if len(requests) > errors.BATCH_LIMIT:
        raise errors.batch_too_long()
    return [_reply(draft, index, request) for index, request in enumerate(requests)]


def _reply(draft: Draft, index: int, request: Message) -> Message:
    if len(request) != 1:
        what = "No request set" if not request else "Exactly one kind must be set"
        msg = f"Invalid requests[{index}]: {what}."
        raise errors.invalid(msg)
    ((name, body),) = request.items()
    try:
        reply = KINDS[name](draft, body)
    except errors.ApiError as failed:
        msg = f"Invalid requests[{index}].{name}: "
        raise failed.prefixed(msg) from failed
    return {} if reply is None else {name: reply}
