import pytest

from tests.desk import SmallDesk


@pytest.fixture
def desk(tmp_path):
    """A small desk, closed afterwards."""
    made = SmallDesk(tmp_path)
    yield made
    made.close()
