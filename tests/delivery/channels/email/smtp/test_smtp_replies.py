"""What the server answers decides: one test per kind of reply, and the others go on."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.contracts import Blame, Verdict
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    all_but,
    letters,
    send,
    verdicts,
)
from tests.smtp_server import Act, Behavior, SmtpServer, say

ANNA = "anna@example.net"


def test_every_letter_arrives_once_and_as_it_was_written(server: SmtpServer) -> None:
    mail = letters(40)

    found = send(server, mail)

    assert verdicts(found) == {Verdict.SENT}
    assert {message.recipient.decode(): message.data for message in server.accepted} == {
        one.address: one.body for one in mail
    }
    assert found[0].code == 250 and found[0].response == "2.0.0 ok queued"


def test_a_server_without_pipelining_gets_one_command_at_a_time() -> None:
    with SmtpServer(Behavior(pipelining=False)) as server:
        server.on("RCPT", say("550 5.1.1 unknown"), to=ANNA)
        found = send(server, letters(12, n3=ANNA))

    assert found[3].verdict is Verdict.FAILED
    assert all_but(found, 3) == {Verdict.SENT}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("command", "reply", "verdict"),
    [
        ("MAIL", "552 5.3.4 too large", Verdict.FAILED),
        ("RCPT", "450 4.2.0 greylisted", Verdict.RETRY),
        ("RCPT", "550 5.1.1 unknown", Verdict.FAILED),
        ("DATA", "450 4.2.1 later", Verdict.RETRY),
        ("DATA", "552 5.3.4 too large", Verdict.FAILED),
        ("DOT", "452 4.2.2 full", Verdict.RETRY),
        ("DOT", "554 5.7.1 spam", Verdict.FAILED),
    ],
)
def test_a_refusal_concerns_only_its_letter(
    pipelining: bool, command: str, reply: str, verdict: Verdict
) -> None:
    with SmtpServer(Behavior(pipelining=pipelining)) as server:
        once: dict[str, Any] = {"times": 1} if command == "MAIL" else {"to": ANNA}
        server.on(command, say(reply), **once)
        guard = RecordingGuard()
        found = send(server, letters(10, n4=ANNA), guard)

    refused = [outcome for outcome in found.values() if outcome.verdict is not Verdict.SENT]
    assert [one.verdict for one in refused] == [verdict]
    assert (refused[0].code, refused[0].response) == (int(reply[:3]), reply[4:])
    assert refused[0].blame is Blame.RECIPIENT
    assert len(guard.asked) == len(guard.settled) == (10 if command == "DOT" else 9)
    assert server.connected <= 2, "no connection was lost over it"


def test_a_refused_recipient_stays_refused_when_the_server_takes_data_all_the_same(
    server: SmtpServer,
) -> None:
    server.on("RCPT", say("550 5.1.1 unknown"), to=ANNA)
    server.on("DATA", say("354 go ahead"), to=ANNA)

    found = send(server, letters(6, n2=ANNA))

    assert (found[2].verdict, found[2].code) == (Verdict.FAILED, 550)
    assert all_but(found, 2) == {Verdict.SENT}


def test_a_reply_of_several_lines_is_one_reply(server: SmtpServer) -> None:
    server.on("RCPT", say("250-2.1.5 well\r\n250-2.1.5 perhaps\r\n250 2.1.5 yes"))
    server.on("DOT", say("250-2.0.0 taken\r\n250 2.0.0 as 4711"))

    found = send(server, letters(6))

    assert verdicts(found) == {Verdict.SENT}
    assert found[0].response == "2.0.0 taken 2.0.0 as 4711"


def test_hostile_words_in_a_reply_are_made_harmless(server: SmtpServer) -> None:
    server.on("DOT", Act(b"554 5.7.1 \xff\x00\x1b[2J" + b"x" * 2000 + b"\r\n"), to=ANNA)

    found = send(server, letters(4, n1=ANNA))

    assert found[1].verdict is Verdict.FAILED
    assert found[1].response.isprintable() and len(found[1].response) <= 500
    assert all_but(found, 1) == {Verdict.SENT}


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "nonsense",
    [
        "hello",
        "999 what",
        "250x",
        "220" + "x" * 5000,
        "250-a\r\n550 b",
        "250-a\r\n" * 200 + "250 b",
    ],
)
def test_nonsense_before_the_body_costs_a_connection_and_no_letter(
    server: SmtpServer, command: str, nonsense: str
) -> None:
    server.on(command, say(nonsense), times=1)

    found = send(server, letters(8))

    assert verdicts(found) == {Verdict.SENT}
    assert server.connected >= 2


@pytest.mark.parametrize(("command", "wrong"), [("MAIL", "354 go"), ("DATA", "250 ok")])
def test_a_reply_that_does_not_belong_there_costs_no_letter(
    server: SmtpServer, command: str, wrong: str
) -> None:
    server.on(command, say(wrong), times=1)

    assert verdicts(send(server, letters(8))) == {Verdict.SENT}


def test_a_reply_that_came_before_the_dot_is_no_acceptance(server: SmtpServer) -> None:
    server.on("DATA", say("354 go\r\n250 2.0.0 taken already", close=True), to=ANNA)

    found = send(server, letters(5, n0=ANNA))

    assert (found[0].verdict, found[0].blame) == (Verdict.RETRY, Blame.NETWORK)
    assert all_but(found, 0) == {Verdict.SENT}


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_421_before_the_body_gives_the_letter_to_another_connection(
    server: SmtpServer, command: str
) -> None:
    server.on(command, say("421 4.3.2 going down", close=True), times=1)

    assert verdicts(send(server, letters(8))) == {Verdict.SENT}


def test_421_to_the_dot_is_an_answer_and_not_a_doubt(server: SmtpServer) -> None:
    guard = RecordingGuard()
    server.on("DOT", say("421 4.3.2 going down", close=True), to=ANNA)

    found = send(server, letters(8, n3=ANNA), guard)

    assert (found[3].verdict, found[3].code) == (Verdict.UNSENT, 421)
    assert (3, False) in guard.settled
    assert all_but(found, 3) == {Verdict.SENT}


def test_421_to_one_recipient_for_ever_does_not_stop_the_others(server: SmtpServer) -> None:
    server.on("RCPT", say("421 4.7.0 not you", close=True), to=ANNA)

    found = send(server, letters(12, n5=ANNA))

    assert (found[5].verdict, found[5].blame) == (Verdict.UNSENT, Blame.RECIPIENT)
    assert all_but(found, 5) == {Verdict.SENT}


def test_a_demand_for_authentication_is_the_accounts_fault(server: SmtpServer) -> None:
    server.on("MAIL", say("530 5.7.0 authentication required"))

    found = send(server, letters(30))

    assert verdicts(found) == {Verdict.UNSENT}
    assert {outcome.blame for outcome in found.values()} == {Blame.ACCOUNT}


def test_the_servers_own_shortage_is_no_try_of_a_recipient(server: SmtpServer) -> None:
    server.on("RCPT", say("452 4.3.1 no space left"), to=ANNA)

    found = send(server, letters(4, n1=ANNA))

    assert (found[1].verdict, found[1].code) == (Verdict.UNSENT, 452)
    assert all_but(found, 1) == {Verdict.SENT}
