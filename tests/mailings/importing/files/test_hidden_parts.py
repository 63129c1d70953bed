"""What XLS, XLSB and ODS files hide is not imported, and what cannot be known is said."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest

from apps.mailings.importing.errors import NotATable
from apps.mailings.importing.files import spreadsheets as sheets
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.spreadsheet_worker.job import CannotConvert
from apps.mailings.importing.files.spreadsheet_worker.markup import marks_of
from apps.mailings.importing.files.spreadsheets import opened

#: As people leave them: the sheet «Отписались» is hidden, and rows 3 and 5 of «Клиенты» are.
XLS_HIDDEN = gzip.decompress(
    base64.b85decode(
        "ABzY8000000t4+>O-NKx6#nj;JI+u3%;+d-A%l>WNhBc%HO?rMi^{A`5kZal5^;3oA@sA!vRMW}tD=qMrj6C"
        "6A8Jv%7J*TVAP}^6wF(MasIPO++$T?)z=4vicOLiL^UnRwy=Tt3fAd~XM`tG<)XiZ9wZn%+JA@LKPEZLsFA-"
        "3?Z7b2KgH&vf))j?<l*kf4o|e4|s2r+%&%wZb`GPp`fyzmYpgTKk#@CQK*@v`HJ|u*sxo6-um2%XwUzN<yFt"
        "1{MkFn2~r&x21d4jOB;smCX-A!$J9v?RvxUHPHz$3PK&zcrg<E5I%m#&LE){hQrAf5R;8|q~#CPA6&GKWnoo"
        "tZ_9QaFikb{zQXtkvgnPrtT$0n&e8t`8K@-!LRF2K%&76ETO)u%t?FSk%i-nUrm^L++A$xIQRzsKF<{vJ8ki"
        "*0#z7;SR`o+(9YnH&7vfIg}pA(8BJgRhu%;r-w!|=FY6u?}OMV_sYYv3`n~hXn{qjs{{=e1I`X)Mor7?b0ho"
        "^QQ0n2><XFpt}w48Us7aV0c5i0Ry0<Tv#qj4hSdqeJ5FTTj#I|#u#|WoDp-#4YK+jCGJp5Wn?t=l$y2Nu<5M"
        "Po7Hv_%gN@6|f{e?##aL=@VtEJiE8OcQmg|_uC{R>4_Ec+O|2Si=a%&@vvzzH{a;r<;Msn`+k;nD9kIC&MPj"
        "$^*j7_~uPN0F##y+xF&p4Vzv$%Cr(UYW83%zU2Ft7b-2MZbz?YpfH+zKop%wm+eLWlwg!3f3MjY>S^5Tslu_"
        "gci=zZCuT8h7KDanHXw(Q&e16wHE8;|1fT#v3ktT;mPK`!zlv{SuA$73kl`_<+Xy7$4MlS)hN(_>jg+#)q9b"
        "f<kk|Bab}t$Rm$D`X5N>JDa*&NPUY_caVVouCqX8(fdsD&(cw3=^3TJrTZ{UwS@~s&7T_hh0~W<rH%8wP|-0"
        "O-NGPx*^j}Z=P%vth5Prc+A#9_mQb<dFBaqHA0Gb)yDAMm02TlM"
    )
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source.any"


def rows(source: Path, content: bytes) -> tuple[list[tuple[str, ...]], str]:
    """The rows of the table, and how it was read."""
    source.write_bytes(content)
    with opened(source) as found:
        blocks = list(found.table.blocks())
        return [b.row(at) for b in blocks for at in range(len(b.lines))], found.table.form


OFFICE = "http://schemas.openxmlformats.org"


def xlsb(sheets: dict[str, list[str]], *, hidden_rows: set[int], hidden_sheets: set[str]) -> bytes:
    """An XLSB file whose sheets have one column of texts."""

    def record(kind: int, content: bytes = b"") -> bytes:
        number = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return number + bytes([len(content)]) + content

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    made, places = io.BytesIO(), range(1, len(sheets) + 1)
    with zipfile.ZipFile(made, "w") as archive:
        bundle = b"".join(
            record(156, struct.pack("<II", name in hidden_sheets, at) + wide(f"r{at}") + wide(name))
            for at, name in zip(places, sheets, strict=True)
        )
        content = record(131) + record(143) + bundle + record(144) + record(132)
        archive.writestr("xl/workbook.bin", content)
        targets = "".join(
            f'<Relationship Id="r{at}" Target="worksheets/sheet{at}.bin"'
            f' Type="{OFFICE}/officeDocument/2006/relationships/worksheet"/>'
            for at in places
        )
        schema = f"{OFFICE}/package/2006/relationships"
        links = f'<Relationships xmlns="{schema}">{targets}</Relationships>'
        archive.writestr("xl/_rels/workbook.bin.rels", links)
        for at, texts in zip(places, sheets.values(), strict=True):
            cells = b"".join(
                record(
                    0, struct.pack("<IIHBBBI", n, 0, 300, 0, 0x10 * (n + 1 in hidden_rows), 0, 0)
                )
                + record(6, struct.pack("<II", 0, 0) + wide(text))
                for n, text in enumerate(texts)
            )
            size = record(148, struct.pack("<IIII", 0, len(texts) - 1, 0, 0))
            content = record(129) + size + record(145) + cells + record(146) + record(130)
            archive.writestr(f"xl/worksheets/sheet{at}.bin", content)
    return made.getvalue()


XLSB = xlsb(
    {
        "Отписались": ["email", "gone@example.org"],
        "Клиенты": ["email", "a@example.org", "filtered@example.org", "b@example.org"],
    },
    hidden_rows={3},
    hidden_sheets={"Отписались"},
)


@pytest.mark.parametrize(
    ("content", "people", "left_out"),
    [
        (XLS_HIDDEN, [("a@example.org", "Анна"), ("b@example.org", "Вера")], 2),
        (XLSB, [("a@example.org",), ("b@example.org",)], 1),
    ],
    ids=["xls", "xlsb"],
)
def test_hidden_sheets_and_rows_of_binary_files_are_left_out(
    content: bytes, people: list[tuple[str, ...]], left_out: int, source: Path
) -> None:
    found, form = rows(source, content)
    assert (found, form.startswith("sheet “Клиенты”")) == (people, True)
    assert f"{left_out} hidden row" in form
    with opened(source) as table:
        sheets_seen = [(name, hidden) for name, hidden in table.findings.sheets]
        assert sheets_seen == [("Отписались", True), ("Клиенты", False)]
        assert table.findings.hidden_rows == left_out
    with opened(source, ReadOptions(filtered=True)) as table:
        assert len(table.table.head(10)) == len(people) + left_out
    with opened(source, ReadOptions(sheet="Отписались")) as table:
        assert table.table.header[0] == "email"


def test_an_xls_file_whose_rows_cannot_be_looked_at_is_refused_in_words(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.write_bytes(XLS_HIDDEN)
    with pytest.raises(CannotConvert, match="hidden_unknown"):
        marks_of(str(source), "Клиенты", 9)
    source.write_bytes(b"no compound file")
    with pytest.raises(CannotConvert, match="hidden_unknown"):
        marks_of(str(source), "Клиенты", 0)
    with pytest.raises(NotATable, match="XLSX"):
        raise sheets._refusal("hidden_unknown")


ODS_SHEETS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:automatic-styles>
<style:style style:name="ta1" style:family="table"><style:table-properties table:display="false"/>
</style:style></office:automatic-styles><office:body><office:spreadsheet>
<table:table table:name="Отписались" table:style-name="ta1">{gone}</table:table>
<table:table table:name="Клиенты">{people}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def test_a_hidden_sheet_of_an_ods_file_is_not_read(source: Path) -> None:
    cell = '<table:table-row{0}><table:table-cell office:value-type="string"><text:p>{1}</text:p>'
    cell += "</table:table-cell></table:table-row>"
    gone = "".join(cell.format("", text) for text in ("email", "gone@example.org"))
    collapsed = ' table:visibility="collapse"'
    lines = [("", "email"), ("", "a@example.org"), (collapsed, "b@example.org")]
    people = "".join(cell.format(*line) for line in lines)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS_SHEETS.format(gone=gone, people=people))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    found, form = rows(source, made.getvalue())
    assert (found, form) == ([("a@example.org",)], "sheet “Клиенты”, 1 hidden row left out")
