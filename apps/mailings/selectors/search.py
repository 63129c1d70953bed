"""The search over everything that one owner has: mailings, messages, recipients.

A kind of rows that wants to be found adds its finder to ``FINDERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.contracts import Actor
from apps.mailings.models import Mailing, Message, Recipient
from apps.mailings.models.content import NO_COPY
from apps.mailings.selectors import recipient_search
from apps.mailings.selectors.mailings import listed, named_like, standings_of
from apps.mailings.selectors.messages import messages_like

#: Hits of each kind that are shown.
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: its name, what it is or how it stands, its page."""

    label: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; ``more`` is the list with all of them, when there are more."""

    label: str | Promise
    hits: list[Hit]
    more: str = ""


Finder = Callable[[Actor, str], Group]


def found_everywhere(actor: Actor, query: str) -> list[Group]:
    """What has these words in its name or address, by kinds; only what this actor may see."""
    query = query.replace("\x00", "").strip()[:200]
    if not query:
        return []
    groups = (find(actor, query) for find in FINDERS)
    return [group for group in groups if group.hits]


def _mailings(actor: Actor, query: str) -> Group:
    rows = listed(Mailing.objects.filter(archived_at=None)).visible_to(actor)
    found = list(named_like(rows, query).order_by("-pk")[: SHOWN + 1])
    standings = standings_of(found, timezone.now())
    hits = [
        Hit(row.name, standings[row.pk].label, reverse("mailings:detail", args=[row.pk]))
        for row in found[:SHOWN]
    ]
    return _group(_("Mailings"), hits, found, "mailings:list", query)


def _messages(actor: Actor, query: str) -> Group:
    rows = Message.objects.filter(NO_COPY, archived_at=None).visible_to(actor)
    found = list(messages_like(rows, query).order_by("-pk")[: SHOWN + 1])
    hits = [
        Hit(row.title, f"id:{row.pk}", reverse("messages:detail", args=[row.pk]))
        for row in found[:SHOWN]
    ]
    return _group(_("Messages"), hits, found, "messages:list", query)


def _recipients(actor: Actor, query: str) -> Group:
    rows = Recipient.objects.filter(archived_at=None).visible_to(actor)
    found = list(recipient_search.search(rows, query).rows.order_by("-pk")[: SHOWN + 1])
    hits = [
        Hit(str(row), row.email or row.phone or "", reverse("recipients:detail", args=[row.pk]))
        for row in found[:SHOWN]
    ]
    return _group(_("Recipients"), hits, found, "recipients:list", query)


def _group(
    label: str | Promise, hits: list[Hit], found: Sequence[object], page: str, query: str
) -> Group:
    more = f"{reverse(page)}?{urlencode({'q': query})}" if len(found) > SHOWN else ""
    return Group(label, hits, more)


FINDERS: Final[tuple[Finder, ...]] = (_mailings, _messages, _recipients)
