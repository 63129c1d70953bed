"""`/v/`: the letter in a browser shows what its recipient got, and gives no right to act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.content.preview import Preview
from apps.core.site import site_url
from apps.feedback.services.letters import ShownLetter
from apps.mailings.links import VIEW, preferences_url, sealed, unsubscribe_token, view_url
from apps.mailings.models import (
    Consent,
    Delivery,
    Mailing,
    Recipient,
    Run,
    RunContent,
    Subscription,
    Suppression,
)
from apps.mailings.services.privacy import erasure
from apps.users.models import User
from tests.effort import effort
from tests.factories import DeliveryFactory, RunFactory
from tests.feedback.conftest import sent

pytestmark = pytest.mark.django_db

HTML = {
    "subject": "News for {{ full_name }}",
    "text": "Hello, {{ full_name }}",
    "html": "<p>Hello, {{ full_name }}</p><a href='{{ unsubscribe_url }}'>Leave</a>"
    "<a href='{{ preferences_url }}'>Change</a><a href='{{ view_url }}'>View</a>",
}
BLOCKS = {
    "subject": "News",
    "text": ["Hello"],
    "html": [
        "<!doctype html><html lang=\"de\" dir='ltr'><body><h1>Hello</h1>",
        {"if": 0, "parts": ["<p>for members</p>"]},
        {"if": 1, "parts": ["<p>for guests</p>"]},
        {"each": "goods", "limit": 2, "parts": ["<i>", {"placeholder": "{{ item.name }}"}, "</i>"]},
        "</body></html>",
    ],
    "conditions": [
        {"match": "all", "rules": [{"kind": "tag", "id": 5, "op": "is"}]},
        {"match": "all", "rules": [{"kind": "tag", "id": 6, "op": "is"}]},
    ],
    "asked": [{"kind": "tag", "id": 5}, {"kind": "tag", "id": 6}],
    "view_page": True,
}


def delivery_of(content: dict[str, Any], **fields: Any) -> Delivery:
    delivery = sent(recipient__full_name="Anna", **fields)
    Run.objects.filter(pk=delivery.run_id).update(content=content)
    return delivery


def url_of(delivery: Delivery) -> str:
    whole = view_url(delivery.pk, delivery.run_id, delivery.content_version)
    return whole.removeprefix(site_url())


def page_of(delivery: Delivery, client: Client | None = None) -> str:
    response = (client or Client()).get(url_of(delivery))
    assert response.status_code == 200
    return response.content.decode()


# --- what it shows


def test_a_letter_is_filled_with_what_is_known_of_the_person_today() -> None:
    delivery = delivery_of(HTML)
    assert "<p>Hello, Anna</p>" in page_of(delivery)
    assert "<title>News for Anna</title>" in page_of(delivery)
    Recipient.objects.update(full_name="Anna <b>Petrova</b>")
    assert "<p>Hello, Anna &lt;b&gt;Petrova&lt;/b&gt;</p>" in page_of(delivery)


def test_a_text_is_shown_as_it_is_written() -> None:
    delivery = delivery_of({**HTML, "html": "", "text": "Hello <{{ full_name }}>\n\n  indented"})
    page = page_of(delivery)
    assert "<pre>Hello &lt;Anna&gt;\n\n  indented</pre>" in page and '<body class="plain">' in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See https://e.org/a?b=1&c=2.", '<a href="https://e.org/a?b=1&amp;c=2">'),
        ("(http://e.org/x)", '(<a href="http://e.org/x">http://e.org/x</a>)'),
        ('https://e.org/"onclick="x', '<a href="https://e.org/">https://e.org/</a>&quot;onclick'),
        ("https://e.org/<script>", '<a href="https://e.org/">https://e.org/</a>&lt;script&gt;'),
        ("javascript:alert(1)", "<pre>javascript:alert(1)</pre>"),
        ("https://e.org/{{ full_name }}", "https://e.org/Anna</a>"),
    ],
)
def test_addresses_in_a_text_are_links(text: str, shown: str) -> None:
    assert shown in page_of(delivery_of({**HTML, "html": "", "text": text}))


@pytest.mark.parametrize("text", ["https://" * 60_000, "https://e.org/" + "." * 400_000])
def test_a_text_of_addresses_takes_no_longer(text: str) -> None:
    letter = ShownLetter(Preview(subject="", text=text, html=""), "en", False)
    assert effort(lambda: letter.linked_text, 1_500) <= 1_500


def test_what_fills_the_page_has_no_margin() -> None:
    assert 'class="whole"' in page_of(delivery_of(BLOCKS))
    assert 'class="whole"' not in page_of(delivery_of(HTML))


@pytest.mark.parametrize(
    ("bits", "shown"), [(0b00, set()), (0b01, {"members"}), (0b10, {"guests"})]
)
def test_a_letter_of_blocks_has_the_parts_of_its_delivery(bits: int, shown: set[str]) -> None:
    goods = [{"name": "tea"}, {"name": "<b>"}, {"name": "third"}]
    delivery = delivery_of(BLOCKS, condition_bits=bits)
    Recipient.objects.update(attributes={"goods": goods})
    page = page_of(delivery)
    assert {word for word in ("members", "guests") if f"<p>for {word}</p>" in page} == shown
    assert "<i>tea</i><i>&lt;b&gt;</i>" in page and "third" not in page


@pytest.mark.parametrize(
    ("content", "language", "shown"),
    [(BLOCKS, "ru", "de"), (HTML, "fr", "fr"), (HTML, "", "en")],
)
def test_the_page_is_in_the_language_of_the_letter(
    content: dict[str, Any], language: str, shown: str, settings: LazySettings
) -> None:
    settings.LANGUAGE_CODE = "en"
    delivery = delivery_of(content, recipient__language=language)
    assert f'<html lang="{shown}">' in page_of(delivery)


def test_each_sees_the_version_that_went_out() -> None:
    first = delivery_of({**HTML, "html": "<p>second</p>"})
    Run.objects.update(content_version=2)
    run = Run.objects.get()
    RunContent.objects.create(run=run, version=1, content={**HTML, "html": "<p>first</p>"})
    second = DeliveryFactory.create(run=run, state="sent", content_version=2)
    assert "<p>first</p>" in page_of(first) and "<p>second</p>" in page_of(second)
    # Sent, and to be tried again: what went out is what was claimed before.
    Delivery.objects.filter(pk=first.pk).update(state="pending", tries=1)
    assert "<p>first</p>" in page_of(first)


def test_fields_of_one_message_go_before_those_of_the_person() -> None:
    given = {"full_name": "Dr Anna", "unsubscribe_url": "https://evil.example/"}
    page = page_of(delivery_of({**HTML, "fields": given}))
    assert "<p>Hello, Dr Anna</p>" in page and "evil.example" not in page


# --- what it does not give


@pytest.mark.parametrize("content", [HTML, {**HTML, "html": "", "text": HTML["html"]}])
def test_nobody_can_unsubscribe_the_reader_from_it(content: dict[str, Any]) -> None:
    delivery = delivery_of(content)
    page = page_of(delivery)
    assert unsubscribe_token(delivery.pk) not in page and "/u/" not in page
    assert page.count(preferences_url(delivery.run.mailing.owner_id)) >= 2
    assert url_of(delivery) in page


def test_the_link_opens_no_other_page_and_no_other_link_opens_it() -> None:
    delivery = delivery_of(HTML)
    token = url_of(delivery).split("/")[2]
    assert {Client().get(f"/{kind}/{token}/").status_code for kind in "ucp"} == {404}
    assert Client().post(f"/u/{token}/").status_code == 404
    assert Client().get(f"/v/{unsubscribe_token(delivery.pk)}/").status_code == 404
    assert Client().get(f"/u/{unsubscribe_token(delivery.pk)}/").status_code == 200
    assert not Suppression.objects.exists()


def test_forged_links_find_nothing_and_are_limited() -> None:
    delivery, client = delivery_of(HTML), Client()
    token = sealed(VIEW, delivery.pk)
    forged = [token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :] for at in range(10)]
    assert {client.get(f"/v/{one}/").status_code for one in forged} == {404}
    assert client.get(f"/v/{'x' * 32}/").status_code == 429
    assert client.get(url_of(delivery)).status_code == 200, "a genuine link always works"


@pytest.mark.parametrize("content", [HTML, BLOCKS], ids=["html", "blocks"])
def test_a_look_changes_nothing_and_costs_one_query(content: dict[str, Any]) -> None:
    delivery = delivery_of(content)
    before = Delivery.objects.filter(pk=delivery.pk).values().get()
    client = Client()
    for ask in (client.get, client.head):
        with CaptureQueriesContext(connection) as queries:
            response = ask(url_of(delivery))
        assert response.status_code == 200 and not response.cookies
        assert [query["sql"].split()[0] for query in queries] == ["SELECT"]
    assert Delivery.objects.filter(pk=delivery.pk).values().get() == before
    assert not Consent.objects.exists() and not Subscription.objects.exists()


def test_the_answer_is_kept_nowhere_and_may_run_nothing() -> None:
    response = Client().get(url_of(delivery_of(HTML)))
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Frame-Options"] == "DENY"
    policy = {
        name: set(rest)
        for name, *rest in (one.split() for one in response["Content-Security-Policy"].split(";"))
    }
    assert policy["default-src"] == policy["form-action"] == policy["base-uri"] == {"'none'"}
    assert policy["frame-ancestors"] == {"'none'"}
    assert policy["sandbox"] == {"allow-popups", "allow-popups-to-escape-sandbox"}
    assert "script-src" not in policy and "'self'" not in policy["style-src"]


# --- when there is nothing to show


def erased(delivery: Delivery) -> None:
    now = timezone.now()
    request = erasure.ask(recipient=delivery.recipient, by="owner", actor="anna", now=now)
    erasure.carry_out(request_id=request.pk, now=now)


def archived(delivery: Delivery) -> None:
    Recipient.objects.update(archived_at=timezone.now())


def run_deleted(delivery: Delivery) -> None:
    delivery.run.delete()


def person_deleted(delivery: Delivery) -> None:
    delivery.recipient.delete()


def moved(delivery: Delivery) -> None:
    Recipient.objects.update(email="other@example.org")


def owner_blocked(delivery: Delivery) -> None:
    User.objects.update(is_active=False)


def version_lost(delivery: Delivery) -> None:
    Run.objects.update(content_version=2)


def unfit(delivery: Delivery) -> None:
    Recipient.objects.update(attributes={"site": "javascript:alert(1)"})
    Run.objects.update(content={**HTML, "html": "<p><a href='{{ site }}'>x</a></p>"})


@pytest.mark.parametrize(
    "away",
    [erased, archived, run_deleted, person_deleted, moved, owner_blocked, version_lost, unfit],
)
def test_what_is_gone_says_so(away: Callable[[Delivery], None]) -> None:
    delivery = delivery_of(HTML)
    url = url_of(delivery)
    assert Client().get(url).status_code == 200
    away(delivery)
    response = Client().get(url, headers={"Accept-Language": "en"})
    page = response.content.decode()
    assert response.status_code == 410 and "Anna" not in page
    assert "This message can’t be shown" in page and "<main" in page
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "style-src 'self'" in response["Content-Security-Policy"]


def test_the_link_of_a_test_message_says_so() -> None:
    assert Client().get(f"/v/{sealed(VIEW, 0)}/").status_code == 410


def test_a_letter_with_a_code_has_no_such_page() -> None:
    assert Client().get(url_of(delivery_of({**BLOCKS, "view_page": False}))).status_code == 404


def test_a_letter_of_blocks_of_before_there_was_the_page_has_none() -> None:
    before = {name: part for name, part in BLOCKS.items() if name != "view_page"}
    assert Client().get(url_of(delivery_of(before))).status_code == 404


def test_a_confirmation_has_no_such_page() -> None:
    delivery = delivery_of({**HTML, "fields": {"confirm_url": "https://example.org/c/secret/"}})
    Mailing.objects.update(purpose="confirmation")
    assert Client().get(url_of(delivery)).status_code == 404


def test_telegram_and_phones_are_shown_as_well() -> None:
    run = RunFactory.create(state="done", outcome="success", sent=1, content=HTML)
    delivery = DeliveryFactory.create(
        run=run, state="sent", channel="telegram", address="100", recipient__telegram_chat_id=100
    )
    assert "Hello, Анна" in page_of(delivery)
