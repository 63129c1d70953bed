"""Mail to a letter's own address that is no bounce: warnings, notices of success, receipts."""

from __future__ import annotations

import pytest

from apps.feedback.models import Event
from apps.mailings.models import Delivery
from tests.feedback import mails
from tests.feedback.mail.test_mail_kinds import after, bounce_address, counted, free

__all__ = ["bounce_address"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Warning: could not send message for past 4 hours",
            "** THIS IS A WARNING MESSAGE ONLY **\n** YOU DO NOT NEED TO RESEND YOUR MESSAGE **",
        ),
        (
            "Warning: message 1abc delayed 24 hours",
            "A message that you sent has not yet been delivered to one or more of its recipients.\n"
            "No action is required. Delivery attempts will continue for some time.",
        ),
        ("Доставка письма задерживается", "Сервер будет повторять попытки. 4.4.1"),
        ("Delayed mail", "451 4.7.1 try later; we will keep trying for 5 days"),
    ],
)
def test_a_server_that_goes_on_trying_has_not_given_the_letter_back(
    delivery: Delivery, subject: str, text: str
) -> None:
    counted(free(delivery, text, Subject=subject))
    assert after(delivery) == ("sent", "")
    assert Event.objects.get().kind == "deferred"


@pytest.mark.parametrize(
    "text",
    [
        "The message was delayed for five days. We are giving up.",
        "Delivery delayed too long: 550 5.4.7 expired",
        "The message has been delayed and will be returned to the sender.",
    ],
)
def test_a_server_that_has_given_up_gives_the_letter_back(delivery: Delivery, text: str) -> None:
    counted(free(delivery, text))
    assert after(delivery) == ("bounced", "")


def test_a_notice_of_success_is_no_bounce(delivery: Delivery) -> None:
    text = "Your message was successfully delivered to the destination listed below."
    counted(free(delivery, text, Subject="Delivery Status Notification (Success)"))
    assert after(delivery) == ("delivered", "")


@pytest.mark.parametrize("sender", ["anna@example.org", "postmaster@mx.example.net"])
@pytest.mark.parametrize("kind", ["disposition-notification", "global-disposition-notification"])
def test_a_receipt_of_a_readers_program_is_no_bounce(
    delivery: Delivery, sender: str, kind: str
) -> None:
    """RFC 8098: it comes from the empty sender, as a bounce does."""
    raw = (
        f"Return-Path: <>\nFrom: {sender}\nTo: {mails.bounce_address(delivery)}\n"
        "Subject: Read: News\nMIME-Version: 1.0\nContent-Type: multipart/report;"
        f' report-type={kind}; boundary="b"\n\n--b\nContent-Type: text/plain\n\nIt was shown.\n\n'
        f"--b\nContent-Type: message/{kind}\n\nFinal-Recipient: rfc822;{delivery.address}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    )
    assert counted(raw.encode()) == {"other": 1}
    assert after(delivery) == ("sent", "")
