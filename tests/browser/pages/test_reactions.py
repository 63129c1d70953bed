"""The report of a measured run in a browser: light, dark, on a phone, and without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from apps.mailings.models import Run
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import looked_at
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    EngagementFactory,
    EngagementHourFactory,
    EngagementShareFactory,
    MailingFactory,
    TrackedLinkFactory,
    measured_run,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def seen_run(owner: User) -> Run:
    """A run of which something is known in every part of the report."""
    now = timezone.now()
    figures: dict[str, Any] = {
        **{"state": "done", "outcome": "success", "finished_at": now},
        **{"sent": 1700, "delivered": 300, "bounced": 40, "failed": 12},
        **{"engaged_person": 640, "engaged_clicked": 122},
        **{"engaged_unclear": 310, "engaged_machine": 45},
    }
    mailing = MailingFactory.create(owner=owner, name="Июньское меню")
    run = measured_run(mailing=mailing, **figures)
    links = "".join(f'<p><a href="https://example.org/{n}">Ссылка {n}</a></p>' for n in range(1, 4))
    run.content["html"] = f"<h1>Меню</h1>{links}"
    run.save(update_fields=["content"])
    for number in range(3):
        address = f"https://example.org/{number + 1}?{'long' * 30}"
        TrackedLinkFactory.create(
            run=run, address=address, persons=90 - 30 * number, clicks=120 - 30 * number
        )
    hour = now.replace(minute=0, second=0, microsecond=0)
    for number in range(30):
        at = hour + timedelta(hours=number)
        EngagementHourFactory.create(run=run, hour=at, count=90 - 3 * number)
        EngagementHourFactory.create(run=run, hour=at, kind="click", count=30 - number)
    for by, value, opened in (
        ("client", "Gmail", 300),
        ("client", "Mail.ru", 200),
        ("device", "phone", 400),
        ("device", "desktop", 240),
        ("domain", "example.org", 640),
    ):
        EngagementShareFactory.create(run=run, by=by, value=value, opened=opened, clicked=40)
    delivery = DeliveryFactory.create(run=run, state="sent")
    AttemptFactory.create(delivery=delivery)
    EngagementFactory.create(delivery=delivery)
    return run


def paths_of(run: Run) -> list[str]:
    return [
        f"/reports/{run.mailing_id}/",
        f"/mailings/{run.mailing_id}/runs/1/?reaction=opened",
        "/reports/trends/",
        "/",
    ]


def test_the_pages_of_reactions(live_server: Any, visit: Visit, owner: User) -> None:
    run = seen_run(owner)
    sign_in(visit.page, live_server.url, owner.email)
    assert "\n".join(looked_at(visit, live_server.url, paths_of(run))) == ""
    visit.page.goto(f"{live_server.url}/reports/{run.mailing_id}/")
    figures = visit.page.frame_locator("iframe.letter").locator("a[target=_top]").first
    expect(figures).to_contain_text("90")
    figures.focus()
    figures.press("Enter")
    visit.page.wait_for_url("**/runs/1/?link=*")
    assert visit.complaints == []


def test_without_javascript_the_charts_are_tables(
    live_server: Any, browser: Browser, owner: User
) -> None:
    run = seen_run(owner)
    context = browser.new_context(java_script_enabled=False, locale="ru")
    page = context.new_page()
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/reports/{run.mailing_id}/?by=hour")
    chart = page.locator("section[aria-labelledby=reaction-times-title] .small-chart").first
    chart.locator("summary").click()
    expect(chart.locator("tbody tr")).to_have_count(30)
    context.close()
