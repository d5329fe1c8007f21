"""The data folder: made once, for its owner alone, and always the same desk."""

import json
from stat import S_IMODE

from onebox.place import Place


class Drawing:
    """Ids that show how often a secret was drawn."""

    drawn = 0

    def secret(self):
        self.drawn += 1
        return f"{self.drawn:026d}"


def test_a_desk_is_the_same_after_every_restart(tmp_path):
    """licence-format.md 6: the desk's id is fixed per installation."""
    place, ids = Place(tmp_path / "desk"), Drawing()
    place.make()

    assert place.identity(ids) == place.identity(ids)
    assert ids.drawn == 3


def test_the_folder_and_its_secrets_are_the_owners_alone(tmp_path):
    place = Place(tmp_path / "a" / "desk")
    place.make()
    place.identity(Drawing())

    assert S_IMODE(place.data.stat().st_mode) == 0o700
    assert S_IMODE((place.data / "identity.json").stat().st_mode) == 0o600
    assert "link_key" in json.loads((place.data / "identity.json").read_text())


def test_two_desks_are_two(tmp_path):
    one, two, ids = Place(tmp_path / "1"), Place(tmp_path / "2"), Drawing()
    one.make()
    two.make()

    assert one.identity(ids) != two.identity(ids)
