import pytest

from onebox.ledger import SqliteLedger
from tests.contracts.engines import on_dynamodb, on_sqlite


@pytest.fixture(params=["sqlite", "dynamodb"])
def engine(request, tmp_path):
    """Every promise is kept on both engines."""
    if request.param == "dynamodb":
        yield on_dynamodb(*request.getfixturevalue("table"))
    else:
        kept = SqliteLedger(tmp_path / "desk.db")
        yield on_sqlite(kept)
        kept.close()


@pytest.fixture
def ledger(engine):
    return engine.ledger


@pytest.fixture
def archive(engine):
    return engine.archive


@pytest.fixture
def outbox(engine):
    return engine.outbox


@pytest.fixture
def marks(engine):
    return engine.marks
