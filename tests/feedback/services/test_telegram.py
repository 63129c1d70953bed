"""Connecting by a link, leaving and coming back (D035-D037, D040)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.feedback.models import Event, MessengerLink
from apps.feedback.services.messengers import links, secrets, updates
from apps.mailings.forms.recipients import RecipientForm
from apps.mailings.links import sealed
from apps.mailings.models import Recipient, Suppression
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.factories import RecipientFactory, SuppressionFactory
from tests.feedback.updates import member, start
from tests.http_service import HttpService, Request

TOKEN = "123456:ABC-def"


@pytest.fixture
def bot(settings: LazySettings) -> Callable[..., None]:
    def declare(name: str = "bot", url: str = "") -> None:
        account = AccountSettings(kind="telegram", token=TOKEN, username="news_bot", url=url)
        settings.ACCOUNTS = {**settings.ACCOUNTS, name: account}

    declare()
    return declare


@pytest.fixture
def recipient(db: None, bot: object) -> Recipient:
    return RecipientFactory.create()


def link_for(recipient: Recipient, account: str = "bot") -> str:
    """The token in a fresh link."""
    link = links.make_link(recipient=recipient, account=account, now=timezone.now())
    return links.address_of(link).partition("?start=")[2]


def take(update: object, account: str = "bot", **later: float) -> tuple[int, str] | None:
    now = timezone.now() + timedelta(**later)
    return updates.take_update(account=account, update=update, now=now)


# --- connecting ---


def test_a_link_connects_its_recipient_once(recipient: Recipient) -> None:
    token = link_for(recipient)
    assert len(token) <= 64
    assert token.replace("-", "").replace("_", "").isalnum()
    assert take(start(f"/start {token}")) == (77, "Done: you will get our messages here.")
    recipient.refresh_from_db()
    assert recipient.telegram_chat_id == 77
    chat, text = take(start(f"/start {token}", number=2, chat=88)) or (0, "")
    assert (chat, text[:23]) == (88, "This link has been used")
    recipient.refresh_from_db()
    assert recipient.telegram_chat_id == 77


def test_the_same_update_counts_once(recipient: Recipient) -> None:
    update = start(f"/start {link_for(recipient)}")
    assert take(update) is not None
    Recipient.objects.update(telegram_chat_id=None)
    assert take(update) is None
    assert Event.objects.count() == 1


@pytest.mark.parametrize("how", ["forged", "other purpose", "too old", "other bot", "replaced"])
def test_no_other_link_connects(recipient: Recipient, bot: Callable[..., None], how: str) -> None:
    token = link_for(recipient)
    link = MessengerLink.objects.get()
    if how == "forged":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    if how == "other purpose":
        token = sealed(b"unsubscribe", link.pk)
    if how == "replaced":
        link_for(recipient)
    if how == "other bot":
        bot("second")
    account = "second" if how == "other bot" else "bot"
    later = {"days": 8.0} if how == "too old" else {}
    assert "has been used" in (take(start(f"/start {token}"), account, **later) or (0, ""))[1]
    recipient.refresh_from_db()
    assert recipient.telegram_chat_id is None


def test_an_archived_recipient_is_not_connected(recipient: Recipient) -> None:
    token = link_for(recipient)
    Recipient.objects.update(archived_at=timezone.now())
    take(start(f"/start {token}"))
    recipient.refresh_from_db()
    assert recipient.telegram_chat_id is None


def test_one_chat_is_one_recipient_of_an_owner_and_the_link_is_not_lost(
    recipient: Recipient,
) -> None:
    other = RecipientFactory.create(owner=recipient.owner, telegram_chat_id=77)
    token = link_for(recipient)
    assert "already" in (take(start(f"/start {token}")) or (0, ""))[1]
    assert MessengerLink.objects.get().used_at is None
    other.delete()
    assert "Done" in (take(start(f"/start {token}", number=2)) or (0, ""))[1]


def test_two_owners_may_write_to_one_chat(recipient: Recipient) -> None:
    RecipientFactory.create(telegram_chat_id=77)
    assert "Done" in (take(start(f"/start {link_for(recipient)}")) or (0, ""))[1]


# --- leaving and coming back ---


def test_who_blocks_the_bot_is_suppressed_and_who_unblocks_it_is_not(recipient: Recipient) -> None:
    Recipient.objects.update(telegram_chat_id=77)
    RecipientFactory.create(telegram_chat_id=78)
    take(member("kicked"))
    row = Suppression.objects.get()
    assert (row.owner, row.channel, row.address, row.reason) == (
        recipient.owner,
        "telegram",
        "77",
        "bounced",
    )
    take(member("kicked", number=2))
    assert Suppression.objects.count() == 1
    take(member("member", number=3))
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("reason", "lifted"), [("bounced", True), ("unsubscribed", False)])
def test_a_new_start_lifts_a_block_and_no_unsubscription(
    recipient: Recipient, reason: str, lifted: bool
) -> None:
    SuppressionFactory.create(
        owner=recipient.owner, channel="telegram", address="77", reason=reason
    )
    assert take(start("/start")) is None
    assert Suppression.objects.exists() is not lifted


# --- the webhook ---


def hook(body: bytes, path: str | None = None, header: str | None = None) -> Any:
    path = secrets.path_secret("telegram", "bot") if path is None else path
    header = secrets.call_secret("telegram", "bot") if header is None else header
    headers = {"X-Telegram-Bot-Api-Secret-Token": header} if header else {}
    client = Client(enforce_csrf_checks=True)
    url = f"/hooks/telegram/{path}/"
    return client.post(url, body, content_type="application/json", headers=headers)


def test_the_webhook_answers_with_the_bots_words(recipient: Recipient) -> None:
    response = hook(json.dumps(start(f"/start {link_for(recipient)}")).encode())
    assert response.json() == {
        "method": "sendMessage",
        "chat_id": 77,
        "text": "Done: you will get our messages here.",
    }
    recipient.refresh_from_db()
    assert recipient.telegram_chat_id == 77


def test_the_webhook_wants_both_secrets(recipient: Recipient) -> None:
    body = json.dumps(start(f"/start {link_for(recipient)}")).encode()
    assert hook(body, header="x" * 43).status_code == 403
    assert hook(body, header="").status_code == 403
    assert hook(body, header=secrets.path_secret("telegram", "bot")).status_code == 403
    assert hook(body, path="x" * 43).status_code == 404
    assert hook(body, path=secrets.path_secret("telegram", "email")).status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[" * 9000, 400), (b"\xff", 400), (b"[]", 200), (b"7", 200)],
)
def test_nonsense_changes_nothing(recipient: Recipient, body: bytes, status: int) -> None:
    assert hook(body).status_code == status
    assert not Event.objects.exists()


def test_a_long_call_is_not_read(recipient: Recipient) -> None:
    assert hook(b" " * 1_000_001).status_code == 413


# --- asking ---


class FakeTelegram:
    """As much of the Bot API as a poller needs: updates are kept until an offset passes them."""

    def __init__(self, *updates: dict[str, Any], webhook: str = "") -> None:
        self.updates, self.webhook = list(updates), webhook
        self.sent: list[dict[str, Any]] = []
        self.called: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: Request) -> Any:
        token, method = request.path.removeprefix("/bot").split("/")
        assert token == TOKEN
        self.called.append((method, request.json))
        return http.json_reply(*getattr(self, method)(request.json))(request)

    def getWebhookInfo(self, _: Any) -> tuple[Any, int]:
        return {"ok": True, "result": {"url": self.webhook}}, 200

    def getUpdates(self, asked: Any) -> tuple[Any, int]:
        if self.webhook:
            return {"ok": False, "error_code": 409, "description": f"Conflict {TOKEN}"}, 409
        self.updates = [one for one in self.updates if one["update_id"] >= asked["offset"]]
        return {"ok": True, "result": self.updates[: asked["limit"]]}, 200

    def sendMessage(self, asked: Any) -> tuple[Any, int]:
        self.sent.append(asked)
        return {"ok": True, "result": {"message_id": 1}}, 200

    def setWebhook(self, asked: Any) -> tuple[Any, int]:
        self.webhook = asked["url"]
        return {"ok": True, "result": True}, 200

    def deleteWebhook(self, _: Any) -> tuple[Any, int]:
        self.webhook = ""
        return {"ok": True, "result": True}, 200


@pytest.fixture
def service(bot: Callable[..., None]) -> Iterator[tuple[HttpService, FakeTelegram]]:
    far = FakeTelegram()
    with HttpService(far) as service:
        bot(url=service.url)
        yield service, far


def test_polling_connects_answers_and_confirms_how_far_it_came(
    recipient: Recipient, service: tuple[HttpService, FakeTelegram]
) -> None:
    far = service[1]
    far.updates = [
        {"update_id": 9, "message": {}},
        start(f"/start {link_for(recipient)}", number=10),
        member("kicked", number=11),
    ]
    call_command("poll_telegram", "--once")
    recipient.refresh_from_db()
    assert recipient.telegram_chat_id == 77
    assert far.sent == [{"chat_id": 77, "text": "Done: you will get our messages here."}]
    assert far.updates == []
    assert Suppression.objects.get().address == "77"


def test_polling_refuses_while_a_webhook_is_set(
    recipient: Recipient, service: tuple[HttpService, FakeTelegram]
) -> None:
    service[1].webhook = "https://example.org/"
    with pytest.raises(CommandError, match="A webhook is set") as caught:
        call_command("poll_telegram", "--once")
    assert caught.value.returncode == 2
    assert [name for name, _ in service[1].called] == ["getWebhookInfo"]


def test_the_webhook_is_set_and_ended(
    recipient: Recipient, service: tuple[HttpService, FakeTelegram], settings: LazySettings
) -> None:
    with pytest.raises(CommandError, match="https"):
        call_command("poll_telegram", "--webhook", "on")
    settings.SITE_URL = "https://mail.example.org"
    call_command("poll_telegram", "bot", "--webhook", "on")
    name, asked = service[1].called[-1]
    assert name == "setWebhook"
    assert asked["url"].startswith("https://mail.example.org/hooks/telegram/")
    assert asked["secret_token"] == secrets.call_secret("telegram", "bot")
    assert asked["allowed_updates"] == ["message", "my_chat_member"]
    call_command("poll_telegram", "--webhook", "off")
    assert service[1].webhook == ""


def test_a_bots_token_is_never_shown(
    recipient: Recipient, service: tuple[HttpService, FakeTelegram], bot: Callable[..., None]
) -> None:
    service[0].script.append(
        http.json_reply({"ok": False, "description": f"bad token {TOKEN}"}, 401)
    )
    with pytest.raises(CommandError) as caught:
        call_command("poll_telegram", "--once")
    assert TOKEN not in str(caught.value)
    bot(url="http://127.0.0.1:9/")
    with pytest.raises(CommandError) as caught:
        call_command("poll_telegram", "--once")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("names", [(), ("email",), ("nobody",)])
def test_without_a_bot_the_command_says_what_is_missing(
    settings: LazySettings, names: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="Name one of the bots|There is no bot"):
        call_command("poll_telegram", *names)


# --- the page ---


def test_the_owner_makes_a_link_and_sees_it_as_a_picture(recipient: Recipient) -> None:
    client = Client()
    client.force_login(recipient.owner)
    url = f"/recipients/{recipient.pk}/telegram/"
    assert b"t.me" not in client.get(url).content
    assert client.get(f"{url}qr.svg").status_code == 404
    assert client.post(url, {"account": "nobody"}).status_code == 404
    assert client.post(url, {"account": "bot"}).status_code == 302
    page = client.get(url).content.decode()
    assert f"https://t.me/news_bot?start={link_of(recipient)}" in page
    picture = client.get(f"{url}qr.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<?xml") or picture.content.startswith(b"<svg")
    assert b"style" not in picture.content
    assert b"script" not in picture.content
    assert f"{url}".encode() in client.get(f"/recipients/{recipient.pk}/").content


def link_of(recipient: Recipient) -> str:
    return sealed(b"telegram", MessengerLink.objects.get(recipient=recipient).pk)


def test_without_a_bot_the_page_says_so(settings: LazySettings, recipient: Recipient) -> None:
    settings.ACCOUNTS = {n: a for n, a in settings.ACCOUNTS.items() if n != "bot"}
    client = Client()
    client.force_login(recipient.owner)
    page = client.get(f"/recipients/{recipient.pk}/telegram/").content.decode()
    assert "No bot of Telegram is connected" in page
    assert "<button" not in page.partition("sheet-block")[2].partition("</section>")[0]


@pytest.mark.parametrize("value", ["@anna", "anna", "https://t.me/anna"])
def test_a_name_is_refused_with_an_explanation(recipient: Recipient, value: str) -> None:
    form = RecipientForm({"telegram_chat_id": value}, owner=recipient.owner)
    assert not form.is_valid()
    assert "by @name" in form.errors["telegram_chat_id"][0]
