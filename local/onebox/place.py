"""Where a desk on one machine keeps its things."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from partnerdesk.ports import Ids

OWNER_ALONE = 0o700


@dataclass(frozen=True, slots=True)
class Place:
    """One data folder: everything a desk knows, to be backed up and moved as one."""

    data: Path

    def make(self) -> None:
        """Make the folder, for its owner alone, unless it is there."""
        self.data.mkdir(mode=OWNER_ALONE, parents=True, exist_ok=True)

    @property
    def ledger(self) -> Path:
        """Return the file of the ledger."""
        return self.data / "desk.db"

    @property
    def clock(self) -> Path:
        """Return the file that says how far the desk's clock runs ahead."""
        return self.data / "clock.json"

    @property
    def lists(self) -> Path:
        """Return the folder of the screening indexes."""
        return self.data / "lists"

    @property
    def mailbox(self) -> Path:
        """Return the folder into which mail is delivered."""
        return self.data / "mailbox"

    @property
    def sheets(self) -> Path:
        """Return the folder of the sheet server."""
        return self.data / "sheets"

    def identity(self, ids: Ids) -> "Identity":
        """
        Return who this desk is; drawn once, then kept with the data.

        The id is part of every licence's id, the key of every link's token, so
        both must outlive any restart (licence-format.md 6, rule GEN-10).
        """
        file = self.data / "identity.json"
        if not file.exists():
            drawn = {"desk_id": ids.secret(), "link_key": ids.secret() + ids.secret()}
            self._keep(file, json.dumps(drawn))
        kept = json.loads(file.read_text())
        return Identity(kept["desk_id"], kept["link_key"].encode())

    def _keep(self, file: Path, text: str) -> None:
        with NamedTemporaryFile("w", dir=self.data, delete=False) as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(file)


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes this desk another one than any other."""

    desk_id: str
    link_key: bytes
