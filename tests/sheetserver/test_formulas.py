"""The closed list of formulas calculates; all else shows `#NAME?`. sheets.md B9."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetserver import formula_text, formulas
from sheetserver.book import Formula
from tests.sheetserver.workbench import NOON, Workbench


@pytest.fixture
def bench(tmp_path):
    bench = Workbench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def book(bench):
    book = bench.make(titles=("Sheet1", "Other tab"))
    bench.type(book, "A1", [["10", "a", "TRUE"], ["20", "b", ""], ["30", "A", "5"]])
    bench.type(book, "'Other tab'!A1", [["7"]])
    return book


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("=1+2*3", 7), ("=(1+2)*3", 9), ("=2^3^2", 64), ("=-2^2", 4), ("=10%", 0.1), ("=7/2", 3.5),
        ('="a"&1&TRUE', "a1TRUE"), ("=1=1", True), ('="a"="A"', True), ("=2<>2", False),
        ('=1<"a"', True), ("=A1+A2", 30), ("=$A$1", 10), ("='Other tab'!A1+1", 8),
        ("=SUM(A1:A3)", 60), ("=SUM(A:A,1)", 61), ("=sum(A1:C3)", 65), ("=COUNTA(A1:C3)", 8),
        ('=COUNTIF(A1:A3,">10")', 2), ('=COUNTIF(B1:B3,"a")', 2), ('=COUNTIF(C1:C3,"")', 1),
        ('=COUNTIFS(A1:A3,">5",B1:B3,"a")', 2), ('=SUMIF(B1:B3,"a",A1:A3)', 40),
        ('=SUMIF(A1:A3,">=20")', 50), ('=SUMIFS(A1:A3,B1:B3,"a",A1:A3,"<20")', 10),
        ('=COUNTIF(B1:B3,"*")', 3), ('=COUNTIF(B1:B3,"<>a")', 1), ('=IF(A1>5,"y","n")', "y"),
        ("=IF(FALSE,1)", False), ('=IFERROR(1/0,"-")', "-"), ("=IFERROR(5)", 5),
        ('=HYPERLINK("https://a.example","A")', "A"), ("=TODAY()", 46351), ("=NOW()", 46351.5),
        ("=1/0", "#DIV/0!"), ("=A1+B1", "#VALUE!"), ("=FOO(1)", "#NAME?"), ("=nobody", "#NAME?"),
        ('=IMPORTXML("x","y")', "#NAME?"), ("=1+", "#NAME?"), ("=Missing!A1", "#REF!"),
        ("=#REF!+1", "#REF!"), ("=SUM()", "#N/A"), ("=A9", 0), ("=9^999", "#NUM!"),
        ("=(-8)^0.5", "#NUM!"), ("=Z1", "#REF!"), ('=IF("x",1,2)', "#VALUE!"),
    ],
)  # fmt: skip
def test_formulas_calculate(bench, book, formula, result):
    bench.type(book, "E1", [[formula]])

    found = bench.read(book, "E1")[0][0]
    assert found == pytest.approx(result) if isinstance(result, float) else found == result
    assert bench.read(book, "E1", "FORMULA") == [[formula]]


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("=SUM(tens)", 60), ("=tens", 10), ("=COUNTIF(C1:C3,TRUE)", 1),
        ('=COUNTIF(C1:C3,"TRUE")', 1),
        ('=COUNTIF(B1:B3,"?")', 3), ('=COUNTIF(B1:B3,"~*")', 0), ("=COUNTIF(A1:A3,20)", 1),
        ('=COUNTIF(A1:A3,"<>20")', 2), ('=COUNTIF(D1:D1,"<>5")', 1), ("=SUM(D1)", "#DIV/0!"),
        ('=SUMIF(B1:B3,"*",D1)', "#DIV/0!"), ('=SUM("x")', "#VALUE!"), ("=SUM(1,TRUE)", 2),
        ('=COUNTIFS(A1:A3,">5",B1:B2)', "#N/A"), ('=COUNTIFS(A1:A3,">5",B1:B2,"<>z")', 3),
        ('=SUMIF(5,">1")', "#VALUE!"), ('=D5=""', True), ("=D5=0", True), ("=D5=FALSE", True),
        ("=IF(A1,1,)", 1), ("=IF(D5,1,)", 0), ("=+A1", 10), ('="1,000"+1', 1001), ("=1e3", 1000),
        ("=A1:A2", 10), ("=IFERROR(D1)", ""), ("=5%%", 0.0005), ("=IF(1,2,3,4)", "#N/A"),
        ('="nan"+1', "#VALUE!"), ("=A1&D5", "10"), ('=1.5&""', "1.5"), ("=C1>B1", True),
    ],
)  # fmt: skip
def test_corners_of_formulas_calculate(bench, book, formula, result):
    named = {
        "name": "tens",
        "range": {"startColumnIndex": 0, "endColumnIndex": 1, "startRowIndex": 0, "endRowIndex": 3},
    }
    bench.batch(book, {"addNamedRange": {"namedRange": named}})
    bench.type(book, "D1", [["=1/0"]])
    bench.type(book, "E1", [[formula]])

    assert (bench.read(book, "E1") or [[""]])[0][0] == result


def test_results_follow_the_cells_they_rest_on(bench, book):
    bench.type(book, "E1", [["=SUM(A1:A3)"], ["=E1*2"], ["='Other tab'!A1"]])
    bench.type(book, "A1", [["11"]])
    bench.type(book, "'Other tab'!A1", [["8"]])

    assert bench.read(book, "E1:E3") == [[61], [122], [8]]


def test_circles_end_in_an_error(bench, book):
    bench.type(book, "E1", [["=E2"], ["=E3+1"], ["=E1"], ["=E4"]])

    assert bench.read(book, "E1:E4") == [["#REF!"]] * 4


def test_a_long_chain_needs_no_deep_stack(bench):
    book = bench.make(rows=5000, columns=1)
    bench.type(book, "A1", [["1"], *[[f"=A{row}+1"] for row in range(1, 4000)]][::1])

    assert bench.read(book, "A4000") == [[4000]]


def test_today_and_now_move_with_the_clock(tmp_path):
    moment = [NOON]
    bench = Workbench(tmp_path, clock=lambda: moment[0])
    book = bench.make()
    bench.type(book, "A1", [["=TODAY()", "=NOW()"]])
    moment[0] += timedelta(days=2, hours=6)

    assert bench.read(book, "A1:B1") == [[46353, 46353.75]]
    assert bench.read(book, "A1:B1", "FORMATTED_VALUE") == [["11/27/2026", "11/27/2026 18:00:00"]]
    bench.close()


def test_references_follow_inserted_deleted_and_moved_rows(bench, book):
    bench.type(book, "E1", [["=SUM(A1:A3)+$A$3"]])
    bench.type(book, "'Other tab'!B1", [["=Sheet1!A3"]])
    rows = {"dimension": "ROWS", "startIndex": 1, "endIndex": 3}
    bench.batch(book, {"insertDimension": {"range": rows}})

    assert bench.read(book, "E1", "FORMULA") == [["=SUM(A1:A5)+$A$5"]]
    assert bench.read(book, "'Other tab'!B1", "FORMULA") == [["=Sheet1!A5"]]
    rows = {"dimension": "ROWS", "startIndex": 4, "endIndex": 5}
    bench.batch(book, {"deleteDimension": {"range": rows}})
    assert bench.read(book, "E1", "FORMULA") == [["=SUM(A1:A4)+#REF!"]]
    assert bench.read(book, "E1") == [["#REF!"]]


def test_references_follow_a_renamed_tab(bench, book):
    bench.type(book, "E1", [["='Other tab'!A1"]])
    bench.batch(
        book,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 1, "title": "New"},
                "fields": "title",
            }
        },
    )

    assert bench.read(book, "E1", "FORMULA") == [["=New!A1"]]
    assert bench.read(book, "E1") == [[7]]


def test_a_copied_formula_points_at_its_new_neighbours(bench, book):
    bench.type(book, "E1", [["=A1+$A$1"]])
    bench.batch(
        book,
        {
            "copyPaste": {
                "source": {
                    "startRowIndex": 0,
                    "endRowIndex": 1,
                    "startColumnIndex": 4,
                    "endColumnIndex": 5,
                },
                "destination": {
                    "startRowIndex": 1,
                    "endRowIndex": 3,
                    "startColumnIndex": 4,
                    "endColumnIndex": 5,
                },
                "pasteType": "PASTE_NORMAL",
            }
        },
    )

    assert bench.read(book, "E1:E3") == [[20], [30], [40]]
    assert bench.read(book, "E3", "FORMULA") == [["=A3+$A$1"]]


@given(st.text(alphabet="=ABC123+-*/^&%()<>,\"'!$: .#REF", max_size=40))
def test_no_text_breaks_the_reader(text):
    formulas.moved(Formula("=" + text), 1, 1)
    try:
        formula_text.parse("=" + text)
    except formula_text.FormulaSyntaxError:
        return
