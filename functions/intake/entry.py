"""Intake as AWS Lambda runs it."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from intake.app import build
from intake.wiring import services
from partnerdesk.adapters.deliveries import Asked
from partnerdesk.http import Api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def _api() -> Api:
    return build(services(os.environ))


def handler(event: Asked, context: "LambdaContext") -> dict[str, Any]:
    """Answer whoever asks."""
    return _api().resolve(event, context)
