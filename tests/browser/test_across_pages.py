"""From an empty installation to a delivered mailing, as somebody does it who has read nothing."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from apps.delivery.service import service
from apps.mailings.models import Mailing, Recipient, Run
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import (
    PASSWORD,
    MailingFactory,
    ManagerFactory,
    RunFactory,
    UserFactory,
    confirmed,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = 5000
EMAIL = "new@example.org"


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def list_file(tmp_path: Path, settings: Any) -> Path:
    settings.STORAGES["private"]["OPTIONS"]["location"] = str(tmp_path / "private")
    path = tmp_path / "readers.csv"
    rows = "".join(f"reader{n}@example.org;Читатель {n}\n" for n in range(ROWS))
    path.write_text("почта;имя\n" + rows, encoding="utf-8")
    return path


def sign_up(page: Page, site: str) -> None:
    page.goto(site)
    page.click("main a[href='/accounts/signup/']")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+/", str(mail.outbox[-1].body))
    assert link is not None
    page.goto(site + re.sub(r"https?://[^/]+", "", link[0]))
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator(".person")).to_be_visible()


def next_step(page: Page) -> None:
    """Back to the first page, and on with the step whose turn it is."""
    page.click(".brand")
    page.click(".step.open a.btn")


def choose_file(page: Page, path: Path) -> None:
    page.set_input_files("[name=file]", path)
    page.click("main form[enctype] button[type=submit]")
    expect(page.locator("[name=column_1]")).to_have_value("full_name")
    page.click("button[form=mapping]")


def import_file(page: Page, site: str, path: Path) -> None:
    page.goto(f"{site}/recipients/")
    page.click("main a[href$='/import/'] >> nth=0")
    choose_file(page, path)


def write_message(page: Page, site: str) -> None:
    page.goto(f"{site}/messages/new/")
    page.fill("[name=subject]", "Здравствуйте, {{ full_name }}")


def plan_mailing(page: Page, site: str) -> None:
    page.goto(f"{site}/mailings/new/")
    page.fill("[name=name]", "Первая рассылка")
    page.select_option("[name=message]", index=1)
    page.check("[name=everyone][value=True]")


def test_from_sign_up_to_a_delivered_mailing(
    live_server: Any, visit: Visit, list_file: Path
) -> None:
    """Nothing is typed into the address bar: the pages lead from one step to the next."""
    page, site = visit.page, live_server.url
    sign_up(page, site)
    User.objects.update(on_probation=False)  # a manager has lifted the limit of new users
    next_step(page)
    choose_file(page, list_file)
    expect(page.locator("#import-progress")).to_contain_text("новых", timeout=60_000)
    assert Recipient.objects.count() == ROWS
    next_step(page)
    page.fill("[name=subject]", "Здравствуйте, {{ full_name }}")
    page.locator(".ql-editor").press_sequentially("Новости клуба")
    frame = page.frame_locator("iframe.letter")
    expect(frame.locator(".subject")).to_contain_text("Здравствуйте, Читатель")
    page.click("#message-form button.btn-primary")
    expect(page.locator(".flash-success")).to_be_visible()
    next_step(page)
    page.fill("[name=name]", "Первая рассылка")
    page.select_option("[name=message]", index=1)
    page.check("[name=everyone][value=True]")
    expect(page.locator("#summary")).to_contain_text(re.compile(r"5\s000"))
    page.click("[name=review]")
    assert not Run.objects.exists()  # saving sends nothing
    expect(page.locator("#act-schedule")).to_be_visible()
    page.click("#act-send")
    expect(page.locator(".flash-success")).to_contain_text("#1")
    run = Run.objects.get(mailing__name="Первая рассылка")
    service.work_until(run.pk, threading.Event())
    expect(page.locator("#run-panel [role=progressbar]")).to_have_attribute(
        "aria-valuenow", "100", timeout=30_000
    )
    run.refresh_from_db()
    assert (run.outcome, run.sent) == ("success", ROWS)
    page.click(".brand")
    expect(page.locator(".steps")).to_have_count(0)
    assert visit.complaints == []


def test_the_same_path_without_javascript(live_server: Any, browser: Any, list_file: Path) -> None:
    confirmed(UserFactory.create(email=EMAIL))
    context = browser.new_context(java_script_enabled=False, locale="ru")
    page, site = context.new_page(), live_server.url
    sign_in(page, site, EMAIL)
    import_file(page, site, list_file)
    expect(page.locator("#import-progress")).to_contain_text("новых", timeout=60_000)
    write_message(page, site)
    page.fill("[name=html]", "<p>Новости</p>")
    page.click("#message-form button.btn-primary")
    plan_mailing(page, site)
    page.click("[name=review]")
    page.click("#act-send")
    expect(page.locator(".flash-success")).to_contain_text("#1")
    assert Run.objects.get().mailing.name == "Первая рассылка"
    context.close()


def test_a_manager_blocks_a_user_in_mid_run(live_server: Any, visit: Visit) -> None:
    owner = confirmed(UserFactory.create(email=EMAIL))
    manager = confirmed(ManagerFactory.create())
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), pending=5, sent=5)
    page, site = visit.page, live_server.url
    sign_in(page, site, manager.email)
    page.click(".sections >> text=Управление")
    page.locator("tr", has_text=EMAIL).locator("button").click()
    expect(page.locator(".flash-success")).to_contain_text("заблокирован")
    assert not User.objects.get(pk=owner.pk).is_active
    run.refresh_from_db()
    assert (run.state, run.reason) == ("paused", "owner_blocked")
    page.goto(f"{site}/mailings/{run.mailing_id}/")
    expect(page.locator("#run-panel")).to_contain_text("заблокирован")
    assert visit.complaints == []


def test_ticked_rows_are_remembered_from_page_to_page(live_server: Any, visit: Visit) -> None:
    owner = confirmed(UserFactory.create(email=EMAIL))
    Recipient.objects.bulk_create(
        Recipient(owner=owner, email=f"r{number}@example.org") for number in range(60)
    )
    page, site = visit.page, live_server.url
    sign_in(page, site, EMAIL)
    page.goto(f"{site}/recipients/")
    page.locator("[name=ids]").first.check()
    page.click("a[rel=next]")
    page.locator("[name=ids]").first.check()
    expect(page.locator("[data-selected]")).to_contain_text("2")
    page.fill("[name=tag_name]", "весна")
    page.click("button[value=tag]")
    expect(page.locator(".flash-success")).to_contain_text("2")
    assert Recipient.objects.filter(tags__name="весна").count() == 2
    assert Mailing.objects.count() == 0
    assert visit.complaints == []
