"""Text messages are divided as networks divide them."""

from __future__ import annotations

import pytest

from apps.core.text.sms_parts import (
    Alphabet,
    alphabet_of,
    octets_of,
    parts_of,
    pieces_of,
    sms_text,
)
from apps.core.text.transliteration import transliterated

GSM, UCS2 = Alphabet.GSM, Alphabet.UCS2


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "count", "left"),
    [
        ("", GSM, 0, 0, 160),
        ("a" * 160, GSM, 160, 1, 0),
        ("a" * 161, GSM, 161, 2, 145),
        ("a" * 306, GSM, 306, 2, 0),
        ("a" * 307, GSM, 307, 3, 152),
        # An extended character takes an escape, and is not divided.
        ("€" * 80, GSM, 160, 1, 0),
        ("€" * 81, GSM, 162, 2, 143),
        ("a" * 152 + "€" + "a" * 10, GSM, 164, 2, 141),
        ("я" * 70, UCS2, 70, 1, 0),
        ("я" * 71, UCS2, 71, 2, 63),
        ("я" * 134, UCS2, 134, 2, 0),
        ("я" * 135, UCS2, 135, 3, 66),
        # So is a character of two units.
        ("😀" * 35, UCS2, 70, 1, 0),
        ("я" * 66 + "😀" + "я" * 5, UCS2, 73, 2, 60),
        ("a" * 69 + "я", UCS2, 70, 1, 0),
    ],
)  # fmt: skip
def test_a_text_is_divided(
    text: str, alphabet: Alphabet, units: int, count: int, left: int
) -> None:
    found = parts_of(text)
    assert (found.alphabet, found.units) == (alphabet, units)
    assert (found.count, found.left) == (count, left)
    pieces = pieces_of(text)
    assert len(pieces) == count and "".join(pieces) == text


def test_every_character_of_the_tables_is_gsm() -> None:
    basic = (
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    assert len(basic) == 127  # the 128th is the escape
    assert parts_of(basic).units == 127
    assert parts_of("\f^{}\\[~]|€").units == 20
    assert octets_of(basic, GSM) == bytes(code for code in range(128) if code != 0x1B)
    assert octets_of("\f^{}\\[~]|€", GSM).hex(" ", 2) == (
        "1b0a 1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65"
    )
    assert {alphabet_of(char) for char in "«»–ё`\tç“"} == {UCS2}


def test_a_few_characters_that_make_it_unicode_are_named_once() -> None:
    assert parts_of("Sale — 50% — «a»").foreign == "—«»"
    assert parts_of("Здравствуйте!").foreign == ""
    assert parts_of("Sale").foreign == ""


def test_what_is_sent_has_plain_ends_of_lines_and_no_blank_ends() -> None:
    assert sms_text(" a\r\nb\n") == "a\nb"
    assert sms_text("Да", transliterate=True) == "Da"


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("Съешь ещё этих мягких булок", "Sesh eshche etikh myagkikh bulok"),
        ("Щука, ЩУКА, Я иду, ВСЯ", "Shchuka, SHCHUKA, Ya idu, VSYA"),
        ("«Скидка» — 50 ₽…", '"Skidka" - 50 rub....'),
        ("Київ", "Kiyiv"),
        ("№ 5 а", "N 5 a"),
        ("Sale, 10€", "Sale, 10€"),
        ("Адрес: https://пример.рф/путь — да", "Adres: https://пример.рф/путь - da"),
        ("", ""),
    ],
)
def test_cyrillic_becomes_latin_and_links_stay(text: str, latin: str) -> None:
    assert transliterated(text) == latin


def test_transliterated_text_fits_into_less() -> None:
    text = "Здравствуйте! Ваш заказ № 17 готов. Ждём Вас по адресу: ул. Ленина, д. 1, с 9 до 21."
    assert (parts_of(text).count, parts_of(transliterated(text)).count) == (2, 1)
