"""Whom a reply is about: the table row by row, and the same table in docs/channels.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core.contracts import Verdict
from apps.delivery.channels.email.bounce_codes import Status, is_hard
from apps.delivery.channels.email.smtp.classify import RULES, Rule, Scope, Stage, classify
from apps.delivery.channels.email.smtp.replies import Reply
from tests.effort import effort

M, R, D, DOT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT
LATER, NEVER = Verdict.RETRY, Verdict.FAILED
DOCS = Path(__file__).parents[5] / "docs" / "channels.md"

#: Replies of real servers: never a try of a recipient.
OF_THE_SERVER = [
    (M, "452 4.5.3 Too many messages sent"),  # OpenSMTPD, after a hundred
    (M, "450 4.7.1 Error: too much mail from 192.0.2.1"),  # Postfix anvil
    (M, "450 too many messages from you"),
    (M, "451 4.7.500 Server busy"),  # Exchange Online
    (M, "432 4.3.2 Concurrent connections limit exceeded"),
    (DOT, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"),
    (DOT, "454 Throttling failure: Maximum sending rate exceeded."),  # SES
    (DOT, "454 4.7.0 Throttling failure: Daily message quota exceeded"),
    (DOT, "451 4.3.0 Error: queue file write error"),
    (DOT, "452 4.3.1 Insufficient system storage"),
    (DOT, "451 Requested action aborted: local error in processing"),
    (DOT, "450 4.7.1 slow down"),
    (DOT, "421 4.7.0 Try again later, closing connection"),
    (R, "421 4.4.5 Too many concurrent SMTP connections"),
    (R, "450 4.7.1 Error: too many recipients from 192.0.2.1"),
    (R, "452 4.5.3 Too many recipients"),
    (R, "451 4.3.0 Temporary lookup failure"),
    (R, "451 4.3.5 Server configuration problem"),
    (R, "450 4.7.1 <localhost>: Helo command rejected: Host not found"),
    (R, "450 4.7.25 Client host rejected: cannot find your hostname"),
    (R, "450 4.1.8 <a@b.example>: Sender address rejected: Domain not found"),
    (M, "503 5.5.1 Error: nested MAIL command"),
    (R, "503 5.5.1 need MAIL first"),
    (D, "503 bad sequence of commands"),
    (D, "500 5.5.2 command unknown"),
    (DOT, "503 5.5.1 bad sequence"),
    (M, "450 4.1.8 later"),
    (R, "450 4.1.8 sender domain not found"),
    (R, "454 4.7.1 Relay access denied"),
    (DOT, "451 4.7.1 Try again later"),
    (DOT, "550 5.4.5 quota of your account exceeded"),
    (M, "550 5.4.5 Daily user sending limit exceeded"),  # Gmail
    (DOT, "550 5.4.5 Daily user sending quota exceeded"),
]
OF_THE_ACCOUNT = [
    (M, "530 5.7.0 Must issue a STARTTLS command first"),
    (M, "535 5.7.8 authentication failed"),
    (R, "538 5.7.11 encryption required"),
    (DOT, "530 5.7.0 Authentication required"),
    (M, "553 5.1.8 no such sender"),
    (R, "550 5.1.8 bad domain"),
    (M, "550 5.7.1 sender refused"),
    (M, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked"),
    (M, "501 5.1.7 bad sender address syntax"),
    (R, "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"),
    (R, "504 5.5.2 give your full name first"),
    (R, "550 5.7.1 <localhost>: Helo command rejected: not allowed"),
    (R, "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user anna"),
    (R, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a list"),
    (DOT, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    (DOT, "554 5.2.252 SendAsDenied; a@b.example not allowed to send as c@b.example"),
]
OF_THE_RECIPIENT = [
    (R, "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted", LATER),
    (R, "450 4.7.1 <a@b.example>: Recipient address rejected: Greylisted", LATER),
    (R, "451 4.7.1 Please try again later", LATER),
    (R, "450 mailbox busy", LATER),
    (R, "452 4.2.2 The email account that you tried to reach is over quota", LATER),
    (R, "452 mailbox full", LATER),
    (R, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that", LATER),
    (DOT, "451 4.7.1 Greylisting in action", LATER),
    (DOT, "452 4.2.2 mailbox full", LATER),
    (D, "450 4.2.1 busy", LATER),
    (R, "550 5.1.1 no such user", NEVER),
    (R, "552 5.2.2 mailbox full", NEVER),
    (R, "550 5.7.1 not you", NEVER),
    (R, "501 5.1.3 bad address", NEVER),
    (DOT, "554 5.7.1 spam", NEVER),
    (DOT, "550 5.7.26 unauthenticated mail is not accepted", NEVER),
    (DOT, "552 5.3.4 too large", NEVER),
    (M, "552 5.3.4 Message size exceeds fixed limit", NEVER),
    (M, "550 5.6.7 SMTPUTF8 required", NEVER),
]


def judged(stage: Stage, reply: str) -> tuple[Scope, Verdict]:
    found = classify(Reply(int(reply[:3]), reply[4:].encode()), stage)
    return found.scope, found.verdict


@pytest.mark.parametrize(("stage", "reply"), OF_THE_SERVER)
def test_rate_session_and_system_are_the_servers(stage: Stage, reply: str) -> None:
    assert judged(stage, reply)[0] is Scope.SERVER


@pytest.mark.parametrize(("stage", "reply"), OF_THE_ACCOUNT)
def test_log_in_sender_and_helo_are_the_accounts(stage: Stage, reply: str) -> None:
    assert judged(stage, reply)[0] is Scope.ACCOUNT


@pytest.mark.parametrize(("stage", "reply", "verdict"), OF_THE_RECIPIENT)
def test_the_rest_is_the_recipients(stage: Stage, reply: str, verdict: Verdict) -> None:
    assert judged(stage, reply) == (Scope.RECIPIENT, verdict)


@pytest.mark.parametrize("stage", [M, R, D, DOT])
@pytest.mark.parametrize("status", ["", "1.1 ", "2.2 ", "3.0 ", "5.1 ", "7.1 "])
def test_every_reply_at_every_stage_has_an_answer(stage: Stage, status: str) -> None:
    for code in range(400, 560):
        text = f"{code // 100}.{status}words".encode() if status else b"words"

        found = classify(Reply(code, text), stage)

        assert found.verdict is (NEVER if code >= 500 else LATER)
        assert found.scope is Scope.SERVER or not (stage is M and code < 500)
        assert not found.gone or (stage, code // 100) == (R, 5)


@pytest.mark.parametrize(
    ("stage", "reply", "gone"),
    [
        (R, "550 5.1.1 nobody of that name", True),
        (R, "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown", True),
        (R, "550 5.1.10 RESOLVER.ADR.RecipientNotFound", True),
        (R, "550 5.1.2 bad destination system", True),
        (R, "553 5.1.3 bad address syntax", True),
        (R, "551 5.1.6 moved", True),
        (R, "550 5.2.1 mailbox disabled", True),
        (R, "550 5.2.1 The email account that you tried to reach is disabled", False),
        (R, "550 no such user", False),  # a bare 550 proves too little
        (R, "550 5.1.0 no such user", False),
        (R, "450 5.1.1 no such user", False),
        (R, "450 4.1.1 no such user", False),
        (R, "552 5.2.2 mailbox full", False),
        (R, "550 5.1.1 mailbox is full", False),
        (R, "550 5.2.1 receiving mail too quickly", False),
        (R, "550 5.2.1 account suspended", False),
        (R, "550 5.1.1 blocked by our spam filter", False),
        (R, "550 5.7.1 no such user", False),
        (DOT, "550 5.1.1 no such user", False),
        (M, "550 5.1.1 no such user", False),
    ],
)
def test_only_who_does_not_exist_is_written_off(stage: Stage, reply: str, gone: bool) -> None:
    assert classify(Reply(int(reply[:3]), reply[4:].encode()), stage).gone is gone


@pytest.mark.parametrize(
    ("status", "code", "text", "hard"),
    [
        (None, 550, "unknown user <antispam@example.org>", True),
        ((5, 0, 0), 550, "Unrouteable address: no such user", True),
        ((5, 0, 0), 550, "refused", False),
        ((5, 1, 1), 0, "", True),
        ((5, 1, 1), 550, "see https://example.org/?p=blocked", True),
        ((5, 1, 1), 550, "rejected due to policy", False),
        ((4, 1, 1), 0, "no such user", False),
    ],
)
def test_the_words_may_take_a_hard_code_back(
    status: Status | None, code: int, text: str, hard: bool
) -> None:
    assert is_hard(status, code, text) is hard


@pytest.mark.parametrize("piece", ["a", "a.a@", "<", "mailbox ", "exceeded the ", "http://x "])
def test_words_of_any_length_are_judged_at_once(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))

    def judge() -> None:
        is_hard((5, 1, 1), 550, text)
        classify(Reply(550, text.encode()), R)

    assert effort(judge, 100) <= 100


def test_every_row_of_the_table_decides_something() -> None:
    """A row that an earlier one always beats would be a lie in the documents."""
    seen: set[Rule] = set()
    samples = [*OF_THE_SERVER, *OF_THE_ACCOUNT, *((s, r) for s, r, _ in OF_THE_RECIPIENT)]
    for stage, reply in samples:
        found = Reply(int(reply[:3]), reply[4:].encode())
        seen.add(next(rule for rule in RULES if rule.fits(found, stage)))
    assert [rule.markdown_row() for rule in RULES if rule not in seen] == []


def test_the_documents_show_this_table() -> None:
    rows = [rule.markdown_row() for rule in RULES]
    assert "\n".join(rows) in DOCS.read_text(encoding="utf-8")
