"""The contract: the guard's word, recalling, closing, and one outcome for every letter."""

from __future__ import annotations

import time

import pytest

from apps.core.contracts import Letter, Outcome, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel, SmtpConfig
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    all_but,
    body,
    configure,
    finish,
    letter,
    letters,
    no_lie,
    send,
    verdicts,
)
from tests.effort import effort
from tests.smtp_server import HANG, Act, Behavior, SmtpServer

ANNA = "anna@example.net"


def test_the_guard_is_asked_before_and_notified_after_every_letter(server: SmtpServer) -> None:
    guard = RecordingGuard(lambda number: f"<{number}@example.org>" not in server.ids())

    found = send(server, letters(30), guard)

    assert verdicts(found) == {Verdict.SENT}
    assert sorted(guard.asked) == list(range(30))
    assert sorted(guard.settled) == [(number, True) for number in range(30)]


@pytest.mark.parametrize(("due", "verdict"), [(False, Verdict.UNSENT), (True, Verdict.EXPIRED)])
def test_what_the_guard_keeps_does_not_leave(
    server: SmtpServer, due: bool, verdict: Verdict
) -> None:
    guard = RecordingGuard(lambda number: number != 4, due)

    found = send(server, letters(10), guard)

    assert found[4].verdict is verdict
    assert (4, False) in guard.settled
    assert "<4@example.org>" not in server.ids()
    assert all_but(found, 4) == {Verdict.SENT}


def test_when_the_guard_keeps_all_the_rest_comes_back_without_trying_each(
    server: SmtpServer,
) -> None:
    guard = RecordingGuard(lambda _: False, due=True)

    found = send(server, letters(200), guard, connections=4)

    assert verdicts(found) == {Verdict.EXPIRED}
    assert server.accepted == []
    assert server.connected <= 12 and len(guard.asked) <= 12


def test_a_long_body_is_held_back_when_the_guard_changes_its_mind(server: SmtpServer) -> None:
    guard = RecordingGuard(lambda number: number != 1)
    mail = [letter(number, size=3_000_000) for number in range(3)]

    found = send(server, mail, guard)

    assert found[1].verdict is Verdict.UNSENT
    assert all_but(found, 1) == {Verdict.SENT}
    assert sorted(len(one.data) for one in server.accepted) == [len(mail[0].body)] * 2


def test_only_as_many_connections_as_letters_are_opened(server: SmtpServer) -> None:
    send(server, letters(1), connections=8)

    assert server.connected == 1


def test_replies_that_are_here_already_belong_to_the_same_group(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every group costs the database a turn: one is not begun while another reply can be read."""
    server.on("DOT", HANG)
    channel = SmtpChannel(configure(server, connections=1), RecordingGuard())
    channel.hand_over(letters(1))
    while not server.accepted:
        channel.outcomes(0.02)
    here = [Outcome(number, Verdict.SENT) for number in range(3)]
    waits: list[float] = []

    def pump(seconds: float) -> None:
        waits.append(seconds)
        channel._outcomes += here[:1]
        del here[:1]

    monkeypatch.setattr(channel._connections, "pump", pump)

    assert [one.delivery_id for one in channel.outcomes(5.0)] == [0, 1, 2]
    assert waits[0] > 0 and waits[1:] == [0.0] * 3
    monkeypatch.undo()
    channel.close()


def test_recall_gives_back_what_no_connection_has_begun(server: SmtpServer) -> None:
    server.on("DOT", HANG)
    channel = SmtpChannel(configure(server, connections=1), RecordingGuard())
    channel.hand_over(letters(10))
    while not server.accepted:
        channel.outcomes(0.02)

    back = channel.recall()
    rest = channel.close()

    assert {outcome.verdict for outcome in back} == {Verdict.UNSENT}
    assert len(back) == 8, "one is in flight, and one envelope with it"
    assert [one.delivery_id for one in rest if one.verdict is Verdict.UNKNOWN] == [0]
    assert_once(back + rest, 10)


def test_closing_doubts_only_what_may_have_left(server: SmtpServer) -> None:
    server.on("DOT", Act(b"250 2.0.0 ok\r\n", wait=30))
    channel = SmtpChannel(
        configure(server, connections=3, data_done_timeout=60.0), RecordingGuard()
    )
    channel.hand_over(letters(30))
    while len(server.accepted) < 3:
        channel.outcomes(0.02)

    rest = channel.close()

    assert_once(rest, 30)
    unknown = {one.delivery_id for one in rest if one.verdict is Verdict.UNKNOWN}
    assert {f"<{number}@example.org>" for number in unknown} == set(server.ids())
    assert {one.verdict for one in rest} == {Verdict.UNKNOWN, Verdict.UNSENT}


def test_closing_while_a_connection_opens_waits_for_nothing(server: SmtpServer) -> None:
    server.on("GREETING", HANG)
    channel = SmtpChannel(configure(server), RecordingGuard())
    channel.hand_over(letters(5))

    assert {outcome.verdict for outcome in channel.close()} == {Verdict.UNSENT}
    assert channel.close() == [] and channel.outcomes(1.0) == []


def test_a_reply_that_has_come_is_read_before_closing(server: SmtpServer) -> None:
    channel = SmtpChannel(configure(server, connections=1), RecordingGuard())
    channel.hand_over(letters(1))
    found: list[Outcome] = []
    while not server.accepted:
        found += channel.outcomes(0.001)

    found += channel.close()

    assert_once(found, 1)
    assert verdicts({one.delivery_id: one for one in found}) <= {Verdict.SENT, Verdict.UNKNOWN}


def test_outcomes_come_in_groups_before_the_letters_run_out(server: SmtpServer) -> None:
    channel = SmtpChannel(configure(server, connections=2), RecordingGuard())
    channel.hand_over(letters(40))
    sizes: list[int] = []
    while sum(sizes) < 40:
        sizes.append(len(channel.outcomes(5.0)))
    channel.close()

    assert sizes[0] >= 30, "one group, and only then the last few"


def test_waiting_for_nothing_returns_at_once(server: SmtpServer) -> None:
    channel = SmtpChannel(configure(server), RecordingGuard())
    allowed, begun = 60.0, time.monotonic()

    assert channel.outcomes(allowed) == []
    assert time.monotonic() - begun < allowed / 2
    channel.close()


def test_waiting_costs_no_processor_time(server: SmtpServer) -> None:
    server.on("DOT", Act(b"250 2.0.0 ok\r\n", wait=0.5))

    assert effort(lambda: send(server, letters(3)), 50) <= 50


@pytest.mark.parametrize(("limit", "connections"), [(0, 1), (1, 5)], ids=["kept", "closed"])
def test_an_idle_connection_is_kept_and_missed_by_nobody_when_the_server_closes_it(
    limit: int, connections: int
) -> None:
    with SmtpServer(Behavior(per_connection=limit)) as server:
        channel = SmtpChannel(configure(server, connections=1), RecordingGuard())
        for number in range(5):
            assert verdicts(finish(channel, [letter(number)])) == {Verdict.SENT}
        channel.close()

        assert server.connected == connections


def test_a_message_over_the_servers_size_is_not_sent() -> None:
    with SmtpServer(Behavior(size=1000)) as server:
        mail = letters(4)
        mail[1] = letter(1, size=2000)
        found = send(server, mail)

        assert (found[1].verdict, found[1].code) == (Verdict.FAILED, 0)
        assert "1000" in found[1].response
        assert all_but(found, 1) == {Verdict.SENT}
        assert any(b"SIZE=%d" % len(body(0)) in line for line in server.commands)


@pytest.mark.parametrize("offered", [True, False])
def test_a_cyrillic_local_part_needs_smtputf8(offered: bool) -> None:
    with SmtpServer(Behavior(smtputf8=offered)) as server:
        found = send(server, letters(4, n2="анна@пример.рф"))

        assert found[2].verdict is (Verdict.SENT if offered else Verdict.FAILED)
        assert all_but(found, 2) == {Verdict.SENT}
        assert any(b"SMTPUTF8" in line for line in server.commands) is offered
        if offered:
            assert "анна@пример.рф".encode() in {one.recipient for one in server.accepted}


def test_a_cyrillic_domain_goes_out_in_its_ascii_form() -> None:
    with SmtpServer(Behavior(smtputf8=False)) as server:
        found = send(server, letters(1, n0="anna@пример.рф"))

        assert verdicts(found) == {Verdict.SENT}
        assert server.accepted[0].recipient == b"anna@xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize("offered", [True, False])
def test_an_eight_bit_body_needs_8bitmime(offered: bool) -> None:
    with SmtpServer(Behavior(eightbit=offered)) as server:
        mail = letters(3)
        mail[1] = Letter(1, "news@example.org", ANNA, body(1) + "Привет\r\n".encode())
        found = send(server, mail)

        assert found[1].verdict is (Verdict.SENT if offered else Verdict.FAILED)
        assert all_but(found, 1) == {Verdict.SENT}


def test_a_letter_is_in_doubt_only_when_it_was_accepted_or_may_have_been(
    server: SmtpServer,
) -> None:
    server.on("DOT", Act(close=True), times=5)
    channel = SmtpChannel(configure(server, connections=4, cool_down=0.05), RecordingGuard())

    found = finish(channel, letters(60))

    channel.close()
    no_lie(server, found)
    assert sum(one.verdict is Verdict.UNKNOWN for one in found.values()) == 5


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(SmtpConfig("mail.example.org", username="u", password="secret"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"ehlo_name": "a\r\nRSET"},
        {"port": 0},
        {"connections": 0},
        {"security": "ssl"},
        {"data_timeout": 0.0},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SmtpConfig("mail.example.org", **wrong)  # type: ignore[arg-type]


def assert_once(found: list[Outcome], count: int) -> None:
    assert sorted(outcome.delivery_id for outcome in found) == list(range(count))
