"""`desk verify`: proves that all the desk keeps is whole, a line for each thing that must be."""

import json
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import click

from onebox.ledger import SqliteLedger
from onebox.place import Place
from onebox.signer import KeyFileError, KeyFileSigner, licence_key
from partnerdesk.adapters.codec import KINDS
from partnerdesk.usecases.proof import Proof, Stores
from partnerdesk.usecases.verify_ledger import verify_ledger

BROKEN = 1


@click.command()
@click.option("--full", is_flag=True, help="Compare the indexes, too: that takes longer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
@click.pass_obj
def verify(place: Place, *, full: bool, as_json: bool) -> None:
    """
    Prove that nothing is lost, doubled or altered, also beside a running desk.

    Prints a line for each invariant and names the first bad record; exits with
    1 when there is one. Everything is read as of one instant.
    """
    with closing(SqliteLedger(place.ledger, readonly=True)) as ledger:
        stores = Stores(
            ledger=ledger,
            archive=ledger,
            outbox=ledger,
            marks=ledger,
            kinds=KINDS,
            public_keys=_public_keys(place.data),
        )
        proofs = []
        for proof in verify_ledger(stores, is_full=full):
            proofs.append(proof)
            if not as_json:
                click.echo(_line(proof))
    kept = sum(proof.is_kept for proof in proofs)
    if as_json:
        click.echo(json.dumps({"ok": kept == len(proofs), "invariants": [*map(_object, proofs)]}))
    else:
        click.echo(f"{kept} of {len(proofs)} hold.")
    if kept < len(proofs):
        raise SystemExit(BROKEN)


def _public_keys(data: Path) -> Mapping[str, str]:
    """Return the key that licences are signed with; without it signatures go unchecked."""
    with suppress(KeyFileError):
        signer = KeyFileSigner(licence_key(data))
        return {signer.key_id: signer.public_key()}
    return {}


def _line(proof: Proof) -> str:
    counts = ", ".join(f"{count:,} {what}" for what, count in proof.counts.items())
    line = f"{proof.invariant:<4}{'ok ' if proof.is_kept else 'BAD'}  {proof.holds}"
    if counts:
        line += f": {counts}"
    if not proof.is_kept:
        line += f"; {proof.bad:,} bad, first {proof.first}"
    return line


def _object(proof: Proof) -> Mapping[str, object]:
    return {
        "id": proof.invariant,
        "holds": proof.holds,
        "ok": proof.is_kept,
        "counts": dict(proof.counts),
        "bad": proof.bad,
        "first": proof.first,
    }
