"""Whatever can be clicked or touched is at least 24 pixels wide and high (WCAG 2.5.8)."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mailings.links import unsubscribe_token
from tests.access.test_hostile_texts import MANAGEMENT
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import (
    ACCOUNTS,
    DESKTOP,
    OWN_ACCOUNT,
    PHONE,
    pages_for,
    settled,
)
from tests.browser.pages.test_widths import waiting
from tests.factories import confirmed
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: The small targets of a page. A link that stands in a line of text is as high as its line. The
#: boxes of a form belong to their label; one without may be small where nothing else is near.
SMALL = """() => {
  const LEAST = 23.5;
  const all = [...document.querySelectorAll(
    'a[href], button, summary, select, textarea, input:not([type=hidden])')];
  const seen = all.filter(one => {
    const look = getComputedStyle(one), box = one.getBoundingClientRect();
    return one.checkVisibility({visibilityProperty: true, opacityProperty: true})
      && box.width > 1 && box.height > 1 && look.pointerEvents !== 'none'
      && !one.closest('.visually-hidden, .skip-link, [inert], [contenteditable]');
  });
  const isBox = one => ['checkbox', 'radio'].includes(one.type);
  const around = one => {
    const boxes = [one, ...(one.labels || [])].map(part => part.getBoundingClientRect());
    return {
      left: Math.min(...boxes.map(b => b.left)), right: Math.max(...boxes.map(b => b.right)),
      top: Math.min(...boxes.map(b => b.top)), bottom: Math.max(...boxes.map(b => b.bottom)),
    };
  };
  const inText = one => {
    if (one.tagName !== 'A' && one.tagName !== 'BUTTON') return false;
    if (!getComputedStyle(one).display.startsWith('inline')) return false;
    const inLine = part => getComputedStyle(part).display.startsWith('inline');
    let block = one.parentElement;
    while (inLine(block)) block = block.parentElement;
    const kind = getComputedStyle(block).display;
    if (!['block', 'list-item', 'table-cell'].includes(kind)) return false;
    let rest = block.innerText;
    for (const other of block.querySelectorAll('a, button'))
      rest = rest.replace(other.innerText, '');
    return /[\\p{L}\\d]{2}/u.test(rest);
  };
  const free = one => {
    const b = one.getBoundingClientRect(), x = (b.left + b.right) / 2, y = (b.top + b.bottom) / 2;
    return seen.every(other => {
      if (other === one || other.contains(one)) return true;
      const o = other.getBoundingClientRect();
      const dx = Math.max(o.left - x, 0, x - o.right), dy = Math.max(o.top - y, 0, y - o.bottom);
      return Math.hypot(dx, dy) >= 12;
    });
  };
  return seen.filter(one => {
    const b = around(one), small = b.right - b.left < LEAST || b.bottom - b.top < LEAST;
    return small && !inText(one) && !(isBox(one) && free(one));
  }).map(one => {
    const b = around(one);
    return `${Math.round(b.right - b.left)}x${Math.round(b.bottom - b.top)} `
      + one.outerHTML.replace(/\\s+/g, ' ').slice(0, 110)
      + ` in ${one.parentElement.tagName} ${one.parentElement.className}`;
  });
}"""


def small_targets(visit: Visit, site: str, paths: list[str]) -> list[str]:
    """The targets of these pages that are too small, on a computer and on a phone."""
    page, found = visit.page, []
    for path in paths:
        page.goto(site + path)
        settled(page)
        for window in (DESKTOP, PHONE):
            page.set_viewport_size(window)
            found += [f"{path} {window['width']}: {one}" for one in page.evaluate(SMALL)]
    return found


@pytest.mark.parametrize("scheme", ["light"])
def test_no_target_of_a_strangers_page_is_small(
    live_server: Any, visit: Visit, cast: Cast, scheme: str
) -> None:
    paths = ["/", f"/u/{unsubscribe_token(cast.delivery.pk)}/"]
    paths += [f"/accounts/{end}" for end in ACCOUNTS]
    assert "\n".join(small_targets(visit, live_server.url, paths)) == ""


@pytest.mark.parametrize("scheme", ["light"])
def test_no_target_of_a_users_page_is_small(
    live_server: Any, visit: Visit, cast: Cast, scheme: str
) -> None:
    waiting(cast)
    sign_in(visit.page, live_server.url, confirmed(cast.owner).email)
    paths = ["/", *pages_for(cast, "owner"), "/figures/", "/find/?q=a"]
    paths += [f"/accounts/{end}" for end in OWN_ACCOUNT]
    assert "\n".join(small_targets(visit, live_server.url, paths)) == ""


@pytest.mark.parametrize("scheme", ["light"])
def test_no_target_of_a_managers_page_is_small(
    live_server: Any, visit: Visit, cast: Cast, scheme: str
) -> None:
    waiting(cast)
    sign_in(visit.page, live_server.url, confirmed(cast.manager).email)
    paths = ["/", "/mailings/", f"/mailings/{cast.mailing.pk}/", "/recipients/", *MANAGEMENT]
    assert "\n".join(small_targets(visit, live_server.url, paths)) == ""
