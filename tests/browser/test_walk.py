"""From an empty installation to a retried mailing, as somebody does it who has read nothing.

One walk, by pointer, by keyboard alone and without JavaScript, in both languages: every page leads
to the next one, the clicks are counted, and what is stored is looked at as well as what is seen.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, expect

from apps.core.content.sheet import off_its_sheet
from apps.delivery.service import service
from apps.mailings.models import Mailing, Message, Recipient, Run, Suppression
from apps.users.models import User
from config.account_settings import AccountSettings
from tests.browser.conftest import TIMEOUT, Visit
from tests.browser.hands import Hands, Means
from tests.factories import PASSWORD
from tests.smtp_server import SmtpServer, say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEWCOMER: Final = "new@example.org"
ROWS: Final = 64
#: Sign-up to scheduled, with the link of the mail; beside them a test and the field's button.
#: Without JavaScript a message is written as HTML, which is chosen by one click more.
MOST_CLICKS: Final[dict[Means, int]] = {"pointer": 10, "keyboard": 10, "no script": 11}
#: Without JavaScript the file is sent by a button.
SEND_FILE: Final = ".step.open form[enctype] button[type=submit].no-js"
A_TEST: Final = "#act-test"
A_FIELD: Final = ("#canvas-tools [data-act=field]", "#canvas-tools [data-act=set-field]")
MOST_CLICKS_TO_WHY: Final = 2
WALKS: Final[list[tuple[Means, str]]] = [("pointer", "ru"), ("keyboard", "en"), ("no script", "ru")]
GREETING: Final = "Здравствуйте, {{ full_name }}! Новое меню уже на кухне."
GONE, FULL = "client03@example.org", "client04@example.org"
LEAVING: Final = "client05@example.org"


@dataclass(frozen=True)
class Words:
    """What the pages say in one language."""

    new: str
    warned: str
    gone: str
    full: str
    suppressed: str
    undo: str


SAID: Final = {
    "ru": Words(
        new="новых 64",
        warned="часовой пояс",
        gone="Такого адреса нет",
        full="Ящик переполнен",
        suppressed="стоп-лист",
        undo="Отменить",
    ),
    "en": Words(
        new="64 new",
        warned="time zone",
        gone="Mailbox doesn’t exist",
        full="Mailbox full",
        suppressed="Suppressed",
        undo="Undo",
    ),
}


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def list_file(tmp_path: Path, settings: Any) -> Path:
    """As a program of the office writes it: Windows-1251, semicolons, and one zone of no place."""
    settings.STORAGES["private"]["OPTIONS"]["location"] = str(tmp_path / "private")
    zones = ["Europe/Kaliningrad", "Europe/Moscow", "Asia/Vladivostok"]
    lines = ["Эл. почта;Имя;Фамилия;Город;Часовой пояс"]
    for number in range(ROWS):
        zone = "Марс/Олимп" if number == 7 else zones[number % 3]
        lines.append(f"client{number:02}@example.org;Анна;Иванова-{number};Самара;{zone}")
    path = tmp_path / "clients.csv"
    path.write_text("\r\n".join(lines) + "\r\n", encoding="cp1251")
    return path


@pytest.fixture(params=WALKS, ids=lambda walk: "-".join(walk).replace(" ", "-"))
def walk(request: pytest.FixtureRequest) -> tuple[Means, str]:
    found: tuple[Means, str] = request.param
    return found


@pytest.fixture
def visit(browser: Browser, walk: tuple[Means, str], no_cover: None) -> Iterator[Visit]:
    means, language = walk
    context = browser.new_context(
        java_script_enabled=means != "no script", locale=language, reduced_motion="reduce"
    )
    context.set_default_timeout(TIMEOUT)
    visit = Visit(context.new_page())
    visit.listen()
    yield visit
    context.close()


def sign_up(hands: Hands, site: str) -> None:
    page = hands.page
    page.goto(f"{site}/accounts/signup/")
    hands.type("[name=email]", NEWCOMER)
    hands.type("[name=password1]", PASSWORD)
    hands.type("[name=password2]", PASSWORD)
    hands.press("main button[type=submit]")
    expect(page).to_have_url(f"{site}/accounts/confirm-email/")
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+/", str(mail.outbox[-1].body))
    assert link is not None
    hands.clicks.append("the link of the mail")
    page.goto(site + re.sub(r"https?://[^/]+", "", link[0]))
    hands.press("main button[type=submit]")
    expect(page.locator(".person")).to_be_visible()
    User.objects.update(on_probation=False)  # a manager has lifted the limit of new users


def import_list(hands: Hands, path: Path, said: Words) -> None:
    hands.choose_file("[name=file]", path)
    if hands.means == "no script":
        hands.press(SEND_FILE)
    expect(hands.page.locator(".import-bar")).to_contain_text("cp1251")
    hands.press("button[form=mapping]")
    result = hands.page.locator("#import-progress")
    expect(result).to_contain_text(said.new, timeout=30_000)
    expect(result).to_contain_text(said.warned)
    assert Recipient.objects.filter(full_name__startswith="Анна Иванова-").count() == ROWS
    assert Recipient.objects.get(email="client02@example.org").time_zone == "Asia/Vladivostok"
    assert Recipient.objects.get(email="client07@example.org").time_zone == ""


def write_message(hands: Hands, site: str) -> Message:
    """Greets by name: in the message itself or, without JavaScript, as HTML with its code."""
    page = hands.page
    if hands.means == "no script":
        hands.press("#import-progress a[href$='/messages/new/']")
        hands.press("a[href='?form=html']")
        footer = page.locator("[name=html]").input_value()
        hands.type("[name=html]", f"<p>{GREETING}</p>{footer}")
    else:
        hands.press("#import-progress [name=template]")
        write_in_place(hands)
    hands.type("[name=subject]", "Июньское меню")
    hands.press("form [name=then]")
    expect(page.locator(".flash-success, .toast")).to_be_visible()
    message = Message.objects.get()
    stored = off_its_sheet(message.html) or json.dumps(message.document, ensure_ascii=False)
    assert f"<p>{GREETING}</p>" in stored
    assert "&nbsp;" not in stored
    beside = page.context.new_page()
    beside.goto(f"{site}/messages/{message.pk}/")
    letter = beside.frame_locator("iframe.letter")
    expect(letter.locator("body")).to_contain_text("Здравствуйте, Анна Иванова-")
    sheet = letter.locator("table table" if message.html else "table").first
    assert sheet.evaluate("table => table.getBoundingClientRect().width") <= 600
    beside.close()
    return message


def write_in_place(hands: Hands) -> None:
    """Click or Tab into the text of the message, and write it anew."""
    page = hands.page
    text = page.frame_locator("#letter-canvas").locator("[data-rich]")
    expect(text).to_be_visible()
    if hands.means == "keyboard":
        hands.go_into(".part[tabindex='0']")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        text.click()
    expect(text).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Здравствуйте, ")
    if hands.means == "keyboard":
        page.keyboard.type("{{ full_name }}")
    else:
        hands.press("#canvas-tools [data-act=field]")
        page.select_option("#canvas-tools [data-field]", "full_name")
        hands.press("#canvas-tools [data-act=set-field]")
    page.keyboard.type("! Новое меню уже на кухне.")


def schedule(hands: Hands) -> Mailing:
    """Tomorrow at ten, as the form has it, by everybody's own clock; a test to oneself before."""
    page = hands.page
    hands.type("[name=name]", "Июньское меню")
    expect(page.locator("[name=everyone][value=True]")).to_be_checked()
    expect(page.locator("[name=starts_at_1]")).to_have_value("10:00")
    hands.choose("[name=clock][value=theirs]")
    if hands.means != "no script":
        expect(page.locator("#summary")).to_contain_text("64")
    hands.press("[name=review]")
    expect(page.locator(".checklist")).to_contain_text("64")
    hands.press(A_TEST)
    expect(page.locator(".flash-success, .toast")).to_contain_text(NEWCOMER)
    assert not Run.objects.exists()  # saving sends nothing
    hands.press("#act-schedule")
    expect(page.locator(".flash-success, .toast")).to_be_visible()
    mailing = Mailing.objects.get()
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert mailing.scheduled and mailing.local_from is not None and mailing.local_from.hour == 10
    vladivostok = mailing.starts_at.astimezone(ZoneInfo("Asia/Vladivostok"))
    assert (vladivostok.date(), vladivostok.hour) == (tomorrow, 10)
    return mailing


def let_the_day_come(mailing: Mailing) -> Run:
    """Set its start back, and its hours to any; then do what the scheduler does."""
    now = timezone.now()
    start, end = now - timedelta(hours=1), now + timedelta(hours=20)
    Mailing.objects.update(starts_at=start, ends_at=end, local_from=None, local_to=None)
    (launched,) = service.dispatch_due()
    service.work_until(launched.run_id, threading.Event())
    return Run.objects.get(mailing=mailing)


def watch(hands: Hands, run: Run) -> None:
    """The sum of the page is the sum of the ledger."""
    page = hands.page
    page.reload()
    if hands.means == "no script":
        hands.press("#run-panel a")
    equation = page.locator("#run-panel .equation").first
    expect(equation).to_contain_text("62")
    assert (run.audience, run.sent, run.failed) == (ROWS, ROWS - 2, 2)


def read_report(hands: Hands, said: Words) -> None:
    if hands.means == "no script":
        hands.press(".trail a >> nth=1")
    hands.press(".page-head a[href*='/reports/']")
    figures = hands.page.locator(".kpis")
    for number in ("64", "62", "2"):
        expect(figures).to_contain_text(number)
    expect(hands.page.locator("main")).to_contain_text(said.gone)


def find_out_why(hands: Hands, said: Words) -> None:
    """From the first page to the sentence about the one who did not get it."""
    hands.press(".brand")
    before = len(hands.clicks)
    hands.press("[aria-labelledby=last-title] a[href*='/mailings/']")
    hands.press(f"#mailing-failures li:has-text('{said.gone}') .row-side a")
    row = hands.page.locator("#results tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(GONE)
    expect(row).to_contain_text(said.gone)
    assert Suppression.objects.get(address=GONE).reason == Suppression.Reason.BOUNCED
    assert len(hands.clicks) - before <= MOST_CLICKS_TO_WHY


def unsubscribe(hands: Hands, server: SmtpServer, site: str, said: Words) -> None:
    """By the link of a message that was delivered, as the one who got it; the owner sees it."""
    letter = next(one for one in server.accepted if one.recipient == LEAVING.encode())
    part = message_from_bytes(letter.data, policy=policy.default).get_body(("html",))
    assert part is not None and "Здравствуйте, Анна Иванова-5!" in part.get_content()
    link = re.search(r"https?://[^/]+(/u/[^/\"]+/)", part.get_content())
    assert link is not None
    stranger = Hands(hands.page.context.new_page(), hands.means)
    stranger.page.goto(site + link[1])
    stranger.press("main button[type=submit]")
    expect(stranger.page.get_by_role("button", name=said.undo)).to_be_visible()
    suppressed = Suppression.objects.get(address=LEAVING)
    assert suppressed.reason == Suppression.Reason.UNSUBSCRIBED
    stranger.page.close()
    hands.press(".sections a[href='/recipients/']")
    hands.type("[name=q]", LEAVING)
    if hands.means == "no script":
        hands.press(".filter-bar button[type=submit]")
    hands.press("#results .empty a.btn-outline-primary")  # only the active ones are searched
    row = hands.page.locator("#results tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(said.suppressed)


def retry(hands: Hands, server: SmtpServer, run: Run) -> None:
    """The mailbox that was full gets it; the one that is not there is left out."""
    server.forget()
    hands.press(".sections a[href='/mailings/']")
    hands.press("#results a:has-text('Июньское меню')")
    if hands.means == "no script":
        hands.press("#run-panel a")
    hands.press("#act-retry")
    expect(hands.page.locator("[name=whom][value=hopeful]")).to_be_checked()
    hands.press("form.ask button[type=submit]")
    expect(hands.page.locator(".flash-success, .toast")).to_be_visible()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.audience, run.sent, run.failed) == (ROWS, ROWS - 1, 1)
    assert [one.recipient for one in server.accepted].count(FULL.encode()) == 1


def test_the_whole_walk(
    live_server: Any,
    walk: tuple[Means, str],
    visit: Visit,
    list_file: Path,
    server: SmtpServer,
    settings: Any,
) -> None:
    means, language = walk
    said, site = SAID[language], live_server.url
    server.on("RCPT", say("550 5.1.1 no such user"), to=GONE)
    server.on("RCPT", say("552 5.2.2 mailbox full"), to=FULL)
    settings.ACCOUNTS = {
        "email": AccountSettings(
            kind="smtp", host="127.0.0.1", port=server.port, security="none", max_connections=2
        )
    }
    hands = Hands(visit.page, means)
    sign_up(hands, site)
    expect(visit.page.locator("html")).to_have_attribute("lang", language)
    import_list(hands, list_file, said)
    write_message(hands, site)
    mailing = schedule(hands)
    needed = [one for one in hands.clicks if one not in (SEND_FILE, A_TEST, *A_FIELD)]
    assert len(needed) <= MOST_CLICKS[means], needed
    run = let_the_day_come(mailing)
    watch(hands, run)
    read_report(hands, said)
    find_out_why(hands, said)
    unsubscribe(hands, server, site, said)
    retry(hands, server, run)
    assert visit.complaints == []
