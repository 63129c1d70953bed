"""The site as a person meets it: signing in, sending, watching."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from apps.core.site import site_url
from apps.delivery.service import service
from apps.feedback.models import Signup
from apps.feedback.views.form_signups import embed_code
from apps.mailings.links import CONFIRM, sealed
from apps.mailings.models import Mailing, Run
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import violations
from tests.factories import (
    MailingFactory,
    ManagerFactory,
    RecipientFactory,
    RunFactory,
    confirmed,
)
from tests.feedback.signups import live_form, version_of
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class LaunchingDispatcher(RecordingDispatcher):
    """Makes the run that the engine would make, and leaves it half way."""

    def launch(self, *, mailing_id: int, trigger: str, early: bool = False) -> Any:
        RunFactory.create(
            mailing_id=mailing_id, mailing=Mailing.objects.get(pk=mailing_id), pending=5, sent=5
        )
        return super().launch(mailing_id=mailing_id, trigger=trigger, early=early)


def test_a_person_signs_in_sends_and_watches(live_server: Any, visit: Visit, owner: User) -> None:
    mailing = MailingFactory.create(owner=owner, name="Весенние новости")
    page = visit.page
    with dispatching(LaunchingDispatcher()) as fake:
        sign_in(page, live_server.url, owner.email)
        page.click(".sections >> text=Рассылки")
        page.click("text=Весенние новости")
        page.click("#act-send")
        expect(page.locator(".flash-success")).to_contain_text("Отправка началась")
    assert isinstance(fake, RecordingDispatcher) and len(fake.calls) == 1
    expect(page.locator("#run-panel [role=progressbar]")).to_have_attribute("aria-valuenow", "50")
    Run.objects.filter(mailing=mailing).update(state="done", outcome="success", pending=0, sent=10)
    Mailing.objects.filter(pk=mailing.pk).update(status="completed")
    expect(page.locator("#run-panel [role=progressbar]")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("#mailing-status")).to_contain_text("Отправлена")
    expect(page.locator("#announcer")).to_contain_text("Завершено")
    assert visit.complaints == []


def test_what_is_unfolded_stays_so_while_the_panel_renews_itself(
    live_server: Any, visit: Visit, owner: User
) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), pending=5, sent=5)
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/{run.mailing_id}/")
    page.click("#all-states summary")
    Run.objects.filter(pk=run.pk).update(pending=3, sent=7)
    expect(page.locator("#all-states a[href$='state=sent'] b")).to_have_text("7")
    expect(page.locator("#all-states")).to_have_attribute("open", "")
    assert visit.complaints == []


def test_stop_asks_in_a_dialog_and_can_be_cancelled(
    live_server: Any, visit: Visit, owner: User
) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), pending=5, sent=5)
    page = visit.page
    with dispatching(RecordingDispatcher()) as fake:
        sign_in(page, live_server.url, owner.email)
        page.goto(f"{live_server.url}/mailings/{run.mailing_id}/")
        page.click("#act-stop")
        expect(page.locator("#dialog")).to_be_visible()
        assert violations(page) == []
        page.click("#dialog [data-close-dialog]")
        expect(page.locator("#dialog")).to_be_hidden()
        page.click("#act-stop")
        page.click("#dialog button[type=submit]")
        expect(page.locator(".flash-success")).to_contain_text("остановлена")
    assert isinstance(fake, RecordingDispatcher)
    assert [verb for verb, _ in fake.calls] == ["stop"]
    assert visit.complaints == []


def test_a_manager_switches_a_card_without_a_reload(
    live_server: Any, visit: Visit, owner: User
) -> None:
    mailing = MailingFactory.create(owner=owner)
    manager = confirmed(ManagerFactory.create())
    page = visit.page
    sign_in(page, live_server.url, manager.email)
    page.goto(f"{live_server.url}/mailings/")
    page.evaluate("window.stillHere = true")
    page.click(f"#switch-{mailing.pk}")
    expect(page.locator(f"#mailing-{mailing.pk}")).to_have_class(re.compile("off"))
    expect(page.locator(f"#mailing-{mailing.pk}")).to_contain_text("Отключена")
    assert page.evaluate("window.stillHere") is True
    assert visit.complaints == []


def test_the_search_answers_while_one_types(live_server: Any, visit: Visit, owner: User) -> None:
    MailingFactory.create(owner=owner, name="Весна")
    MailingFactory.create(owner=owner, name="Осень")
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/")
    page.locator("#filter-q").press_sequentially("осе")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results tbody tr")).to_contain_text("Осень")
    assert "q=%D0%BE%D1%81%D0%B5" in page.url
    assert visit.complaints == []


def test_a_sign_up_is_confirmed_by_one_click_in_the_same_browser(
    live_server: Any, visit: Visit, owner: User
) -> None:
    form, page = live_form(owner), visit.page
    page.goto(f"{live_server.url}/f/{form.slug}/")
    page.locator("#signup-email").press_sequentially("zoe@example.org", delay=180)
    page.click("form.signup button")
    expect(page.locator("h1")).to_have_text("Check your inbox")
    signup = Signup.objects.get()
    assert signup.proved and signup.state == "waiting"
    page.goto(f"{live_server.url}/c/{sealed(CONFIRM, signup.pk)}/")
    expect(page.locator("h1")).to_have_text("You are subscribed")
    assert Signup.objects.get().state == "confirmed"
    assert violations(page) == [] and visit.complaints == []


def test_a_form_on_another_site_answers_on_its_page_and_without_a_script_on_ours(
    live_server: Any, browser: Browser, owner: User
) -> None:
    form = live_form(owner)
    code = embed_code(form, version_of(form).shown).replace(site_url(), live_server.url)
    for script in (True, False):
        context = browser.new_context(java_script_enabled=script)
        context.grant_permissions(["local-network-access"])  # our server is on this machine
        page = context.new_page()
        shop = "http://shop.localhost/"
        page.route(shop, lambda route: route.fulfill(body=code, content_type="text/html"))
        page.goto(shop)
        page.locator("[name=email]").press_sequentially(f"zoe{script}@example.org", delay=180)
        page.click("button")
        if script:
            expect(page.locator("[role=status]")).to_contain_text("If this address can")
            assert page.url == shop
        else:
            expect(page.locator("h1")).to_have_text("Check your inbox")
        context.close()
    assert Signup.objects.filter(state="waiting").count() == 2
    assert not Signup.objects.exclude(page__startswith=shop[:-1]).exists()


def test_the_theme_is_remembered(live_server: Any, visit: Visit, scheme: str, db: None) -> None:
    page, other = visit.page, {"light": "dark", "dark": "light"}[scheme]
    page.goto(live_server.url)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
    page.click("[data-theme-switch]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", other)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", other)


def test_it_works_without_javascript(live_server: Any, browser: Any, owner: User) -> None:
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=owner, status="running"), pending=5, sent=5
    )
    context = browser.new_context(java_script_enabled=False, locale="ru")
    page = context.new_page()
    with dispatching(RecordingDispatcher()) as fake:
        sign_in(page, live_server.url, owner.email)
        page.goto(f"{live_server.url}/mailings/{run.mailing_id}/")
        page.click("#run-panel a.btn")
        page.click("#act-pause")
        expect(page.locator(".flash-success")).to_contain_text("приостановлена")
        assert page.url.endswith("/panel/")
        page.click("#act-stop")
        page.click("main button.btn-danger")
        expect(page.locator(".flash-success")).to_contain_text("остановлена")
    assert isinstance(fake, RecordingDispatcher)
    assert [verb for verb, _ in fake.calls] == ["pause", "stop"]
    context.close()


def test_the_real_engine_sends_what_the_button_launches(
    live_server: Any, visit: Visit, owner: User
) -> None:
    mailing = MailingFactory.create(owner=owner)
    RecipientFactory.create_batch(5, owner=owner)
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/{mailing.pk}/")
    page.click("#act-send")
    expect(page.locator(".flash-success")).to_contain_text("запуск #1")
    run = Run.objects.get(mailing=mailing)
    service.work_until(run.pk, threading.Event())
    expect(page.locator("#run-panel [role=progressbar]")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("#mailing-status")).to_contain_text("Отправлена")
    page.click("#act-reset")
    page.click("#dialog button[type=submit]")
    expect(page.locator(".flash-success")).to_contain_text("#2")
    assert visit.complaints == []
