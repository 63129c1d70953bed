"""What may keep a message from being read, found before it is sent. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from django.utils.translation import gettext as _

from apps.core.content.html_text import html_to_text, sane_markup
from apps.core.content.template_language import TemplateRefused, parse
from apps.core.content.time_budget import MAX_SECONDS, OverLimit, look_at_the_clock, time_budget

#: Gmail cuts a message off after so many bytes of HTML.
CLIPPED: Final = 102_000
_LONG_SUBJECT: Final = 78
_LOUD: Final = 10
#: Links and names that are looked at: more hints than these are read by nobody.
_LOOKED_AT: Final = 100


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence about what is likely to go wrong.

    ``fix`` names what the site can do about it (UNSUBSCRIBE); ``grave``: a mailing should not go
    out like this.
    """

    text: str
    fix: str = ""
    grave: bool = False


#: A fix: put a link to unsubscribe under the message.
UNSUBSCRIBE: Final = "unsubscribe"


class _Markup(HTMLParser):
    """Collects links and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures = 0
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        look_at_the_clock()
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        elif tag == "img":
            self.pictures += 1
            self.silent += not (values.get("alt") or "").strip()


def hints(subject: str, text: str, html: str, *, known: Collection[str]) -> list[Hint]:
    """Sentences about what is likely to go wrong. ``known``: the names a template may use."""
    try:
        with time_budget(MAX_SECONDS):
            return _hints(subject, text, html, known)
    except OverLimit:
        return [Hint(_("The HTML has so many elements that it was not checked."))]


def _hints(subject: str, text: str, html: str, known: Collection[str]) -> list[Hint]:
    markup = _Markup()
    markup.feed(sane_markup(html))
    return [
        *_about_whole(text, html, markup),
        *map(Hint, _about_subject(subject)),
        *map(Hint, _about_parts(text, html, markup)),
        *map(Hint, _about_links(markup.links)),
        *map(Hint, _about_names((subject, text, html), known)),
    ]


def _about_subject(subject: str) -> Iterator[str]:
    if len(subject) > _LONG_SUBJECT:
        yield _("The subject is long: most readers see only its first 40 to 70 characters.")
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) >= _LOUD and sum(sign.isupper() for sign in letters) > 0.7 * len(letters):
        yield _("The subject is in capitals; spam filters dislike that.")


def _about_whole(text: str, html: str, markup: _Markup) -> Iterator[Hint]:
    if not text.strip() and not html_to_text(html).strip() and not markup.pictures:
        yield Hint(_("The message has no text."), grave=True)
    elif "unsubscribe_url" not in text + html:
        yield Hint(_("No unsubscribe link."), fix=UNSUBSCRIBE, grave=True)


def _about_parts(text: str, html: str, markup: _Markup) -> Iterator[str]:
    if len(html.encode()) > CLIPPED:
        yield _("The HTML is larger than 102 kB: Gmail will cut it off.")
    if markup.pictures and len(html_to_text(html)) < 100:
        yield _(
            "Almost only images: spam filters distrust it, "
            "and readers who block images see nothing."
        )
    if markup.silent:
        yield _("A picture has no alternative text (alt).")
    if html.strip() and not text.strip():
        yield _("No plain-text version; it will be generated.")


def _about_links(links: list[str]) -> Iterator[str]:
    for link in list(dict.fromkeys(links))[:_LOOKED_AT]:
        if link.startswith(("{{", "#", "mailto:", "tel:")):
            continue
        if not re.match(r"https?://[^\s/]+\S*$", link.strip()):
            yield _("A link does not work: %(link)s") % {"link": link[:80]}
        elif link.startswith("http://"):
            yield _("A link is not https: %(link)s") % {"link": link[:80]}


def _about_names(parts: Collection[str], known: Collection[str]) -> Iterator[str]:
    used: set[str] = set()
    for part in parts:
        try:
            used |= parse(part).names
        except TemplateRefused:
            return
    for name in sorted(used)[:_LOOKED_AT]:
        if name not in known and not name.startswith("attributes."):
            yield _("No recipient has “%(name)s”; it will be empty.") % {"name": name}
