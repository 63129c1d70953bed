"""Pictures: what a reader sees without them, whether they are there, and how heavy they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.fetching import Answer
from apps.delivery.preflight.findings import Finding, Place, failure, passed, unchecked, warning
from apps.delivery.preflight.letter import Letter

_HEAVY: Final = 200_000
_MOST: Final = 50
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")


class PictureCheck(Check):
    """Missing alternative texts, pictures that do not load, and heavy ones."""

    name = "pictures"
    title = _("Pictures")
    network = True
    seconds = 12.0
    reads = ("message",)

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        pictures = letter.markup.pictures
        if not pictures:
            yield passed(_("There are no pictures."))
            return
        silent = sum(one.alt is None for one in pictures)
        if silent:
            text = _("Pictures without alternative text: %(count)s.")
            fix = _("Write what each shows, or an empty alt for a decoration.")
            yield failure(text, fix, Place.MESSAGE, count=silent)
        sources = dict.fromkeys(one.source for one in pictures)
        filled = [one for one in sources if "{{" in one or "{%" in one]
        web = [one for one in sources if one not in filled]
        for one in web:
            yield from _of_place(one)
        asked = [one for one in web if _is_asked(one)]
        yield from _answers(asked[:_MOST], tools, seconds)
        if filled:
            text = _("Pictures with placeholders in their address, not checked: %(count)s.")
            yield unchecked(text, count=len(filled))


def _host(source: str) -> str:
    try:
        return (urlsplit(source).hostname or "").lower()
    except ValueError:
        return ""


def _is_local(source: str) -> bool:
    return f"{_host(source)}" in _LOCAL or _host(source) == "::1"


def _is_asked(source: str) -> bool:
    return source.lower().startswith(("http://", "https://")) and not _is_local(source)


def _of_place(source: str) -> Iterator[Finding]:
    fix = _("Put it on a public server, and use its address there.")
    if _is_local(source):
        text = _("The picture %(picture)s is on this machine: no reader can see it.")
        yield warning(text, fix, Place.MESSAGE, picture=_short(source))
    elif not _is_asked(source) and not source.lower().startswith(("cid:", "data:")):
        text = _("The picture %(picture)s has no address that a reader can open.")
        yield warning(text, fix, Place.MESSAGE, picture=_short(source))


def _answers(urls: list[str], tools: Tools, seconds: float) -> Iterator[Finding]:
    answers = tools.ask_all(urls, seconds, _HEAVY) if urls else {}
    good = 0
    for url in urls:
        found = _judged(url, answers.get(url)) if url in answers else None
        if found is not None:
            yield found
        good += found is None and url in answers
    if good:
        yield passed(_("Pictures that load: %(count)s."), count=good)
    if late := len(urls) - len(answers):
        yield unchecked(_("Pictures that did not answer in time: %(count)s."), count=late)


def _judged(url: str, answer: Answer | None) -> Finding | None:
    """What is wrong with the answer; None: nothing."""
    if answer is None or not 200 <= answer.status < 300:
        text = _("The picture %(picture)s does not load.")
        return warning(text, _("Correct its address."), Place.MESSAGE, picture=_short(url))
    if answer.size > _HEAVY:
        text = _("The picture %(picture)s is heavier than 200 kB.")
        return warning(text, _("Make it smaller."), Place.MESSAGE, picture=_short(url))
    return None


def _short(url: str) -> str:
    return url if len(url) <= 120 else f"{url[:119]}…"
