"""Wrong addresses and a server that goes away: the pages say what happened, to whom, what is next.

A real server refuses, defers and hangs up; the real engine sends. Nobody opens a log.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.service import service
from apps.mailings.models import Mailing, Run
from apps.users.models import User
from config.account_settings import AccountSettings
from tests.browser.conftest import Visit, sign_in
from tests.factories import MailingFactory, RecipientFactory
from tests.smtp_server import CLOSE, SmtpServer, say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


def use(settings: Any, port: int) -> None:
    settings.ACCOUNTS = {
        "email": AccountSettings(
            kind="smtp", host="127.0.0.1", port=port, security="none", max_connections=2, timeout=5
        )
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def press_send(page: Page, site: str, mailing: Mailing) -> Run:
    """Through the button, then the engine until nothing can be done now."""
    page.goto(f"{site}/mailings/{mailing.pk}/")
    page.click("#act-send")
    expect(page.locator(".flash-success")).to_be_visible()
    run = Run.objects.get(mailing=mailing)
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    page.reload()
    return run


def test_who_was_refused_deferred_or_lost_is_reported_with_the_servers_words(
    live_server: Any, visit: Visit, owner: User, server: SmtpServer, settings: Any
) -> None:
    use(settings, server.port)
    server.on("RCPT", say("550 5.1.1 no such user"), to="nobody@example.org")
    server.on("RCPT", say("450 4.2.1 greylisted"), to="later@example.org")
    server.on("DOT", CLOSE, to="lost@example.org")
    mailing = MailingFactory.create(owner=owner)
    for name in ("fine", "nobody", "later", "lost"):
        RecipientFactory.create(owner=owner, email=f"{name}@example.org")
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    run = press_send(page, live_server.url, mailing)

    alarms = page.locator("#mailing-failures")
    expect(alarms).to_contain_text("550 5.1.1 no such user")
    expect(alarms).to_contain_text("450 4.2.1 greylisted")
    next_try = run.deliveries.get(address="later@example.org").not_before
    expect(alarms).to_contain_text(f"{timezone.localtime(next_try):%H:%M}")
    expect(page.locator("#run-panel")).to_contain_text(
        f"{timezone.localtime(run.deferred_until):%H:%M}"
    )
    # To whom: one click from the words to the people.
    alarms.locator("li", has_text="Такого адреса нет").locator("a").click()
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("nobody@example.org")
    page.goto(f"{live_server.url}/mailings/{mailing.pk}/runs/1/?state=unknown")
    expect(page.locator("#results")).to_contain_text("lost@example.org")
    expect(page.locator("button[value=pending]")).to_be_visible()  # a person decides
    # And the card says it without being opened.
    page.goto(f"{live_server.url}/mailings/")
    expect(page.locator("#results a[href$='#failures-title']")).to_have_text("2")
    assert visit.complaints == []


def test_a_server_that_is_down_is_reported_with_the_time_of_the_next_try(
    live_server: Any, visit: Visit, owner: User, settings: Any
) -> None:
    use(settings, free_port())
    mailing = MailingFactory.create(owner=owner, name="Никуда")
    RecipientFactory.create_batch(3, owner=owner)
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    run = press_send(page, live_server.url, mailing)
    assert (run.reason, run.pending, run.failed) == ("channel_down", 3, 0)
    panel = page.locator("#run-panel")
    expect(panel).to_contain_text(f"{timezone.localtime(run.deferred_until):%H:%M}")
    expect(panel).to_contain_text("сервер отклоняет подключение")
    expect(panel.locator("#act-resume")).to_be_visible()  # no need to wait for it
    # The bell rings once, however often the scheduler looks.
    for _check in range(2):
        notify_owners(timezone.now())
    page.goto(f"{live_server.url}/notices/")
    expect(page.locator("main li")).to_have_count(1)
    expect(page.locator("main li")).to_contain_text("Никуда")
    assert visit.complaints == []
