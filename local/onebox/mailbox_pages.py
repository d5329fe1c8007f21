"""The demo's mailbox: every mail the desk wrote, to read in the browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

PAGE: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - Partner Desk mailbox</title>
<style>
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1b1d22;background:#f4f5f8}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem}
table{border-collapse:collapse;width:100%;background:#fff;border-radius:8px}
th,td{text-align:left;padding:.6rem .8rem;border-bottom:1px solid #e3e5ea;vertical-align:top}
article{background:#fff;border-radius:8px;padding:1.25rem;white-space:pre-wrap}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}
dt{color:#5b606e} dd{margin:0;overflow-wrap:anywhere} a{color:#1c58d9}
</style></head><body><main>
<h1>{{ title }}</h1>
{% if mails is defined %}
<p>The demo delivers to this folder and to nobody else. Newest first.</p>
<table><thead><tr><th>To</th><th>Subject</th><th>Files</th></tr></thead><tbody>
{% for mail in mails %}<tr><td>{{ mail.recipient }}</td>
<td><a href="/mailbox/{{ mail.name | urlencode }}">{{ mail.subject }}</a></td>
<td>{{ mail.files | join(", ") }}</td></tr>
{% else %}<tr><td colspan="3">No mail yet.</td></tr>{% endfor %}
</tbody></table>
{% else %}
<p><a href="/mailbox">All mails</a></p>
<dl><dt>From</dt><dd>{{ mail.sender }}</dd><dt>To</dt><dd>{{ mail.recipient }}</dd>
<dt>Files</dt><dd>{% for file in mail.files %}
<a href="/mailbox/{{ mail.name | urlencode }}/{{ file | urlencode }}">{{ file }}</a>
{% else %}none{% endfor %}</dd></dl>
<article>{{ mail.text }}</article>
{% endif %}
</main></body></html>
"""

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_TEMPLATE: Final = Environment(undefined=StrictUndefined, autoescape=True).from_string(PAGE)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the pages show it."""

    name: str
    sender: str
    recipient: str
    subject: str
    text: str
    files: tuple[str, ...]


def routes(folder: Path) -> Sequence[BaseRoute]:
    """Return the pages over a folder of .eml files."""

    def every(_: Request) -> Response:
        newest = sorted(folder.glob("*.eml"), key=lambda it: it.stat().st_mtime_ns, reverse=True)
        return _page(title="Mailbox", mails=[_shown(path) for path in newest])

    def one(request: Request) -> Response:
        path = _path(folder, request)
        return _page(title=_shown(path).subject, mail=_shown(path)) if path else _missing()

    def file(request: Request) -> Response:
        path, wanted = _path(folder, request), request.path_params["file"]
        found = [it for it in _parts(path) if it.get_filename() == wanted] if path else []
        return _download(found[0], wanted) if found else _missing()

    return (
        Route("/mailbox", every),
        Route("/mailbox/{name}", one),
        Route("/mailbox/{name}/{file}", file),
    )


def _path(folder: Path, request: Request) -> Path | None:
    """Return the file of a mail; the name is looked up, never joined to a path."""
    names = {path.name: path for path in folder.glob("*.eml")}
    return names.get(f"{request.path_params['name']}.eml")


def _read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(path.name)
    return message


def _parts(path: Path) -> list[EmailMessage]:
    return list(_read(path).iter_attachments())


def _shown(path: Path) -> Mail:
    message = _read(path)
    text = message.get_body(("plain",))
    return Mail(
        name=path.stem,
        sender=str(message["From"]),
        recipient=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content() if text else "",
        files=tuple(part.get_filename() or "file" for part in _parts(path)),
    )


def _page(**facts: object) -> Response:
    return HTMLResponse(_TEMPLATE.render(facts), headers={"Content-Security-Policy": POLICY})


def _missing() -> Response:
    return HTMLResponse("<p>There is no such mail.</p>", status_code=404)


def _download(part: EmailMessage, name: str) -> Response:
    content = part.get_payload(decode=True)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    body = content if isinstance(content, bytes) else b""
    return Response(body, media_type="application/octet-stream", headers=headers)
