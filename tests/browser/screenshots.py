"""The pictures of the README: ``python -m tests.browser.screenshots`` makes them again.

An installation of its own with the demo's data, the real server and the real engine; the pictures
go to docs/images. Needs a Chromium.
"""

from __future__ import annotations

import re
import shutil
import signal
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final, Literal
from urllib.error import URLError

from playwright.sync_api import Browser, Page, sync_playwright

from config.environment import BASE_DIR
from tests.faults.browser import free_port
from tests.faults.installation import Installation

IMAGES: Final = BASE_DIR / "docs" / "images"
SIZE: Final = (1280, 860)
PHONE: Final = (390, 844)
USER: Final = "demo@example.org"

Scheme = Literal["light", "dark"]


def wait_for(url: str, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def password_of(output: str) -> str:
    """The password that ``demo`` has printed for its user."""
    found = re.search(rf"{re.escape(USER)}\s+(\S+)", output)
    assert found is not None, output
    return found[1]


def signed_in(
    browser: Browser, site: str, password: str, scheme: Scheme, size: tuple[int, int]
) -> Page:
    context = browser.new_context(
        color_scheme=scheme,
        locale="en",
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{site}/accounts/login/")
    page.fill("[name=login]", USER)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


def shoot(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    print(name, flush=True)


def shoot_editor(page: Page, site: str, name: str) -> None:
    """A message that has just begun as a letter of the gallery, one of its blocks selected."""
    page.goto(f"{site}/messages/new/")
    page.click("button[value=digest]")
    page.locator(".part-button .part-name").first.click()
    page.wait_for_selector("#part-form")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    print(name, flush=True)


def take(site: str, password: str) -> None:
    chromium = (
        shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            page = signed_in(browser, site, password, scheme, SIZE)
            shoot(page, f"{site}/mailings/1/", f"run-{scheme}")
            shoot_editor(page, site, f"editor-{scheme}")
        phone = signed_in(browser, site, password, "light", PHONE)
        shoot(phone, f"{site}/mailings/1/", "run-phone")
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory) / "place", engine="sqlite")
        try:
            place.start()
            password = password_of(place.manage("demo").stdout)
            place.manage("send_mailing", "1")
            port = free_port()
            server = place.process("serve", "--port", str(port))
            wait_for(f"http://127.0.0.1:{port}/healthz")
            take(f"http://127.0.0.1:{port}", password)
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
        finally:
            place.close()


if __name__ == "__main__":
    main()
