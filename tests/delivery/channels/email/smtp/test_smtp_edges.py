"""Servers and machines that are odd in one place: each letter is sent, or the reason reported."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest

from apps.core.contracts import Blame, Letter, Verdict
from apps.delivery.channels.email.smtp.auth import TokenFromFile
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from apps.delivery.channels.email.smtp.handshake import Handshake
from apps.delivery.channels.email.smtp.transaction import Extensions, Unsendable, build_transaction
from tests.delivery.channels.email.smtp.smtp_promises import (
    SENDER,
    RecordingGuard,
    body,
    certificate,
    configure,
    finish,
    letter,
    letters,
    send,
    verdicts,
)
from tests.smtp_server import HANG, Act, Behavior, SmtpServer, say


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (f"{'x' * 950}@example.org", "@envelope_address_long 900"),
        (f"anna@{'б' * 254}", "@envelope_address_unfit"),
    ],
)
def test_an_address_that_no_server_takes_is_refused_here(address: str, text: str) -> None:
    with pytest.raises(Unsendable, match=text):
        build_transaction(Letter(1, SENDER, address, body(1)), Extensions())


def test_a_server_of_before_ehlo_is_spoken_to_in_its_own_way(server: SmtpServer) -> None:
    server.on("EHLO", say("502 5.5.1 not known here"), times=1)
    found = send(server, letters(3), connections=1)
    assert verdicts(found) == {Verdict.SENT}
    assert [line[:4].upper() for line in server.commands[:2]] == [b"EHLO", b"HELO"]


def test_a_reply_that_nobody_asked_for_ends_the_connection_before_a_letter(
    server: SmtpServer,
) -> None:
    server.on("EHLO", say("250 hello\r\n250 and this"), times=1)
    found = send(server, letters(2), connections=1)
    assert verdicts(found) == {Verdict.SENT}
    assert server.connected == 2


def test_a_letter_larger_than_what_the_kernel_takes_at_once_arrives_whole(
    server: SmtpServer,
) -> None:
    server.on("BODY", Act(wait=0.2))
    large = letter(0, size=6_000_000)
    found = send(server, [large], connections=1, data_timeout=30.0, data_done_timeout=30.0)
    assert verdicts(found) == {Verdict.SENT}
    assert [one.data for one in server.accepted] == [large.body]


def test_a_word_in_the_middle_of_a_letter_is_not_taken_for_its_acceptance(
    server: SmtpServer,
) -> None:
    server.on("BODY", say("250 2.0.0 ok queued"), times=1)
    found = send(
        server,
        [letter(0, size=6_000_000)],
        connections=1,
        data_timeout=30.0,
        data_done_timeout=30.0,
    )
    assert verdicts(found) == {Verdict.RETRY}
    assert server.accepted == []


def test_no_letter_follows_a_sender_that_was_refused_whatever_data_is_answered(
    server: SmtpServer,
) -> None:
    server.on("MAIL", say("550 5.1.8 sender address rejected"))
    server.on("DATA", say("354 go ahead"))
    found = send(server, letters(2), connections=1)
    assert Verdict.SENT not in verdicts(found)
    assert server.accepted == []


def test_without_a_thread_to_connect_with_nobody_is_spent(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "smtp-opening":
            raise RuntimeError("can't start new thread")
        usual(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    found = send(server, letters(3))
    assert verdicts(found) == {Verdict.UNSENT}
    assert {outcome.response for outcome in found.values()} == {"@no_thread"}


def test_a_closed_channel_takes_no_letter(server: SmtpServer) -> None:
    channel = SmtpChannel(configure(server), RecordingGuard())
    channel.close()
    with pytest.raises(RuntimeError, match="closed"):
        channel.hand_over(letters(1))


def test_a_server_that_says_good_bye_between_two_letters_is_called_again(
    server: SmtpServer,
) -> None:
    server.on("DOT", say("250 2.0.0 ok queued\r\n421 4.4.2 idle too long"), times=1)
    channel = SmtpChannel(configure(server, connections=1), RecordingGuard())
    try:
        found = [finish(channel, [letter(number)])[number] for number in range(2)]
    finally:
        channel.close()
    assert {one.verdict for one in found} == {Verdict.SENT}
    assert server.connected == 2


def test_a_letter_whose_session_had_only_begun_comes_back_when_the_channel_is_closed(
    server: SmtpServer,
) -> None:
    server.on("MAIL", HANG)
    guard = RecordingGuard()
    channel = SmtpChannel(configure(server, connections=1), guard)
    channel.hand_over([letter(0)])
    while not any(line.startswith(b"MAIL") for line in server.commands):
        assert channel.outcomes(0.05) == []
    (outcome,) = channel.close()
    assert (outcome.verdict, guard.asked) == (Verdict.UNSENT, [])


def test_the_one_letter_that_is_refused_for_its_sender_is_no_recipients_affair(
    server: SmtpServer,
) -> None:
    server.on("RCPT", say("553 5.7.1 sender address rejected: not owned by user news"))
    found = send(server, letters(1))
    assert (found[0].verdict, found[0].blame) == (Verdict.UNSENT, Blame.ACCOUNT)


def test_without_certificates_to_check_by_nothing_is_encrypted_unchecked(tmp_path: Path) -> None:
    theirs, _ = certificate(tmp_path)
    over = threading.Event()
    with SmtpServer(Behavior(starttls=theirs)) as server:
        opening = Handshake(configure(server, security="starttls"), None, over.set)
        opening.start()
        assert over.wait(5)
        assert opening.connection is None and opening.failure is not None
        assert opening.failure.text == "@unexpected_error ValueError: TLS without a context"
        assert b"STARTTLS" not in [line.upper() for line in server.commands]


# --- logging in ---


def challenge(text: bytes) -> bytes:
    return b"334 " + base64.b64encode(text) + b"\r\n"


@pytest.mark.parametrize(
    ("mechanisms", "answer", "text"),
    [
        (("GSSAPI",), b"", "@login_no_mechanism GSSAPI"),
        (("PLAIN",), challenge(b"and?"), "what?"),
    ],
)
def test_a_server_that_cannot_be_logged_in_to_burns_nobody(
    mechanisms: tuple[str, ...], answer: bytes, text: str
) -> None:
    """The second one goes on asking after the whole answer; ``*`` ends that (RFC 4954, 4)."""
    with SmtpServer(Behavior(auth=mechanisms, user="news", password="s3cret")) as server:
        server.on("AUTH", Act(answer))
        found = send(server, letters(2), username="news", password="s3cret")
        assert verdicts(found) == {Verdict.UNSENT}
        assert {one.blame for one in found.values()} == {Blame.ACCOUNT}
        assert text in found[0].response
        assert not any(line.startswith(b"MAIL") for line in server.commands)
        assert (b"*" in server.commands) is bool(answer)


def test_a_challenge_that_is_no_base64_is_answered_and_burns_nobody(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good-token", encoding="utf-8")
    token = TokenFromFile(tmp_path / "token")
    with SmtpServer(Behavior(auth=("XOAUTH2",), user="news", password="good-token")) as server:
        server.on("AUTH", Act(b"334 a\r\n"))
        found = send(server, letters(1), username="news", access_token=token)
    assert found[0].verdict is Verdict.UNSENT
    assert found[0].blame is Blame.ACCOUNT
