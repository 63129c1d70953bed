"""The columns of an import in the browser: what would come in follows every choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.mailings.models import Recipient
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import RecipientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_sum_follows_every_choice_and_is_what_comes_in(
    live_server: Any, visit: Visit, owner: User, tmp_path: Path, settings: Any
) -> None:
    settings.STORAGES["private"]["OPTIONS"]["location"] = str(tmp_path / "private")
    RecipientFactory.create(owner=owner, email="known@example.org")
    path = tmp_path / "list.csv"
    path.write_text("почта;имя\nknown@example.org;А\nnew@example.org;Б\nbad;В\n", encoding="cp1251")
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/recipients/import/")
    expect(page.get_by_role("button", name="Продолжить")).to_be_hidden()
    page.set_input_files("[name=file]", path)  # and it is sent
    counts = page.locator("#counts")
    expect(counts).to_contain_text("новых 1 + обновлённых 0 + отклонённых 2")
    page.check("[name=update]")
    expect(counts).to_contain_text("новых 1 + обновлённых 1 + отклонённых 1")
    page.check("[name=consent]")
    page.click("button[form=mapping]")
    result = page.locator("#import-progress")
    expect(result).to_contain_text("новых 1 + обновлённых 1 + отклонённых 1", timeout=30_000)
    expect(result.locator("table")).to_contain_text("bad")
    page.click("main a[href*=added_by]")
    expect(page.locator(".data tbody tr")).to_have_count(1)
    assert Recipient.objects.filter(owner=owner).count() == 2
    assert visit.complaints == []
