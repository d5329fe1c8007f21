"""What `make package` leaves of botocore, against all that the functions ask of it."""

import importlib.util
import shutil
from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader

from tests.cloud import a_cloud
from tests.functions.test_story_on_aws import ASKED, IN_PRODUCT
from tests.template import ROOT

DATA = Path(botocore.__file__).parent / "data"
MOST_BYTES = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def package():
    spec = importlib.util.spec_from_file_location("package", ROOT / ".ci" / "package.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trimmed(package, tmp_path_factory):
    data = tmp_path_factory.mktemp("botocore") / "data"
    kept = [*package.SERVICES, *(f"{name}.gz" for name in package.SHARED), *package.SHARED]
    data.mkdir()
    for name in [*kept, "ec2"]:
        source = DATA / name
        if source.is_dir():
            shutil.copytree(source, data / name)
        elif source.exists():
            shutil.copy(source, data / name)
    package.trim(data)
    return data


def test_what_is_left_of_botocore_is_small(package, trimmed):
    assert package.size(trimmed) <= MOST_BYTES
    assert not (trimmed / "ec2").exists()


def test_a_trial_needs_nothing_that_was_left_out(monkeypatch, trimmed):
    loader = Loader([str(trimmed)], include_default_search_paths=False)
    with a_cloud(monkeypatch) as cloud:
        cloud.loader = lambda *_: loader
        cloud.publish_lists()
        cloud.post("/v1/trials", ASKED)
        cloud.post("/api/v1/trials", IN_PRODUCT | {"email": "b@orchard.example"})
        cloud.settle()
        cloud.tick("sweep")
        assert len(cloud.mails()) == 2
