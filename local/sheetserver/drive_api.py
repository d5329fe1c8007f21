"""As much of the Drive API v3 as clients need to make, find, share and delete spreadsheets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from sheetserver import accounts, errors, masks, spreadsheets
from sheetserver.calls import Call, Route
from sheetserver.clock import rfc3339
from sheetserver.engine import permission_id
from sheetserver.kinds import tabs
from sheetserver.schema import drive, read_json
from sheetserver.transplant import copy_book

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.engine import Engine
    from sheetserver.masks import Mask
    from sheetserver.messages import Json, Message
    from sheetserver.storage import Permission

    _Test: TypeAlias = Callable[[Message], bool]

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_FILE = r"/drive/v3/files/(?P<file>[^/:]+)"
_RIGHT = rf"{_FILE}/permissions/(?P<right>[^/:]+)"
_SHORT: Mask = {"kind": {}, "id": {}, "name": {}, "mimeType": {}}  # what Drive shows without a mask
_SHORT_RIGHT: Mask = {"kind": {}, "id": {}, "type": {}, "role": {}}
_WHOLE_PAGE, _LARGEST_PAGE = 100, 1000

_CLAUSE = re.compile(
    r"\s*(?P<field>mimeType|name|trashed|'(?P<parent>[^']*)'\s+in\s+parents)\s*"
    r"(?:(?P<operator>=|!=|contains)\s*"
    r"(?:'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<word>true|false)))?\s*"
)
_AND = re.compile(r"and\s", re.IGNORECASE)

# Drive methods that clients of Sheets may try and this server does not have.
_REFUSED = (
    ("GET", rf"{_FILE}/export", "export"),
    ("POST", rf"{_FILE}/download", "download"),
    ("POST", rf"{_FILE}/watch", "channels"),
    ("POST", r"/drive/v3/(channels|changes)(/.*)?", "channels"),
    ("GET", r"/drive/v3/changes(/.*)?", "changes"),
    (
        "GET",
        rf"{_FILE}/(comments/.+|revisions|listLabels|approvals|accessproposals)(/.*)?",
        "comments",
    ),
    ("POST", rf"{_FILE}/(comments|approvals|modifyLabels|accessproposals)(/.*)?", "comments"),
    ("POST", r"/upload/drive/v[23]/files.*", "upload"),
    ("PATCH", r"/upload/drive/v[23]/files.*", "upload"),
    ("PUT", r"/upload/drive/v[23]/files.*", "upload"),
    ("GET", r"/drive/v3/(about|apps|drives|teamdrives|operations)(/.*)?", "this resource"),
)


def refused(method: str, path: str) -> str:
    """Return the name of a Drive feature that a path asks for and we do not have, or nothing."""
    for verb, pattern, name in _REFUSED:
        if verb == method and re.fullmatch(pattern, path):
            return f"drive {name}"
    return ""


class DriveApi:
    """The methods over one engine. Each takes a call and returns its answer's body."""

    def __init__(self, engine: Engine, root: str) -> None:
        self._engine = engine
        self._root = root
        self.routes = [
            Route(method, re.compile(pattern), operation, handler)
            for method, pattern, operation, handler in (
                ("POST", "/drive/v3/files", "files.create", self.create),
                ("GET", "/drive/v3/files", "files.list", self.list),
                ("GET", _FILE, "files.get", self.get),
                ("PATCH", _FILE, "files.update", self.update),
                ("DELETE", _FILE, "files.delete", self.delete),
                ("POST", f"{_FILE}/copy", "files.copy", self.copy),
                ("GET", f"{_FILE}/permissions", "permissions.list", self.permissions),
                ("POST", f"{_FILE}/permissions", "permissions.create", self.share),
                ("GET", f"{_FILE}/comments", "comments.list", self.comments),
                ("GET", _RIGHT, "permissions.get", self.permission),
                ("PATCH", _RIGHT, "permissions.update", self.change_permission),
                ("DELETE", _RIGHT, "permissions.delete", self.unshare),
            )
        ]

    def _id(self, call: Call, role: str = "reader") -> str:
        """Return the file's id if the caller may do this; unknown otherwise, as Drive has it."""
        book_id = call.place["file"]
        if not self._engine.role(book_id, call.caller) or book_id not in self._engine.every_book():
            raise errors.ApiError(404, "NOT_FOUND", f"File not found: {book_id}.")
        self._engine.require(book_id, call.caller, role)
        return book_id

    def _file(self, call: Call, book_id: str) -> Message:
        heading = self._engine.heading(book_id)
        role = self._engine.role(book_id, call.caller)
        rights = self._engine.permissions(book_id)
        return {
            "kind": "drive#file",
            "id": book_id,
            "name": heading["properties"]["title"],
            "mimeType": SPREADSHEET,
            "createdTime": heading["created"],
            "modifiedTime": heading["modified"],
            "version": str(heading["revision"]),
            "webViewLink": f"{self._root}/grid/{book_id}",
            "trashed": False,
            "parents": ["root"],
            "ownedByMe": role == "owner",
            "capabilities": {"canEdit": role in ("owner", "writer")},
            "owners": [_user(each.email) for each in rights if each.role == "owner"],
            "permissions": [_right(each) for each in rights],
        }

    def _shown(self, call: Call, book_id: str) -> Json:
        return masks.select(self._file(call, book_id), call.mask(drive(), "File") or _SHORT)

    def create(self, call: Call) -> Json:
        """Make an empty spreadsheet."""
        given = drive().accept("File", read_json(call.body))
        _check_file(given)
        if given.get("mimeType", SPREADSHEET) != SPREADSHEET:
            msg = f"drive files of type {given['mimeType']}"
            raise errors.not_modelled(msg)
        title = given.get("name") or "Untitled"
        made = accounts.create_book(self._engine, call.caller, {"properties": {"title": title}})
        return self._shown(call, made)

    def list(self, call: Call) -> Json:
        """List the spreadsheets a caller may read, newest change first."""
        wanted = _query(call.one("q"))
        found = [self._file(call, book_id) for book_id, _ in self._engine.listing(call.caller)]
        found = [each for each in found if all(test(each) for test in wanted)]
        found.sort(key=lambda each: (each["modifiedTime"], each["id"]), reverse=True)
        start = _page_start(call.one("pageToken"))
        size = _page_size(call.one("pageSize"))
        mask = call.mask(drive(), "FileList") or {
            "kind": {},
            "incompleteSearch": {},
            "files": _SHORT,
            "nextPageToken": {},
        }
        page: Message = {
            "kind": "drive#fileList",
            "incompleteSearch": False,
            "files": found[start : start + size],
        }
        if start + size < len(found):
            page["nextPageToken"] = str(start + size)
        return masks.select(page, mask)

    def get(self, call: Call) -> Json:
        """Show a file."""
        return self._shown(call, self._id(call))

    def update(self, call: Call) -> Json:
        """Rename a file."""
        given = drive().accept("File", read_json(call.body))
        _check_file(given)
        book_id = self._id(call, "writer")
        if given.get("trashed"):
            msg = "drive File.trashed"
            raise errors.not_modelled(msg)
        if "name" in given:
            self._rename(call, book_id, given["name"])
        return self._shown(call, book_id)

    def _rename(self, call: Call, book_id: str, title: str) -> None:
        request = {"properties": {"title": title}, "fields": "title"}
        self._engine.write(
            book_id, call.caller, lambda draft: tabs.update_spreadsheet_properties(draft, request)
        )

    def delete(self, call: Call) -> Json:
        """Delete a spreadsheet for good."""
        self._engine.delete(self._id(call, "owner"), call.caller)
        return None

    def copy(self, call: Call) -> Json:
        """Copy a spreadsheet; rights are not copied."""
        given = drive().accept("File", read_json(call.body))
        _check_file(given)
        source = self._engine.read(self._id(call))
        title = given.get("name") or f"Copy of {source.title}"
        book = spreadsheets.empty(self._engine.ids.text(), "", rfc3339(self._engine.clock()))
        self._engine.create(call.caller, book, lambda draft: copy_book(draft, source, title))
        return self._shown(call, book.id)

    def comments(self, call: Call) -> Json:
        """List the comments of a file: none, since making one is refused."""
        self._id(call)
        return {"kind": "drive#commentList", "comments": []}

    # Permissions

    def permissions(self, call: Call) -> Json:
        """List the rights to a file, owner first."""
        rights = self._engine.permissions(self._id(call))
        mask = call.mask(drive(), "PermissionList") or {"kind": {}, "permissions": _SHORT_RIGHT}
        listed = {"kind": "drive#permissionList", "permissions": [_right(each) for each in rights]}
        return masks.select(listed, mask)

    def share(self, call: Call) -> Json:
        """Give somebody a right, or everybody."""
        given = drive().accept("Permission", _without_link(read_json(call.body)))
        book_id = self._id(call, "writer")
        kind, role = given.get("type", ""), given.get("role", "")
        _check_right(kind, role, given)
        if role == "owner" and not call.flag("transferOwnership"):
            why = "The transferOwnership parameter must be enabled when the role is owner."
            raise errors.ApiError(403, "PERMISSION_DENIED", why)
        email = "*" if kind == "anyone" else given.get("emailAddress") or given.get("domain", "")
        if role == "owner":
            self._hand_over(call, book_id)
        right = self._engine.permit(book_id, email, role, kind)
        return masks.select(_right(right), call.mask(drive(), "Permission") or _SHORT_RIGHT)

    def _hand_over(self, call: Call, book_id: str) -> None:
        self._engine.require(book_id, call.caller, "owner")
        for each in self._engine.permissions(book_id):
            if each.role == "owner":
                self._engine.permit(book_id, each.email, "writer", each.kind)

    def _found(self, call: Call, book_id: str) -> Permission:
        for each in self._engine.permissions(book_id):
            if each.id == call.place["right"]:
                return each
        raise errors.ApiError(404, "NOT_FOUND", f"Permission not found: {call.place['right']}.")

    def permission(self, call: Call) -> Json:
        """Show one right."""
        right = self._found(call, self._id(call))
        return masks.select(_right(right), call.mask(drive(), "Permission") or _SHORT_RIGHT)

    def change_permission(self, call: Call) -> Json:
        """Change what somebody may do."""
        given = drive().accept("Permission", read_json(call.body))
        book_id = self._id(call, "writer")
        right = self._found(call, book_id)
        if right.role == "owner" or given.get("role") == "owner":
            msg = "drive transfer of ownership by update"
            raise errors.not_modelled(msg)
        _check_right(right.kind, given.get("role", ""), {"emailAddress": right.email})
        changed = self._engine.permit(book_id, right.email, given["role"], right.kind)
        return masks.select(_right(changed), call.mask(drive(), "Permission") or _SHORT_RIGHT)

    def unshare(self, call: Call) -> Json:
        """Take somebody's right away; the owner keeps theirs."""
        book_id = self._id(call, "writer")
        right = self._found(call, book_id)
        if right.role == "owner":
            why = "The owner of a file cannot be removed."
            raise errors.ApiError(403, "PERMISSION_DENIED", why)
        self._engine.forbid(right)
        return None


def _check_file(given: Message) -> None:
    strange = given.keys() - {"name", "mimeType", "parents", "trashed", "kind", "id"}
    if strange or "id" in given:
        msg = f"drive File.{min(strange | (given.keys() & {'id'}))}"
        raise errors.not_modelled(msg)
    if any(parent != "root" for parent in given.get("parents", ())):
        msg = "drive folders"
        raise errors.not_modelled(msg)


def _without_link(body: Json) -> Json:
    """Return a permission without `withLink`, which older clients send and Drive ignores."""
    if isinstance(body, dict):
        return {name: value for name, value in body.items() if name != "withLink"}
    return body


def _check_right(kind: str, role: str, given: Message) -> None:
    if kind not in ("user", "group", "domain", "anyone"):
        why = "The permission type field is required."
        raise errors.invalid(why)
    if role not in ("owner", "writer", "commenter", "reader"):
        why = "The permission role field is required."
        raise errors.invalid(why)
    if kind == "domain":
        msg = "drive sharing with a domain"
        raise errors.not_modelled(msg)
    if kind in ("user", "group") and "@" not in given.get("emailAddress", ""):
        why = "The permission emailAddress is needed."
        raise errors.invalid(why)


def _user(email: str) -> Message:
    return {
        "kind": "drive#user",
        "displayName": email.partition("@")[0],
        "permissionId": permission_id(email),
        "emailAddress": email,
    }


def _right(right: Permission) -> Message:
    message: Message = {
        "kind": "drive#permission",
        "id": right.id,
        "type": right.kind,
        "role": right.role,
    }
    if right.kind == "anyone":
        return {**message, "allowFileDiscovery": False}
    name = right.email.partition("@")[0]
    return {**message, "emailAddress": right.email, "displayName": name, "deleted": False}


def _query(text: str) -> list[_Test]:
    """
    Return the tests a search stands for: clauses about type, name, parents and trash with `and`.

    :raises ApiError: for anything else
    """
    tests, at = [], 0
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if not clause or clause.end() == at:
            msg = f"drive search: {text[at:]}"
            raise errors.not_modelled(msg)
        tests.append(_test(clause))
        at = clause.end()
        joint = _AND.match(text, at)
        if joint:
            at = joint.end()
        elif at < len(text):
            msg = f"drive search: {text[at:]}"
            raise errors.not_modelled(msg)
    return tests


def _test(clause: re.Match[str]) -> _Test:
    if clause["parent"] is not None:
        parent = clause["parent"]
        return lambda _file: parent == "root"
    field, operator = clause["field"], clause["operator"]
    quoted = next((clause[name] for name in ("single", "double") if clause[name] is not None), None)
    if operator is None or (quoted is None and clause["word"] is None):
        msg = f"drive search: {clause[0]}"
        raise errors.not_modelled(msg)
    wanted = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else clause["word"]
    if operator == "contains":
        return lambda file: wanted.casefold() in str(file[field]).casefold()
    return lambda file: (_plain(file[field]) == wanted) is (operator == "=")


def _plain(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _page_start(token: str) -> int:
    if token and not (token.isascii() and token.isdigit()):
        msg = f"Invalid value '{token}' for pageToken."
        raise errors.invalid(msg)
    return int(token or 0)


def _page_size(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LARGEST_PAGE):
        msg = f"Invalid value '{text}'. Values must be within the range: [1, {_LARGEST_PAGE}]"
        raise errors.invalid(msg)
    return int(text or _WHOLE_PAGE)
