"""Trial requests as people and programs send them."""

import json
from itertools import count
from urllib.parse import urlencode

from tests.events import a_request

_NUMBERS = count(1)

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def a_submission(**parts):
    """Return a valid trial request of an organisation that never asked before."""
    number = next(_NUMBERS)
    return {
        "organisation": f"Firm {number} Ltd",
        "contact_name": "Ada Lovelace",
        "email": f"ada@firm-{number}.example",
        "country": "DE",
        "state": "",
        "city": "Berlin",
        "company_size": "51-100",
        "users": 60,
        "stage": "evaluating",
        "terms_accepted": True,
        "product_emails": False,
        "nickname": "",
    } | parts


def posted(body, *, headers=None, **parts):
    """Return the request that posts a body in JSON to the trial API."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return a_request("POST", "/v1/trials", body=text, headers=JSON | (headers or {}), **parts)


def filled_in(fields, *, path="/forms/trial", **parts):
    """Return the request of a browser that posts a form."""
    ticked = {name: "true" for name, value in fields.items() if value is True}
    texts = {name: value for name, value in fields.items() if not isinstance(value, bool)}
    headers = FORM | {"accept": "text/html"}
    return a_request("POST", path, body=urlencode(texts | ticked), headers=headers, **parts)
