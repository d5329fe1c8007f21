"""Licences to be made: the worked example of the licence format, and a trial."""

from dataclasses import replace
from datetime import UTC, date, datetime

from partnerdesk.domain.licence_file import Draft, Licensee, customer_id, licence_id
from partnerdesk.domain.licence_term import subscription_period, trial_period

DESK = "example-desk"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def an_order(**changes):
    """The worked example, or what it becomes with changes."""
    order = Draft(
        id=licence_id(DESK, "ORD-2026-000042/1/1"),
        issued_at=datetime(2026, 11, 23, 9, 12, 44, 218_000, tzinfo=UTC),
        period=subscription_period(date(2026, 11, 23), date(2027, 11, 23)),
        sku="enterprise",
        seats=250,
        is_trial=False,
        licensee=Licensee(
            id=customer_id(DESK, "CUS-000117"),
            name="Inês Carvalho",
            email="ines.carvalho@rio-claro.example",
            company="Rio Claro Logística & Filhos Lda",
        ),
    )
    return replace(order, **changes)


def a_licensee(**changes):
    return replace(an_order().licensee, **changes)


def a_trial(ref="TRL-2026-000123", issued_at=NOON):
    return an_order(
        id=licence_id(DESK, ref),
        issued_at=issued_at,
        period=trial_period(issued_at),
        seats=125_000,
        is_trial=True,
        licensee=a_licensee(id=customer_id(DESK, ref)),
    )
