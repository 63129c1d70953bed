"""MAX and VK: connecting by a link, leaving, coming back, and what they call or are asked."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.feedback.models import MessengerLink, PublicLink
from apps.feedback.services.messengers import links, secrets, updates
from apps.feedback.services.public_links import make_link, url_of
from apps.mailings.links import unsubscribe_token
from apps.mailings.models import Recipient, Suppression
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.factories import DeliveryFactory, RecipientFactory
from tests.feedback.updates import max_update, vk_event
from tests.http_service import HttpService, Request

TOKEN = "secret-token"
DONE = "Done: you will get our messages here."


class FakeServices:
    """As much of MAX and VK as the rest needs."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.webhooks: list[dict[str, Any]] = []
        self.said: list[tuple[str, str]] = []
        self.refuses = False

    def __call__(self, request: Request) -> Any:
        verb, path, _http = request.line.split(" ")
        if self.refuses:
            refusal = {"code": "x", "message": TOKEN, "error": {"error_code": 901, "error_msg": ""}}
            return http.json_reply(refusal, 403)(request)
        found = urlsplit(path)
        return http.json_reply(self.answer(verb, found.path, parse_qs(found.query), request))(
            request
        )

    def answer(self, verb: str, path: str, asked: dict[str, list[str]], request: Request) -> Any:
        if path == "/method/messages.send":
            fields = parse_qs(request.body.decode())
            self.said.append((fields["user_id"][0], fields["message"][0]))
            return {"response": 5}
        assert request.headers["authorization"] == TOKEN
        if path == "/updates":
            assert asked["types"] == ["bot_started,bot_stopped"]
            waiting, self.updates = self.updates, []
            return {"updates": waiting, "marker": 25}
        if path == "/messages":
            self.said.append((asked["user_id"][0], request.json["text"]))
            return {"message": {"body": {"mid": "mid.1"}}}
        if verb == "POST":
            self.webhooks.append(request.json)
            return {"success": True}
        if verb == "DELETE":
            self.webhooks = [one for one in self.webhooks if one["url"] not in asked["url"]]
            return {"success": True}
        return {"subscriptions": self.webhooks}


@pytest.fixture
def far(settings: LazySettings) -> Iterator[FakeServices]:
    fake = FakeServices()
    with HttpService(fake) as service:
        settings.ACCOUNTS = {
            **settings.ACCOUNTS,
            "max_bot": AccountSettings(
                kind="max", token=TOKEN, username="news_bot", url=service.url
            ),
            "vk_news": AccountSettings(
                kind="vk", token=TOKEN, username="123", url=service.url, confirmation="a1b2c3"
            ),
        }
        yield fake


@pytest.fixture
def recipient(db: None, far: FakeServices) -> Recipient:
    return RecipientFactory.create()


def token_for(recipient: Recipient, account: str) -> str:
    link = links.make_link(recipient=recipient, account=account, now=timezone.now())
    address = links.address_of(link)
    return address.partition("?start=" if account == "max_bot" else "?ref=")[2]


def take(update: object, account: str) -> tuple[int, str] | None:
    return updates.take_update(account=account, update=update, now=timezone.now())


# --- connecting, leaving, coming back ---


def test_a_link_leads_to_the_bot_or_the_community(recipient: Recipient) -> None:
    now = timezone.now()
    ours = links.make_link(recipient=recipient, account="max_bot", now=now)
    assert links.address_of(ours).startswith("https://max.ru/news_bot?start=")
    theirs = links.make_link(recipient=recipient, account="vk_news", now=now)
    assert links.address_of(theirs).startswith("https://vk.me/club123?ref=")
    # A link to one messenger ends none to another.
    assert links.open_link(recipient=recipient, channel="max", now=now) == ours
    assert links.bots() == ["max_bot", "vk_news"]
    with pytest.raises(links.BotMissing):
        links.make_link(recipient=recipient, account="email", now=now)


def test_max_connects_stops_and_starts_again(recipient: Recipient) -> None:
    started = max_update("bot_started", payload=token_for(recipient, "max_bot"))
    assert take(started, "max_bot") == (77, DONE)
    assert take(started, "max_bot") is None  # the same update
    recipient.refresh_from_db()
    assert recipient.max_user_id == 77
    take(max_update("bot_stopped", timestamp=2), "max_bot")
    row = Suppression.objects.get()
    assert (row.channel, row.address, row.reason) == ("max", "77", "bounced")
    assert take(max_update("bot_started", timestamp=3), "max_bot") is None
    assert not Suppression.objects.exists()


def test_vk_connects_denies_and_allows(recipient: Recipient) -> None:
    token = token_for(recipient, "vk_news")
    first = vk_event("message_new", message={"from_id": 77, "peer_id": 77, "ref": token})
    assert take(first, "vk_news") == (77, DONE)
    recipient.refresh_from_db()
    assert recipient.vk_user_id == 77
    take(vk_event("message_deny", 2, user_id=77), "vk_news")
    assert Suppression.objects.get().channel == "vk"
    take(vk_event("message_allow", 3, user_id=77, key=""), "vk_news")
    assert not Suppression.objects.exists()


def test_a_link_of_one_messenger_opens_nothing_at_another(recipient: Recipient) -> None:
    token = token_for(recipient, "max_bot")
    said = take(vk_event("message_allow", user_id=77, key=token), "vk_news")
    assert "has been used" in (said or (0, ""))[1]


def test_one_person_is_one_recipient_of_an_owner(recipient: Recipient) -> None:
    RecipientFactory.create(owner=recipient.owner, max_user_id=77)
    started = max_update("bot_started", payload=token_for(recipient, "max_bot"))
    assert "already" in (take(started, "max_bot") or (0, ""))[1]
    assert MessengerLink.objects.get().used_at is None


# --- webhooks ---


def call(kind: str, account: str, body: Any, header: str | None = None, path: str = "") -> Any:
    url = f"/hooks/{kind}/{path or secrets.path_secret(kind, account)}/"
    given = secrets.call_secret(kind, account) if header is None else header
    headers = {"X-Max-Bot-Api-Secret": given} if kind == "max" else {}
    text = json.dumps(body).encode() if not isinstance(body, bytes) else body
    client = Client(enforce_csrf_checks=True)
    return client.post(url, text, content_type="application/json", headers=headers)


def test_the_webhook_of_max_connects_and_says_so(recipient: Recipient, far: FakeServices) -> None:
    started = max_update("bot_started", payload=token_for(recipient, "max_bot"))
    assert call("max", "max_bot", started, header="x").status_code == 403
    assert call("max", "max_bot", started, path="x" * 43).status_code == 404
    assert call("max", "max_bot", b"{").status_code == 400
    response = call("max", "max_bot", started)
    assert (response.status_code, response.content) == (200, b"")
    assert far.said == [("77", DONE)]
    assert call("max", "max_bot", max_update("bot_stopped")).status_code == 200
    assert len(far.said) == 1


@pytest.mark.parametrize("account", ["max_bot", "vk_news"])
def test_what_cannot_be_said_keeps_nobody_from_connecting(
    recipient: Recipient, far: FakeServices, account: str
) -> None:
    token, far.refuses = token_for(recipient, account), True
    if account == "max_bot":
        assert call("max", account, max_update("bot_started", payload=token)).status_code == 200
    else:
        event = vk_event("message_allow", user_id=77, key=token)
        event["secret"] = secrets.call_secret("vk", account)
        assert call("vk", account, event).content == b"ok"
    recipient.refresh_from_db()
    assert 77 in (recipient.max_user_id, recipient.vk_user_id)


def test_the_callback_of_vk_wants_its_secret_and_answers_ok(
    recipient: Recipient, far: FakeServices
) -> None:
    event = vk_event("message_allow", user_id=77, key=token_for(recipient, "vk_news"))
    assert call("vk", "vk_news", event).status_code == 403
    assert call("vk", "vk_news", []).status_code == 403
    event["secret"] = secrets.call_secret("vk", "vk_news")
    response = call("vk", "vk_news", event)
    assert (response.status_code, response.content) == (200, b"ok")
    assert far.said == [("77", DONE)]
    assert len(event["secret"]) == 40 and event["secret"].isalnum()


def test_the_callback_of_vk_is_confirmed_for_its_own_community(
    recipient: Recipient, settings: LazySettings
) -> None:
    asked = {"type": "confirmation", "group_id": 123}
    assert call("vk", "vk_news", asked).content == b"a1b2c3"
    assert call("vk", "vk_news", {**asked, "group_id": 5}).status_code == 404
    settings.ACCOUNTS = {
        "vk_news": settings.ACCOUNTS["vk_news"].model_copy(update={"confirmation": ""})
    }
    assert call("vk", "vk_news", asked).status_code == 404


# --- commands ---


def test_polling_max_connects_and_confirms(recipient: Recipient, far: FakeServices) -> None:
    far.updates = [max_update("bot_started", payload=token_for(recipient, "max_bot"))]
    call_command("poll_max", "--once")
    recipient.refresh_from_db()
    assert recipient.max_user_id == 77
    assert far.said == [("77", DONE)]


def test_the_webhook_of_max_is_set_and_ended(
    recipient: Recipient, far: FakeServices, settings: LazySettings
) -> None:
    settings.SITE_URL = "https://mail.example.org"
    call_command("poll_max", "--webhook", "on", stdout=io.StringIO())
    (asked,) = far.webhooks
    assert asked["url"].startswith("https://mail.example.org/hooks/max/")
    assert asked["secret"] == secrets.call_secret("max", "max_bot")
    assert asked["update_types"] == ["bot_started", "bot_stopped"]
    with pytest.raises(CommandError, match="A webhook is set"):
        call_command("poll_max", "--once")
    call_command("poll_max", "--webhook", "off", stdout=io.StringIO())
    assert far.webhooks == []


def test_a_token_is_never_shown(recipient: Recipient, far: FakeServices) -> None:
    far.refuses = True
    with pytest.raises(CommandError) as caught:
        call_command("poll_max", "--once")
    assert TOKEN not in str(caught.value)


def test_what_to_enter_at_vk_is_shown(far: FakeServices, settings: LazySettings) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="https"):
        call_command("vk_callback", stdout=out)
    settings.SITE_URL = "https://mail.example.org"
    call_command("vk_callback", "vk_news", stdout=out)
    assert f"https://mail.example.org/hooks/vk/{secrets.path_secret('vk', 'vk_news')}/" in (
        out.getvalue()
    )
    assert secrets.call_secret("vk", "vk_news") in out.getvalue()
    with pytest.raises(CommandError, match="Name one of the communities"):
        call_command("vk_callback", "nobody")


# --- the page ---


@pytest.mark.parametrize(("kind", "account"), [("max", "max_bot"), ("vk", "vk_news")])
def test_the_owner_makes_a_link_and_sees_it_as_a_picture(
    recipient: Recipient, kind: str, account: str
) -> None:
    client = Client()
    client.force_login(recipient.owner)
    url = f"/recipients/{recipient.pk}/{kind}/"
    assert client.get(f"{url}qr.svg").status_code == 404
    other = "vk_news" if kind == "max" else "max_bot"
    assert client.post(url, {"account": other}).status_code == 404
    assert client.post(url, {"account": account}).status_code == 302
    link = MessengerLink.objects.get(recipient=recipient)
    assert links.address_of(link) in client.get(url).content.decode()
    assert client.get(f"{url}qr.svg")["Content-Type"] == "image/svg+xml"
    assert url.encode() in client.get(f"/recipients/{recipient.pk}/").content


# --- the page of preferences ---


def test_a_person_connects_a_messenger_behind_a_fresh_link(recipient: Recipient) -> None:
    fresh = make_link(
        recipient=recipient, purpose=PublicLink.Purpose.PREFERENCES, now=timezone.now()
    )
    url = "/p/" + url_of(fresh).rpartition("/p/")[2]
    page = Client().get(url).content.decode()
    assert "Connect MAX" in page and "Connect VK" in page
    page = Client().post(url, {"act": "connect", "account": "max_bot"}).content.decode()
    link = MessengerLink.objects.get(recipient=recipient)
    assert f'href="{links.address_of(link)}"' in page
    assert Client().post(url, {"act": "connect", "account": "email"}).status_code == 404


def test_who_has_a_forwarded_letter_connects_nothing(recipient: Recipient) -> None:
    delivery = DeliveryFactory.create(recipient=recipient, state="sent")
    url = f"/u/{unsubscribe_token(delivery.pk)}/"
    assert "Connect MAX" not in Client().get(url).content.decode()
    assert Client().post(url, {"act": "connect", "account": "max_bot"}).status_code == 404
    assert not MessengerLink.objects.exists()


def test_several_bots_of_one_messenger_have_their_names(
    far: FakeServices, settings: LazySettings
) -> None:
    known = settings.ACCOUNTS
    settings.ACCOUNTS = {**known, "max_two": known["max_bot"]}
    assert links.labelled() == [
        ("max_bot", "MAX (max_bot)"),
        ("max_two", "MAX (max_two)"),
        ("vk_news", "VK"),
    ]
