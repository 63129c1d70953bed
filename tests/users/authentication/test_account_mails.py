"""The mails about accounts: in both languages, as text and as a page, by the name of the site."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils.translation import override

from apps.users.authentication.mail_html import mail_html
from config.environment import BASE_DIR
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

#: Mails that only a way of signing in sends that this site does not offer.
NOT_OFFERED = re.compile(r"login_code|reset_code|webauthn|unknown_account|base_")


def sign_up(language: str) -> tuple[str, str, str]:
    """Subject, text and page of the mail to a newcomer."""
    form = {"email": f"nina-{language}@example.org", "password1": PASSWORD, "password2": PASSWORD}
    Client(headers={"Accept-Language": language}).post("/accounts/signup/", form)
    sent = mail.outbox[-1]
    assert isinstance(sent, EmailMultiAlternatives)
    [(page, kind)] = sent.alternatives
    assert kind == "text/html"
    return str(sent.subject), str(sent.body), str(page)


@pytest.mark.parametrize(
    ("language", "subject", "button"),
    [
        ("en", "[Vestnik] Confirm your email address", "Confirm email"),
        ("ru", "[Вестник] Подтвердите адрес электронной почты", "Подтвердить адрес"),
    ],
)
def test_the_first_mail_says_what_to_do(language: str, subject: str, button: str) -> None:
    said, text, page = sign_up(language)
    assert said == subject
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+", text)
    assert link is not None and f"{button}:\n{link[0]}" in text
    assert f'href="{link[0]}"' in page and f">{button}</a>" in re.sub(r"\s+(?=</a>)", "", page)
    assert f'<html lang="{language}">' in page
    assert "\n\n\n" not in text.replace("\r", "")


def test_what_a_stranger_wrote_is_text_in_the_page() -> None:
    page = mail_html("Subject", "Browser: <script>alert(1)</script>", name="V", domain="v.org")
    assert "<script>" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize("name", ["account", "mfa", "socialaccount"])
def test_no_mail_of_allauth_is_left(name: str) -> None:
    theirs = Path(allauth.__file__).parent / "templates" / name / "email"
    asked = {path.name for path in theirs.glob("*.txt") if not NOT_OFFERED.search(path.name)}
    ours = {path.name for path in (BASE_DIR / "templates" / name / "email").glob("*.txt")}
    assert len(asked) > 3 and asked - ours == set()


def test_a_text_without_translation_would_be_seen() -> None:
    with override("ru"):
        _subject, text, _page = sign_up("ru")
    assert re.findall(r"[A-Za-z]{4,}", re.sub(r"https?://\S+|\S+\.\S+", "", text)) == []
