"""Whose fault a refusal is, in real sessions: no recipient pays for the server or the account."""

from __future__ import annotations

import pytest

from apps.core.contracts import Blame, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    all_but,
    configure,
    finish,
    letters,
    send,
    verdicts,
)
from tests.smtp_server import Behavior, SmtpServer, say

ANNA = "anna@example.net"
BUSY = [
    ("MAIL", "450 4.7.1 too much mail"),
    ("MAIL", "452 4.5.3 too many messages"),
    ("MAIL", "454 Throttling failure"),
    ("MAIL", "432 4.3.2 limit exceeded"),
    ("MAIL", "503 5.5.1 nested MAIL"),
    ("MAIL", "421 4.7.0 closing"),
    ("RCPT", "451 4.3.0 lookup failure"),
    ("RCPT", "452 4.5.3 too many recipients"),
    ("DATA", "451 4.7.500 server busy"),
    ("DOT", "454 Throttling failure: Maximum sending rate exceeded."),
    ("DOT", "451 4.3.0 queue file write error"),
    ("DOT", "451 4.7.1 try again later"),
    ("DOT", "452 4.3.1 insufficient storage"),
    ("DOT", "421 4.3.0 closing"),
]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("command", "reply"), BUSY)
def test_a_server_that_takes_nothing_gets_every_letter_back_unspent(
    pipelining: bool, command: str, reply: str
) -> None:
    with SmtpServer(Behavior(pipelining=pipelining)) as server:
        server.on(command, say(reply))

        found = send(server, letters(30))

    assert verdicts(found) == {Verdict.UNSENT}
    assert {one.blame for one in found.values()} == {Blame.BUSY}
    assert {one.code for one in found.values()} == {int(reply[:3])}
    assert server.connected <= 8, "nobody hammers a server that is busy"


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("command", "reply"), BUSY)
def test_a_server_that_was_busy_once_gets_all_of_them(
    pipelining: bool, command: str, reply: str
) -> None:
    with SmtpServer(Behavior(pipelining=pipelining)) as server:
        server.on(command, say(reply), times=1)

        assert verdicts(send(server, letters(30))) == {Verdict.SENT}


@pytest.mark.parametrize(("command", "reply"), [one for one in BUSY if one[0] != "MAIL"])
def test_one_letter_that_is_always_deferred_does_not_stop_the_others(
    server: SmtpServer, command: str, reply: str
) -> None:
    server.on(command, say(reply), to=ANNA)

    found = send(server, letters(40, n3=ANNA))

    assert (found[3].verdict, found[3].blame) == (Verdict.UNSENT, Blame.RECIPIENT)
    assert found[3].code == int(reply[:3])
    assert all_but(found, 3) == {Verdict.SENT}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL", "553 5.1.8 no such sender"),
        ("MAIL", "550 5.7.1 sender refused"),
        ("MAIL", "535 5.7.8 log in"),
        ("RCPT", "504 5.5.2 give your full name first"),
        ("RCPT", "553 5.7.1 <news@example.org>: Sender address rejected: not owned by user"),
        ("RCPT", "554 5.7.1 Client host rejected"),
        ("DOT", "550 5.7.60 not allowed to send as this sender"),
    ],
)
def test_a_refused_sender_or_name_burns_nobody_and_waits_for_a_person(
    pipelining: bool, command: str, reply: str
) -> None:
    with SmtpServer(Behavior(pipelining=pipelining)) as server:
        server.on(command, say(reply))

        found = send(server, letters(30))

    assert verdicts(found) == {Verdict.UNSENT}
    assert {one.blame for one in found.values()} == {Blame.ACCOUNT}


def test_one_recipient_whose_server_dislikes_the_sender_is_only_one(server: SmtpServer) -> None:
    server.on("RCPT", say("550 5.7.1 Sender address rejected: not by me"), to=ANNA)

    found = send(server, letters(20, n3=ANNA))

    assert found[3].verdict is Verdict.FAILED
    assert all_but(found, 3) == {Verdict.SENT}


@pytest.mark.parametrize("lines", [1, 4])
@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("DOT", "554 5.7.1 message content rejected"),
        ("DOT", "550 5.7.26 unauthenticated mail"),
        ("RCPT", "550 5.7.1 access denied"),
        ("RCPT", "550 go away"),
        ("DATA", "554 5.7.1 no"),
    ],
)
def test_a_row_of_equal_refusals_stops_before_the_audience_is_spent(
    server: SmtpServer, lines: int, command: str, reply: str
) -> None:
    server.on(command, say(reply))

    found = send(server, letters(100), connections=lines)

    assert verdicts(found) == {Verdict.UNSENT}
    assert {one.blame for one in found.values()} == {Blame.LETTER}
    assert found[99].response.startswith("@all_refused 20 ")
    tried = sum(line.startswith(b"RCPT") for line in server.commands)
    assert tried <= 20 + 2 * lines


@pytest.mark.parametrize(("limit", "failed"), [(0, 100), (5, 0)])
def test_the_length_of_the_row_is_a_setting(server: SmtpServer, limit: int, failed: int) -> None:
    server.on("RCPT", say("550 5.7.1 no"))

    found = send(server, letters(100), max_refusals=limit)

    assert sum(one.verdict is Verdict.FAILED for one in found.values()) == failed


def test_refusals_between_accepted_letters_are_the_recipients(server: SmtpServer) -> None:
    mail = letters(200)
    for one in mail:
        if one.delivery_id % 8:
            server.on("RCPT", say(f"550 5.{one.delivery_id % 8}.1 no"), to=one.address)

    found = send(server, mail)

    assert verdicts(found, *range(0, 200, 8)) == {Verdict.SENT}
    assert verdicts(found, *(n for n in range(200) if n % 8)) == {Verdict.FAILED}


def test_a_short_row_at_the_end_is_reported(server: SmtpServer) -> None:
    server.on("RCPT", say("550 5.7.1 no"))

    assert verdicts(send(server, letters(19))) == {Verdict.FAILED}


def test_the_row_goes_on_from_one_hand_over_to_the_next(server: SmtpServer) -> None:
    server.on("RCPT", say("550 5.7.1 no"))
    channel = SmtpChannel(configure(server), RecordingGuard())

    first = finish(channel, letters(12))
    second = finish(channel, letters(12))
    channel.close()

    assert verdicts(first) == {Verdict.FAILED}
    assert Verdict.UNSENT in verdicts(second)


def test_who_does_not_exist_is_gone(server: SmtpServer) -> None:
    server.on("RCPT", say("550 5.1.1 no such user"), to=ANNA)
    found = send(server, letters(10, n2=ANNA))

    assert (found[2].verdict, found[2].gone) == (Verdict.FAILED, True)


def test_nobody_is_written_off_when_nobody_at_all_exists(server: SmtpServer) -> None:
    server.on("RCPT", say("550 5.1.1 no such user"))
    found = send(server, letters(60))

    assert not any(one.gone for one in found.values())
    assert sum(one.verdict is Verdict.FAILED for one in found.values()) <= 22


def test_one_connection_too_many_cools_down_and_the_others_go_on() -> None:
    with SmtpServer(Behavior(rate=(12, 0.3))) as server:
        channel = SmtpChannel(configure(server, connections=4), RecordingGuard())
        found = finish(channel, letters(12))
        assert verdicts(found) == {Verdict.SENT}
        rest = finish(channel, letters(30))
        channel.close()

    assert {one.verdict for one in rest.values()} <= {Verdict.SENT, Verdict.UNSENT}
    assert {one.blame for one in rest.values() if one.verdict is Verdict.UNSENT} <= {Blame.BUSY}
