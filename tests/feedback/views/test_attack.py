"""Forms under attack, played: floods of sign-ups, and programs that open every link.

``--signups 10000`` plays the floods as large as they are promised to be withstood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from apps.delivery.service import DispatchService
from apps.feedback.models import Signup
from apps.feedback.services.fresh_links import ask_of
from apps.feedback.services.signups.confirm import confirm
from apps.feedback.services.signups.receive import Visitor
from apps.feedback.services.signups.windows import NETWORK
from apps.feedback.views import signup as view
from apps.mailings.models import Delivery, Mailing, MailingList, Recipient, SignupForm
from apps.users.models import Notification
from config.account_settings import AccountSettings
from tests.factories import MailingFactory, MessageFactory
from tests.feedback.signups import assert_sum, live_form, send_all, sign_up

pytestmark = pytest.mark.django_db

#: What a mail scanner may do to a link without pressing a button.
METHODS = ("get", "head", "options")


@pytest.fixture
def size(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--signups"))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PADDED", 0)


def test_a_flood_of_one_address_is_one_email(size: int) -> None:
    form, client = live_form(), Client()
    url, body = f"/f/{form.slug}/", {"email": "anna@example.org"}
    answers = {client.post(url, body).content for _number in range(size)}
    assert len(answers) == 1, "the same answer for each"
    assert Delivery.objects.count() == Recipient.objects.count() == 1
    assert Signup.objects.get().repeats == size - 1
    assert assert_sum(form).received == 1


def test_a_flood_of_addresses_from_one_network_is_thirty_emails_and_the_owner_knows(
    size: int,
) -> None:
    form, began = live_form(), timezone.now()
    apart = timedelta(hours=23) / size  # as patient as can be within the day
    for number in range(size):
        visitor = f"192.0.2.{number % 256}"
        sign_up(form, f"a{number}@example.org", now=began + number * apart, ip=visitor)
    assert Delivery.objects.count() == Recipient.objects.count() == NETWORK[1].most == 30
    counts = assert_sum(form)
    assert (counts.received, counts.waiting, counts.held) == (size, 30, size - 30)
    assert set(Signup.objects.filter(state="held").values_list("code", flat=True)) == {
        "limit_network"
    }
    assert Notification.objects.get(owner=form.owner).code == "signups_held"


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of what this project keeps."""
    labels = ("mailings", "feedback", "delivery", "users")
    models = [one for one in apps.get_models() if one._meta.app_label in labels]
    return {one.__name__: list(one._default_manager.order_by("pk").values()) for one in models}


def links_in(outbox: Path) -> Iterator[str]:
    """Every address in every email, in text, HTML and headers, as its path."""
    for file in outbox.glob("**/*.eml"):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        texts = [part for part in letter.walk() if part.get_content_maintype() == "text"]
        parts = [part.get_content() for part in texts]
        parts += [str(letter[name]) for name in ("List-Unsubscribe",) if letter[name]]
        for part in parts:
            yield from re.findall(r"https?://[^/\s\"<>]+(/[^\s\"'<>]*)", part)


def a_confirmed_subscriber(form: SignupForm) -> Recipient:
    signup = sign_up(form, "boris@example.org")
    confirm(signup=signup, visitor=Visitor(), now=timezone.now())
    return Recipient.objects.get(email="boris@example.org")


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_a_scanner_that_opens_every_link_changes_nobody(
    settings: LazySettings, tmp_path: Path
) -> None:
    settings.OUTBOX_DIR = tmp_path
    settings.ACCOUNTS = {"email": AccountSettings(kind="outbox", from_email="a@example.org")}
    form = live_form()
    sign_up(form, "anna@example.org")
    boris, now = a_confirmed_subscriber(form), timezone.now()
    for purpose in ("preferences", "data", "erasure"):
        assert ask_of(recipient=boris, purpose=purpose, language="en", ip=None, now=now)
    message = MessageFactory.create(owner=form.owner, text="Hello {{ unsubscribe_url }}")
    mailing: Mailing = MailingFactory.create(
        owner=form.owner, message=message, everyone=False, basis="subscription"
    )
    mailing.lists.set(MailingList.objects.filter(forms=form))
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    send_all()
    paths = set(links_in(tmp_path))
    assert {path[:3] for path in paths} >= {"/c/", "/u/", "/p/"} and len(paths) >= 6
    before = everything()
    for path in paths:
        for method in METHODS:
            assert getattr(Client(), method)(path).status_code in (200, 405)
    assert everything() == before
