"""TLS and log-in: required means required, and a failure is the account's, not the recipients'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.core.contracts import Blame, Outcome, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    all_but,
    certificate,
    configure,
    finish,
    letter,
    letters,
    send,
    verdicts,
)
from tests.smtp_server import CLOSE, Act, Behavior, SmtpServer, say

ANNA = "anna@example.net"
LOGIN: dict[str, Any] = {"username": "news", "password": "s3cret"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_letters_go_out_encrypted_and_logged_in(
    tmp_path: Path, security: str, mechanism: str
) -> None:
    theirs, ours = certificate(tmp_path)
    behavior = Behavior(auth=(mechanism,), user="news", password="s3cret")
    setattr(behavior, security, theirs)
    with SmtpServer(behavior) as server:
        server.on("RCPT", say("550 5.1.1 unknown"), to=ANNA)
        server.on("DOT", CLOSE, to="bob@example.net")
        mail = letters(30, n3=ANNA, n9="bob@example.net")
        mail[5] = letter(5, size=900_000)
        found = send(server, mail, security=security, ssl_context=ours, **LOGIN)

    assert found[3].verdict is Verdict.FAILED
    assert found[9].verdict is Verdict.UNKNOWN
    assert all_but(found, 3, 9) == {Verdict.SENT}


def test_stripped_starttls_gets_neither_password_nor_mail(tmp_path: Path) -> None:
    _, ours = certificate(tmp_path)
    with SmtpServer(Behavior(auth=("PLAIN",), user="news", password="s3cret")) as server:
        found = send(server, letters(20), security="starttls", ssl_context=ours, **LOGIN)

        refused_for_the_account(found, 20)
        assert {line[:4].upper() for line in server.commands} <= {b"EHLO", b"QUIT"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", [{"expired": True}, {"name": "other.example"}], ids=str)
def test_a_certificate_that_does_not_hold_gets_neither_password_nor_mail(
    tmp_path: Path, security: str, fault: dict[str, object]
) -> None:
    theirs, ours = certificate(tmp_path, **fault)  # type: ignore[arg-type]
    behavior = Behavior(auth=("PLAIN",), user="news", password="s3cret")
    setattr(behavior, security, theirs)
    with SmtpServer(behavior) as server:
        found = send(server, letters(20), security=security, ssl_context=ours, **LOGIN)

        refused_for_the_account(found, 20)
        assert "certificate" in found[0].response
        assert not any(line.startswith((b"AUTH", b"MAIL")) for line in server.commands)


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    theirs, _ = certificate(tmp_path)
    with SmtpServer(Behavior(tls=theirs)) as server:
        refused_for_the_account(send(server, letters(5), security="tls"), 5)


def test_clear_text_behind_starttls_is_not_taken_for_the_servers_word(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    with SmtpServer(Behavior(starttls=theirs)) as server:
        server.on("STARTTLS", say("220 go\r\n250 8BITMIME"))
        found = send(server, letters(5), security="starttls", ssl_context=ours)

    assert verdicts(found) == {Verdict.UNSENT}


def test_a_stalled_handshake_ends_at_its_deadline(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    with SmtpServer(Behavior(starttls=theirs)) as server:
        server.on("STARTTLS", Act(b"220 go\r\n", hang=True), times=1)
        found = send(server, letters(9), security="starttls", ssl_context=ours, command_timeout=0.5)

    assert verdicts(found) == {Verdict.SENT}


@pytest.mark.parametrize("reply", ["454 4.7.0 Temporary authentication failure", "432 later"])
def test_a_log_in_that_fails_for_now_waits_for_no_person(reply: str) -> None:
    """RFC 4954, 6: the server's own store of passwords is away; the password may be right."""
    behavior = Behavior(auth=("PLAIN",), user="news", password="s3cret")
    with SmtpServer(behavior) as server:
        server.on("AUTH", say(reply))
        found = send(server, letters(9), **LOGIN)

        assert verdicts(found) == {Verdict.UNSENT}
        assert {outcome.blame for outcome in found.values()} == {Blame.BUSY}


@pytest.mark.parametrize("reply", ["535 5.7.8 no", "534 5.7.9 too weak"])
def test_a_refused_log_in_burns_no_recipient_and_is_tried_once(reply: str) -> None:
    behavior = Behavior(auth=("LOGIN",), user="news", password="s3cret")
    with SmtpServer(behavior) as server:
        server.on("AUTH", say(reply))
        found = send(server, letters(80), connections=4, head_start=5.0, **LOGIN)

        refused_for_the_account(found, 80)
        assert found[0].code == int(reply[:3])
        assert server.connected == 1


def test_a_password_changed_in_the_middle_stops_the_rest_and_resumes_when_corrected() -> None:
    behavior = Behavior(auth=("PLAIN",), user="news", password="s3cret", per_connection=5)
    with SmtpServer(behavior) as server:
        channel = SmtpChannel(
            configure(server, cool_down=0.0, connections=1, **LOGIN), RecordingGuard()
        )
        assert verdicts(finish(channel, letters(4))) == {Verdict.SENT}
        behavior.password = "other"
        found = finish(channel, [letter(number) for number in range(10, 30)])
        behavior.password = "s3cret"
        again = finish(channel, [letter(number) for number in range(40, 50)])
        channel.close()

    assert verdicts(found) == {Verdict.SENT, Verdict.UNSENT}
    assert {one.blame for one in found.values() if one.verdict is Verdict.UNSENT} == {Blame.ACCOUNT}
    assert verdicts(again) == {Verdict.SENT}


def test_a_server_without_auth_is_not_sent_to_without_logging_in(server: SmtpServer) -> None:
    refused_for_the_account(send(server, letters(5), **LOGIN), 5)


def test_a_password_that_cannot_be_sent_is_not_quoted(server: SmtpServer) -> None:
    found = send(server, letters(2), username="news", password="пароль")

    refused_for_the_account(found, 2)
    assert "пароль" not in found[0].response


def refused_for_the_account(found: dict[int, Outcome], count: int) -> None:
    assert len(found) == count
    assert verdicts(found) == {Verdict.UNSENT}
    assert {outcome.blame for outcome in found.values()} == {Blame.ACCOUNT}
