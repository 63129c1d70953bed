"""A ``.env`` is changed line by line: what nobody touches stays, byte for byte."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from apps.core.files.env_lines import EnvLines, Unwritable

EXAMPLE = Path(__file__).parents[3] / ".env.example"
NEWS = "ACCOUNTS__NEWS__"


def changed(text: str, **values: str) -> str:
    lines = EnvLines(text)
    lines.put(NEWS, values)
    return lines.text


def read(text: str) -> dict[str, str]:
    found = parse_stream(StringIO(text.removeprefix("\ufeff")))
    return {str(line.key): str(line.value) for line in found if line.key}


def test_the_example_comes_back_as_it_was() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert EnvLines(text).text == text


def test_a_key_of_the_example_is_filled_in_where_it_stands() -> None:
    before = EXAMPLE.read_text(encoding="utf-8").splitlines()
    after = changed("\n".join(before) + "\n", kind="smtp", host="smtp.example.org").splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        "ACCOUNTS__NEWS__KIND=smtp",
        "ACCOUNTS__NEWS__HOST=smtp.example.org",
    ]


def test_a_new_account_stands_at_the_end_and_its_keys_together() -> None:
    text = changed("A=1", kind="smtp", host="x")
    assert text == "A=1\n\nACCOUNTS__NEWS__KIND=smtp\nACCOUNTS__NEWS__HOST=x\n"
    assert changed(f"{text}B=2\n", port="25").endswith("HOST=x\nACCOUNTS__NEWS__PORT=25\nB=2\n")


def test_comments_order_line_ends_and_the_mark_of_notepad_are_kept() -> None:
    text = "\ufeff# ours\r\nexport ACCOUNTS__NEWS__HOST='old' # why\r\n\r\nB=2 # two\r\n"
    expected = "\ufeff# ours\r\nexport ACCOUNTS__NEWS__HOST=new # why\r\n\r\nB=2 # two\r\n"
    assert changed(text, host="new") == expected


def test_the_last_line_of_a_name_is_the_one_that_holds_and_is_changed() -> None:
    text = changed("accounts__news__host=a\nACCOUNTS__NEWS__HOST=b\n", host="c")
    assert text == "accounts__news__host=a\nACCOUNTS__NEWS__HOST=c\n"


def test_an_account_is_removed_and_what_explains_its_keys_stays() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    lines = EnvLines(changed(text, kind="smtp", password="x y", per_day="5"))
    lines.drop(NEWS)
    assert lines.text == text
    lines = EnvLines("A=1\n\nACCOUNTS__NEWS__KIND=smtp\nACCOUNTS__NEWS__HOST=x\nB=2\n")
    lines.drop(NEWS)
    assert lines.text == "A=1\nB=2\n"


@given(
    st.text(
        st.characters(exclude_categories=["C", "Z"], include_characters=" '\"\\#$=`"), max_size=40
    )
)
def test_whatever_a_password_holds_is_read_back_as_it_was(password: str) -> None:
    text = changed("A=1\n", password=password)
    assert read(text).get("ACCOUNTS__NEWS__PASSWORD", "") == password


@pytest.mark.parametrize("value", ["two\nlines", "a\rb", "a\x00b"])
def test_what_is_no_line_is_refused(value: str) -> None:
    with pytest.raises(Unwritable):
        changed("A=1\n", password=value)
