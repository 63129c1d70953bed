"""Two spellings of one address are one address; what is none is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.values.addresses import (
    email,
    phone,
    phone_beginnings,
    settled_phone,
    telegram_id,
    written_phone,
)
from apps.core.values.time_zones import time_zone


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("79160000001", "79160000001"),
        ("+7 916 000-00-01", "79160000001"),
        ("8 (916) 000-00-01", "79160000001"),
        ("916 000 00 01", "79160000001"),
        ("8 (495) 000-00-01", "74950000001"),
        ("+7 701 234 56 78", "77012345678"),
        ("8 800 555-35-35", "78005553535"),
        ("+44 20 7946 0000", "442079460000"),
        ("0044 20 7946 0000", "442079460000"),
        ("8 10 44 20 7946 0000", "442079460000"),
        ("+45 32 12 34 56", "4532123456"),
        ("+47 21 23 45 67", "4721234567"),
        ("4721234567", "74721234567"),  # of Belgorod, as the same digits typed without a plus
        ("+1 (202) 555-0100", "12025550100"),
        ("380501234567", "380501234567"),
        ("375291234567", "375291234567"),
        ("+372 5123 4567", "37251234567"),
        ("'+79160000001", "79160000001"),
        ("79160000001.0", "79160000001"),
        ("7\u00a0916\u2011000\u201100\u201101", "79160000001"),
        ("70000000000", "70000000000"),  # the stored form is always taken
    ],
)
def test_a_phone_has_one_form(typed: str, stored: str) -> None:
    assert phone(typed) == stored
    assert phone(written_phone(stored)) == stored == settled_phone(stored)


@pytest.mark.parametrize(
    "typed",
    [
        "", "-", "123", "+7916000006", "+791600000060", "(212) 555-0100", "0102030405",
        "+45 12 34 56 78", "4532123456", "7.91612E+10", "7,91612E+10", "+7 916 ABC 12 34",
        "+7 916 000-00-02 доб. 12", "79160000001, 79160000002", "+8 916 000 00 01",
        "7916123456７", "９１６１２３４５６７", "+" + "9" * 40, "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_phone_is_never_made_one(typed: str) -> None:
    assert phone(typed) is None


def test_numbers_without_a_code_are_those_of_the_site(settings: Any) -> None:
    settings.PHONE_REGION = "FR"
    assert phone("06 12 34 56 78") == "33612345678"
    assert phone("9161234567") is None
    assert phone("79161234567") == "79161234567"
    settings.PHONE_REGION = "US"
    assert phone("(212) 456-7890") == "12124567890"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("8 (916) 123", "79161234567"),
        ("+7 916 123", "79161234567"),
        ("916 123 45 67", "79161234567"),
        ("+44 20", "442079460000"),
        ("0044 20 79", "442079460000"),
    ],
)
def test_a_phone_is_found_by_its_beginning_in_any_form(text: str, stored: str) -> None:
    assert any(stored.startswith(beginning) for beginning in phone_beginnings(text))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("R0@Example.org", "r0@example.org"),
        ("k@xn--80a1acny.xn--p1ai", "k@почта.рф"),
        ("'a@example.org", "a@example.org"),
        ("+vip@example.org", "+vip@example.org"),
        ("Иван@Почта.РФ", "иван@почта.рф"),
        ("иван@example.org", "иван@example.org"),
    ],
)
def test_an_address_has_one_form(typed: str, stored: str) -> None:
    assert email(typed) == stored == email(stored)


@pytest.mark.parametrize(
    "typed",
    [
        "аnna@example.org",  # a Cyrillic а
        "anna@exаmple.org",
        "anna@gοogle.com",  # a Greek ο
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        "a@127.0.0.1",
        "a@b",
        "a" * 5000 + "@пример.рф",
    ],
)
def test_what_only_looks_like_an_address_is_refused(typed: str) -> None:
    assert email(typed) is None


@given(st.text(max_size=30) | st.from_regex(r"[+78 ()0-9-]{6,16}"))
def test_the_stored_form_stays_as_it_is(value: str) -> None:
    if (stored := phone(value)) is not None:
        assert phone(written_phone(stored)) == stored == settled_phone(stored)
    if (address := email(value)) is not None:
        assert email(address) == address


@pytest.mark.parametrize(("typed", "stored"), [("'-1001", "-1001"), ("12.0", "12"), ("1e5", None)])
def test_a_chat_is_a_number(typed: str, stored: str | None) -> None:
    assert telegram_id(typed) == stored


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("", ""), ("europe/moscow", "Europe/Moscow"), ("МСК", "Europe/Moscow"),
        ("MSK", "Europe/Moscow"), ("Москва", "Europe/Moscow"), ("МСК+2", "Asia/Yekaterinburg"),
        ("MSK +7", "Asia/Vladivostok"), ("мск-1", "Europe/Kaliningrad"), ("UTC+3", "Etc/GMT-3"),
        ("UTC+5", "Etc/GMT-5"), ("GMT-03:00", "Etc/GMT+3"), ("(UTC+05:30)", "Asia/Kolkata"),
        ("+3", "Etc/GMT-3"), ("UTC", "UTC"), ("utc+0", "Etc/UTC"),
        ("Нижний Новгород", "Europe/Moscow"), ("Екатеринбург", "Asia/Yekaterinburg"),
        ("New York", "America/New_York"), ("Berlin", "Europe/Berlin"), ("берлин", "Europe/Berlin"),
        ("UTC−5", "Etc/GMT+5"),
    ],
)  # fmt: skip
def test_a_time_zone_is_understood(typed: str, zone: str) -> None:
    assert time_zone(typed) == zone


@pytest.mark.parametrize("typed", ["Mars/Olympus", "UTC+25", "UTC+3:17", "мск+40", "да", "+" * 99])
def test_no_time_zone_is_made_up(typed: str) -> None:
    assert time_zone(typed) is None
