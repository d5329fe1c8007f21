import pytest

from tests.workbooks import Console, SheetServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = SheetServer(tmp_path_factory.mktemp("sheets"))
    yield running
    running.stop()


@pytest.fixture
def console(tmp_path, server):
    """A desk with empty workbooks, provisioned by a first visit to each."""
    made = Console(tmp_path, server)
    made.settle()
    yield made
    made.close()
