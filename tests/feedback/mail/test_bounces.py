"""Mail that came back, byte by byte as servers write it (D032, F37)."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.feedback.mail.reports import reports_of
from apps.feedback.models import Event
from apps.feedback.services.bounces import process
from apps.mailings.links import delivery_of_bounce
from apps.mailings.models import Delivery, Suppression
from apps.users.models import Notification
from tests.feedback import mails
from tests.feedback.conftest import sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bounce_address(settings: LazySettings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@example.org"


def counted(raw: bytes) -> dict[str, int]:
    return dict(process(raw, now=timezone.now()))


def after(delivery: Delivery) -> tuple[str, str]:
    """The delivery's state, and why its address is not used any more."""
    delivery.refresh_from_db()
    row = Suppression.objects.filter(address=delivery.address).first()
    return delivery.state, row.reason if row else ""


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (mails.postfix, ("bounced", "bounced")),
        (mails.exim, ("bounced", "bounced")),
        (mails.qmail, ("bounced", "bounced")),
        (mails.arf, ("delivered", "complained")),
        (lambda one: mails.arf(one, kind="not-spam"), ("sent", "")),
        (lambda one: mails.arf(one, kind="dmarc"), ("sent", "")),
        (mails.vacation, ("sent", "")),
        (lambda one: mails.postfix(one, action="delayed", status="4.4.1"), ("sent", "")),
        (lambda one: mails.postfix(one, action="delivered", status="2.0.0"), ("delivered", "")),
        (lambda one: mails.postfix(one, action="relayed", status="2.0.0"), ("sent", "")),
        (lambda one: mails.postfix(one, action="exploded"), ("sent", "")),
        (
            lambda one: mails.postfix(one, status="5.2.2", reply="552 5.2.2 mailbox full"),
            ("bounced", ""),
        ),
        (
            lambda one: mails.postfix(one, status="5.7.1", reply="550 5.7.1 looks like spam"),
            ("bounced", ""),
        ),
        (lambda one: mails.postfix(one, status="4.4.7", reply="timeout"), ("bounced", "")),
    ],
)
def test_what_a_mail_reports(
    delivery: Delivery, mail: Callable[[Delivery], bytes], expected: tuple[str, str]
) -> None:
    counted(mail(delivery))
    assert after(delivery) == expected
    assert Notification.objects.exists() == (expected[1] == "complained")


def test_the_servers_words_stay_on_the_delivery(delivery: Delivery) -> None:
    counted(mails.postfix(delivery))
    delivery.refresh_from_db()
    assert delivery.code == 550
    assert delivery.response.startswith("5.1.1 550 5.1.1 <anna@example.org>: Recipient address")


def test_the_same_mail_counts_once(delivery: Delivery) -> None:
    mail = mails.postfix(delivery)
    assert [counted(mail), counted(mail)] == [{"applied": 1}, {"known": 1}]
    assert Event.objects.count() == 1


# --- whose bounce it is ---


@pytest.mark.parametrize("change", [str, str.upper])
def test_the_address_it_came_to_names_the_delivery(
    delivery: Delivery, change: Callable[[str], str]
) -> None:
    """VERP, through servers that change the case of a local part and return nothing."""
    other = sent()
    to = change(mails.bounce_address(delivery))
    assert len(to.partition("@")[0]) <= 64
    counted(mails.postfix(other, to=to, sealed=False, recipient="forwarded@example.com"))
    assert after(delivery) == ("bounced", "bounced")
    assert after(other) == ("sent", "")


@pytest.mark.parametrize("mail", [mails.postfix, mails.arf])
def test_a_message_id_proves_nothing(delivery: Delivery, mail: Callable[..., bytes]) -> None:
    """Who got a letter of the same run can compute those of the others."""
    assert counted(mail(delivery, sealed=False)) == {"kept": 1}
    assert after(delivery) == ("sent", "")
    assert Event.objects.get().delivery == delivery  # to be read on its page


def _forged(delivery: Delivery) -> dict[str, bytes]:
    """What somebody writes who knows an address, or has got a letter of the same run."""
    neighbour = Delivery(pk=delivery.pk + 1, run=delivery.run, address=delivery.address)
    real = mails.postfix(delivery, to=mails.bounce_address(delivery), sealed=False)
    mark = mails.bounce_address(delivery).partition("+")[2].partition("@")[0]
    changed = ("b" if mark[0] == "a" else "a") + mark[1:]
    return {
        "the address alone": mails.postfix(
            Delivery(pk=10**9, run=delivery.run, address=delivery.address), sealed=False
        ),
        "a Message-ID and another address": mails.postfix(
            delivery, sealed=False, recipient="somebody@example.org"
        ),
        "the seal of nobody": mails.postfix(neighbour),
        "a mark with one changed letter": real.replace(mark.encode(), changed.encode()).replace(
            b"Message-ID", b"X-Nothing"
        ),
    }


@pytest.mark.parametrize(
    "how",
    [
        "the address alone",
        "a Message-ID and another address",
        "the seal of nobody",
        "a mark with one changed letter",
    ],
)
def test_a_forged_report_changes_nothing(delivery: Delivery, how: str) -> None:
    counted(_forged(delivery)[how])
    assert after(delivery) == ("sent", "")
    assert not Suppression.objects.exists()


def test_a_letter_that_quotes_ours_is_no_bounce_of_others(delivery: Delivery) -> None:
    """A person's words are no report, whatever they say."""
    counted(mails.reply(delivery))
    assert after(delivery) == ("sent", "")


def test_a_mark_is_opened_by_its_maker_alone(delivery: Delivery, settings: LazySettings) -> None:
    address = mails.bounce_address(delivery)
    assert delivery_of_bounce(f"<{address}>") == delivery.pk
    settings.SECRET_KEY = "x" * 50
    assert delivery_of_bounce(address) is None
    for other in (
        "",
        "bounces@example.org",
        "bounces+@example.org",
        "bounces+" + "a" * 39 + "@e.o",
    ):
        assert delivery_of_bounce(other) is None


# --- hostile bytes ---


def test_broken_mails_are_read_without_an_error(delivery: Delivery) -> None:
    whole = [
        mails.postfix(delivery),
        mails.exim(delivery),
        mails.arf(delivery),
        mails.qmail(delivery),
    ]
    chance = random.Random(7)
    for mail in whole:
        for cut in range(0, len(mail), 97):
            reports_of(mail[:cut])
        for _ in range(150):
            start = chance.randrange(len(mail))
            noise = bytes(chance.randrange(256) for _ in range(chance.randrange(60)))
            reports_of(mail[:start] + noise + mail[start + chance.randrange(60) :])
    for raw in (b"", b"\x00" * 1000, b"\r\n" * 1000, b"Content-Type: multipart/report\r\n\r\n"):
        assert reports_of(raw) == []


def test_a_report_about_a_thousand_recipients_is_bounded(delivery: Delivery) -> None:
    group = b"Final-Recipient: rfc822; x%d@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    groups = b"".join(group % number for number in range(1000))
    mail = mails.postfix(delivery).replace(b"Final-Recipient", groups + b"Final-Recipient", 1)
    assert len(reports_of(mail)) <= 50


def test_a_multipart_within_a_multipart_without_end_is_read() -> None:
    head = "Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n"
    reports_of("".join(head.format(number) for number in range(300)).encode())


# --- the command ---


def run(*names: str) -> str:
    out = io.StringIO()
    call_command("process_bounces", *names, stdout=out)
    return out.getvalue()


def test_files_folders_and_maildirs_are_read(tmp_path: Path) -> None:
    found = [sent() for _ in range(4)]
    (tmp_path / "one.eml").write_bytes(mails.postfix(found[0]))
    folder, maildir = tmp_path / "folder", tmp_path / "Maildir"
    for path in (folder, maildir / "new", maildir / "cur", maildir / "tmp"):
        path.mkdir(parents=True)
    (folder / "two.eml").write_bytes(mails.exim(found[1]))
    (maildir / "new" / "1.host").write_bytes(mails.qmail(found[2]))
    (maildir / "cur" / "2.host_2_S").write_bytes(mails.arf(found[3]))
    (maildir / "tmp" / "3.host").write_bytes(b"half a mail")
    counted = run(str(tmp_path / "one.eml"), str(folder), str(maildir))
    assert counted == "4 mails, 4 applied, 0 kept, 0 early, 0 known, 0 stray, 0 other\n"
    assert [after(one)[1] for one in found] == ["bounced", "bounced", "bounced", "complained"]


def test_only_the_beginning_of_a_huge_mail_is_read(tmp_path: Path, delivery: Delivery) -> None:
    path = tmp_path / "huge.eml"
    path.write_bytes(mails.postfix(delivery) + b"x" * 20_000_000)
    assert run(str(path)).startswith("1 mails, 1 applied")


def test_what_is_not_there_is_refused() -> None:
    for names in (["/nowhere/at/all"], []):
        with pytest.raises(CommandError) as caught:
            run(*names)
        assert caught.value.returncode == 2
