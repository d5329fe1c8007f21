"""Signs a licence that was granted, checks the signature, and sends the file on its way."""

from dataclasses import replace
from datetime import datetime

from partnerdesk.domain import licence as licences
from partnerdesk.domain import trial as trials
from partnerdesk.domain.change import Change, Event, Message, Queue, Write
from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.licence import Licence, LicenceFile, LicenceMove, LicenceState, Standing
from partnerdesk.domain.licence_check import check
from partnerdesk.domain.licence_file import SignedFile, licence_id, signed
from partnerdesk.domain.mailing import new_mailing
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.trial import TrialMove, TrialRequest
from partnerdesk.ports import Ledger, SettledError, Signer


class RefusedByServersError(RefusedError):
    """The signed file does not pass our own check, so no server would take it either."""

    code = "refused-by-servers"


def sign_licence(  # noqa: PLR0913 - the licence, its message and three suppliers
    ref: str, *, settles: str, at: datetime, ledger: Ledger, signer: Signer, settings: Settings
) -> LicenceFile:
    """
    Turn a prepared licence into an issued one, its file queued for its contact.

    The bytes were stored when it was granted and the signature is the same each
    time, so a rerun arrives at the same file; whoever comes second finds the
    message settled. Rules LIC-1, LIC-2, LIC-3 and licence-format.md 7.

    :raises SettledError: when it was issued before
    :raises SignerUnavailableError: when the key cannot be used now: it stays prepared
    :raises RefusedByServersError: when the file does not pass our own check
    """
    licence = ledger.get(Licence, ref)
    if licence.state is not LicenceState.PREPARED:
        raise SettledError(settles)
    stored = ledger.get(LicenceFile, ref)
    file = _checked(stored, licence, at=at, signer=signer, settings=settings)
    issued = replace(
        licences.advance(licence, LicenceMove.ISSUE),
        standing=Standing.ACTIVE,
        attempt=file.attempt,
        file_sha256=file.sha256,
        issued_at=at,
        times_sent=1,
    )
    finished = replace(stored, payload=file.payload.decode(), text=file.text)
    trial = ledger.get(TrialRequest, licence.grant)
    mailing = new_mailing(
        "trial.licence", about=licence.grant, to=licence.contact, at=at, file=licence.ref
    )
    event = Event("licence issued", actor="desk", facts={"licence": ref, "key": signer.key_id})
    ledger.commit(
        Change(
            at=at,
            writes=(
                Write(issued, event),
                Write(finished, event),
                Write(trials.advance(trial, TrialMove.ISSUE, at=at), event),
                Write(mailing, event),
            ),
            outbox=(Message(Queue.MAIL, "send-mail", about=mailing.ref),),
            settles=settles,
        )
    )
    return finished


def _checked(
    stored: LicenceFile, licence: Licence, *, at: datetime, signer: Signer, settings: Settings
) -> SignedFile:
    file = signed(
        stored.payload.encode(),
        sign=signer.sign,
        next_id=lambda attempt: licence_id(settings.desk_id, licence.grant, attempt),
    )
    outcome = check(file.text.encode(), signer.public_key(), at=at)
    if not outcome.is_accepted:
        reasons = " ".join(each.sentence for each in outcome.findings)
        message = f"The file of {licence.ref} would not be accepted: {reasons}"
        raise RefusedByServersError(message, licence=licence.ref)
    return file
