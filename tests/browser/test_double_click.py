"""Two clicks on a slow network: one mailing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.mailings.models import Mailing
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import MessageFactory, RecipientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: One click as people click, and one as a page without our script would send it.
TWICE = """(gap) => {
  const form = document.querySelector("form.mailing-form");
  form.querySelector("button[type=submit]:not([name])").click();
  setTimeout(() => HTMLFormElement.prototype.submit.call(form), gap);
}"""


def slow_down(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 600}
    conditions |= {"downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", conditions)


@pytest.mark.parametrize("scheme", ["light"], indirect=True)
@pytest.mark.parametrize("gap", [150, 400, 800])
def test_two_clicks_make_one_mailing(
    gap: int, live_server: LiveServer, visit: Visit, owner: User
) -> None:
    page, message = visit.page, MessageFactory.create(owner=owner)
    RecipientFactory.create(owner=owner)
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/new/")
    page.fill("[name=name]", "Save twice")
    page.select_option("[name=message]", str(message.pk))
    page.check("[name=everyone][value=True]")
    slow_down(page)
    page.evaluate(TWICE, gap)
    expect(page).to_have_url(re.compile(r"/mailings/\d+/$"), timeout=30_000)
    mailing = Mailing.objects.get(name="Save twice")
    assert page.url.endswith(f"/mailings/{mailing.pk}/")
