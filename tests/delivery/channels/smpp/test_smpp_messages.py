"""Texts as the centre gets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.contracts import Verdict
from apps.delivery.channels.smpp.channel import SmppChannel
from tests.delivery.channels.guards import BookGuard, send_all
from tests.delivery.channels.smpp.accounts import PHONE, account, letter
from tests.delivery.channels.smpp.centre import SmppCentre, Submit, refuses


@pytest.fixture
def centre() -> Iterator[SmppCentre]:
    with SmppCentre() as made:
        yield made


def sent(centre: SmppCentre, text: str, number: int = 7, **rules: Any) -> list[Submit]:
    channel = SmppChannel(account(centre, **rules), BookGuard())
    [outcome] = send_all(channel, [letter(number, text, PHONE)])
    assert outcome.verdict is Verdict.SENT
    assert outcome.response == f"id={centre.submits[-1].id}"
    return centre.submits


def test_a_latin_text_is_one_part_in_gsm(centre: SmppCentre) -> None:
    [submit] = sent(centre, "Price: 5€ @ home\r\n")
    assert submit.content == b"Price: 5\x1be \x00 home"
    assert (submit.coding, submit.esm_class, submit.registered) == (0, 0, 1)
    assert (submit.to, submit.source) == ((1, 1, PHONE), (5, 0, "Shop"))
    assert centre.binds == [("vestnik", "secret08", "", 0x34)]


def test_a_russian_text_is_ucs_2_with_the_high_octet_first(centre: SmppCentre) -> None:
    [submit] = sent(centre, "Привет 😀")
    assert (submit.coding, submit.content) == (8, "Привет 😀".encode("utf-16-be"))


def test_a_russian_text_becomes_latin_where_the_account_says_so(centre: SmppCentre) -> None:
    [submit] = sent(centre, "Привет — дом", transliterate=True)
    assert (submit.coding, submit.content) == (0, b"Privet - dom")


@pytest.mark.parametrize(
    ("text", "sizes", "coding"),
    [("a" * 161, [153, 8], 0), ("я" * 135, [134, 134, 2], 8), ("a" * 152 + "€" * 5, [152, 10], 0)],
)
def test_a_long_text_goes_in_parts_that_belong_together(
    centre: SmppCentre, text: str, sizes: list[int], coding: int
) -> None:
    parts = sent(centre, text, 0x1FE)
    headers = [bytes((5, 0, 3, 0xFE, len(sizes), number)) for number in range(1, len(sizes) + 1)]
    assert [one.content[:6] for one in parts] == headers
    assert [len(one.content) - 6 for one in parts] == sizes
    assert {(one.esm_class, one.coding) for one in parts} == {(0x40, coding)}
    assert [one.registered for one in parts] == [0] * (len(sizes) - 1) + [1]


def test_a_long_text_goes_whole_where_the_account_says_so(centre: SmppCentre) -> None:
    [submit] = sent(centre, "я" * 300, long_text="payload")
    assert submit.content == b"" and submit.options == {0x0424: ("я" * 300).encode("utf-16-be")}
    assert (submit.esm_class, submit.coding, submit.registered) == (0, 8, 1)


@pytest.mark.parametrize(
    ("sender", "source"),
    [
        ("Shop", (5, 0, "Shop")),
        ("+447700900123", (1, 1, "447700900123")),
        ("79990001122", (1, 1, "79990001122")),
        ("2420", (3, 0, "2420")),
        ("", (0, 0, "")),
    ],
)
def test_a_sender_is_a_name_a_number_or_the_centre_s_own(
    centre: SmppCentre, sender: str, source: tuple[int, int, str]
) -> None:
    assert sent(centre, "Hi", sender=sender)[0].source == source


def test_who_has_no_phone_gets_nothing(centre: SmppCentre) -> None:
    guard = BookGuard()
    [outcome] = send_all(SmppChannel(account(centre), guard), [letter(1, "Hi", "+7 916")])
    assert (outcome.verdict, outcome.response) == (Verdict.FAILED, "@no_phone")
    assert not centre.submits and not guard.asked


def test_a_text_of_too_many_parts_is_not_begun(centre: SmppCentre) -> None:
    [outcome] = send_all(SmppChannel(account(centre), BookGuard()), [letter(1, "a" * 40_000)])
    assert outcome.verdict is Verdict.FAILED
    assert outcome.response == f"@sms_too_long 40000 {255 * 153}"
    assert not centre.submits


def test_the_system_type_goes_with_the_bind(centre: SmppCentre) -> None:
    sent(centre, "Hi", system_type="VMS")
    assert centre.binds[0][2] == "VMS"


def test_a_part_that_is_too_early_is_tried_again_and_no_other(
    centre: SmppCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.delivery.channels.smpp.channel._PAUSE", 0.01)
    centre.script.extend([centre.usual, refuses(0x58), refuses(0x58)])
    parts = sent(centre, "a" * 200)
    assert [one.content[5] for one in parts] == [1, 2, 2, 2]


@pytest.mark.parametrize("status", [0x58, 0x0B, 0x08])
def test_a_text_of_which_only_a_part_was_taken_is_left_to_a_person(
    centre: SmppCentre, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("apps.delivery.channels.smpp.channel._PAUSE", 0.01)
    centre.script.append(centre.usual)
    centre.usual = refuses(status)
    channel = SmppChannel(account(centre), BookGuard())
    [outcome] = send_all(channel, [letter(1, "a" * 400)])
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.response.startswith("@smpp_cut 1 3 ESME_R")
