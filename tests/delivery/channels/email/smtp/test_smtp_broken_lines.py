"""When a connection breaks, the last byte that left decides; the other letters go on."""

from __future__ import annotations

import pytest

from apps.core.contracts import Blame, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    all_but,
    configure,
    finish,
    letter,
    letters,
    send,
    verdicts,
)
from tests.smtp_server import CLOSE, HANG, Act, Behavior, SmtpServer, say

ANNA = "anna@example.net"
GARBAGE = say("all is well")


@pytest.mark.parametrize("act", [CLOSE, HANG, GARBAGE, say("354 more")], ids=repr)
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_lost_reply_after_the_dot_is_unknown(pipelining: bool, act: Act) -> None:
    with SmtpServer(Behavior(pipelining=pipelining)) as server:
        server.on("DOT", act, to=ANNA)
        guard = RecordingGuard()
        found = send(server, letters(10, n3=ANNA), guard, data_done_timeout=0.3)

    assert (found[3].verdict, found[3].blame) == (Verdict.UNKNOWN, Blame.NETWORK)
    assert "<3@example.org>" in server.ids()
    assert 3 not in dict(guard.settled), "the journal must keep it in doubt"
    assert all_but(found, 3) == {Verdict.SENT}


def test_a_dot_answered_too_late_stays_unknown_and_is_not_sent_again(server: SmtpServer) -> None:
    server.on("DOT", Act(b"250 2.0.0 ok\r\n", wait=0.4), to=ANNA)

    found = send(server, letters(6, n1=ANNA), data_done_timeout=0.2)

    assert found[1].verdict is Verdict.UNKNOWN
    assert server.ids().count("<1@example.org>") == 1


@pytest.mark.parametrize("size", [0, 16_000_000], ids=["short", "long"])
def test_a_line_that_closes_before_the_dot_was_taken_leaves_no_doubt_for_long_bodies(
    server: SmtpServer, size: int
) -> None:
    # Once the kernel has the dot, nobody can know; a long body is more than its buffers hold.
    server.on("BODY", CLOSE, to=ANNA)
    mail = letters(6)
    mail[2] = letter(2, ANNA, size)

    found = send(server, mail)

    assert found[2].verdict in ((Verdict.RETRY,) if size else (Verdict.RETRY, Verdict.UNKNOWN))
    assert all_but(found, 2) == {Verdict.SENT}


def test_a_server_that_stops_reading_the_body_is_left_at_the_deadline(server: SmtpServer) -> None:
    server.on("BODY", HANG, to=ANNA)
    mail = letters(6)
    mail[2] = letter(2, ANNA, 8_000_000)
    guard = RecordingGuard()

    found = send(server, mail, guard, data_timeout=0.4)

    assert (found[2].verdict, found[2].blame) == (Verdict.RETRY, Blame.NETWORK)
    assert all_but(found, 2) == {Verdict.SENT}


def test_a_refusal_in_the_middle_of_the_body_is_believed(server: SmtpServer) -> None:
    server.on("BODY", say("552 5.3.4 enough", close=True), to=ANNA)
    mail = letters(6)
    mail[2] = letter(2, ANNA, 8_000_000)

    found = send(server, mail)

    assert (found[2].verdict, found[2].code) in [(Verdict.FAILED, 552), (Verdict.RETRY, 0)]
    assert all_but(found, 2) == {Verdict.SENT}


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", [CLOSE, HANG], ids=["closes", "hangs"])
def test_a_line_lost_in_the_envelope_costs_no_letter(
    server: SmtpServer, command: str, act: Act
) -> None:
    server.on(command, act, times=1)

    assert verdicts(send(server, letters(10), command_timeout=0.3)) == {Verdict.SENT}


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_a_letter_that_always_breaks_the_line_does_not_stop_the_others(
    server: SmtpServer, command: str
) -> None:
    server.on(command, CLOSE, to=ANNA)

    found = send(server, letters(20, n7=ANNA), connections=3)

    assert found[7].verdict is Verdict.RETRY
    assert found[7].blame is Blame.NETWORK
    assert all_but(found, 7) == {Verdict.SENT}


def test_a_letter_behind_one_that_the_guard_keeps_is_not_suspected(server: SmtpServer) -> None:
    server.on("RCPT", CLOSE, to=ANNA, times=1)
    guard = RecordingGuard(lambda number: number != 0)

    found = send(server, letters(2, n1=ANNA), guard, connections=1)

    assert (found[0].verdict, found[1].verdict) == (Verdict.UNSENT, Verdict.SENT)


@pytest.mark.parametrize("command", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_drip_holds_a_line_no_longer_than_the_deadline(server: SmtpServer, command: str) -> None:
    server.on(command, Act(b"250 " + b"x" * 2000 + b"\r\n", drip=0.05), times=1)

    assert verdicts(send(server, letters(8), command_timeout=0.4)) == {Verdict.SENT}


def test_a_dripping_reply_to_the_dot_is_unknown_at_the_deadline(server: SmtpServer) -> None:
    server.on("DOT", Act(b"250 " + b"x" * 2000 + b"\r\n", drip=0.05), to=ANNA)

    found = send(server, letters(8, n2=ANNA), data_done_timeout=0.4)

    assert found[2].verdict is Verdict.UNKNOWN
    assert all_but(found, 2) == {Verdict.SENT}


def test_a_slow_line_does_not_hold_the_letter_behind_it(server: SmtpServer) -> None:
    server.on("DOT", HANG, to=ANNA)

    found = send(server, letters(4, n0=ANNA), head_of_line_timeout=0.1, data_done_timeout=1.2)

    assert found[0].verdict is Verdict.UNKNOWN
    assert all_but(found, 0) == {Verdict.SENT}
    assert list(found)[-1] == 0, "the others had their outcomes before"


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_server_that_closes_after_so_many_messages_gets_them_all(limit: int) -> None:
    with SmtpServer(Behavior(per_connection=limit)) as server:
        found = send(server, letters(60), connections=3)

        assert verdicts(found) == {Verdict.SENT}


@pytest.mark.parametrize("limit", [1, 3])
def test_our_own_limit_per_connection_is_kept(server: SmtpServer, limit: int) -> None:
    found = send(server, letters(12), connections=1, max_messages_per_connection=limit)

    assert verdicts(found) == {Verdict.SENT}
    assert server.wait_for(b"QUIT", 12 // limit), "each was closed politely"
    assert server.connected == 12 // limit


def test_a_server_that_allows_three_connections_is_used_with_three() -> None:
    with SmtpServer(Behavior(connections=3)) as server:
        server.on("DOT", Act(b"250 2.0.0 ok\r\n", wait=0.01))
        found = send(server, letters(120), connections=8)

        assert verdicts(found) == {Verdict.SENT}
        assert server.most_at_once == 3


def test_a_refused_connection_leaves_every_letter_unsent(server: SmtpServer) -> None:
    with SmtpServer() as gone:
        port = gone.port

    found = send(server, letters(50), port=port)

    assert verdicts(found) == {Verdict.UNSENT}
    assert {outcome.blame for outcome in found.values()} == {Blame.NETWORK}
    assert found[0].response


def test_a_greeting_of_421_leaves_every_letter_unsent(server: SmtpServer) -> None:
    server.on("GREETING", say("421 4.3.2 closed today", close=True))

    found = send(server, letters(50))

    assert verdicts(found) == {Verdict.UNSENT}
    assert {(outcome.code, outcome.response) for outcome in found.values()} == {
        (421, "4.3.2 closed today")
    }
    assert server.accepted == [] and server.connected == 2, "nobody hammers a closed server"


@pytest.mark.parametrize("command", ["GREETING", "EHLO"])
def test_a_stalled_opening_does_not_block_the_other_lines(server: SmtpServer, command: str) -> None:
    server.on(command, HANG, times=1)
    channel = SmtpChannel(configure(server, command_timeout=60.0), RecordingGuard())

    found = finish(channel, letters(20))

    assert verdicts(found) == {Verdict.SENT}
    assert channel.close() == []


def test_a_connection_that_cooled_down_sends_again(server: SmtpServer) -> None:
    server.on("GREETING", say("554 5.3.2 no", close=True), times=2)
    channel = SmtpChannel(configure(server, connections=1, cool_down=0.05), RecordingGuard())

    first = finish(channel, letters(3))
    while time_left(channel):
        channel.outcomes(0.02)
    second = finish(channel, letters(3))

    assert verdicts(first) == {Verdict.UNSENT}
    assert verdicts(second) == {Verdict.SENT}
    assert channel.close() == []


def time_left(channel: SmtpChannel) -> bool:
    """True while the channel gives a letter straight back, because its line rests."""
    channel.hand_over([letter(99, ANNA)])
    verdict = next(iter(channel.outcomes(2.0))).verdict
    return verdict is Verdict.UNSENT
