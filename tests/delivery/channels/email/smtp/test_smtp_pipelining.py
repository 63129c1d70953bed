"""What a server bears at once is found out, costs no letter, and is known to the next channel."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.contracts import Learned, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from tests.delivery.channels.email.smtp.smtp_promises import (
    RecordingGuard,
    configure,
    finish,
    letters,
    no_lie,
    verdicts,
)
from tests.smtp_server import Act, Behavior, SmtpServer, say

KNOWN = "mx.example.org ESMTP Postfix"
UNKNOWN = "mx.example.org"


def learn(server: SmtpServer, count: int = 40, **changes: Any) -> tuple[set[Verdict], Learned]:
    """Send so many, and ask what was learned."""
    channel = SmtpChannel(configure(server, **changes), RecordingGuard())
    found = finish(channel, letters(count))
    learned = channel.learned()
    assert channel.learned() is None, "it is returned once"
    assert channel.close() == []
    no_lie(server, found)
    return verdicts(found), learned or Learned("?")


@pytest.mark.parametrize("behind", ["", "503", "close", "hang", "late"])
def test_an_unknown_program_gets_nothing_behind_the_dot_and_every_letter(behind: str) -> None:
    with SmtpServer(Behavior(banner=UNKNOWN, behind=behind)) as server:
        sent, learned = learn(server, pipelining="auto", connections=4)

        assert (sent, learned.pipelining) == ({Verdict.SENT}, "cautious")
        assert server.behind == 0


@pytest.mark.parametrize("setting", ["auto", "full"])
def test_a_server_that_bears_it_gets_the_next_envelope_behind_the_dot(setting: str) -> None:
    with SmtpServer(Behavior(banner=KNOWN)) as server:
        sent, learned = learn(server, pipelining=setting)

        assert (sent, learned.pipelining) == ({Verdict.SENT}, "full")
        assert server.behind > 20


def test_a_program_is_known_by_the_words_with_which_it_takes_a_letter() -> None:
    with SmtpServer(Behavior(banner=UNKNOWN)) as server:
        server.on("DOT", say("250 2.0.0 Ok: queued as 4XyZ0123ab"))
        _, learned = learn(server, pipelining="auto")

        assert learned.pipelining == "full"


@pytest.mark.parametrize("setting", ["auto", "full"])
@pytest.mark.parametrize("lines", [1, 4])
def test_503_behind_the_dot_costs_no_letter_and_is_not_provoked_again(
    setting: str, lines: int
) -> None:
    with SmtpServer(Behavior(banner=KNOWN, behind="503")) as server:
        sent, learned = learn(server, pipelining=setting, connections=lines)

        assert (sent, learned.pipelining) == ({Verdict.SENT}, "envelope")
        assert server.behind == 1


@pytest.mark.parametrize("behind", ["close", "hang"])
def test_a_dot_that_is_not_answered_leaves_one_letter_in_doubt_and_no_more(behind: str) -> None:
    with SmtpServer(Behavior(banner=KNOWN, behind=behind)) as server:
        channel = SmtpChannel(
            configure(server, connections=4, data_done_timeout=0.5), RecordingGuard()
        )
        found = finish(channel, letters(60))
        channel.close()

        doubtful = [one for one in found.values() if one.verdict is not Verdict.SENT]
        assert [one.verdict for one in doubtful] == [Verdict.UNKNOWN]
        assert channel.learned() == Learned("envelope")
        assert server.behind == 1
        no_lie(server, found)


def test_a_server_that_only_takes_its_time_is_borne_with() -> None:
    with SmtpServer(Behavior(banner=KNOWN, behind="late")) as server:
        sent, _ = learn(server, count=6, connections=4, head_of_line_timeout=0.1)

        assert sent == {Verdict.SENT}


@pytest.mark.parametrize("known", ["full", "envelope", "off"])
def test_what_was_learned_is_not_asked_again(known: str) -> None:
    with SmtpServer(Behavior(banner=KNOWN)) as server:
        channel = SmtpChannel(
            configure(server, pipelining="auto", known=Learned(known, 7)), RecordingGuard()
        )
        assert verdicts(finish(channel, letters(30))) == {Verdict.SENT}
        channel.close()

        assert channel.learned() is None
        assert (server.behind > 0) is (known == "full")
        assert server.connected >= 30 // 7


@pytest.mark.parametrize("setting", ["envelope", "off"])
def test_the_setting_goes_before_what_was_learned(setting: str) -> None:
    with SmtpServer(Behavior(banner=KNOWN)) as server:
        channel = SmtpChannel(
            configure(server, pipelining=setting, known=Learned("full")), RecordingGuard()
        )
        assert verdicts(finish(channel, letters(30))) == {Verdict.SENT}
        channel.close()

        assert server.behind == 0


@pytest.mark.parametrize("grouped", ["503", "close"])
@pytest.mark.parametrize("lines", [1, 4])
def test_commands_that_must_come_one_by_one_cost_no_letter(grouped: str, lines: int) -> None:
    with SmtpServer(Behavior(grouped=grouped)) as server:
        sent, learned = learn(server, pipelining="auto", connections=lines)

        assert (sent, learned.pipelining) == ({Verdict.SENT}, "off")
        assert 2 <= server.commands.count(b"(grouped)") <= 2 * lines


def test_one_lost_connection_proves_nothing() -> None:
    with SmtpServer(Behavior(banner=KNOWN)) as server:
        server.on("MAIL", Act(close=True), times=1)
        sent, learned = learn(server, pipelining="auto", connections=1)

        assert (sent, learned.pipelining) == ({Verdict.SENT}, "full")


def test_a_server_without_pipelining_is_served_one_by_one() -> None:
    with SmtpServer(Behavior(pipelining=False)) as server:
        sent, learned = learn(server, pipelining="auto")

        assert (sent, learned.pipelining) == ({Verdict.SENT}, "none")


@pytest.mark.parametrize("how", ["per_session", "per_connection"])
@pytest.mark.parametrize("lines", [1, 3])
def test_how_many_letters_a_connection_takes_is_learned(how: str, lines: int) -> None:
    limit: dict[str, Any] = {how: 10}
    with SmtpServer(Behavior(banner=KNOWN, **limit)) as server:
        sent, learned = learn(server, count=150, connections=lines)

        assert (sent, learned.letters_per_connection) == ({Verdict.SENT}, 10)
