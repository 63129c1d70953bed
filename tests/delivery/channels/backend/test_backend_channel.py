"""Any Django e-mail backend as an account: each of its answers, and its surprises."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from apps.core.contracts import Blame, Guard, Letter, Outcome, Verdict
from apps.delivery.channels.backend.channel import BackendChannel

BODY = (
    b"From: News <news@example.org>\r\nTo: Anna <anna@example.org>\r\nSubject: Hello\r\n"
    b"Message-ID: <1.a@example.org>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>html</p>\r\n--b--\r\n"
)


class OpenGuard(Guard):
    """Lets everything leave, and remembers what was answered."""

    def __init__(self, *, is_shut: bool = False, over: bool = False) -> None:
        self.is_shut, self.over = is_shut, over
        self.answers: list[tuple[int, bool]] = []

    def allow(self, line: int, delivery_id: int) -> bool:
        return not self.is_shut

    def answered(self, line: int, delivery_id: int, accepted: bool) -> None:
        self.answers.append((delivery_id, accepted))

    @property
    def too_late(self) -> bool:
        return self.over


class Scripted(BaseEmailBackend):
    """Does what the test says."""

    act: Exception | int = 1

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if isinstance(self.act, Exception):
            raise self.act
        return self.act


def hand_over(path: str, guard: Guard, count: int = 1) -> list[Outcome]:
    channel = BackendChannel(path, guard, connections=2)
    channel.hand_over([Letter(n, "n@example.org", "a@example.org", BODY) for n in range(count)])
    outcomes: list[Outcome] = []
    while len(outcomes) < count:
        outcomes += channel.outcomes(0.5)
    assert channel.close() == []
    return outcomes


def scripted(monkeypatch: pytest.MonkeyPatch, act: Exception | int, guard: Guard) -> Outcome:
    monkeypatch.setattr(Scripted, "act", act)
    return hand_over(f"{__name__}.Scripted", guard)[0]


def test_a_backend_gets_a_whole_message() -> None:
    guard = OpenGuard()
    outcomes = hand_over("django.core.mail.backends.locmem.EmailBackend", guard, count=5)
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert sorted(guard.answers) == [(n, True) for n in range(5)]
    sent = mail.outbox[0]
    assert (sent.subject, sent.body.strip(), sent.to) == (
        "Hello",
        "text",
        ["Anna <anna@example.org>"],
    )
    assert sent.extra_headers["Message-ID"] == "<1.a@example.org>"
    assert "html" in str(sent.message())


@pytest.mark.parametrize(
    ("act", "verdict", "blame"),
    [
        (
            smtplib.SMTPRecipientsRefused({"a": (550, b"no")}),
            Verdict.FAILED,
            Blame.RECIPIENT,
        ),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"later")}), Verdict.RETRY, Blame.RECIPIENT),
        (smtplib.SMTPAuthenticationError(535, b"no"), Verdict.UNSENT, Blame.ACCOUNT),
        (smtplib.SMTPDataError(554, b"spam"), Verdict.FAILED, Blame.RECIPIENT),
        (smtplib.SMTPDataError(451, "later"), Verdict.RETRY, Blame.RECIPIENT),
        (ConnectionRefusedError("nobody listens"), Verdict.UNSENT, Blame.NETWORK),
        (TimeoutError("too slow"), Verdict.UNKNOWN, Blame.RECIPIENT),
        (KeyError("a bug of the backend"), Verdict.UNKNOWN, Blame.RECIPIENT),
        (0, Verdict.UNKNOWN, Blame.RECIPIENT),
    ],
)
def test_only_a_refusal_that_names_the_recipient_counts_as_one(
    monkeypatch: pytest.MonkeyPatch, act: Exception | int, verdict: Verdict, blame: Blame
) -> None:
    guard = OpenGuard()
    outcome = scripted(monkeypatch, act, guard)
    assert (outcome.verdict, outcome.blame) == (verdict, blame)
    assert bool(guard.answers) is (verdict is not Verdict.UNKNOWN)


@pytest.mark.parametrize(("over", "verdict"), [(False, Verdict.UNSENT), (True, Verdict.EXPIRED)])
def test_what_the_guard_refuses_never_reaches_the_backend(over: bool, verdict: Verdict) -> None:
    guard = OpenGuard(is_shut=True, over=over)
    outcome = hand_over("django.core.mail.backends.locmem.EmailBackend", guard)[0]
    assert outcome.verdict is verdict
    assert mail.outbox == []


def test_a_backend_that_does_not_exist_stops_no_other_letter() -> None:
    outcomes = hand_over("no.such.Backend", OpenGuard(), count=3)
    assert len(outcomes) == 3
    assert {outcome.verdict for outcome in outcomes} == {Verdict.UNKNOWN}


def test_what_was_not_begun_can_be_recalled() -> None:
    channel = BackendChannel(f"{__name__}.Scripted", OpenGuard(), connections=1)
    assert channel.outcomes(0.1) == []
    assert channel.recall() == []
    channel.close()
