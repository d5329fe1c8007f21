"""The lists of Commerce, of trade.gov and of the United Nations, quirks and damage included."""

from datetime import date
from pathlib import Path

import pytest

from onebox.lists import folder
from partnerdesk.adapters.list_files import BadListError
from partnerdesk.adapters.lists import NativeFiles, built, complaints, joined, read
from partnerdesk.domain.screening import PartyType
from partnerdesk.domain.watchlist import ListedName, Watchlist
from tests.listed import edition, native
from tests.other_lists import CSL_2019, CSL_2025, DPL, DPL_HEADER, UN

DAY = date(2026, 11, 1)
DATA = Path("../shared/data/screening")

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared screening data is not here")


def edition_of(**files):
    names = {"dpl": "dpl.txt", "csl": "consolidated.csv", "un": "un_consolidated.xml"}
    contents = {
        names[key]: text if isinstance(text, bytes) else text.encode()
        for key, text in files.items()
    }
    return read(NativeFiles(contents, DAY))


def named(found, name):
    return next(each for each in found.entities if each.names[0].name.startswith(name))


def test_a_denied_name_has_all_its_orders_and_ends_with_the_last():
    found = edition_of(dpl=DPL)
    nasser = named(found, "ABDULAH AL NASSER")
    assert (nasser.list_code, nasser.type) == ("DPL", PartyType.UNKNOWN)
    assert (nasser.effective_from, nasser.effective_to) == ("2002-03-04", "2056-06-29")
    assert nasser.notice.count("Standard order from") == 2
    assert (nasser.countries, nasser.cities) == (("US",), ("Richardson",))
    assert named(found, "ABDULAMIR").notice.startswith("Non-standard order from 2003-10-03 to 2023")


def test_blanks_around_denied_names_are_no_part_of_them():
    assert named(edition_of(dpl=DPL), "I. ASH").number == "".join(
        each.number for each in edition_of(dpl=DPL.replace('" I. ASH"', '"I. ASH "')).entities
        if each.names[0].name == "I. ASH"
    )  # fmt: skip


def test_an_order_without_an_expiry_date_never_ends():
    hijazi = named(edition_of(dpl=DPL), "ALI M HIJAZI")
    assert hijazi.effective_to == ""
    assert "no stated end" in hijazi.notice


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda _: "", "empty"),
        (lambda _: "<html>", "web page"),
        (lambda text: text.replace("FR_Citation", "Citation"), "columns"),
        (lambda text: text[: text.rindex("Y")], "cut short"),
        (lambda text: text[: text.rindex('\t"46 F.R.')], "cut short"),
        (lambda text: text.replace('\t"Y"\t"2000-04-05"', ""), "cut short"),
        (lambda text: text.replace('\t"68 F.R. 57406 10/3/03"', ""), "1 rows do not have"),
        (lambda text: text.replace("10/03/2003", "3 Oct 2003"), "no day"),
        (lambda text: text.replace("10/03/2003", "10/03/03"), "no day"),
    ],
)
def test_a_broken_denied_persons_list_is_refused(damage, why):
    with pytest.raises(BadListError, match=why):
        edition_of(dpl=damage(DPL))


def test_the_consolidated_list_names_the_list_of_each_row():
    found = edition_of(csl=CSL_2019)
    assert found.sources[0].lists == ("EL", "SDN")
    aviation = named(found, "3K Aviation")
    assert (aviation.list_code, aviation.countries, aviation.cities) == (
        "EL",
        ("TR",),
        ("Antalya",),
    )
    assert aviation.names[1:] == (
        ListedName("3K Havacilik LTD. STI.", "aka"),
        ListedName("Antalya Havacilik", "aka"),
    )
    assert "Licence requirement: For all items" in aviation.notice
    assert "Licence policy: Presumption of denial." in aviation.notice
    assert aviation.effective_from == "2018-09-04"


def test_rows_of_one_name_and_place_without_a_number_are_one_entry():
    found = edition_of(csl=CSL_2019)
    assert len([each for each in found.entities if each.list_code == "EL"]) == 1
    assert "84 FR 1" in named(found, "3K Aviation").notice


def test_identifiers_are_read_in_either_order():
    assert named(edition_of(csl=CSL_2019), "AERO").identifiers == ("Tax ID No 800890696 (CU)",)
    ship = named(edition_of(csl=CSL_2019), "CHON")
    assert ship.identifiers == ("Vessel Registration Identification 8660313",)
    assert (ship.type, ship.countries, ship.gender) == (PartyType.VESSEL, ("KP",), "Male")
    rim = named(edition_of(csl=CSL_2025), "RIM")
    assert (rim.identifiers, rim.gender) == (("Passport 836238033 (KP)",), "Male")


def test_the_layout_with_a_leading_id_is_read_by_name():
    found = edition_of(csl=CSL_2025)
    assert [each.number for each in found.entities] == ["233a4d72", "52291"]
    rim = named(found, "RIM")
    assert rim.birth_dates == ("circa 1978", "1978-12-05")
    assert rim.countries == ("CN", "KP")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda text: text.replace("entity_number,", "number,"), "columns"),
        (lambda text: text.replace("(SDN)", ""), "names no list"),
        (lambda text: text.replace(",Vessel,", ",Robot,"), "'Robot' is a type"),
        (lambda text: text.replace(",9001,", ",36,"), "SDN 36 is there twice"),
        (lambda text: text[:-9], "cut short"),
    ],
)
def test_a_broken_consolidated_list_is_refused(damage, why):
    with pytest.raises(BadListError, match=why):
        edition_of(csl=damage(CSL_2019))


def test_the_list_of_the_united_nations_is_read():
    found = edition_of(un=UN)
    person, foundation = found.entities
    assert (person.list_code, person.number, person.type) == ("UN", "900001", PartyType.PERSON)
    assert person.names == (
        ListedName("YERLAN BOLATOV QARAQSHA", "primary"),
        ListedName("Ерлан Болатов", "aka"),
        ListedName("Erlan Bolat", "aka"),
        ListedName("Yerlan Karaksha", "aka"),
        ListedName("Abu Qaraqsha", "weak"),
    )
    assert person.countries == ("KZ", "KG")
    assert person.birth_dates == ("1971-02-03", "circa 1970", "circa 1972")
    assert person.identifiers == ("Passport N01234567 (KZ)", "Document 77")
    assert (person.gender, person.cities, person.remarks) == (
        "Male",
        ("Almaty",),
        "An invented person.",
    )
    assert (person.programmes, person.effective_from) == (("Example",), "2020-03-04")
    assert (foundation.type, foundation.names[1].kind) == (PartyType.COMPANY, "fka")
    assert foundation.programmes == ()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda _: " ", "empty"),
        (lambda text: text.encode("utf-16"), "not UTF-8"),
        (lambda text: text.replace("?>", "?><!DocType x>"), "document type"),
        (lambda text: text[:-40], "cut short"),
        (lambda _: "<html></html>", "no CONSOLIDATED_LIST"),
        (lambda text: text.replace("DATAID", "ID"), "not as we know"),
        (lambda text: text.replace("INDIVIDUALS", "X").replace("ENTITIES", "Y"), "not as we know"),
        (lambda text: text.replace("900002", "900001"), "repeats"),
    ],
)
def test_a_broken_list_of_the_united_nations_is_refused(damage, why):
    with pytest.raises(BadListError, match=why):
        edition_of(un=damage(UN))


def test_a_huge_list_of_the_united_nations_is_refused(monkeypatch):
    monkeypatch.setattr("partnerdesk.adapters.un.MOST_BYTES", 5)
    with pytest.raises(BadListError, match="larger than 5 bytes"):
        edition_of(un=UN)


def test_a_list_comes_from_its_own_publisher_where_that_is_there():
    both = read(
        NativeFiles(native().files | {"consolidated.csv": CSL_2019.encode()}, DAY),
    )
    assert [(each.code, each.lists) for each in both.sources] == [
        ("SDN", ("SDN",)),
        ("CSL", ("EL",)),
    ]
    assert [each.number for each in both.entities if each.list_code == "SDN"] == [
        each.number for each in edition().entities
    ]


def test_lists_in_use_that_an_edition_lacks_are_carried_over():
    in_use = Watchlist(built(edition()))
    whole = joined(edition_of(dpl=DPL), in_use)
    assert [each.code for each in whole.sources] == ["SDN", "DPL"]
    assert set(whole.entities) == {*edition().entities, *edition_of(dpl=DPL).entities}
    assert joined(whole, None) == whole
    again = joined(edition_of(dpl=DPL_HEADER + DPL.splitlines(keepends=True)[-1]), Watchlist(
        built(whole)
    ))  # fmt: skip
    assert len(again.entities) == len(edition().entities) + 1
    assert complaints(edition_of(dpl=DPL), edition().sources) == []


@needs_data
@pytest.mark.parametrize(
    ("path", "entities"),
    [
        ("bis-denied-persons/2022-09", 459),
        ("bis-denied-persons/2019-07", 415),
        ("trade-gov-csl-samples/2025-06", 13),
        ("trade-gov-csl-samples/2019-12", 115),
    ],
)
def test_the_real_files_are_read_whole(path, entities):
    found = read(folder(DATA / path))
    assert len(found.entities) == entities
    assert built(found)


@needs_data
def test_the_index_of_three_lists_stays_under_eight_megabytes():
    files = {}
    for path in (
        "ofac-sdn-full-2024-05-03",
        "ofac-non-sdn-consolidated-2025-12-19",
        "bis-denied-persons/2022-09",
    ):
        files |= folder(DATA / path).files
    assert len(built(read(NativeFiles(files, DAY)))) <= 8_000_000
