"""The sheet server on its own: `python -m sheetserver --data DIR --port N`."""

from __future__ import annotations

import argparse
import ipaddress
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from sheetserver import accounts
from sheetserver.app import build
from sheetserver.settings import Persona, Settings
from sheetserver.storage import FolderInUseError

if TYPE_CHECKING:
    import socket

    from sheetserver.app import App


class _Server(uvicorn.Server):
    """Ends the live events of every browser first, so that Ctrl-C need not wait for them."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in hand and stop listening."""
        self._app.hang_up()
        await super().shutdown(sockets)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sheetserver", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder to keep everything in")
    parser.add_argument("--port", type=int, default=8787)
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--root", default="", help="public address, if it is another one")
    parser.add_argument(
        "--anonymous", action="store_true", help="let calls without a token do everything"
    )
    parser.add_argument("--test-controls", action="store_true", help="answer /_test (loopback)")
    parser.add_argument(
        "--persona",
        action="append",
        default=[],
        metavar="NAME=EMAIL",
        help="somebody a person at the grid can be; may write every spreadsheet",
    )
    parser.add_argument("--allow-remote", action="store_true", help="listen beyond loopback")
    parser.add_argument("--secrets", type=Path, help="JSON file of scrypt hashes by e-mail")
    parser.add_argument(
        "--service-account",
        nargs=2,
        metavar=("NAME", "FILE"),
        help="write a service account's key file and stop",
    )
    return parser.parse_args()


def _settings(given: argparse.Namespace) -> Settings:
    secrets = json.loads(given.secrets.read_text(encoding="utf-8")) if given.secrets else {}
    is_local = ipaddress.ip_address(given.address).is_loopback
    if not is_local and not (given.allow_remote and secrets):
        sys.exit("Beyond loopback --allow-remote and --secrets are both needed.")
    if not is_local and (given.anonymous or given.test_controls):
        sys.exit("--anonymous and --test-controls are for loopback alone.")
    pairs = [each.partition("=") for each in given.persona]
    return Settings(
        folder=given.data,
        root=(given.root or f"http://{given.address}:{given.port}").rstrip("/"),
        hosts=frozenset({f"localhost:{given.port}", f"{given.address}:{given.port}"}),
        is_anonymous=given.anonymous,
        has_test_controls=given.test_controls,
        personas=tuple(Persona(name, email, writes_all=True) for name, _, email in pairs),
        secrets=secrets,
    )


def main() -> None:
    """Run the server until it is stopped."""
    given = _arguments()
    settings = _settings(given)
    try:
        app = build(settings)
    except FolderInUseError as taken:
        sys.exit(str(taken))
    try:
        if given.service_account:
            name, file = given.service_account
            email = accounts.create_service_account(app.engine, Path(file), name, settings.root)
            sys.stdout.write(f"{email} in {file}\n")
            return
        sys.stdout.write(f"Sheets at {settings.root}\n")
        sys.stdout.flush()
        _Server(
            uvicorn.Config(app, host=given.address, port=given.port, log_level="warning"), app
        ).run()
    finally:
        app.close()


if __name__ == "__main__":
    main()
