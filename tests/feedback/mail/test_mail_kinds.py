"""Kinds of mail that real servers send back, each with what is right."""

from __future__ import annotations

import base64
import io
import json
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from apps.feedback.models import Event
from apps.feedback.services.bounces import process
from apps.mailings.models import Delivery, Suppression
from tests.feedback import mails
from tests.feedback.conftest import message_id, sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bounce_address(settings: LazySettings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@example.org"


def counted(raw: bytes) -> dict[str, int]:
    return dict(process(raw, now=timezone.now()))


def after(delivery: Delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    row = Suppression.objects.filter(address=delivery.address).first()
    return delivery.state, row.reason if row else ""


def report(
    delivery: Delivery,
    *,
    status: str = "5.0.0",
    counted: str = "",
    people: str = "Not delivered.",
    kind: str = "message/delivery-status",
    encode: Callable[[bytes], bytes] | None = None,
    encoding: str = "8bit",
) -> bytes:
    """A multipart/report to the address that only this letter had."""
    fields = (
        "Reporting-MTA: dns; mx.example.net\n\n"
        f"Final-Recipient: {'utf-8' if 'global' in kind else 'rfc822'}; {delivery.address}\n"
        f"Action: failed\nStatus: {status}\n"
    )
    fields += f"Diagnostic-Code: smtp; {counted}\n" if counted else ""
    raw = encode(fields.encode()) if encode else fields.encode()
    head = (
        "Return-Path: <>\nFrom: Mail system <MAILER-DAEMON@mx.example.net>\n"
        f"To: {mails.bounce_address(delivery)}\nSubject: Could not be delivered\n"
        "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="frontier"\n\n'
        "--frontier\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{people}\n\n"
        f"--frontier\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n"
    )
    returned = (
        "\n--frontier\nContent-Type: message/rfc822\n\nFrom: news@example.org\n"
        f"To: {delivery.address}\nMessage-ID: {message_id(delivery)}\n\n"
        "550 5.1.1 is what the letter itself says\n\n--frontier--\n"
    )
    return head.encode() + raw + returned.encode()


def free(delivery: Delivery, text: str, **headers: str) -> bytes:
    """A mail in no known form to the address that only this letter had."""
    given = {
        "Return-Path": "<>",
        "From": "postmaster@mail.example.net",
        "To": mails.bounce_address(delivery),
        "Subject": "Ваше письмо",
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\n" for name, value in given.items() if value)
    return f"{lines}\n{text}\n".encode()


# --- the most specific of status, diagnostic code and words ---


@pytest.mark.parametrize(
    ("status", "expected", "suppressed"),
    [
        # Amazon SES: its own 5.1.0, then the server's reply
        ("5.0.0 (permanent failure)", "5.1.0 - Unknown address error 550-'5.7.1 no' (0)", False),
        ("5.0.0", "5.1.0 - Unknown address error 552-'5.2.2 the mailbox is full' (0)", False),
        ("5.0.0", "5.1.0 - Unknown address error 550-'5.1.1 nobody here' (0)", True),
        ("5.1.0", "550 5.1.0 address rejected", False),
        # speed, filters, suspension
        ("5.2.1", "550 5.2.1 The user is receiving mail at a rate that is too high", False),
        ("5.2.1", "550-5.2.1 The email account that you tried to reach is disabled.", False),
        ("5.2.1", "550 5.2.1 rejected by the recipient's filter", False),
        ("5.2.1", "550 5.2.1 this account has been suspended", False),
        ("5.1.1", "550 5.1.1 mailbox over quota", False),
        ("5.1.1", "550 5.1.1 <a@b.example>: blocked using a block list", False),
        ("5.1.3", "553 http://www.spamhaus.org/query/bl?ip=192.0.2.2", False),
        ("5.1.1", "550 5.1.1 <a@b.example>: User unknown; see https://b.example/blocked", True),
        ("5.1.1", "550 5.1.1 <antispam@b.example>: User unknown", True),
        ("5.1.8", "553 5.1.8 Domain of sender address a@b.example does not exist", False),
        ("5.7.1", "550 5.7.1 no such user", False),
        ("4.1.1", "450 4.1.1 user unknown", False),
        # no code says it, but the words do
        ("5.0.0", "550 <a@b.example>: Recipient address rejected: User unknown", True),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", True),
        ("5.4.4", "Host or domain name not found. Name service error for b.example", True),
        ("5.0.0", "Unrouteable address", True),
        ("5.0.0", "556 the domain b.example does not accept mail", True),
        # said of the letter, once it was read: no proof
        ("5.0.0", "550 User unknown (in reply to end of DATA command)", False),
        ("5.0.0", "550 : User unknown", False),
    ],
)
def test_the_most_specific_word_decides(
    delivery: Delivery, status: str, expected: str, suppressed: bool
) -> None:
    assert counted(report(delivery, status=status, counted=expected)) == {"applied": 1}
    assert after(delivery) == ("bounced", "bounced" if suppressed else "")


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 there is no such user",
        "550 no such user here",
        "Unknown user",
        "550 Пользователь не найден",
        "нет такого пользователя",
        "Empfänger unbekannt",
        "utilisateur inconnu",
        "el usuario no existe",
        "ユーザーが存在しません",
        "用户不存在",
    ],
)
def test_what_people_read_counts_where_the_machine_says_nothing(
    delivery: Delivery, text: str
) -> None:
    """Exim: Status 5.0.0 and no Diagnostic-Code."""
    people = f"The following address failed for good:\n\n  {delivery.address}\n    {text}"
    counted(report(delivery, people=people))
    assert after(delivery) == ("bounced", "bounced")


@pytest.mark.parametrize(
    "people",
    [
        "Not delivered.",
        "  somebody-else@example.org\n    550 5.1.1 there is no such user",
        "  {address}\n    552 5.2.2 full\n  other@example.org\n    550 5.1.1 no such user",
        "  {address}\n    550 no such user\n\nThe account is disabled.",
    ],
)
def test_only_the_lines_of_this_address_count(delivery: Delivery, people: str) -> None:
    counted(report(delivery, people=people.format(address=delivery.address)))
    assert after(delivery) == ("bounced", "")


# --- RFC 6533 ---


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("8bit", None),
        ("base64", base64.encodebytes),
        ("quoted-printable", quopri.encodestring),
    ],
)
@pytest.mark.parametrize("kind", ["message/global-delivery-status", "message/delivery-status"])
def test_reports_about_addresses_that_are_not_ascii(
    encoding: str, encode: Callable[[bytes], bytes] | None, kind: str
) -> None:
    delivery = sent(recipient__email="нет@example.org")
    raw = report(delivery, status="5.1.1", kind=kind, encoding=encoding, encode=encode)
    assert counted(raw) == {"applied": 1}
    assert after(delivery) == ("bounced", "bounced")
    assert Event.objects.get().facts["recipient"] == "нет@example.org"


# --- sealed bounces of an unknown form ---


@pytest.mark.parametrize(
    ("text", "headers", "expected"),
    [
        ("Письмо не удалось вручить: такого ящика нет (5.1.1).", {}, ("bounced", "bounced")),
        ("Sorry.", {}, ("bounced", "")),
        ("Sorry.", {"From": "relay@example.net"}, ("bounced", "")),
        ("Sorry.", {"Return_Path": "", "From": "MAILER-DAEMON@x.example"}, ("bounced", "")),
        ("Mailbox full", {"Subject": "Undelivered Mail"}, ("bounced", "")),
        ("Sorry.", {"Return_Path": "", "From": "x@y.example", "Subject": "Hi"}, ("sent", "")),
    ],
)
def test_what_comes_to_a_letters_own_address_from_a_server_is_its_bounce(
    delivery: Delivery, text: str, headers: dict[str, str], expected: tuple[str, str]
) -> None:
    counted(free(delivery, text, **headers))
    assert after(delivery) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Subject": "Automatic reply: News"},
        {"Subject": "=?utf-8?B?0JDQstGC0L7QvtGC0LLQtdGC?="},
        {"Subject": "Out of Office", "From": "postmaster@example.org"},
    ],
)
def test_what_peoples_machines_answer_is_no_bounce(
    delivery: Delivery, headers: dict[str, str]
) -> None:
    given = {"From": str(delivery.address), "Subject": "Re: News", **headers}
    assert counted(free(delivery, "Back on Monday.", **given)) == {"other": 1}
    assert after(delivery) == ("sent", "")


def test_a_report_whose_parts_cannot_be_separated_is_read_all_the_same(
    delivery: Delivery,
) -> None:
    raw = report(delivery, status="5.1.1", counted="550 5.1.1 no such user")
    counted(raw.replace(b'boundary="frontier"', b'boundary="elsewhere"'))
    assert after(delivery) == ("bounced", "bounced")


def test_a_mail_without_a_sender_is_read_without_a_traceback(
    delivery: Delivery, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    counted(free(delivery, "Sorry.", From="", Subject=""))
    assert after(delivery) == ("bounced", "")
    assert "Traceback" not in capsys.readouterr().err + caplog.text


# --- complaints ---


def jmrp(delivery: Delivery) -> bytes:
    return mails.to_bytes(f"""From: staff@hotmail.com
To: abuse@example.org
Subject: complaint about message from 192.0.2.222
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="F0"

--F0
Content-Type: message/rfc822
Content-Disposition: inline

X-HmXmrOriginalRecipient: {delivery.address}
{mails.letter_headers(delivery)}
Hello!

--F0--
""")


def forwarded(delivery: Delivery, sender: str = "fbl@isp.example") -> bytes:
    return (
        jmrp(delivery)
        .replace(b"X-HmXmrOriginalRecipient", b"X-Other")
        .replace(b"staff@hotmail.com", sender.encode())
    )


@pytest.mark.parametrize(
    "mail",
    [
        jmrp,
        forwarded,
        lambda one: forwarded(one).replace(
            b"complaint about message from 192.0.2.222", b"FW: News"
        ),
        lambda one: mails.arf(one, kind="fraud"),
    ],
)
def test_complaints_in_every_form(delivery: Delivery, mail: Callable[[Delivery], bytes]) -> None:
    assert counted(mail(delivery)) == {"applied": 1}
    assert after(delivery) == ("delivered", "complained")


def test_who_forwards_a_letter_does_not_complain(delivery: Delivery) -> None:
    raw = forwarded(delivery, sender="anna@example.org").replace(b"complaint about", b"FW:")
    counted(raw)
    assert after(delivery) == ("sent", "")


def test_a_wish_to_leave_is_one(delivery: Delivery) -> None:
    counted(mails.arf(delivery, kind="opt-out"))
    assert after(delivery) == ("delivered", "unsubscribed")


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Delivery"])
def test_events_in_json_that_came_by_mail_are_never_believed(delivery: Delivery, kind: str) -> None:
    event = {
        "notificationType": kind,
        "bounce": {"bouncedRecipients": [{"emailAddress": delivery.address, "status": "5.1.1"}]},
        "mail": {"destination": [delivery.address], "messageId": message_id(delivery)},
    }
    assert counted(free(delivery, json.dumps(event))) == {"other": 1}
    assert after(delivery) == ("sent", "")


# --- mailboxes in one file ---


def run(*names: str) -> str:
    out = io.StringIO()
    call_command("process_bounces", *names, stdout=out)
    return out.getvalue()


def mbox(*found: bytes) -> bytes:
    line = b"From MAILER-DAEMON Sat Nov 28 10:00:01 2026\n"
    return b"".join(line + one.replace(b"\nFrom ", b"\n>From ") + b"\n" for one in found)


def test_a_mailbox_in_one_file_holds_many_mails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [sent() for _ in range(20)]
    raw = mbox(
        *(
            report(one, status="5.1.1", people="He wrote:\n\nFrom me Mon Nov 1 10:00:00 2026\n")
            for one in letters
        )
    )
    (tmp_path / "box.mbox").write_bytes(raw)
    assert run(str(tmp_path / "box.mbox")).startswith("20 mails, 20 applied")
    assert {after(one) for one in letters} == {("bounced", "bounced")}
    stdin = io.TextIOWrapper(io.BytesIO(raw))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run("-").startswith("20 mails, 0 applied, 0 kept, 0 early, 20 known")


def test_a_huge_mail_in_a_mailbox_does_not_hide_the_next(tmp_path: Path) -> None:
    letters = [sent(), sent()]
    huge = report(letters[0], status="5.1.1") + b"x" * 2_000_000 + b"\n"
    path = tmp_path / "box"
    path.write_bytes(mbox(huge, report(letters[1], status="5.1.1")))
    assert run(str(path)).startswith("2 mails, 2 applied")
