"""What the pages of preferences have in common: the request as evidence, the form, the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language

from apps.core.http.error_pages import not_now
from apps.core.paging import row_ids
from apps.feedback.models import PublicLink
from apps.feedback.services import fresh_links, preferences, unsubscribe
from apps.feedback.services.fresh_links import TooManyLinks, link_to_own_page
from apps.feedback.services.messengers import links
from apps.feedback.services.preferences import Visitor, Wishes
from apps.feedback.views.fresh_links import to_page_of
from apps.mailings.models import Channel, Consent
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.preferences import EVERY_DAYS, MOST_WEEKS

_LANGUAGES: Final = dict(settings.LANGUAGES)
#: The pauses that the page offers, in weeks.
_WEEKS: Final = (1, 2, 4, 8, 12)
#: What a person may do with their data, behind a link of its own.
_OWN_DATA: Final = (
    PublicLink.Purpose.DATA.value,
    PublicLink.Purpose.ERASURE.value,
    PublicLink.Purpose.EMAIL.value,
)


def act_on(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Do what the form of the page asks for. A mail client asks for nothing: it unsubscribes."""
    now = timezone.now()
    act = request.POST.get("act", "leave")
    if act == "leave" and visitor.delivery is not None:
        source = Consent.Source.ONE_CLICK
        token = preferences.leave(visitor, evidence_of(request, visitor, source, now), now)
        return page_of(request, visitor, done="left", undo=token)
    evidence = evidence_of(request, visitor, Consent.Source.PAGE, now)
    if act == "undo" and (token := request.POST.get("undo", "")):
        done = preferences.undo(visitor, token, evidence, now)
        return page_of(request, visitor, done="back" if done else "late")
    if act == "undo" and visitor.delivery is not None:
        preferences.come_back(visitor, evidence)
        return page_of(request, visitor, done="back")
    if not visitor.knows:
        raise Http404
    if act == "all":
        token = preferences.leave_all(visitor, evidence, now)
        return page_of(request, visitor, done="all", undo=token)
    if act == "link" and request.POST.get("purpose") in _OWN_DATA:
        return _own_data(request, visitor, now)
    if act == "connect" and visitor.delivery is None:
        return _connection(request, visitor, now)
    if act == "save":
        preferences.save(visitor, wishes_of(request), evidence, now)
        return page_of(request, visitor, done="saved")
    raise Http404


def _connection(request: HttpRequest, visitor: Visitor, now: datetime) -> HttpResponse:
    """A link to a messenger, for the one who has just shown that the mailbox is theirs."""
    account = request.POST.get("account", "")
    if account not in links.bots():
        raise Http404
    link = links.make_link(recipient=visitor.recipient, account=account, now=now)
    return page_of(request, visitor, done="connect", connection=links.address_of(link))


def _own_data(request: HttpRequest, visitor: Visitor, now: datetime) -> HttpResponse:
    """The page about the person's data: at once behind a fresh link, else by one that is sent."""
    person, purpose = visitor.recipient, request.POST["purpose"]
    if visitor.delivery is None:
        try:
            return to_page_of(link_to_own_page(recipient=person, purpose=purpose, now=now))
        except TooManyLinks as refusal:
            return not_now(request, refusal, status=429, wait=3600)
    fresh_links.ask_of(
        recipient=person,
        purpose=purpose,
        language=get_language() or settings.LANGUAGE_CODE,
        ip=request.META.get("REMOTE_ADDR") or None,
        now=now,
    )
    return page_of(request, visitor, done="sent")


def evidence_of(request: HttpRequest, visitor: Visitor, source: str, now: datetime) -> Evidence:
    """Who acts: the person, by this letter. The page's address is no evidence, but a secret."""
    return Evidence(
        source=source,
        by_person=True,
        said_at=now,
        language=get_language() or "",
        ip=request.META.get("REMOTE_ADDR") or None,
        user_agent=request.headers.get("User-Agent", ""),
        delivery_id=visitor.delivery.pk if visitor.delivery is not None else None,
    )


def wishes_of(request: HttpRequest) -> Wishes:
    """What is filled in; a value that the page does not offer is passed over."""
    given = request.POST
    days, weeks = given.get("every_days", ""), given.get("pause", "")
    language = given.get("language", "")
    shown = "channels_shown" in given
    chosen = frozenset(given.getlist("channel")) & {*Channel.values}
    return Wishes(
        lists=frozenset(row_ids(given.getlist("list"))),
        channels=chosen if shown else None,
        language=language if language in _LANGUAGES else "",
        every_days=next((one for one in EVERY_DAYS if str(one) == days), None),
        pause_weeks=next((one for one in range(MOST_WEEKS + 1) if str(one) == weeks), None),
        unmeasured="unmeasured" in given if "measuring_shown" in given else None,
    )


def page_of(
    request: HttpRequest,
    visitor: Visitor,
    *,
    done: str = "",
    undo: str = "",
    connection: str = "",
) -> HttpResponse:
    """The page as things stand now, in the person's language if it is known."""
    visitor.recipient.refresh_from_db()
    language = visitor.recipient.language if visitor.knows else ""
    with translation.override(language or get_language() or settings.LANGUAGE_CODE):
        context = {**_context(visitor, done, undo), "connection": connection}
        return render(request, "feedback/unsubscribe.html", context)


def _context(visitor: Visitor, done: str, undo: str) -> dict[str, Any]:
    delivery = visitor.delivery
    mine = preferences.of_letter(visitor) if visitor.knows else []
    on = [row.list.title for row in mine if row.ended_at is None]
    reason = unsubscribe.reason_of_delivery(delivery) if delivery is not None else ""
    channels = preferences.channels_of(visitor) if visitor.knows else []
    return {
        "visitor": visitor,
        "done": done,
        "undo": undo,
        "reason": reason,
        "own_word": reason == "unsubscribed",
        "letter_lists": on or [row.list.title for row in mine],
        "is_on": bool(delivery) and not reason and (bool(on) or not mine),
        "lists": preferences.choices_of(visitor) if visitor.knows else [],
        "channels": channels if len(channels) > 1 else [],
        # A letter may be forwarded: who has it is not connected in the person's place.
        "bots": links.labelled() if visitor.knows and delivery is None else [],
        "every_days": EVERY_DAYS,
        "weeks": _WEEKS,
        "languages": settings.LANGUAGES,
        "inbox": unsubscribe.masked_address(Channel.EMAIL, visitor.recipient.email or ""),
        "now": timezone.now(),
    }
