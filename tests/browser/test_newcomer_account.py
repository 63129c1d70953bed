"""A newcomer adds a Yandex 360 account on the page, tests it and sends: no restart, no editor."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from config.live_accounts import LiveAccounts
from tests.browser.conftest import Visit, sign_in
from tests.delivery.channels.email.smtp.smtp_promises import certificate
from tests.delivery.engine.workers import send
from tests.env_file import env_file
from tests.factories import UserFactory, confirmed, mailing_to
from tests.smtp_script import Behavior
from tests.smtp_server import SmtpServer

__all__ = ["env_file"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "an app's password #1"


@pytest.fixture
def yandex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmtpServer:
    """A server that answers as smtp.yandex.ru, over TLS with a certificate of that name."""
    folder = tmp_path / "tls"
    folder.mkdir()
    context, _ = certificate(folder, name="smtp.yandex.ru")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "server.pem"))
    behavior = Behavior(tls=context, auth=("PLAIN",), user="news@shop.ru", password=PASSWORD)
    server = SmtpServer(behavior)
    connect = socket.create_connection

    def led(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        there = address == ("smtp.yandex.ru", 465)
        return connect(("127.0.0.1", server.port) if there else address, *rest, **more)

    monkeypatch.setattr(socket, "create_connection", led)
    return server


@pytest.mark.parametrize("scheme", ["light"], indirect=True)
def test_a_newcomer_adds_an_account_tests_it_and_sends(
    visit: Visit,
    live_server: LiveServer,
    yandex: SmtpServer,
    env_file: tuple[Path, LiveAccounts],
) -> None:
    file, _live = env_file
    root = confirmed(UserFactory.create(email="root@shop.ru", is_superuser=True))
    page = visit.page
    sign_in(page, live_server.url, root.email)
    page.goto(f"{live_server.url}/management/accounts/")
    page.click("a[href$='/management/accounts/new/']")
    page.click("a[href='?preset=yandex360']")
    page.fill("[name=name]", "news")
    page.fill("[name=username]", "news@shop.ru")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=from_email]", "news@shop.ru")
    with yandex:
        page.click("button[value=test]")
        expect(page.locator("#test-result")).to_contain_text("Работает")
        assert "ACCOUNTS__NEWS" not in file.read_text(encoding="utf-8")
        page.click("button[value=save]")
        card = page.locator("section[aria-labelledby=account-news]")
        expect(card).to_be_visible()
        card.locator("form[action$='/news/test/'] button").click()
        expect(page.locator(".flash-success")).to_contain_text("root@shop.ru")
        run = send(mailing_to(2, account="news"))
    assert run.outcome == "success"
    assert [one.recipient for one in yandex.accepted][0] == b"root@shop.ru"
    assert len(yandex.accepted) == 3
    text = file.read_text(encoding="utf-8")
    assert "ACCOUNTS__NEWS__HOST=smtp.yandex.ru\n" in text and text.startswith("# ours\n")
    assert PASSWORD not in page.content()
    assert visit.complaints == []
