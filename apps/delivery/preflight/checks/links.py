"""Where the links of the letter lead: each address is asked once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.fetching import Answer
from apps.delivery.preflight.findings import (
    Finding,
    Place,
    Result,
    failure,
    passed,
    unchecked,
    warning,
)
from apps.delivery.preflight.letter import Letter

MOST: Final = 200
#: Links that are shown to lead nowhere; of more their number.
_NEVER_ASKED: Final = ("mailto:", "tel:", "sms:", "cid:", "#")
_OURS: Final = ("unsubscribe_url", "view_url")
_FIX: Final = _("Correct the link.")


class LinkCheck(Check):
    """Dead links, links without https, and links that can only be known with somebody's data."""

    name = "links"
    title = _("Links")
    network = True
    seconds = 30.0
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        links = [one for one in letter.links if not one.lower().startswith(_NEVER_ASKED)]
        links = [one for one in links if not any(name in one for name in _OURS)]
        filled = [one for one in links if "{{" in one or "{%" in one]
        urls = [one for one in links if one not in filled]
        broken = [one for one in urls if not _is_web(one)]
        asked = [one for one in urls if one not in broken]
        if not links:
            yield passed(_("There are no links to check."))
        for link in broken:
            text = _("%(link)s is no address that a reader can open.")
            yield failure(text, _FIX, Place.MESSAGE, link=_short(link))
        yield from _answers(asked[:MOST], tools, seconds)
        if filled:
            text = _("Links with placeholders, not checked: %(count)s.")
            yield unchecked(text, count=len(filled))
        if len(asked) > MOST:
            text = _("Only the first %(count)s links were checked.")
            yield unchecked(text, count=MOST)


def _answers(urls: list[str], tools: Tools, seconds: float) -> Iterator[Finding]:
    answers = tools.ask_all(urls, seconds, 0) if urls else {}
    good = 0
    for url in urls:
        found = _judged(url, answers[url]) if url in answers else None
        if found is not None:
            yield found
        good += found is None and url in answers
        if url.lower().startswith("http://"):
            text = _("%(link)s is not https.")
            yield warning(
                text, _("Use https where the site has it."), Place.MESSAGE, link=_short(url)
            )
    late = len(urls) - len(answers)
    if good:
        yield passed(_("Links that work: %(count)s."), count=good)
    if late:
        yield unchecked(_("Links that did not answer in time: %(count)s."), count=late)


def _judged(url: str, answer: Answer) -> Finding | None:
    """What is wrong with the answer; None: nothing."""
    link, status = _short(url), answer.status
    if 200 <= status < 300:
        return None
    if status in (404, 410):
        text = _("%(link)s does not exist (%(status)s).")
        return failure(text, _FIX, Place.MESSAGE, link=link, status=str(status))
    if status >= 500:
        text = _("The server of %(link)s fails (%(status)s).")
        return failure(
            text, _("Correct the site, or the link."), Place.MESSAGE, link=link, status=str(status)
        )
    if status:
        text = _("%(link)s does not let us in (%(status)s); readers may see more.")
        return warning(
            text, _("Open it in a browser."), Place.MESSAGE, link=link, status=str(status)
        )
    result, text = _WHY.get(answer.why, _WHY[""])
    return Finding(result, text, {"link": link}, _FIX, Place.MESSAGE)


#: Of an address that answered nothing.
_WHY: Final = {
    "host": (Result.FAIL, _("There is no server of the name in %(link)s.")),
    "tls": (Result.FAIL, _("The certificate of %(link)s is not valid.")),
    "blocked": (Result.WARN, _("%(link)s is not public: readers cannot open it.")),
    "time": (Result.WARN, _("%(link)s did not answer in time.")),
    "hops": (Result.WARN, _("%(link)s redirects more than 3 times.")),
    "": (Result.FAIL, _("%(link)s does not answer.")),
}


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _short(url: str) -> str:
    return url if len(url) <= 120 else f"{url[:119]}…"
