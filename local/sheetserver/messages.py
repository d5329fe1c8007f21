"""What travels over the wire: JSON, and the JSON objects that the published schema describes."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any  # any JSON value; its shape is the schema's business, not the type checker's
Message: TypeAlias = dict[str, Json]
