"""New names for records, counted in the ledger's file."""

from onebox.ledger import SqliteLedger
from partnerdesk.adapters.numbering import BlockIds


class SqliteIds(BlockIds):
    """Ids of a desk on one machine."""

    def __init__(self, ledger: SqliteLedger) -> None:
        super().__init__(ledger)
