"""People and programs that may call: service accounts with their keys, personas, their rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sheetserver import spreadsheets
from sheetserver.clock import rfc3339
from sheetserver.draft import Caller
from sheetserver.storage import Account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sheetserver.engine import Engine
    from sheetserver.settings import Persona

_KEY_BITS, _EXPONENT = 2048, 65537
_DOMAIN = "sheetserver.local"


def create_service_account(engine: Engine, path: Path, name: str, root: str) -> str:
    """
    Register a service account, write its key file and return its e-mail.

    The file has the shape of Google's, with our token address in it, and is
    readable by its owner alone. An account that exists gets a new key.

    :param root: the server's address
    """
    key = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key_id = hashlib.sha256(public).hexdigest()[:40]
    email = f"{name}@{_DOMAIN}"
    content = {
        "type": "service_account",
        "project_id": "sheetserver",
        "private_key_id": key_id,
        "private_key": private,
        "client_email": email,
        "client_id": str(int(key_id[:15], 16)),
        "auth_uri": f"{root}/auth",
        "token_uri": f"{root}/token",
        "universe_domain": "googleapis.com",
    }
    _write_private(path, json.dumps(content, indent=2) + "\n")
    engine.register(Account(email, "service", name, key_id, public.decode()))
    return email


def _write_private(path: Path, text: str) -> None:
    """Write a file that was never readable by others, not even while it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def register_persona(engine: Engine, persona: Persona) -> Caller:
    """Register somebody a person at the grid can be, with rights to the spreadsheets there are."""
    engine.register(Account(persona.email, "persona", persona.name))
    for book_id in engine.every_book():
        grant(engine, persona, book_id)
    return Caller(persona.email, persona.name)


def grant(engine: Engine, persona: Persona, book_id: str) -> None:
    """Give a persona the right to a spreadsheet that its title asks for."""
    title = engine.title(book_id)
    writes = persona.writes_all or title in persona.writes
    role = "writer" if writes else "reader" if title in persona.reads else ""
    if role and engine.role(book_id, Caller(persona.email)) not in (role, "owner"):
        engine.permit(book_id, persona.email, role)


def find_or_create(engine: Engine, title: str, owner: str) -> str:
    """
    Return the id of the spreadsheet with a title that somebody owns, made if there is none.

    :param owner: e-mail
    """
    who = Caller(owner)
    for book_id, _ in engine.listing(who):
        if engine.title(book_id) == title and engine.role(book_id, who) == "owner":
            return book_id
    return create_book(engine, who, {"properties": {"title": title}})


def create_book(engine: Engine, who: Caller, given: dict[str, object]) -> str:
    """
    Make a spreadsheet from an accepted Spreadsheet message and return its id.

    :raises ApiError: if it cannot be made
    """
    book = spreadsheets.empty(engine.ids.text(), "", rfc3339(engine.clock()))
    engine.create(who, book, lambda draft: spreadsheets.fill(draft, given))
    return book.id


def secret_hash(secret: str, salt: bytes) -> str:
    """Return what is kept of a persona's secret."""
    digest = hashlib.scrypt(secret.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def is_secret(hashes: Mapping[str, str], email: str, secret: str) -> bool:
    """Test whether a secret is a persona's; an unknown one takes as long as a known one."""
    kept = hashes.get(email, "AAAA$")
    salt = base64.b64decode(kept.partition("$")[0])
    return hmac.compare_digest(secret_hash(secret, salt).encode(), kept.encode())
