# noqa: INP001 - a program to read and run, not a package
"""
Works a spreadsheet with unmodified gspread against the local sheet server.

    python -m sheetserver --data sheets-data --port 8787 --anonymous   (in another window)
    python docs/sheets-client.py [http://127.0.0.1:8787]
"""

import sys
from urllib.parse import urlsplit

import gspread
import requests
from google.auth.credentials import AnonymousCredentials
from gspread.utils import ValidationConditionType


class LocalSheets(gspread.HTTPClient):
    """gspread's own client, with another host in front of every path."""

    root = "http://127.0.0.1:8787"

    def request(
        self, method: str, endpoint: str, *args: object, **kwargs: object
    ) -> requests.Response:
        """Send a call to the local server."""
        path = urlsplit(endpoint)._replace(scheme="", netloc="").geturl()
        return super().request(method, self.root + path, *args, **kwargs)


def tell(what: str, seen: object) -> None:
    """Show one step."""
    sys.stdout.write(f"{what:28} {seen}\n")


def main() -> None:
    """Create a spreadsheet, do everything once, and delete it."""
    LocalSheets.root = (sys.argv[1:] or [LocalSheets.root])[0]
    client = gspread.Client(AnonymousCredentials(), http_client=LocalSheets)

    book = client.create("Deals of spring")
    tell("created", book.title)
    book.share("ana@example.com", perm_type="user", role="writer", notify=False)
    tell("shared with", [each["emailAddress"] for each in book.list_permissions()])

    tab = book.sheet1
    tab.update([["ID", "Customer", "Action", "Seats"], ["D-2", "Beta", "", 20]], "A1")
    tab.append_rows([["D-3", "Gamma", "", 30], ["D-1", "Alpha", "", 10]])
    tell("appended", tab.col_values(1))

    tab.format("A1:D1", {"textFormat": {"bold": True}})
    tab.format("D2:D9", {"numberFormat": {"type": "NUMBER", "pattern": "0.0"}})
    tell("formatted", tab.get("D2"))
    tab.add_validation(
        "C2:C9",
        ValidationConditionType.one_of_list,
        ["Approve", "Decline"],
        strict=True,
        showCustomUi=True,
    )
    tab.add_protected_range("A1:D1", editor_users_emails=["ana@example.com"])
    tell("protected", len(book.list_protected_ranges(tab.id)))
    tab.freeze(rows=1)
    tab.sort((1, "asc"), range="A2:D4")
    tell("sorted", tab.col_values(1))

    tell("found", tab.find("Beta").address)
    tab.insert_note("B3", "Called on Monday")
    tell("note", tab.get_note("B3"))
    tab.define_named_range("D2:D4", "seats")
    tell("named range", tab.get("seats"))
    tab.update([["=SUM(seats)"]], "F1", raw=False)
    tell("formula", tab.acell("F1").value)

    tab.batch_update([{"range": "C2", "values": [["Approve"]]}, {"range": "D4", "values": [[35]]}])
    tell("batch", tab.batch_get(["C2", "D4", "F1"]))

    client.del_spreadsheet(book.id)
    tell("deleted", [each.title for each in client.openall("Deals of spring")])


if __name__ == "__main__":
    main()
