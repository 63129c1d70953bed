"""“Test connection”: connects, binds, unbinds, and sends nothing."""

from __future__ import annotations

from typing import Any

import pytest

from apps.delivery.channels import KINDS
from apps.delivery.channels.smpp.sessions import check
from config.account_settings import AccountSettings
from tests.delivery.channels.smpp import centre as smpp_centre
from tests.delivery.channels.smpp.accounts import account
from tests.delivery.channels.smpp.centre import SmppCentre


def test_a_good_account_is_bound_and_unbound() -> None:
    with SmppCentre() as centre:
        assert check(account(centre)) == ""
        assert len(centre.binds) == centre.unbound == 1 and not centre.submits


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0x0E, "ESME_RINVPASWD (0x0E)"),
        (0x0F, "ESME_RINVSYSID (0x0F)"),
        (0x0401, "SMPP (0x401)"),
        (0x05, ""),  # it is bound already: so it is known
    ],
)
def test_what_the_centre_has_against_it_is_said(status: int, text: str) -> None:
    with SmppCentre() as centre:
        centre.bind_status = status
        assert check(account(centre)) == text


def test_silence_and_other_protocols_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with SmppCentre() as centre:
        monkeypatch.setattr(smpp_centre._Connection, "_serve", lambda *_: False)
        assert check(account(centre, timeout=0.2)) == "@no_answer_in_time"

        def greets(connection: Any, *_: object) -> bool:
            connection.write(b"220 mail.example.org ESMTP\r\n")
            return False

        monkeypatch.setattr(smpp_centre._Connection, "_serve", greets)
        assert check(account(centre)).startswith("@smpp_no_pdu length ")


def given(**keys: Any) -> AccountSettings:
    return AccountSettings(**{"kind": "smpp", "host": "smpp.example.org", **keys})


def test_an_account_that_says_nothing_else_is_encrypted() -> None:
    found = given()
    assert (found.port, found.security) == (2775, "tls")
    assert AccountSettings(kind="smtp", host="mail.example.org").port == 587


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"security": "starttls"}, "is one of tls, none when the kind is smpp"),
        ({"sender": "Магазин"}, "is a name of up to 11 Latin letters"),
        ({"sender": "Twelve signs"}, "is a name of up to 11 Latin letters"),
        ({"password": "пароль"}, "holds only Latin letters, digits and signs"),
        ({"system_type": "ё"}, "holds only Latin letters, digits and signs"),
        ({"long_text": "whole"}, "parts"),
        ({"host": ""}, "is needed when the kind is smpp"),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused_at_the_start(
    keys: dict[str, str], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        given(**keys)


def test_its_record_says_what_the_page_may_offer() -> None:
    assert KINDS["smpp"].securities == ("tls", "none")
