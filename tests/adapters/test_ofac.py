"""The Treasury's files as they are published, quirks and damage included."""

import pytest

from partnerdesk.adapters.list_files import BadListError, text_of
from partnerdesk.adapters.lists import NativeFiles, complaints, read
from partnerdesk.domain.screening import PartyType
from partnerdesk.domain.watchlist import ListedName
from tests.listed import ADD, ALT, COMMENTS, SDN, edition, native, text, without


def entity(number, **changed):
    return next(each for each in edition(**changed).entities if each.number == number)


def test_an_organisation_has_its_aliases_weak_ones_and_addresses():
    bank = entity("306")
    assert bank.type is PartyType.COMPANY
    assert bank.names == (
        ListedName("BANCO NACIONAL DE CUBA", "primary"),
        ListedName("NATIONAL BANK OF CUBA", "aka"),
        ListedName("BNC", "weak"),
    )
    assert bank.countries == ("CH",)
    assert bank.cities == ("Zurich",)
    assert bank.programmes == ("CUBA",)


def test_a_person_has_dates_nationalities_gender_and_identifiers():
    kinahan = entity("34982")
    assert kinahan.type is PartyType.PERSON
    assert kinahan.birth_dates == ("1977-06-25", "1979-05-26")
    assert kinahan.countries == ("IE", "GB")
    assert kinahan.gender == "Male"
    assert kinahan.identifiers == ("Passport PB1642995 (IE)", "Passport PW1900911 (IE)")


def test_uncertain_birth_dates_are_marked():
    assert entity("34980").birth_dates == ("circa 1957",)
    assert entity("41216").birth_dates == ("circa 1963", "circa 1965")


def test_quotes_within_weak_aliases_stay():
    weak = [each.name for each in entity("34980").names if each.kind == "weak"]
    assert weak == ["O'BRIEN, Christopher", "THE DAPPER DON"]


def test_a_vessel_has_its_flag_and_number():
    ship = entity("33834")
    assert ship.type is PartyType.VESSEL
    assert ship.countries == ("CN",)
    assert ship.identifiers == ("Vessel Registration Identification 9914591",)


def test_comments_go_on_where_remarks_were_cut():
    bank = entity("17018")
    assert bank.programmes == ("UKRAINE-EO13662", "RUSSIA-EO14024")
    assert bank.identifiers == ("Tax ID No 7707083893 (RU)",)
    assert "SBERBANK INDIA" in [each.name for each in bank.names]
    assert "Directive 3" in bank.remarks


def test_older_issues_in_latin_1_are_read():
    rows = SDN.replace("BANK MELLI IRAN", "BANQUE MELLI D'\xc9TAT")
    assert entity("25578", sdn=text(rows).decode().encode("latin-1")).names[0].name.endswith("ÉTAT")


def test_comments_may_lack_the_last_line_and_nothing_else_may():
    rows = COMMENTS.replace("\n", "\r\n").encode()
    assert entity("17018", sdn_comments=rows).identifiers
    with pytest.raises(BadListError, match="no Ctrl-Z line"):
        read(native(sdn_comments=rows.rstrip()))


def test_a_huge_file_is_refused():
    with pytest.raises(BadListError, match="larger than 5 bytes"):
        text_of(text(SDN), "sdn.csv", most_bytes=5)


def test_the_non_sdn_list_names_the_list_of_each_entity():
    rows = '9639,"HANIYA, Ismail","individual","NS-PLC",-0-,-0-,-0-,-0-,-0-,-0-,-0-,"Passport X"\n'
    other = '9640,"ACME","","OTHER",-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n'
    files = {"cons_prim.csv": text(rows + other)}
    found = read(NativeFiles(files, native().published)).entities
    assert [each.list_code for each in found] == ["PLC", "NON-SDN"]
    assert found[0].identifiers == ()


def test_sdn_alone_is_read_but_marked():
    sources = edition(alt=None, add=None, sdn_comments=None).sources
    assert [each.complete for each in sources] == [False]
    assert complaints(edition(alt=None), ()) == [
        "SDN is incomplete: it has only sdn.csv, add.csv, sdn_comments.csv."
    ]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sdn": b""}, "empty"),
        ({"sdn": b"<!DOCTYPE html><title>Not found</title>"}, "web page"),
        ({"sdn": text(SDN)[:-40]}, "no Ctrl-Z line"),
        ({"alt": SDN}, "do not have its 5 columns"),
        ({"sdn": SDN + SDN}, "repeats"),
        ({"sdn": SDN.replace('"vessel"', '"submarine"')}, "'submarine'"),
        ({"alt": ALT.replace("25578", "99999")}, "belong to no entity"),
        ({"add": ADD.replace("306,", "99998,")}, "belong to no entity"),
        ({"sdn": None}, "There is no list"),
    ],
)
def test_a_broken_file_is_refused_with_the_reason(changed, why):
    with pytest.raises(BadListError, match=why):
        read(native(**changed))


def test_a_list_that_shrinks_or_goes_back_is_refused_unless_accepted():
    now = edition()
    before = [edition(published=native().published.replace(year=2025)).sources[0]]
    fewer = edition(sdn=without(SDN, 36), alt=without(ALT, 36), add=without(ADD, 36))
    assert any("goes back" in each for each in complaints(now, before))
    assert any("falls from 9 to 8 entities" in each for each in complaints(fewer, now.sources))
    assert complaints(fewer, now.sources, accepted=fewer.sources[0].sha256) == []
    assert complaints(now, now.sources) == []
