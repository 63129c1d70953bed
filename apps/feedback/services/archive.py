"""The public archive: mailings that their owner shows to everybody, filled in for nobody."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from apps.core.content.preview import Preview, preview_program
from apps.core.content.program import Values
from apps.core.content.program.nobody import for_nobody
from apps.core.content.template_language import parse
from apps.core.errors import DomainError
from apps.feedback.services.fresh_links import sender_name
from apps.feedback.services.letters import ShownLetter, language_in
from apps.mailings.models import Mailing, PublicArchive, Run
from apps.mailings.run_content import bodies_of, has_page
from apps.mailings.services.publishing.archive import archive_url

#: Mailings on a page of the archive, and in its feed.
ON_A_PAGE: Final = 50
#: Letters that are kept as they are shown, and how long at most: some of them say what day it is.
_KEPT: Final = 16
_KEPT_SECONDS: Final = 60
#: Where the links of a person lead in what is shown to nobody, until they are removed.
_PERSONAL: Final = "https://personal.invalid/"
_PERSONAL_HREF: Final = f' href="{_PERSONAL}"'
_LINK: Final = re.compile(r"<a\b[^<>]*>")
_BLANKS: Final = r"(?:\s|&nbsp;){0,20}"
#: What stands between two links of a person, and in how many last letters it is looked for.
_JOINT: Final = re.compile(rf"{_BLANKS}·{_BLANKS}\Z")
_LONGEST_JOINT: Final = 300
_NOWHERE: Final = re.compile(r'(<a\b[^<>]*?) href=""')


@dataclass(frozen=True, slots=True)
class Issue:
    """A mailing in the list of an archive. ``run``: its newest, which is what is shown."""

    run: int
    slug: str
    subject: str
    sent_at: datetime
    url: str


@dataclass(frozen=True)
class Archive:
    """An owner's archive as everybody sees it."""

    row: PublicArchive

    @property
    def url(self) -> str:
        return archive_url(self.row)

    @cached_property
    def title(self) -> str:
        """The owner's own, or the name that people know the owner by."""
        return self.row.title or sender_name(self.row.owner)

    def issues(self, before: int = 0) -> list[Issue]:
        """Its mailings, the newest first; ``before``: older than this run."""
        rows = _published(self.row).order_by("-newest")
        rows = rows.filter(newest__lt=before) if before else rows
        names = dict(rows.values_list("newest", "slug")[:ON_A_PAGE])
        runs = Run.objects.filter(pk__in=names).annotate(subject=KT("content__subject"))
        return [
            Issue(pk, names[pk], _subject(subject), at, f"{self.url}{names[pk]}/")
            for pk, subject, at in runs.order_by("-pk").values_list("pk", "subject", "created_at")
        ]


def archive_at(slug: str) -> Archive | None:
    """The archive with this address; None where there is none, or its owner is blocked."""
    rows = PublicArchive.objects.select_related("owner").filter(owner__is_active=True)
    row = rows.filter(slug=slug).first()
    return Archive(row) if row is not None else None


def letter_at(archive: Archive, slug: str) -> ShownLetter | None:
    """The mailing with this name as nobody in particular sees it; None where it is not shown."""
    newest = _published(archive.row).filter(slug=slug).values_list("newest", flat=True).first()
    run = Run.objects.filter(pk=newest).first() if newest else None
    if run is None or not has_page(run.content):
        return None
    moment = int(time.monotonic() // _KEPT_SECONDS)
    return _kept_letter(json.dumps(run.content), moment)


def _published(archive: PublicArchive) -> QuerySet[Any]:
    """Its mailings that have started, with the newest run of each; codes are shown to nobody."""
    may_show = Q(content__view_page=True) | Q(content__view_page__isnull=True)
    runs = Run.objects.filter(may_show, mailing=OuterRef("pk"))
    rows = Mailing.objects.filter(
        owner_id=archive.owner_id, public=True, archived_at=None, kind=Mailing.Kind.MAILING
    )
    newest = Subquery(runs.order_by("-number").values("pk")[:1])
    return rows.annotate(newest=newest).filter(newest__isnull=False)


def _subject(source: str | None) -> str:
    try:
        return " ".join(parse(source or "").render({}).split())
    except DomainError:
        return ""


@lru_cache(maxsize=_KEPT)
def _kept_letter(content: str, moment: int) -> ShownLetter | None:
    """What is shown of this content, found once in a while: everybody may ask for it, and often.

    Kept here and not in the cache, where letters would drive out the counters of throttles.
    """
    try:
        return _shown(json.loads(content))
    except DomainError:  # what cannot be written for nobody is not shown
        return None


def _shown(content: dict[str, Any]) -> ShownLetter:
    """Nothing is measured here, and nobody is known: without UTM, conditions and personal links."""
    bodies = bodies_of({**content, "utm": None})
    values = Values(dict.fromkeys(("unsubscribe_url", "preferences_url", "view_url"), _PERSONAL))
    text, html = for_nobody(bodies.text), for_nobody(bodies.html)
    found = preview_program(content["subject"], text, html, values)
    cleaned, lines = without_personal(found.html), _lines_of(found)
    shown = replace(found, html=cleaned, text=lines, source="")
    return ShownLetter(shown, language_in(content) or settings.LANGUAGE_CODE, bodies.of_blocks)


def without_personal(html: str) -> str:
    """The HTML without the links of a person and what joins them, and without links to nowhere."""
    kept: list[str] = []
    position = 0
    for link in _LINK.finditer(html):
        if link.start() < position or _PERSONAL_HREF not in link[0]:
            continue
        end = html.find("</a>", link.end())
        if end < 0:
            break
        kept.append(_without_joint(html[position : link.start()]))
        position = end + len("</a>")
    found = "".join((*kept, html[position:]))
    return _NOWHERE.sub(r"\1", found).replace(_PERSONAL, "")


def _without_joint(html: str) -> str:
    at = max(0, len(html) - _LONGEST_JOINT)
    return html[:at] + _JOINT.sub("", html[at:])


def _lines_of(found: Preview) -> str:
    """The text without the lines that have a link of a person."""
    lines: Sequence[str] = found.text.splitlines()
    return "\n".join(line for line in lines if _PERSONAL not in line)
