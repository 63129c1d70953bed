"""No text of anybody's is ever more than text, on any page, for anybody: 60 payloads everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape

from apps.mailings.models import Attempt, Delivery, Message, Recipient, RecipientImport, Run
from apps.users.models import User
from tests.access.hostile import PAYLOADS, fill
from tests.factories import UserFactory

#: The pages are covered by tests that ask for more than that nothing of theirs runs.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_cover")]

#: What our pages and Django's admin are made of. Nothing of it comes from a stored text.
_FORBIDDEN_TAGS = {"math", "mtext", "object", "embed", "base"}
_OWN_HX = {"hx-get", "hx-post", "hx-trigger", "hx-target", "hx-swap", "hx-push-url", "hx-include"}
_OWN_HX |= {"hx-swap-oob", "hx-boost", "hx-headers", "hx-select", "hx-params", "hx-encoding"}


class Judge(HTMLParser):
    """Notes what would run, load from elsewhere, or leave its place."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FORBIDDEN_TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or (name.startswith("hx-") and name not in _OWN_HX):
            self.found.append(f"{tag} {name}")
        if name == "hx-get" and "logout" in value:
            self.found.append(f"{tag} {name}={value}")
        if name in {"href", "src", "action", "formaction", "content", "srcdoc"}:
            if "javascript:" in value.lower() or "evil.example" in value:
                self.found.append(f"{tag} {name}={value}")


def judge(page: str) -> list[str]:
    judged = Judge()
    judged.feed(page)
    raw = [payload for payload in PAYLOADS if payload in page and "<" in payload]
    return judged.found + raw


def pages_of(run: Run) -> list[str]:
    """Every page that shows somebody's texts."""
    message = run.mailing.message_id
    own = ["/", "/recipients/", "/recipients/?state=suppressed", "/recipients/tags/", "/messages/"]
    own += ["/mailings/", "/attempts/", "/reports/", "/queue/", "/notices/", "/profile/"]
    own += ["/recipients/import/", "/mailings/new/", "/messages/new/"]
    own += ["/media/", "/media/table/", "/media/picker/"]
    of_message = ("", "edit/", "delete/", "convert/", "versions/1/")
    own += [f"/messages/{message}/{end}" for end in of_message]
    own += [f"/messages/{message}/edit/?draft=1", f"/reports/{run.mailing_id}/"]
    own += [
        f"/mailings/{run.mailing_id}/{end}"
        for end in ("", "edit/", "delete/", "panel/", "confirm/stop/", "runs/1/")
    ]
    own += [f"/mailings/{run.mailing_id}/runs/1/?state={s}" for s in ("failed", "unknown")]
    delivery = Delivery.objects.filter(run=run).first()
    recipient = Recipient.objects.filter(owner=run.mailing.owner).first()
    attempt = Attempt.objects.first()
    assert delivery and recipient and attempt
    own += [f"/mailings/{run.mailing_id}/runs/1/deliveries/{delivery.pk}/"]
    own += [f"/recipients/{recipient.pk}/{end}" for end in ("", "edit/", "delete/")]
    own += [f"/attempts/{attempt.pk}/"]
    own += [f"/recipients/import/{found.pk}/" for found in RecipientImport.objects.all()]
    return own


MANAGEMENT = [f"/management/{end}/" for end in ("users", "attempts", "reports", "accounts")]


def admin_pages() -> Iterator[str]:
    """The lists of the administration, and the newest row of each."""
    for model in apps.get_models():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        try:
            yield reverse(f"{name}_changelist")
        except NoReverseMatch:
            continue
        newest = model._default_manager.order_by("-pk").first()
        if newest is not None:
            yield reverse(f"{name}_change", args=[newest.pk])


@pytest.fixture
def run(db: None) -> Run:
    return fill(UserFactory.create(email="anna@example.org"))


def answer(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.status_code}"
    return response.content.decode()


def seen_by(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_its_owner_sees_text(run: Run) -> None:
    client = seen_by(run.mailing.owner)
    pages = {url: answer(client, url) for url in pages_of(run)}
    found = {url: judge(page) for url, page in pages.items()}
    assert {url: bad for url, bad in found.items() if bad} == {}
    # And the test has something to judge: nearly all of them stand there, as text.
    everything = "".join(pages.values())
    assert sum(escape(payload) in everything for payload in PAYLOADS) > 50


def test_the_administrator_sees_text(run: Run) -> None:
    admin = UserFactory.create(is_superuser=True, is_staff=True)
    client = seen_by(admin)
    own_alone = ("edit/", "convert/", "delete/", "confirm/stop/", "draft=1")
    urls = [url for url in pages_of(run) if not url.endswith(own_alone)]
    urls += [*MANAGEMENT, *admin_pages()]
    found = {url: judge(answer(client, url)) for url in urls}
    assert {url: bad for url, bad in found.items() if bad} == {}


def test_a_preview_is_locked_up_even_when_it_is_opened_on_its_own(run: Run) -> None:
    client = seen_by(run.mailing.owner)
    for message in Message.objects.all():
        for url in (f"/messages/{message.pk}/frame/", f"/messages/{message.pk}/versions/1/frame/"):
            response = client.get(url)
            policy = response["Content-Security-Policy"]
            assert "sandbox" in policy and "allow-scripts" not in policy
            assert "default-src 'none'" in policy
            judged = Judge()
            judged.feed(response.content.decode())
            assert not [bad for bad in judged.found if " on" in bad or "javascript" in bad]
