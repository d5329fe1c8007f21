"""A process that commits as fast as it can and says what it was promised, until it is killed."""

import os
import sys
from pathlib import Path
from threading import Thread

from onebox.ledger import SqliteLedger
from partnerdesk.domain.change import Claim, Message, Queue
from partnerdesk.domain.licence import Licence
from tests.builders import a_licence, writing

THREADS = 4


def commit_for_ever(ledger: SqliteLedger, thread: int) -> None:
    n = 0
    while True:
        ref = f"LIC-{thread}-{n}"
        sign = Message(Queue.LICENSING, "sign", about=ref)
        ledger.commit(writing(a_licence(ref), claims=(Claim(ref, ref),), outbox=(sign,)))
        ledger.commit(writing(ledger.get(Licence, ref)))
        os.write(1, f"{ref}\n".encode())
        n += 1


def main() -> None:
    ledger = SqliteLedger(Path(sys.argv[1]))
    for thread in range(THREADS):
        Thread(target=commit_for_ever, args=(ledger, thread)).start()


if __name__ == "__main__":
    main()
