from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.mailings.importing.errors import ImportRefused, NotATable, SourceEmpty
from apps.mailings.importing.files import readers
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.readers import DelimitedTable
from apps.mailings.importing.reject_reasons import Reason

Rows = list[tuple[int, tuple[str, ...]]]


def read(
    content: str | bytes, **options: Any
) -> tuple[DelimitedTable, Rows, list[tuple[int, Reason]]]:
    """The table, its good rows with their lines, and the misfits."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "source.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        table = DelimitedTable(path, ReadOptions.of(options))
        rows: Rows = []
        misfits = []
        for block in table.blocks():
            rows += [(line, block.row(at)) for at, line in enumerate(block.lines)]
            misfits += [(reject.line, reject.reason) for reject in block.misfits]
        return table, rows, misfits


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_it_finds_the_delimiter(delimiter: str, end: str) -> None:
    text = end.join(["email|name", "a@example.org|Anna", "b@example.org|Boris"])
    table, rows, misfits = read(text.replace("|", delimiter) + end)
    assert table.delimiter == delimiter
    assert rows == [(2, ("a@example.org", "Anna")), (3, ("b@example.org", "Boris"))]
    assert misfits == []


def test_one_column_needs_no_delimiter() -> None:
    _table, rows, _misfits = read("email\na@example.org\n\nb@example.org")
    assert rows == [(2, ("a@example.org",)), (4, ("b@example.org",))]


def test_excels_hint_about_the_delimiter_is_taken() -> None:
    table, rows, _misfits = read("sep=;\nemail;name\na@example.org;Anna, Maria\n")
    assert table.header == ("email", "name")
    assert rows == [(3, ("a@example.org", "Anna, Maria"))]


def test_quoted_fields_may_hold_delimiters_and_line_ends() -> None:
    _table, rows, _misfits = read('a,b\n1,"x, ""y""\nz"\n\n2,w\n')
    assert rows == [(2, ("1", 'x, "y"\nz')), (5, ("2", "w"))]


def test_rows_of_another_width_are_misfits_at_their_lines() -> None:
    _table, rows, misfits = read("a,b\n1,2\n3\n4,5,6\n7,8,,\n,\n9,10\n")
    assert [line for line, _row in rows] == [2, 5, 7]
    assert misfits == [(3, Reason.MISSING_COLUMN), (4, Reason.EXTRA_COLUMN)]


def test_a_quote_left_open_costs_its_own_line_only() -> None:
    _table, rows, misfits = read('a,b\n1,"x\n2,y\n3,z\n4,"w"\n')
    assert misfits == [(2, Reason.BROKEN_QUOTES)]
    assert rows == [(3, ("2", "y")), (4, ("3", "z")), (5, ("4", "w"))]


def test_two_quotes_left_open_do_not_swallow_the_row_between() -> None:
    _table, rows, misfits = read('a,b\n1,"x\n2,y\n3,"z\n4,w\n')
    assert misfits == [(2, Reason.BROKEN_QUOTES), (4, Reason.BROKEN_QUOTES)]
    assert [row for _line, row in rows] == [("2", "y"), ("4", "w")]


def test_quotes_inside_quotes_are_understood_when_they_match() -> None:
    _table, rows, misfits = read('a,b\n1,"ООО "Ромашка""\n2,x\n')
    assert [line for line, _row in rows] == [2, 3]
    assert misfits == []


def test_a_broken_record_of_many_lines_is_one_misfit() -> None:
    _table, rows, misfits = read('a,b,c\n1,"x\ny\nz"\n2,3,4\n')
    assert misfits == [(2, Reason.MISSING_COLUMN)]
    assert rows == [(5, ("2", "3", "4"))]


def test_a_line_in_another_encoding_is_a_misfit() -> None:
    lines = ["email,имя".encode(), "a,Анна".encode(), "b,Борис".encode("cp1251"), "c,Вера".encode()]
    _table, rows, misfits = read(b"\n".join(lines))
    assert [line for line, _row in rows] == [2, 4]
    assert misfits == [(3, Reason.BAD_ENCODING)]


def test_half_a_character_at_the_end_of_utf_16_spoils_its_row_only() -> None:
    content = "email,name\na,Анна\nb,Борис".encode("utf-16")[:-1]
    _table, rows, misfits = read(content)
    assert rows == [(2, ("a", "Анна"))]
    assert misfits == [(3, Reason.BAD_ENCODING)]


def test_records_go_on_over_the_border_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "".join(f'{n},"x\n{n}"\n{n},plain\n' for n in range(200))
    monkeypatch.setattr(readers, "BLOCK", 37)
    _table, rows, misfits = read("a,b\n" + expected)
    assert misfits == []
    assert [line for line, _row in rows] == [at + k for at in range(2, 602, 3) for k in (0, 2)]


def test_a_table_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    table = DelimitedTable(path)
    assert [b.columns for b in table.blocks()] == [b.columns for b in table.blocks()]


def test_blank_lines_are_no_header() -> None:
    with pytest.raises(SourceEmpty):
        read("\n\n ;;\n")


def test_open_quotes_everywhere_do_not_make_one_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BLOCK", 1000)
    path = tmp_path / "source.csv"
    path.write_text("a,b\n" + '1,"x\n' * 5_000 + "2,y\n", encoding="utf-8")
    blocks = list(DelimitedTable(path).blocks())
    assert len(blocks) > 2 and sum(len(block.misfits) for block in blocks) == 5_000
    assert blocks[-1].last == 5_002 and blocks[-1].row(0) == ("2", "y")
    following = zip(blocks, blocks[1:], strict=False)
    assert all(one.last + 1 == other.first for one, other in following)


def test_open_quotes_everywhere_cost_only_their_own_lines() -> None:
    _table, rows, misfits = read("a,b\n" + '"x\ny,1\n' * 20_000 + '"x\n' + "z,2\n" * 3_000)
    assert len(misfits) == 20_001
    assert len(rows) == 23_000


COMMAS_IN_THE_HEADER = {
    "two": 'E-mail;"Фамилия, имя"\na@example.org;"Иванов, Иван"\nb@example.org;"Петров, Пётр"\n',
    "three": "E-mail;Фамилия, имя, отчество\na@example.org;Иванов, Иван, Иванович\n",
    "uneven": "email;дата, время;сумма;имя;статус;\na@example.org;15 апреля, 10:00;25.00;Анна;ok;\n"
    "b@example.org;16 апреля, 11:00;25.00;Борис\n",
    "of the address": 'Имя;"E-mail, рабочий";Сумма, руб, коп\nАнна;a@example.org;1,5,0\n',
    "header alone": "E-mail;Фамилия, имя, отчество\n",
}


@pytest.mark.parametrize("name", COMMAS_IN_THE_HEADER)
def test_commas_inside_fields_do_not_beat_the_delimiter(name: str) -> None:
    table, rows, _misfits = read(COMMAS_IN_THE_HEADER[name])
    assert table.delimiter == ";"
    assert all("a@example.org" in row for _line, row in rows[:1])


@pytest.mark.parametrize(
    "hint",
    ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"],
    ids=["plain", "quoted", "capitals", "mark"],
)
def test_excels_hint_may_be_written_in_several_ways(hint: str) -> None:
    table, rows, _misfits = read(f"{hint}\r\nemail;name\r\na@example.org;Anna, Maria\r\n")
    assert table.header == ("email", "name")
    assert rows == [(3, ("a@example.org", "Anna, Maria"))]


def test_a_vertical_bar_separates_too() -> None:
    table, rows, _misfits = read("email|name\na@example.org|Anna; Maria\n")
    assert (table.delimiter, rows) == ("|", [(2, ("a@example.org", "Anna; Maria"))])


def test_a_blank_before_a_quoted_field_does_no_harm() -> None:
    _table, rows, misfits = read('email, name\na@example.org, "Иванов, Иван"\n')
    assert (rows, misfits) == ([(2, ("a@example.org", "Иванов, Иван"))], [])


@pytest.mark.parametrize(
    "written",
    [r'"ООО \"Рога, копыта\""', r'"\"Рога\", ООО"', r'"Рога \"\""', r'"а \"б\" в \"г\""'],
)
def test_quotes_behind_a_backslash_are_quotes(written: str) -> None:
    _table, rows, misfits = read(f"email;name;x\na@example.org;{written};1\nb@example.org;B;2\n")
    name = written[1:-1].replace('\\"', '"')
    assert misfits == []
    assert rows == [(2, ("a@example.org", name, "1")), (3, ("b@example.org", "B", "2"))]


def test_a_backslash_at_the_end_of_a_field_is_a_backslash() -> None:
    _table, rows, misfits = read('email;path\na@example.org;"C:\\"\nb@example.org;"D;\\"\n')
    assert misfits == []
    assert [row[1] for _line, row in rows] == ["C:\\", "D;\\"]


TITLES = {
    "1C": "Контрагенты;;;\nОтбор: покупатели;;;\n;;;\nНаименование;E-mail адрес;Почта;Телефон\n"
    "Ромашка;;a@example.org;+7 (916) 000-00-01\n",
    "one cell": "Отчёт за июль\n\nemail;имя\na@example.org;Анна\n",
    "quoted": '"Клиенты, все"\n"на 01.07.2026"\nПочта;Имя\na@example.org;Анна\n',
    "unknown names": "Отчёт за июль;\nКуда писать;Кому\na@example.org;Анна\n",
}


@pytest.mark.parametrize("name", TITLES)
def test_titles_above_the_header_are_passed_over(name: str) -> None:
    table, rows, misfits = read(TITLES[name])
    assert misfits == [] and len(rows) == 1 and "a@example.org" in rows[0][1]
    assert table.header_row == TITLES[name][: -len(TITLES[name].splitlines()[-1]) - 1].count("\n")
    assert len(table.header) == len(rows[0][1]) and "Отчёт за июль" not in table.header


@pytest.mark.parametrize(
    ("content", "header", "first"),
    [
        ("a@example.org;Анна\nb@example.org;Борис\n", ("email", "column_2"), 1),
        ("Анна,+7 916 000-00-01,a@example.org\n", ("column_1", "phone", "email"), 1),
        ("a@example.org\nb@example.org\n", ("email",), 1),
        ("Мои клиенты\na@example.org;Анна\nb@example.org;Борис\n", ("email", "column_2"), 2),
        ("a@example.org;b@example.org\n", ("email", "column_2"), 1),
    ],
)
def test_without_a_header_the_columns_are_named_by_what_they_hold(
    content: str, header: tuple[str, ...], first: int
) -> None:
    table, rows, misfits = read(content)
    assert (table.header, table.header_row, misfits) == (header, 0, [])
    assert [line for line, _row in rows] == list(range(first, content.count("\n") + 1))


def test_header_row_delimiter_and_encoding_can_be_chosen() -> None:
    content = "x,y\nemail;имя\na@example.org;Анна\nemail;b\nc@example.org;Вера\n".encode("koi8-r")
    table, rows, _misfits = read(content, header_row=4, delimiter="semicolon", encoding="koi8-r")
    assert (table.header, table.header_row) == (("email", "b"), 4)
    assert rows == [(5, ("c@example.org", "Вера"))]
    table, rows, _misfits = read("email;name\na@example.org;A\n", header_row=0)
    assert [row for _line, row in rows] == [("email", "name"), ("a@example.org", "A")]
    table, _rows, _misfits = read("email;a,b\na@example.org;x,y\n", delimiter=",")
    assert table.header == ("email;a", "b")


@pytest.mark.parametrize(
    "options",
    [{"delimiter": "ab"}, {"delimiter": '"'}, {"header_row": -1}, {"encoding": "klingon"}],
)
def test_a_choice_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(NotATable):
        read("email\na@example.org\n", **options)


def test_a_header_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(SourceEmpty):
        read("email\na@example.org\n", header_row=7)


def test_rows_that_are_always_shorter_than_the_header_are_filled_up() -> None:
    rows = "".join(f"a{n}@example.org;A\n" for n in range(9))
    _table, found, misfits = read(f"email;name;fax;pager\n{rows}b@example.org\n")
    assert [row for _line, row in found[:1]] == [("a0@example.org", "A", "", "")]
    assert misfits == [(11, Reason.MISSING_COLUMN)]
    table, found, misfits = read("email;name;\na@example.org;A;\nb@example.org;B\n")
    assert (len(found), misfits) == (2, [])


def test_the_form_names_the_delimiter_in_a_word() -> None:
    table, _rows, _misfits = read("email,name\na@example.org,A\n")
    assert table.form == "utf-8, comma"


CELL = st.text(
    st.characters(exclude_characters="\0\r\ufeff", exclude_categories=["Cs"]), max_size=20
)
NAMES = st.text("abcdefпривет", min_size=1, max_size=8)


@settings(max_examples=200)
@given(st.data())
def test_what_a_writer_wrote_is_read_back(data: st.DataObject) -> None:
    header = data.draw(st.lists(NAMES, min_size=2, max_size=4))
    row = st.tuples(*[CELL] * len(header)).filter(any)
    rows = data.draw(st.lists(row, max_size=6))
    delimiter = data.draw(st.sampled_from(",;\t"))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    out = io.StringIO()
    # Fields that could be taken for a delimiter must not outnumber the real one in the header.
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    table, found, misfits = read(out.getvalue().encode(encoding))
    assert (table.delimiter, list(table.header)) == (delimiter, header)
    assert [row for _line, row in found] == rows
    assert misfits == []


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text("a\",;\t\n\r'=@é", max_size=200).map(str.encode),
        st.text(max_size=200).map(lambda text: text.encode("utf-16", "surrogatepass")),
    )
)
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        table, rows, misfits = read(content)
    except ImportRefused:
        return
    assert {len(row) for _line, row in rows} <= {len(table.header)}
    lines = [line for line, _row in rows]
    assert lines == sorted(set(lines)) and not {line for line, _reason in misfits} & set(lines)
