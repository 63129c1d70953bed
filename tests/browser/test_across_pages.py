"""What is done on one page and holds on others: a block, and a selection."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from apps.mailings.models import Mailing, Recipient
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import (
    MailingFactory,
    ManagerFactory,
    RunFactory,
    UserFactory,
    confirmed,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMAIL = "new@example.org"


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_manager_blocks_a_user_in_mid_run(live_server: Any, visit: Visit) -> None:
    owner = confirmed(UserFactory.create(email=EMAIL))
    manager = confirmed(ManagerFactory.create())
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), pending=5, sent=5)
    page, site = visit.page, live_server.url
    sign_in(page, site, manager.email)
    page.click(".sections >> text=Управление")
    row = page.locator("tr", has_text=EMAIL)
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
