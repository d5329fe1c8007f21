"""The commands about lists and names, as people and the acceptance use them."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from onebox.list_commands import lists
from onebox.screening_commands import screen
from tests.listed import ADD, ALT, SDN, native, text, without
from tests.other_lists import DPL


@dataclass
class Folder:
    data: Path


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "sdn-2024-05-03"
    path.mkdir()
    for name, content in native().files.items():
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def invoke(command, *words):
        words = [str(word) for word in words]
        return CliRunner().invoke(command, words, obj=Folder(tmp_path / "data"))

    return invoke


def batch(tmp_path, *lines):
    path = tmp_path / "batch.jsonl"
    rows = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def answers(result):
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_lists_are_checked_imported_and_shown(run, source):
    assert "Sound" in run(lists, "check", source).stdout
    assert run(lists, "show").exit_code == 4
    assert "In use: screen-" in run(lists, "import", source).stdout
    shown = run(lists, "show").stdout
    assert "SDN: published 2024-05-03, 9 entities, 20 names" in shown
    assert "current" in shown


def test_a_broken_list_is_refused_and_nothing_is_in_use(run, source):
    (source / "sdn.csv").write_bytes(b"<html>")
    assert run(lists, "import", source).exit_code == 4
    assert run(lists, "show").exit_code == 4


def test_a_shrunken_list_needs_its_hash(run, source):
    run(lists, "import", source)
    for name, rows in (("sdn", SDN), ("alt", ALT), ("add", ADD)):
        (source / f"{name}.csv").write_bytes(text(without(rows, 36)))
    refused = run(lists, "import", source)
    assert (refused.exit_code, "falls" in refused.stderr) == (4, True)
    checked = run(lists, "check", source)
    assert (checked.exit_code, "falls" in checked.stderr) == (4, True)
    digest = checked.stdout.split("sha256 ")[1].split()[0]
    assert run(lists, "import", source, "--accept", digest).exit_code == 0


def test_a_folder_is_compared_with_the_lists_in_use(run, source):
    first = run(lists, "diff", source)
    assert len(first.stdout.splitlines()) == 9
    assert "9 added, 0 changed, 0 removed" in first.stderr
    run(lists, "import", source)
    assert run(lists, "diff", source).stdout == ""
    sdn = without(SDN, 36).replace("DOB 07 Oct 1952", "DOB 08 Oct 1952")
    (source / "sdn.csv").write_bytes(text(sdn + SDN.splitlines()[0].replace("36,", "37,", 1)))
    (source / "alt.csv").write_bytes(text(without(ALT, 36)))
    (source / "add.csv").write_bytes(text(without(ADD, 36)))
    (source / "sdn_comments.csv").unlink()
    (source / "dpl.txt").write_text(DPL, encoding="utf-8")
    found = run(lists, "diff", source)
    lines = found.stdout.splitlines()
    assert "added SDN 37 AEROCARIBBEAN AIRLINES" in lines
    assert "changed SDN 35096 PUTIN, Vladimir Vladimirovich: birth dates" in lines
    assert "removed SDN 36 AEROCARIBBEAN AIRLINES" in lines
    assert sum(line.startswith("added DPL ") for line in lines) == 4
    assert "SDN is incomplete" in found.stderr
    objects = answers(run(lists, "diff", source, "--json"))
    assert {"change": "removed", "list": "SDN", "entity": "36"}.items() <= objects[-1].items()


def test_one_list_is_imported_beside_the_others(run, source, tmp_path):
    run(lists, "import", source)
    denied = tmp_path / "dpl-2026-11-01"
    denied.mkdir()
    (denied / "dpl.txt").write_text(DPL, encoding="utf-8")
    assert run(lists, "import", denied).exit_code == 0
    shown = run(lists, "show").stdout
    assert "SDN: published 2024-05-03, 9 entities" in shown
    assert "DPL: published 2026-11-01, 4 entities" in shown
    path = batch(tmp_path, {"id": "q1", "name": "Abdulamir Mahdi", "country": "CA"})
    found = answers(run(screen, "--batch", path, "--lists", denied, "--as-of", "2026-11-25"))
    assert (found[0]["outcome"], found[0]["hits"][0]["list"]) == ("REVIEW", "DPL")
    assert "It expired on 2023-10-03." in found[0]["reasons"][0]


def test_a_published_day_can_be_given(run, source):
    shown = run(lists, "check", source, "--published", "2026-11-24").stdout
    assert "published 2026-11-24" in shown


def test_a_batch_answers_line_by_line_in_order(run, source, tmp_path):
    path = batch(
        tmp_path,
        {"id": "q1", "name": "Vladimir Putin", "type": "person", "country": "RU"},
        {"id": "q2", "name": "Harriet Lindqvist", "type": "person", "unknown": 1},
        {"id": "q3", "name": "Acme", "type": "company", "country": "IR"},
        {"id": "q4", "name": "Acme", "owners": ["Daniel Joseph Kinahan", {"name": "B"}]},
        {"id": "q5", "name": "Acme", "country": "UA", "address": "1 Main St, Simferopol"},
        {"id": "q6", "name": "Jo", "identifiers": "Passport PB1642995", "birth_date": None},
    )
    found = answers(run(screen, "--batch", path, "--lists", source, "--json"))
    assert [each["id"] for each in found] == ["q1", "q2", "q3", "q4", "q5", "q6"]
    outcomes = [each["outcome"] for each in found]
    assert outcomes == ["BLOCK", "CLEAR", "BLOCK", "REVIEW", "BLOCK", "REVIEW"]
    first = found[0]["hits"][0]
    assert first == {"entity": "35096", "list": "SDN", "name": "PUTIN, Vladimir", "score": 100.0}
    assert found[0]["ms"] > 0
    assert found[5]["hits"][0]["entity"] == "34982"


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[]",
        '{"id": "x", "name": 5}',
        '{"id": "x", "name": "A", "type": "robot"}',
        '{"id": "x", "name": "A", "identifiers": 5}',
        '{"id": "x", "name": "A", "owners": "B"}',
    ],
)
def test_a_line_that_cannot_be_read_is_a_review(run, source, tmp_path, line):
    path = batch(tmp_path, line, {"id": "y", "name": "Harriet Lindqvist"})
    broken, fine = answers(run(screen, "--batch", path, "--lists", source, "--json"))
    assert (broken["outcome"], broken["hits"]) == ("REVIEW", [])
    assert broken["error"]
    assert fine["outcome"] == "CLEAR"


def test_a_batch_can_be_explained(run, source, tmp_path):
    path = batch(tmp_path, {"id": "q1", "name": "Vladimir Puttin", "type": "person"})
    found = answers(run(screen, "--batch", path, "--lists", source, "--explain"))
    assert "puttin ~ putin" in found[0]["explanation"]["SDN 35096"][0]
    assert {"fact": "birth year", "value": "1952", "outcome": "BLOCK"}.items() <= next(
        each for each in found[0]["counterfactuals"] if each["fact"] == "birth year"
    ).items()
    plain = answers(run(screen, "--batch", path, "--lists", source))
    assert "counterfactuals" not in plain[0]


def test_the_rules_of_another_day_can_be_asked_for(run, source, tmp_path):
    path = batch(tmp_path, {"id": "q1", "name": "Acme", "country": "SY"})
    words = ("--batch", path, "--lists", source)
    assert answers(run(screen, *words, "--as-of", "2025-06-30"))[0]["outcome"] == "BLOCK"
    assert answers(run(screen, *words, "--as-of", "2025-07-01"))[0]["outcome"] == "REVIEW"


def test_an_index_is_built_once_for_a_folder(run, source, tmp_path):
    path = batch(tmp_path, {"id": "q1", "name": "Acme"})
    run(screen, "--batch", path, "--lists", source)
    kept = sorted((tmp_path / "cache").rglob("*.idx"))
    before = [each.stat().st_mtime_ns for each in kept]
    run(screen, "--batch", path, "--lists", source)
    assert [each.stat().st_mtime_ns for each in kept] == before


def test_sdn_alone_is_searched_and_called_incomplete(run, source, tmp_path):
    (source / "alt.csv").unlink()
    path = batch(tmp_path, {"id": "q1", "name": "Bank Melli Iran"})
    result = run(screen, "--batch", path, "--lists", source)
    assert answers(result)[0]["outcome"] == "REVIEW"
    assert "incomplete" in result.stderr


def test_pairs_are_compared_with_and_without_lists(run, source, tmp_path):
    path = batch(
        tmp_path,
        {"id": "p1", "left": "Acme GmbH", "right": "ACME Gesellschaft mbH", "type": "company"},
        {"id": "p2", "left": "Acme", "right": 5},
    )
    for words in ((), ("--lists", source)):
        good, broken = answers(run(screen, "--pairs", path, *words))
        assert good["score"] > 95
        assert broken["error"]


def test_wrong_usage_is_2_and_a_folder_without_lists_is_4(run, tmp_path):
    path = batch(tmp_path, {"id": "q1", "name": "Acme"})
    assert run(screen).exit_code == 2
    assert run(screen, "Acme", "--batch", path).exit_code == 2
    assert run(screen, "--batch", tmp_path / "missing.jsonl").exit_code == 2
    assert run(screen, "--batch", path, "--lists", tmp_path).exit_code == 4


def test_one_name_is_answered_for_people_and_as_json(run, source):
    run(lists, "import", source)
    said = run(screen, "Vladimir Putin", "--type", "person", "--country", "RU")
    assert said.stdout.startswith("BLOCK\n- ")
    assert "SDN 35096" in said.stdout
    assert "Lists: SDN 2024-05-03 sha256:" in said.stdout
    assert "SDN of 2024-05-03" in said.stderr
    value = json.loads(run(screen, "Vladimir Putin", "--type", "person", "--json").stdout)
    assert value["outcome"] == "BLOCK"
    assert value["explanation"]["SDN 35096"]
    assert "\n- Would be REVIEW if the birth year of 'Vladimir Putin' were" in said.stdout
    assert value["counterfactuals"]


def test_a_clear_name_is_answered_in_two_lines(run, source):
    run(lists, "import", source)
    said = run(screen, "Northwind Orchard Systems", "--type", "company", "--country", "DE").stdout
    assert said.startswith("CLEAR\n\nLists: SDN 2024-05-03")
    assert "Would be" not in said


def test_a_list_whose_self_test_fails_is_refused(run, source):
    names = "".join(
        f'{at},"{name}",-0-,"X",-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n'
        for at, name in enumerate(
            ["THISTLEDOWN SOFTWARE", "NORTHWIND ORCHARD SYSTEMS", "BLUEBELL ANALYTICS"], 1
        )
    )
    (source / "sdn.csv").write_bytes(text(names))
    for name in ("alt", "add", "sdn_comments"):
        (source / f"{name}.csv").write_bytes(text("\n"))
    for words in (("import", source), ("check", source)):
        result = run(lists, *words)
        assert (result.exit_code, "self-test" in result.stderr) == (4, True)
