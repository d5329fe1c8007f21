"""What differs between two editions, on the real daily lists where they are at hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from onebox.lists import folder
from partnerdesk.adapters.lists import NativeFiles, read
from partnerdesk.domain.delta import changed_fields, compared
from tests.listed import edition

DATA = Path("../shared/data/screening")
ENTITIES = edition().entities


def test_an_edition_does_not_differ_from_itself_in_any_order():
    found = compared(ENTITIES, reversed(ENTITIES))
    assert (found.added, found.changed, found.removed) == ((), (), ())


def test_what_is_new_changed_or_gone_is_told():
    first, second, *rest = ENTITIES
    renamed = replace(second, number=first.number)
    found = compared([first, second], [renamed, *rest[:1]])
    assert found.added == tuple(rest[:1])
    assert found.changed == ((first, renamed),)
    assert found.removed == (second,)
    assert "names" in changed_fields(first, renamed)


def sdn(path):
    native = folder(DATA / path)
    return read(NativeFiles({"sdn.csv": native.files["sdn.csv"]}, native.published)).entities


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared screening data is not here")
@pytest.mark.parametrize(
    ("before", "counts"), [("2024-05-02", (0, 0, 8)), ("2024-04-15", (377, 9, 10))]
)
def test_the_real_daily_lists_differ_as_they_are_known_to(before, counts):
    found = compared(sdn(f"ofac-sdn-daily/{before}"), sdn("ofac-sdn-full-2024-05-03"))
    assert (len(found.added), len(found.changed), len(found.removed)) == counts
