from __future__ import annotations

import json
import string
from json.encoder import encode_basestring

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.mailings.importing import addresses
from apps.mailings.importing.columns import map_columns
from apps.mailings.importing.files.readers import Block
from apps.mailings.importing.reject_reasons import Reason, Reject
from apps.mailings.importing.tags import split_tags
from apps.mailings.importing.validation import Batch, check


def checked(header: str, *rows: tuple[str, ...]) -> tuple[Batch, list[Reject]]:
    columns = map_columns(header.split(","), {})
    lines = range(2, 2 + len(rows))
    block = Block(lines, list(zip(*rows, strict=True)), (), 2, 1 + len(rows))
    return check(block, columns, encode_basestring)


def verdict(header: str, *row: str) -> Reason | None:
    """What is said of this row, beside a good one."""
    good = ("good@example.org", *[""] * (len(row) - 1))
    _batch, rejects = checked(header, good, row)
    assert all(reject.line == 3 for reject in rejects)
    return rejects[0].reason if rejects else None


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Anna@Example.ORG", "anna@example.org"),
        (" anna@example.org ", "anna@example.org"),
        ("a.b+c_d-e'f@sub.example-x.co.uk", "a.b+c_d-e'f@sub.example-x.co.uk"),
        ("анна@пример.рф", "анна@пример.рф"),
        ("info@ПРИМЕР.рф", "info@пример.рф"),
        ("info@xn--e1afmkfd.xn--p1ai", "info@пример.рф"),
        ("a@123.example", "a@123.example"),
    ],
)
def test_an_address_has_one_stored_form(given: str, stored: str) -> None:
    assert addresses.email(given) == stored


@pytest.mark.parametrize(
    "value",
    [
        "anna",
        "anna@",
        "@example.org",
        "anna@example",
        "an..na@example.org",
        ".anna@example.org",
        "anna.@example.org",
        "anna@-example.org",
        "anna@example-.org",
        "anna@exa_mple.org",
        "anna@example..org",
        "anna@127.0.0.1",
        "anna boris@example.org",
        "anna@example.org, boris@example.org",
        "anna@example.org\nBcc: boris@example.org",
        "Anna <anna@example.org>",
        "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + "b." * 125 + "org",
        "анна@",
        "a@xn--.рф",
    ],
)
def test_it_knows_what_is_no_address(value: str) -> None:
    assert addresses.email(value) is None
    assert not addresses.plain_emails([value])


ADDRESSES = st.text(string.ascii_lowercase + string.digits + ".-_+@!", max_size=30) | st.emails()


@settings(max_examples=500)
@given(ADDRESSES)
@example("a@b--c.org")
def test_the_fast_check_is_no_laxer_than_the_library(value: str) -> None:
    if not addresses.plain_emails([value.lower()]) or not value:
        return
    assert addresses.email(value) == value.lower()
    try:
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        # Names reserved for special use are the library's opinion about delivery, not about form.
        assert "special-use" in str(error) or "hyphens" in str(error)


@pytest.mark.parametrize(
    "given",
    [
        "79161234567",
        "+7 (916) 123-45-67",
        "8 916 123 45 67",
        "9161234567",
        "79161234567.0",
        "'+79161234567",
        "007 916 123 45 67",
        "tel:+79161234567",
    ],
)
def test_a_phone_has_one_stored_form(given: str) -> None:
    batch, rejects = checked("phone", (given,), ("79990000000",))
    assert rejects == []
    assert list(batch.columns["phone"]) == ["79161234567", "79990000000"]


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        ("email", ("nobody",), Reason.BAD_EMAIL),
        ("email", ("=cmd()@example.org",), Reason.FORMULA),
        ("email", ("\ufeff=cmd()@example.org",), Reason.FORMULA),
        ("email", ("＝cmd@example.org",), Reason.FORMULA),
        ("email", ("@SUM(1)",), Reason.FORMULA),
        ("email", ("a" * 5_000,), Reason.TOO_LONG),
        ("email,name", ("a@example.org", "An\x00na"), Reason.CONTROL_CHARACTERS),
        ("email,name", ("a@example.org", "Anna\nBcc: x"), Reason.CONTROL_CHARACTERS),
        ("email,name", ("a@example.org", "Anna\u2028x"), Reason.CONTROL_CHARACTERS),
        ("email,comment", ("a@example.org", "a\x1bb"), Reason.CONTROL_CHARACTERS),
        ("email,city", ("a@example.org", "a\x00b"), Reason.CONTROL_CHARACTERS),
        ("email,tags", ("a@example.org", "a\x00b"), Reason.CONTROL_CHARACTERS),
        ("email,name", ("a@example.org", "a" * 201), Reason.TOO_LONG),
        ("email,comment", ("a@example.org", "a" * 10_001), Reason.TOO_LONG),
        ("email,city", ("a@example.org", "a" * 1_001), Reason.TOO_LONG),
        ("email,tags", ("a@example.org", "a" * 81), Reason.TOO_LONG),
        ("email,phone", ("", "123"), Reason.BAD_PHONE),
        ("email,phone", ("nobody", "123"), Reason.BAD_EMAIL),
        ("email,telegram", ("", "@anna"), Reason.BAD_TELEGRAM),
        ("email,telegram", ("", "9" * 19), Reason.BAD_TELEGRAM),
        ("email,name", ("", "Anna"), Reason.NO_ADDRESS),
        ("email,phone", (" ", " "), Reason.NO_ADDRESS),
    ],
)
def test_a_bad_value_has_its_reason(header: str, row: tuple[str, ...], reason: Reason) -> None:
    assert verdict(header, *row) is reason


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("email,comment", ("a@example.org", "first line\nsecond\tline")),
        ("email,comment", ("a@example.org", "+7 (916) 123-45-67")),
        ("email,phone", ("a@example.org", "+7 916 123-45-67")),
        ("email,name", ("a@example.org", "Anna\u00a0Petrova - Ivanova")),
        ("email,city", ("a@example.org", "-5")),
        ("email,telegram", ("a@example.org", "-1001234567890")),
        ("email,telegram", ("", "12345")),
        ("email,timezone", ("a@example.org", "europe/moscow")),
    ],
)
def test_a_good_value_is_taken(header: str, row: tuple[str, ...]) -> None:
    assert verdict(header, *row) is None


def test_every_reason_has_words() -> None:
    for reason in Reason:
        assert Reject(1, reason, "detail", ()).text


def test_attributes_are_json_without_empty_values() -> None:
    rows = [("a@example.org", 'O"Neil\\', ""), ("b@example.org", "Omsk", "x%s")]
    batch, _rejects = checked("email,city,Код", *rows)
    assert [json.loads(value) for value in batch.columns["attributes"]] == [
        {"city": 'O"Neil\\'},
        {"city": "Omsk", "код": "x%s"},
    ]


def test_tags_are_split_at_commas_and_bars() -> None:
    assert split_tags(" vip| друзья,vip ,,") == ["vip", "друзья"]


def test_a_rejected_row_keeps_its_fields() -> None:
    _batch, rejects = checked("email,name", ("a@example.org", "Anna"), ("bad", "Boris"))
    assert rejects == [Reject(3, Reason.BAD_EMAIL, "bad", ("bad", "Boris"))]
