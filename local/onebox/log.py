"""What the desk says to whoever runs it: one line an event, with facts and without people."""

import logging
import sys
from typing import ClassVar


class FactsFormatter(logging.Formatter):
    """Adds the planned facts of a record to its line (architecture.md 4)."""

    FORMAT: ClassVar[str] = "%(asctime)s %(levelname)s %(name)s: %(message)s"

    def __init__(self) -> None:
        super().__init__(self.FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        facts = getattr(record, "facts", {})
        told = " ".join(f"{name}={value}" for name, value in facts.items())
        line = super().format(record)
        return f"{line} {told}" if told else line


def start_logging(level: int) -> None:
    """Write records from a level on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FactsFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
