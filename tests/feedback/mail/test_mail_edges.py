"""Mails that are odd in one place, and are read all the same."""

from __future__ import annotations

import pytest

from apps.feedback.mail.parts import own_lines
from apps.feedback.message_refs import delivery_token_in
from apps.mailings.links import unsubscribe_token
from apps.mailings.models import Delivery
from tests.feedback.mail.test_mail_kinds import after, bounce_address, counted, forwarded, free

__all__ = ["bounce_address"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("subject", ["=?x-no-such-charset?q?News?=", "=?utf-8?b?YWJ?="])
def test_a_subject_that_cannot_be_decoded_hides_no_bounce(delivery: Delivery, subject: str) -> None:
    counted(free(delivery, "550 5.1.1 no such user", Subject=subject))
    assert after(delivery)[0] == "bounced"


def test_a_complaint_that_returns_no_letter_of_ours_is_none(delivery: Delivery) -> None:
    raw = forwarded(delivery).replace(b"/u/", b"/elsewhere/")
    assert counted(raw) == {"other": 1}
    assert after(delivery) == ("sent", "")


def test_a_refusal_at_the_end_of_many_words_is_kept() -> None:
    text = "anna@example.org:\n" + "we are very sorry " * 60 + "550 5.1.1 no such user"
    kept = own_lines(text, ["anna@example.org"], alone=True)
    assert len(kept) <= 500
    assert kept.endswith("550 5.1.1 no such user")


def test_a_link_that_is_not_ours_hides_none_that_is(delivery: Delivery) -> None:
    links = f"https://a.example/u/{'A' * 32}/ https://b.example/u/{unsubscribe_token(delivery.pk)}/"
    assert delivery_token_in(links) == delivery.pk
