"""Without a mouse, in two tabs at once, and from one page to the next."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.mailings.models import Mailing, Message, MessageVersion, Recipient
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import (
    MailingFactory,
    ManagerFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
    confirmed,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_first_tab_leads_past_the_navigation(
    live_server: Any, visit: Visit, owner: User
) -> None:
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_menu_and_dialog_open_and_close_without_a_mouse(
    live_server: Any, visit: Visit, owner: User
) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), pending=5, sent=5)
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/{run.mailing_id}/")
    person = page.locator("summary.person")
    person.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu:has(.person) .menu-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".menu:has(.person) .menu-sheet")).to_be_hidden()
    expect(person).to_be_focused()
    stop = page.locator("#act-stop")
    stop.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    # Why something cannot be done now stands in the menu.
    page.locator("#run-panel details.menu summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#run-panel .menu-off").first).to_be_visible()
    assert visit.complaints == []


def test_a_page_of_rows_is_chosen_at_once(live_server: Any, visit: Visit, owner: User) -> None:
    RecipientFactory.create_batch(3, owner=owner)
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/recipients/")
    every = page.locator("[data-select-all]")
    every.focus()
    page.keyboard.press("Space")
    expect(page.locator("[name=ids]:checked")).to_have_count(3)
    expect(page.locator(".bulk-count")).to_contain_text("3")
    page.locator("[name=ids]").first.uncheck()
    assert every.evaluate("box => box.indeterminate") is True
    assert visit.complaints == []


def write(page: Page, subject: str) -> None:
    page.fill("[name=subject]", subject)
    page.click("#message-form button.btn-primary")
    page.wait_for_load_state()


def test_of_two_tabs_none_overwrites_the_other(live_server: Any, visit: Visit, owner: User) -> None:
    message = MessageFactory.create(owner=owner, subject="В начале")
    url = f"{live_server.url}/messages/{message.pk}/edit/"
    first = visit.page
    sign_in(first, live_server.url, owner.email)
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto(url)
    write(first, "Из первой вкладки")
    write(second, "Из второй вкладки")
    # The second is shown both, and nothing of either is lost.
    expect(second.locator("main")).to_contain_text("Из первой вкладки")
    expect(second.locator("main [name=subject]")).to_have_value("Из второй вкладки")
    assert Message.objects.get().subject == "Из первой вкладки"
    second.click("main form button.btn-primary")
    second.wait_for_load_state()
    assert Message.objects.get().subject == "Из второй вкладки"
    kept = set(MessageVersion.objects.values_list("subject", flat=True))
    assert {"Из первой вкладки", "Из второй вкладки"} <= kept


def test_a_manager_blocks_a_user_in_mid_run(live_server: Any, visit: Visit) -> None:
    owner = confirmed(UserFactory.create(email="new@example.org"))
    manager = confirmed(ManagerFactory.create())
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), pending=5, sent=5)
    page, site = visit.page, live_server.url
    sign_in(page, site, manager.email)
    page.click(".sections >> text=Управление")
    row = page.locator("tr", has_text="new@example.org")
    row.locator("details.menu summary").click()
    row.locator("[href$='/block/']").click()
    page.click("main .btn-danger")
    expect(page.locator(".flash-success")).to_contain_text("заблокирован")
    assert not User.objects.get(pk=owner.pk).is_active
    run.refresh_from_db()
    assert (run.state, run.reason) == ("paused", "owner_blocked")
    page.goto(f"{site}/mailings/{run.mailing_id}/")
    expect(page.locator("#run-panel")).to_contain_text("заблокирован")
    assert visit.complaints == []


def test_ticked_rows_are_remembered_from_page_to_page(live_server: Any, visit: Visit) -> None:
    owner = confirmed(UserFactory.create(email="new@example.org"))
    Recipient.objects.bulk_create(
        Recipient(owner=owner, email=f"r{number}@example.org") for number in range(60)
    )
    page, site = visit.page, live_server.url
    sign_in(page, site, "new@example.org")
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
