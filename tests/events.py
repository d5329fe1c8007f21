"""API Gateway events as both engines make them, and the problems that come back."""

import json
from base64 import b64encode


def a_request(  # noqa: PLR0913 - a request has many parts
    method,
    path,
    *,
    body=None,
    headers=None,
    source="192.0.2.7",
    is_base64=False,
    reference="request-1",
    query="",
):
    """Return an API Gateway v2 event; bytes that are not UTF-8 travel in Base64."""
    if isinstance(body, bytes):
        try:
            body = body.decode()
        except UnicodeDecodeError:
            body, is_base64 = b64encode(body).decode(), True
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": dict(headers or {}),
        "requestContext": {
            "requestId": reference,
            "stage": "$default",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source},
        },
        "isBase64Encoded": is_base64,
    }
    return event if body is None else {**event, "body": body}


def the_problem(answer):
    """Return the RFC 9457 body of an answer, checked for its shape."""
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    told = json.loads(answer["body"])
    assert told.keys() >= {"type", "title", "status", "detail", "instance", "errors"}
    assert told["status"] == answer["statusCode"]
    assert told["title"]
    assert told["detail"].endswith(".")
    for error in told["errors"]:
        assert error.keys() == {"field", "code", "message"}
        assert error["message"].endswith(".")
    return told
