"""
Decisions that every change of the engine must repeat, or change knowingly.

Whoever raises `ENGINE` writes them anew with `python -m tests.golden` and looks
at what became different.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from onebox.lists import FolderStore, LocalScreener, import_lists
from partnerdesk.adapters.codec import encode
from partnerdesk.adapters.lists import NativeFiles, read
from partnerdesk.domain.screening import Address, Party, PartyType
from tests.builders import a_decision
from tests.listed import PUBLISHED, native
from tests.other_lists import CSL_2019, DPL, UN

FILE = Path(__file__).with_name("golden_decisions.json")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

PARTIES = (
    (Party("Northwind Orchard Systems GmbH", PartyType.COMPANY, (Address("DE"),)),),
    (Party("Vladimir Putin", PartyType.PERSON, (Address("RU", city="Moscow"),)),),
    (Party("Wladimir Puttin", PartyType.PERSON, birth_date="1953", gender="male"),),
    (Party("Bank Melli", PartyType.COMPANY, (Address("DE"),)),),
    (Party("Путин Владимир", PartyType.PERSON),),
    (Party("BNC", PartyType.COMPANY), Party("Christopher O'Brien", PartyType.PERSON)),
    (Party("Ali M Hijazi", PartyType.UNKNOWN, (Address("CH"),)),),
    (Party("Abdulamir Mahdi", PartyType.PERSON, (Address("CA"),)),),
    (Party("3K Aviation Consulting & Logistics", PartyType.COMPANY, (Address("TR"),)),),
    (Party("Yerlan Bolatov Qaraqsha", PartyType.PERSON, nationality="KZ"),),
    (Party("Jane Doe", PartyType.PERSON, identifiers=("Passport PB1642995",)),),
    (Party("Acme", PartyType.COMPANY, (Address("UA", city="Simferopol"),)),),
)
"""A stranger, strong, misspelt and weak names, other scripts and lists, a number, a place."""


def decisions():
    """The canonical bodies of the decisions, as the engine makes them now."""
    files = native().files | {
        "dpl.txt": DPL.encode(),
        "consolidated.csv": CSL_2019.encode(),
        "un_consolidated.xml": UN.encode(),
    }
    with TemporaryDirectory() as folder:
        import_lists(read(NativeFiles(files, PUBLISHED)), FolderStore(Path(folder)), at=NOW)
        screener = LocalScreener(Path(folder))
        return [
            json.loads(
                encode(
                    a_decision(
                        f"SCD-2026-{number:06}",
                        parties=parties,
                        verdict=screener.screen(parties, on=NOW.date(), at=NOW),
                        decided_at=NOW,
                    )
                )
            )
            for number, parties in enumerate(PARTIES, 1)
        ]


def text(found):
    """Decisions as the file holds them."""
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(decisions()), encoding="utf-8")
