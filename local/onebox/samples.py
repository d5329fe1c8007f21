"""The demo's sample data: requests that come in by the public door, as anybody's would."""

import json
from collections.abc import Mapping
from typing import Any, Final

from onebox.server import Context, Routes

SAMPLES: Final[tuple[Mapping[str, object], ...]] = (
    {
        "organisation": "Rio Claro Logística & Filhos Lda",
        "contact_name": "Inês Carvalho",
        "email": "ines.carvalho@rio-claro.example",
        "country": "PT",
        "city": "Porto",
        "company_size": "101-500",
        "users": 250,
        "stage": "evaluating",
    },
    {
        "organisation": "Nordwind Systemhaus GmbH [RESELLER]",
        "contact_name": "Jonas Petersen",
        "email": "j.petersen@nordwind.example",
        "country": "DE",
        "city": "Kiel",
        "company_size": "51-100",
        "users": 40,
        "stage": "other",
    },
    {
        "organisation": "Rio Claro Logística",
        "contact_name": "Duarte Faria",
        "email": "duarte.faria@rio-claro.example",
        "country": "PT",
        "city": "Lisboa",
        "company_size": "101-500",
        "users": 30,
        "stage": "team_edition",
    },
    {
        "organisation": "Banco Nacional de Cuba",
        "contact_name": "Marisol Vega",
        "email": "marisol.vega@bnc-madrid.example",
        "country": "ES",
        "city": "Madrid",
        "company_size": "1-50",
        "users": 12,
        "stage": "evaluating",
    },
    {
        "organisation": "Kazanskaya Optika",
        "contact_name": "Timur Sabirov",
        "email": "t.sabirov@kazan-optika.example",
        "country": "RU",
        "state": "RU-TA",
        "city": "Kazan",
        "company_size": "51-100",
        "users": 60,
        "stage": "returning",
    },
    {
        "organisation": "Harbour Street Clinics",
        "contact_name": "Mei-Lin Tan",
        "email": "meilin.tan@harbourstreet.example",
        "country": "SG",
        "city": "Singapore",
        "company_size": "501-1000",
        "users": 700,
        "stage": "paid",
    },
)
"""A trial, a reseller, a repeat, a listed name, a place that needs a person, another trial."""


def send_samples(intake: Routes) -> None:
    """
    Post every sample; a restart posts them again and nothing comes of it.

    Each has its own Idempotency-Key, so it is one request for good (rule GEN-11).
    """
    for number, sample in enumerate(SAMPLES, start=1):
        body = {**sample, "terms_accepted": True, "product_emails": number % 2 == 1}
        intake.resolve(_posted(body, key=f"sample-{number}"), Context(f"sample-{number}"))


def _posted(body: Mapping[str, object], *, key: str) -> dict[str, Any]:
    path = "/v1/trials"
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "idempotency-key": key},
        "requestContext": {
            "http": {"method": "POST", "path": path, "sourceIp": "127.0.0.1"},
            "requestId": key,
            "stage": "$default",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
