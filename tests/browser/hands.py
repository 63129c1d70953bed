"""A person at the page, by three means: by pointer, by keyboard alone, without JavaScript.

Every click is counted, and so is every key that follows a link, presses a button or makes a choice.
Typing is no click. Nothing is ever typed into the address bar but what a mail holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Locator, Page, expect

Means = Literal["pointer", "keyboard", "no script"]

#: So many times Tab is pressed for one thing, then it cannot be reached.
_MOST_TABS: Final = 160
_IS_FOCUSED: Final = "element => element === document.activeElement"
_IS_CHECKED: Final = "radio => radio.checked"
#: The page itself asks the one who leaves it to stay while anything is not saved.
_UNTIL_SAVED: Final = """new Promise((done, fail) => {
  setTimeout(() => fail(new Error("it is not saved")), 30000);
  const look = () => {
    if (dispatchEvent(new Event("beforeunload", { cancelable: true }))) done();
    else setTimeout(look, 20);
  };
  look();
})"""


@dataclass
class Hands:
    """What is done to one page of the browser, and how much of it."""

    page: Page
    means: Means
    clicks: list[str] = field(default_factory=list)

    def press(self, target: str) -> None:
        """A link, a button, a box or the head of a menu."""
        place = self._seen(target)
        self.clicks.append(target)
        if self.means != "keyboard":
            place.click()
            return
        self._tab_to(place)
        box = place.evaluate("element => element.type === 'checkbox'")
        self.page.keyboard.press("Space" if box else "Enter")

    def choose(self, target: str) -> None:
        """One radio button of a group."""
        place = self._seen(target)
        self.clicks.append(target)
        if self.means != "keyboard":
            place.check()
            return
        group = self.page.locator(f"[name='{place.get_attribute('name')}']")
        self._tab_to(group.and_(self.page.locator(":checked")))
        for _radio in range(group.count()):
            if place.evaluate(_IS_CHECKED):
                break
            self.page.keyboard.press("ArrowDown")
        expect(place).to_be_checked()

    def choose_file(self, target: str, path: Path) -> None:
        """The browser's own window, opened by the field; there is no other way."""
        with self.page.expect_file_chooser() as opened:
            if self.means == "keyboard":
                self.clicks.append(target)
                self._tab_to(self.page.locator(target))
                self.page.keyboard.press("Enter")
            else:
                self.press(f"label:has({target})")
        opened.value.set_files(path)

    def type(self, target: str, text: str) -> None:
        place = self._seen(target)
        if self.means != "keyboard":
            place.fill(text)
            return
        self._tab_to(place)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def go_into(self, target: str) -> None:
        """Put the caret into an editor, to type there."""
        place = self._seen(target)
        if self.means == "keyboard":
            self._tab_to(place)
        else:
            place.focus()

    def _seen(self, target: str) -> Locator:
        place = self.page.locator(target).first
        expect(place).to_be_visible()
        # Nobody is quicker than the page's scripts, which run before it has loaded.
        self.page.wait_for_load_state()
        return place

    def _tab_to(self, place: Locator) -> None:
        for _step in range(_MOST_TABS):
            if place.evaluate(_IS_FOCUSED):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {place} by Tab on {self.page.url}")


def saved(page: Page) -> None:
    """The page can be left: the server has all that was typed."""
    page.evaluate(_UNTIL_SAVED)
