"""Welcome, wait two days, if not opened send again, else tag: by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, expect

from apps.automations.models import Automation
from apps.mailings.models import MailingList, Message, Tag
from apps.users.models import User
from tests.automations.stage import LAUNCHES
from tests.browser.conftest import TIMEOUT, Visit, sign_in
from tests.browser.hands import Hands, Means
from tests.factories import MailingListFactory, MessageFactory, TagFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["keyboard", "no script"])
def hands(request: pytest.FixtureRequest, browser: Browser, no_cover: None) -> Iterator[Hands]:
    means: Means = request.param
    scripts = means != "no script"
    context = browser.new_context(locale="en", reduced_motion="reduce", java_script_enabled=scripts)
    context.set_default_timeout(TIMEOUT)
    visit = Visit(context.new_page())
    visit.listen()
    yield Hands(visit.page, means)
    assert visit.complaints == []
    context.close()


@pytest.fixture(autouse=True)
def _launches(settings: LazySettings) -> None:
    settings.ZEAL_ALLOWLIST = LAUNCHES


@pytest.fixture
def things(owner: User) -> tuple[Message, Message, MailingList, Tag]:
    return (
        MessageFactory.create(owner=owner, name="Welcome"),
        MessageFactory.create(owner=owner, name="Reminder"),
        MailingListFactory.create(owner=owner, title="Readers"),
        TagFactory.create(owner=owner, name="reads"),
    )


def pick(hands: Hands, field: str, text: str) -> None:
    """Choose from a select: by what one types, or by pointer."""
    place = hands.page.locator(field)
    if hands.means == "keyboard":
        hands.go_into(field)
        hands.page.keyboard.type(text)
    else:
        place.select_option(label=text)
    expect(place.locator("option:checked")).to_have_text(text)


def add(hands: Hands, kind: str, place: str) -> None:
    hands.press(f'[id="add-{place}"] > summary')
    hands.press(f'[value="add:{kind}:{place}"]')
    expect(hands.page.locator("#save")).to_be_visible()


def save(hands: Hands) -> None:
    hands.press("#save")
    expect(hands.page.locator("#steps")).to_be_visible()


def write(hands: Hands) -> None:
    """The steps, as a newcomer reads them out."""
    add(hands, "send", "start")
    pick(hands, "#id_message", "Welcome")
    save(hands)
    add(hands, "wait", "after:letter-1")
    hands.type("#id_amount", "2")
    save(hands)
    add(hands, "condition", "after:wait-1")
    pick(hands, "#id_letter", "Welcome")
    save(hands)
    add(hands, "send", "in:condition-1:otherwise")
    pick(hands, "#id_message", "Reminder")
    save(hands)
    add(hands, "act", "in:condition-1:next")
    pick(hands, "#id_tag", "reads")
    save(hands)


def test_a_newcomer_builds_an_automation(
    hands: Hands, live_server: Any, owner: User, things: tuple[Message, Message, MailingList, Tag]
) -> None:
    welcome, reminder, readers, tag = things
    page: Page = hands.page
    sign_in(page, live_server.url, owner.email)
    hands.press('.sections a[href="/automations/"]')
    hands.press('a[href="/automations/new/"]')
    hands.type("#automation-name", "Welcome series")
    hands.press("#create-empty")
    expect(page.locator("#steps")).to_be_visible()
    hands.press("#edit-trigger")
    hands.choose('[name="kind"][value="subscribed"]')
    pick(hands, "#id_list", "Readers")
    save(hands)
    write(hands)
    expect(page.locator(".outline")).to_contain_text("Nothing is missing")
    hands.press("#ask-activate")
    hands.press("#sure")
    expect(page.locator(".page-title")).to_contain_text("Active")
    found = Automation.objects.get()
    assert found.version.definition["trigger"]["list"] == readers.pk
    steps = {one.key: one for one in found.version.steps.all()}
    assert steps["condition-1"].ways == {"next": "act-1", "otherwise": "letter-2"}
    assert steps["act-1"].fields["tag"] == tag.pk and steps["act-1"].ways == {"next": ""}
    messages = [steps[key].fields["message"] for key in ("letter-1", "letter-2")]
    assert messages == [welcome.pk, reminder.pk]
    assert steps["wait-1"].fields["seconds"] == 172_800
    assert len(hands.clicks) <= 30


def test_a_step_moves_with_the_arrows_and_keeps_the_focus(
    live_server: Any, visit: Visit, owner: User
) -> None:
    steps = [{"key": f"wait-{n}", "kind": "wait", "seconds": 3600 * n} for n in (1, 2, 3)]
    made = Automation.objects.create(owner=owner, name="Waits", draft={"steps": steps})
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/automations/{made.pk}/edit/")
    page.locator("#edit-wait-3").focus()
    for expected in (["wait-1", "wait-3", "wait-2"], ["wait-3", "wait-1", "wait-2"]):
        page.keyboard.press("Alt+ArrowUp")
        first = page.locator("[data-step]")
        for at, key in enumerate(expected):
            expect(first.nth(at)).to_have_attribute("data-step", key)
        expect(page.locator("#up-wait-3")).to_be_focused()
    assert visit.complaints == []
