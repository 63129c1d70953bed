"""A superuser adds, changes and removes sending accounts on a page; the page writes ``.env``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.delivery.account_settings.declarations import SECRETS
from apps.delivery.account_settings.presets import PRESETS
from apps.delivery.channels import KINDS
from apps.delivery.models import AccountState
from config.account_settings import AccountSettings
from config.live_accounts import LiveAccounts
from tests.delivery.engine.workers import send
from tests.env_file import env_file
from tests.factories import ManagerFactory, UserFactory, mailing_to
from tests.people import HTMX
from tests.smtp_script import Behavior
from tests.smtp_server import SmtpServer

__all__ = ["env_file"]  # a fixture

pytestmark = pytest.mark.django_db

Live = tuple[Path, LiveAccounts]
PASSWORD = "an app's password #1"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(UserFactory.create(is_superuser=True))
    return client


@pytest.fixture
def server() -> SmtpServer:
    return SmtpServer(Behavior(auth=("PLAIN",), user="news@example.org", password=PASSWORD))


def typed(at: int, **more: str) -> dict[str, str]:
    """What a newcomer types for a mail server on this machine."""
    fields = {"name": "news", "host": "127.0.0.1", "port": str(at), "security": "none"}
    signed_in = {"username": "news@example.org", "password": PASSWORD}
    sender = {"from_email": "news@example.org", "from_name": "Example News"}
    return {**fields, **signed_in, **sender, "act": "save", **more}


def new(**query: str) -> str:
    return reverse("sending:new", query=query)


def edit(name: str = "news") -> str:
    return reverse("sending:edit", args=[name])


def added(client: Client, server: SmtpServer) -> None:
    with server:
        assert client.post(new(preset="postfix"), typed(server.port)).status_code == 302


def test_a_newcomer_adds_an_account_tests_it_and_sends_by_it_without_a_restart(
    client: Client, server: SmtpServer, env_file: Live
) -> None:
    file, live = env_file
    page = client.get(new(preset="yandex360")).content.decode()
    assert 'value="smtp.yandex.ru"' in page and 'value="465"' in page
    with server:
        tested = client.post(new(preset="yandex360"), typed(server.port, act="test"), headers=HTMX)
        assert "It works" in tested.content.decode()
        assert file.read_text(encoding="utf-8").count("\n") == 2  # nothing was saved
        saved = client.post(new(preset="yandex360"), typed(server.port))
        assert saved.status_code == 302
        run = send(mailing_to(2, account="news"))
        assert run.sent == 2
        assert len(server.accepted) == 2
    text = file.read_text(encoding="utf-8")
    assert "ACCOUNTS__NEWS__HOST=127.0.0.1\n" in text
    assert live.keys_of("news")["password"] == PASSWORD


def test_nothing_is_saved_while_the_server_refuses_unless_it_is_asked_for(
    client: Client, server: SmtpServer, env_file: Live
) -> None:
    _file, live = env_file
    wrong = typed(server.port, password="wrong")
    with server:
        page = client.post(new(kind="smtp"), wrong).content.decode()
        assert "Nothing was saved" in page and "535" in page
        assert "news" not in live.accounts
        client.post(new(kind="smtp"), {**wrong, "untested": "1"})
    assert "news" in live.accounts


def test_a_secret_is_written_and_never_shown(
    client: Client, server: SmtpServer, env_file: Live
) -> None:
    added(client, server)
    page = client.get(edit()).content.decode()
    assert PASSWORD not in page and "an app" not in page
    assert "Stored. Leave it empty to keep it." in page
    accounts = client.get(reverse("sending:accounts")).content.decode()
    assert edit() in accounts and "an app" not in accounts


def test_a_stored_secret_stays_when_only_a_limit_changes(
    client: Client, server: SmtpServer, env_file: Live
) -> None:
    _file, live = env_file
    added(client, server)
    with SmtpServer(server.behavior) as again:
        live.save("news", {"port": str(again.port)})
        changed = typed(again.port, per_day="500", hours="09:00-18:00", password="")
        assert client.post(edit(), changed).status_code == 302
    account = live.accounts["news"]
    assert (account.per_day, account.hours, account.password) == (500, "09:00-18:00", PASSWORD)


@pytest.mark.parametrize("field", ["host", "port", "username", "security"])
def test_a_stored_secret_is_not_sent_to_another_server(
    client: Client, server: SmtpServer, env_file: Live, field: str
) -> None:
    """A borrowed session must not get it out."""
    added(client, server)
    other = {"host": "evil.example", "port": "26", "username": "eve", "security": "starttls"}
    moved = typed(server.port, password="", **{field: other[field]})
    page = client.post(edit(), {**moved, "act": "test"}).content.decode()
    assert "Enter it again" in page


@pytest.mark.parametrize("key", ["oauth_token_file", "oauth_token_command"])
def test_where_a_token_of_the_server_goes_is_not_changed_on_a_page(
    client: Client, env_file: Live, key: str
) -> None:
    _file, live = env_file
    of_server = {"kind": "smtp", "host": "127.0.0.1", "port": "1", "username": "a@b.ru"}
    live.save("news", {**of_server, key: "/bin/true"})
    client.post(edit(), {"host": "evil.example", "act": "save", "untested": "1", "per_day": "9"})
    assert live.accounts["news"].host == "127.0.0.1"
    assert live.accounts["news"].per_day == 9


def test_no_page_sets_what_reads_a_file_or_runs_a_program(client: Client, env_file: Live) -> None:
    _file, live = env_file
    form = {"name": "news", "host": "127.0.0.1", "security": "none", "username": "a"}
    more = {"oauth_token_file": "/etc/passwd", "oauth_token_command": "id", "ca_file": "/etc/hosts"}
    client.post(new(kind="smtp"), {**form, **more, "act": "save", "untested": "1"})
    assert set(live.keys_of("news")) == {"kind", "host", "security", "username"}
    assert "account_choice" in str(client.get(new(kind="backend")).templates[0].name)


def test_a_file_that_cannot_be_written_shows_the_lines_without_the_secret(
    client: Client, server: SmtpServer, env_file: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", read_only)
    with server:
        page = client.post(new(kind="smtp"), typed(server.port)).content.decode()
    assert "ACCOUNTS__NEWS__HOST=127.0.0.1" in page
    assert "ACCOUNTS__NEWS__PASSWORD=(yours)" in page
    assert "app&#x27;s" not in page.partition('<form class="sheet-block')[0]


def test_the_page_says_before_that_the_file_cannot_be_written(
    client: Client, env_file: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "can’t be written here" in client.get(new(kind="smtp")).content.decode()


def test_an_account_that_needed_attention_sends_again_once_its_new_password_works(
    client: Client, server: SmtpServer, env_file: Live
) -> None:
    added(client, server)
    AccountState.objects.update_or_create(name="news", defaults={"state": "down"})
    with SmtpServer(server.behavior) as again:
        client.post(edit(), typed(again.port))
    assert AccountState.objects.get(name="news").state == "ready"


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", "Новости", "small Latin letters"),
        ("name", "a__b", "small Latin letters"),
        ("name", "email", "There is an account of this name"),
        ("host", "", "This field is required"),
        ("port", "70000", "from 1 to 65535"),
        ("from_email", "nobody", "Enter an email address"),
        ("hours", "noon", "like 09:00-18:00"),
        ("weekdays", "someday", "mon-fri"),
        ("users", "anna", "email addresses of users"),
        ("ehlo_name", "a b", "domain name"),
    ],
)
def test_a_wrong_field_is_named_in_the_language_of_the_page(
    client: Client, env_file: Live, field: str, value: str, text: str
) -> None:
    page = client.post(new(kind="smtp"), typed(1, **{field: value})).content.decode()
    assert text in page


def test_removing_asks_and_names_what_stands_in_the_way(
    client: Client, server: SmtpServer, env_file: Live
) -> None:
    _file, live = env_file
    added(client, server)
    live.save("spare", {"kind": "smtp", "host": "127.0.0.1", "fallback": "news"})
    remove = reverse("sending:remove", args=["news"])
    assert "removed from .env" in client.get(remove).content.decode()
    assert "fallback of spare" in client.post(remove).content.decode()
    live.remove("spare")
    assert client.post(remove).status_code == 302
    assert "news" not in live.accounts


def test_a_changed_file_that_cannot_be_used_is_said_on_the_page(
    client: Client, env_file: Live
) -> None:
    file, _live = env_file
    with file.open("a", encoding="utf-8") as end:
        end.write("ACCOUNTS__NEWS__KIND=pigeon\n")
    os.utime(file, (1, 1))
    page = client.get(reverse("sending:accounts")).content.decode()
    assert "ACCOUNTS__NEWS__KIND: is none of" in page


@pytest.mark.parametrize("name", ["email", "nobody"])
def test_what_has_no_keys_of_its_own_cannot_be_edited(
    client: Client, env_file: Live, name: str
) -> None:
    assert client.get(edit(name)).status_code == 404
    assert client.post(reverse("sending:remove", args=[name])).status_code == 404


def test_managers_see_the_accounts_and_no_way_to_change_them(env_file: Live) -> None:
    client = Client()
    client.force_login(ManagerFactory.create())
    page = client.get(reverse("sending:accounts")).content.decode()
    assert reverse("sending:new") not in page
    assert client.post(new(kind="smtp"), {}).status_code == 403


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.code)
def test_a_preset_is_an_account_that_lacks_only_its_secrets(
    client: Client, env_file: Live, preset: object, settings: LazySettings
) -> None:
    found = PRESETS[getattr(preset, "code")]
    own = dict.fromkeys(("username", "password", "token", "sender"), "a")
    given = {"kind": found.kind, **(own if found.kind == "sms" else {}), **found.keys}
    assert AccountSettings.model_validate(given)
    assert not set(found.keys) & set(SECRETS)
    assert client.get(new(preset=found.code)).status_code == 200


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_names_keys_that_an_account_has(kind: object) -> None:
    keys = KINDS[getattr(kind, "name")].keys
    assert set(keys) <= set(AccountSettings.model_fields)
