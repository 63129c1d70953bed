"""Files that are no plain text: read as a person would read them, or refused in words."""

from __future__ import annotations

import base64
import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from apps.core.files.limited_process import ROOT
from apps.mailings.importing.errors import ImportRefused, NotATable, SourceEmpty, UnknownSheet
from apps.mailings.importing.files import spreadsheets
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.spreadsheets import opened
from apps.mailings.importing.reject_reasons import Reason
from apps.mailings.models import Recipient
from tests.mailings.importing.conftest import ImportRows
from tests.mailings.importing.lists import saved, workbook

#: An XLS file (BIFF8) with the sheet «Клиенты»: E-mail and Имя, a@example.org and Анна.
XLS = gzip.decompress(
    base64.b85decode(
        "ABzY8000000t4+>O=uHA6#iy2X?|$ZO-+l9P(s0~wTdEzf~Fe_wFj|QFNz3uYlD=gNeLd*i`AN=Ab3)|6ngP"
        "e_2LhD(3=OLq6a|`l6v$cD0pbIee<#_srJx-)*t3u=9{-~-rITEc{7vQ*9)=I?1MxZKcEjjRGbhRYIK51$h$"
        "E??T({FuMSdiH2x`sf;5l~emsr53aBwu<6VY<`|<@but?=JrZAMxWs)0+evZKwDuxuXz#Y;=(Z*3VGoNMN#C"
        "(q}pE0LdbDcRwwk2^23)WCqubagujSg;$LOu5p`@Cn(UbNt)%Hqp6MAg=hgN1QB`*$|9%SOzB#%(Z@%M|Qv3"
        "2_?0Iec}Jz!z_(K2K`>#_9z~|82ECu!jDoA%ST)Bb?wxv|`bxS^^>=_sd?{BU7?p9+pe!0a<dP2|BQA(jL$H"
        "AU4Yb@~Dgeb~<yxo}9{NcIOM{B!o$hDY-|6)r!qC+*~!oBb@n-#A9e;ImY>K(i*;W_w$=0qr=u2)=cxNUS0d"
        "Qs&L`pit-@mD7P5jxr=!x^HqN87M2stamre%JBM3b;m{1*T;tYG>SrJ0t+lO2-cEAy)3L|x#gEnwlII7@m*V"
        "s9tXXu>UNlDj>Y72f=oYtcDLk>fTDa@P2j;e)){LNGy0JU%2G@jTgjtL+SMSu@5w5*h!(Onx;o1wfSL4`cG~"
        "*$^o^;JF8it03hK7cQhK7d5pMr4zyZhYZh2K3P1l;dB%Ty}*Gs%C8<H*x>o(`r1$WdLu#k%sR6@KA8ORUq!`"
        "(CJUf_g7t0;3$qMBVvICp=O6d)Dn}{<<ktZ~v8g;{471uK?&UpyvP<000"
    )
)
LIST = "email;имя\na@example.org;Анна\n"
HTML = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251">
<style>td { color: red }</style></head><body><table><tr><td>Отчёт</td></tr></table>
<table border=1><tr><th>E-mail<th>Имя<th>Город</tr><tr><td>a@example.org<td>Анна &amp; Ко<br>2
<td>Омск</td></tr><tr><td>b@example.org</td><td colspan=2>Борис</td></tr></table></body></html>"""
CARDS = {
    "2.1": "BEGIN:VCARD\r\nVERSION:2.1\r\n"
    "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=\r\n"
    "=D0=B0=D0=BD=D0=BE=D0=B2;=D0=98=D0=B2=D0=B0=D0=BD;;;\r\nTEL;CELL:+7 916 123-45-67\r\n"
    "EMAIL;HOME:b@example.org\r\nEMAIL;PREF:a@example.org\r\n"
    "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\r\n"
    " AAAA\r\n\r\nEND:VCARD\r\n",
    "3.0": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Иванов;Иван;;;\r\nFN:Иван Иванов\r\n"
    "item1.EMAIL;TYPE=INTERNET,pref:a@example.org\r\nEMAIL;TYPE=HOME:b@example.org\r\n"
    "TEL;TYPE=CELL,VOICE:+7 (916) 123-45-67\r\nCATEGORIES:vip,клиенты\r\nEND:VCARD\r\n",
    "4.0": "BEGIN:VCARD\nVERSION:4.0\nFN:Иван Иванов\nEMAIL:b@example.org\n"
    'EMAIL;PREF=1:a@example.org\nTEL;VALUE=uri;TYPE="voice,cell":tel:+7-916-123-45-67\n'
    "END:VCARD\n",
}
CARDS["2.1 in cp1251"] = (
    "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=windows-1251:Иван Иванов\r\nTEL;CELL:89161234567\r\n"
    "EMAIL:a@example.org\r\nEND:VCARD\r\n"
)


def packed(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source.any"


def rows(source: Path, content: bytes, **options: Any) -> tuple[list[tuple[str, ...]], str]:
    """The rows of the table, and how it was read."""
    source.write_bytes(content)
    with opened(source, ReadOptions.of(options)) as found:
        blocks = list(found.table.blocks())
        return [b.row(at) for b in blocks for at in range(len(b.lines))], found.table.form


GONE = [["email"], ["gone@example.org"]]


def test_the_first_sheet_that_a_person_sees_is_read_and_named(source: Path) -> None:
    content = workbook(["email", "имя"], ["a@example.org", "Анна"], Отписались=GONE)
    assert rows(source, content) == ([("a@example.org", "Анна")], "sheet “Sheet”")


def test_a_cover_sheet_and_an_empty_one_are_passed_over(source: Path) -> None:
    book = Workbook()
    book.create_sheet("Обложка", 0)["B2"] = "Клиенты на 1 июля"
    book.create_sheet("Пусто", 1)
    book.create_chartsheet("Диаграмма", 0)
    book["Sheet"].append(["email"])
    book["Sheet"].append(["a@example.org"])
    found, form = rows(source, saved(book))
    assert (found, form) == ([("a@example.org",)], "sheet “Sheet”")


def test_a_sheet_can_be_chosen_also_a_hidden_one(source: Path) -> None:
    content = workbook(["email"], ["a@example.org"], Отписались=GONE)
    assert rows(source, content, sheet="Отписались")[0] == [("gone@example.org",)]
    with pytest.raises(UnknownSheet):
        rows(source, content, sheet="Нет такого")


def test_a_very_hidden_sheet_is_hidden(source: Path) -> None:
    book = Workbook()
    secret = book.create_sheet("Секрет", 0)
    secret.sheet_state = "veryHidden"
    for row in GONE:
        secret.append(row)
    book["Sheet"].append(["email"])
    book["Sheet"].append(["a@example.org"])
    assert rows(source, saved(book))[0] == [("a@example.org",)]


def filtered() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["email"], ["a@example.org"], ["b@example.org"], ["c@example.org"]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    return saved(book)


def test_rows_that_a_filter_hides_are_left_out_and_counted(source: Path) -> None:
    found, form = rows(source, filtered())
    assert found == [("a@example.org",), ("c@example.org",)]
    assert form == "sheet “Sheet”, 1 hidden row left out"
    found, form = rows(source, filtered(), filtered=True)
    assert (len(found), form) == (3, "sheet “Sheet”")


def test_lines_keep_the_numbers_of_the_sheets_rows(source: Path) -> None:
    source.write_bytes(filtered())
    with opened(source) as found:
        assert [line for block in found.table.blocks() for line in block.lines] == [2, 4]


ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="Все &amp; каждый">{rows}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def test_hidden_rows_of_an_ods_file_are_left_out(source: Path) -> None:
    cell = '<table:table-row{0}><table:table-cell office:value-type="string"><text:p>{1}</text:p>'
    cell += "</table:table-cell></table:table-row>"
    hidden = ' table:visibility="filter" table:number-rows-repeated="2"'
    lines = [("", "email"), ("", "a@example.org"), (hidden, "b@example.org"), ("", "c@example.org")]
    content = ODS.format(rows="".join(cell.format(*line) for line in lines))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    found, form = rows(source, made.getvalue())
    assert found == [("a@example.org",), ("c@example.org",)]
    assert form == "sheet “Все & каждый”, 2 hidden rows left out"


def test_a_formula_without_a_kept_value_says_so(import_rows: ImportRows) -> None:
    content = workbook(
        ["email", "name", "sum"],
        ["=B2", "Анна", 1],
        ["b@example.org", "=A3", 2],
        ["c@example.org", "Вера", 3],
    )
    report = import_rows(content)
    assert (report.added, dict(report.reasons)) == (2, {Reason.FORMULA_WITHOUT_VALUE: 1})
    assert "save it again" in report.examples[0].text
    assert "2 formulas without a kept result" in report.form
    assert Recipient.objects.get(email="b@example.org").full_name == ""


def test_an_xls_file_is_read(source: Path) -> None:
    assert rows(source, XLS) == ([("a@example.org", "Анна")], "sheet “Клиенты”")


def test_an_html_page_that_is_called_a_spreadsheet_is_read(source: Path) -> None:
    found, form = rows(source, HTML.encode("cp1251"))
    assert found == [("a@example.org", "Анна & Ко 2", "Омск"), ("b@example.org", "Борис", "")]
    assert form == "a table of an HTML page"


@pytest.mark.parametrize("version", CARDS)
def test_a_card_is_a_recipient(version: str, import_rows: ImportRows) -> None:
    encoding = "cp1251" if "cp1251" in version else "utf-8"
    report = import_rows(CARDS[version].encode(encoding))
    assert (report.added, report.form) == (1, "vCard")
    person = Recipient.objects.get()
    assert (person.email, person.phone) == ("a@example.org", "79161234567")
    assert person.full_name == "Иван Иванов"


def test_many_cards_are_many_rows_and_a_broken_one_is_rejected(import_rows: ImportRows) -> None:
    broken = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Без адреса\r\nEND:VCARD\r\n"
    other = CARDS["3.0"].replace("a@example", "c@example").replace("45-67", "45-68")
    report = import_rows((CARDS["3.0"] + broken + other + "BEGIN:VCARD\r\nFN:Обрыв").encode())
    assert (report.added, report.rejected) == (2, 2)
    assert {reject.fields[1] for reject in report.examples} >= {"Без адреса"}


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(LIST.encode("cp1251"), mtime=0),
        packed({"list.csv": LIST}),
        packed({"папка/список.csv": LIST, "__MACOSX/папка/._x": "x", "папка/.DS_Store": "x"}),
    ],
    ids=["gz", "zip", "folder"],
)
def test_a_packed_list_is_unpacked(content: bytes, source: Path) -> None:
    assert rows(source, content)[0] == [("a@example.org", "Анна")]


def test_a_packed_spreadsheet_is_unpacked(source: Path) -> None:
    content = gzip.compress(workbook(["email"], ["a@example.org"]), mtime=0)
    assert rows(source, content)[0] == [("a@example.org",)]


@pytest.mark.parametrize(
    ("content", "refusal", "text"),
    [
        (packed({"a": LIST, "b": LIST}), NotATable, "2 files"),
        (packed({}), SourceEmpty, "empty"),
        (packed({"a": "x" * 2_000_000}), NotATable, "too large"),
        (gzip.compress(b"x" * 2_000_000, mtime=0), NotATable, "too large"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), NotATable, "archive in the archive"),
        (gzip.compress(LIST.encode(), mtime=0)[:-12], NotATable, "broken"),
        (b"%PDF-1.4", NotATable, "PDF"),
        (b"Rar!\x1a\x07", NotATable, "archive"),
        (b"\x89PNG\r\n\x1a\n", NotATable, "picture"),
        (b"{\\rtf1 x}", NotATable, "text document"),
        (packed({"word/document.xml": "x", "[Content_Types].xml": ""}), NotATable, "text document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, NotATable, "cannot be read"),
        (b"<html><table></table></html>", ImportRefused, "no table"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            NotATable,
            "Excel 2003",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    content: bytes, refusal: type[ImportRefused], text: str, source: Path
) -> None:
    source.write_bytes(content)
    with pytest.raises(refusal, match=text), opened(source, most_bytes=1_000_000):
        pass


def test_cells_without_end_take_only_the_child_with_them(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_TEXT", 50_000)
    source.write_bytes(workbook(["email"], *[["A" * 32_000]] * 20))
    with pytest.raises(NotATable, match="too big"), opened(source):
        pass
    monkeypatch.setattr(spreadsheets, "HEAD_ROWS", 5)
    with opened(source, head_only=True) as found:
        assert len(found.table.head(10)) == 4


def test_one_long_cell_is_cut_and_then_rejected_as_too_long(import_rows: ImportRows) -> None:
    report = import_rows(workbook(["email", "name"], ["a@example.org", "Я" * 32_000]))
    assert dict(report.reasons) == {Reason.TOO_LONG: 1}


def test_the_child_knows_no_settings_and_no_database(source: Path) -> None:
    """Only its own package and what it converts with: a hostile file finds nothing there."""
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "apps.mailings.importing.files.spreadsheet_worker",
            "{}",
        ],
        capture_output=True,
        cwd=ROOT,
    )
    assert b"django" not in done.stderr
