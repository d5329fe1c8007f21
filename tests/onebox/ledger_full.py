"""A process whose files may grow no further: what a full disk looks like to the ledger."""

import resource
import sys
from pathlib import Path

from onebox.ledger import SqliteLedger
from partnerdesk.domain.change import Claim
from partnerdesk.ports import LedgerBusyError
from tests.builders import a_licence, writing


def grow(ledger: SqliteLedger, start: int, stop: int) -> int:
    """Commit licences until one is refused, and return how many were promised."""
    for n in range(start, stop):
        try:
            ledger.commit(writing(a_licence(f"LIC-{n}"), claims=(Claim(f"c{n}", "x"),)))
        except LedgerBusyError:
            return n
    return stop


def main() -> None:
    ledger = SqliteLedger(Path(sys.argv[1]))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    promised = grow(ledger, 0, 10_000)
    still = grow(ledger, promised, promised + 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    later = grow(ledger, promised, promised + 5)
    sys.stdout.write(f"{promised} {still} {later}\n")
    ledger.close()


if __name__ == "__main__":
    main()
