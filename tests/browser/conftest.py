"""A real browser against a real server. Skipped, and said so, where there is no Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from apps.users.models import User
from tests.factories import PASSWORD, UserFactory, confirmed
from tests.people import cast

__all__ = ["cast"]  # the people of the page tests are met here too

#: Milliseconds. No test measures them: what runs beside it must not fail it.
TIMEOUT = 30_000
expect.set_options(timeout=TIMEOUT)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run this")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """A page of the browser that remembers every complaint of the console."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({self.page.url})")


@pytest.fixture
def owner(transactional_db: None) -> User:
    return confirmed(UserFactory.create(email="anna@example.org"))


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def visit(browser: Browser, scheme: str, no_cover: None) -> Iterator[Visit]:
    """A page of its own. What it reaches is covered by tests that ask for more than its looks."""
    colours: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    context = browser.new_context(color_scheme=colours, locale="ru", reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT)
    visit = Visit(context.new_page())
    visit.listen()
    yield visit
    context.close()


def sign_in(page: Page, site: str, email: str) -> None:
    """As a person does it."""
    page.goto(f"{site}/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator(".person")).to_be_visible()
