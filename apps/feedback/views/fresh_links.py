"""Pages behind fresh links, and the one on which people ask for a link by their address."""

from __future__ import annotations

import time
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.core.errors import Refused
from apps.core.http.costly import Busy
from apps.core.http.error_pages import not_now
from apps.core.text.formatting import refusal_text
from apps.feedback.models import PublicLink
from apps.feedback.services import fresh_links, unsubscribe
from apps.feedback.services.email_change import AddressNotFree, ask_change, confirm_change
from apps.feedback.services.public_links import url_of, use
from apps.feedback.views.public import (
    PADDED,
    PublicPageMixin,
    genuine,
    language_of,
    place_for_waiting,
    wait_until,
)
from apps.mailings.links import PREFERENCES, unsealed
from apps.mailings.models import Channel, Consent, DataCopy, ErasureRequest
from apps.mailings.models.audience import normal_address
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.privacy import erasure, personal_data
from apps.users.models import User

#: Who acts, where a row or the log names it.
_PERSON: Final = "recipient"


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AskForLink(PublicPageMixin, View):
    """``/preferences/<owner>/``: one answer for every address, known or not."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, self._owner(request, token))

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        owner, started = self._owner(request, token), time.monotonic()
        try:
            address = normal_address(Channel.EMAIL, request.POST.get("email", "").strip())
        except ValidationError as error:
            return self._page(request, owner, error=error.messages[0])
        try:
            with place_for_waiting():
                fresh_links.ask_by_address(
                    owner_id=owner.pk,
                    address=address,
                    language=self._language(request),
                    ip=request.META.get("REMOTE_ADDR") or None,
                    now=timezone.now(),
                )
                wait_until(started + PADDED)
        except Busy as refusal:
            return not_now(request, refusal, status=refusal.status, wait=1)
        return self._page(request, owner, done=True)

    @staticmethod
    def _owner(request: HttpRequest, token: str) -> User:
        number = unsealed(PREFERENCES, token) or 0
        return genuine(request, User.objects.filter(pk=number, is_active=True).first())

    @staticmethod
    def _language(request: HttpRequest) -> str:
        offered = [code for code, _name in settings.LANGUAGES]
        return language_of(request, offered, default=get_language() or settings.LANGUAGE_CODE)

    def _page(
        self, request: HttpRequest, owner: User, *, error: str = "", done: bool = False
    ) -> HttpResponse:
        typed = request.POST.get("email", "")[:254]
        with translation.override(self._language(request)):
            context = {
                "sender": fresh_links.sender_name(owner),
                "error": error,
                "done": done,
                "typed": typed,
            }
            status = 400 if error else 200
            return render(request, "feedback/ask_for_link.html", context, status=status)


def data_page(request: HttpRequest, link: PublicLink) -> HttpResponse:
    """The copy of the person's data: asked for once by a link, there when it is made."""
    now, person = timezone.now(), link.recipient
    act = request.POST.get("act", "")
    copy = _copy_of(link)
    if request.method == "POST" and act == "take":
        if copy is None or not personal_data.is_there(copy, now):
            raise Http404
        content = personal_data.take(copy=copy, actor=_PERSON, now=now)
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="my-data.zip"'
        return response
    if request.method == "POST" and use(link=link, now=now):
        try:
            copy = personal_data.copy_for_person(recipient=person, actor=_PERSON, now=now)
        except Refused:  # somebody else has asked for one: it will do
            copy = DataCopy.objects.filter(recipient=person).first()
    context = {"link": link, "copy": copy, "there": copy and personal_data.is_there(copy, now)}
    return _shown(request, link, "feedback/own_data.html", context)


def _copy_of(link: PublicLink) -> DataCopy | None:
    """The newest copy since the link was made, or the one that it has used."""
    if link.used_at is None:
        return None
    return DataCopy.objects.filter(recipient=link.recipient).first()


def erasure_page(request: HttpRequest, link: PublicLink) -> HttpResponse:
    """The erasure of the person: asked for here, and taken back while it has not been done."""
    now, person = timezone.now(), link.recipient
    if request.method == "POST" and request.POST.get("act") == "keep":
        erasure.take_back(recipient=person, now=now)
    elif request.method == "POST":
        use(link=link, now=now)
        try:
            by = ErasureRequest.By.PERSON
            erasure.ask(recipient=person, by=by, actor=_PERSON, now=now, confirmed_at=now)
        except Refused:  # it waits already
            pass
    rows = ErasureRequest.objects.filter(recipient=person)
    waiting = rows.filter(state=ErasureRequest.State.WAITING).first()
    context = {
        "link": link,
        "waiting": waiting,
        "mine": waiting is not None and waiting.by == ErasureRequest.By.PERSON,
        "days": settings.ERASURE_GRACE_DAYS,
        "refused": None if waiting else rows.filter(state=ErasureRequest.State.REFUSED).first(),
    }
    return _shown(request, link, "feedback/own_erasure.html", context)


def email_page(request: HttpRequest, link: PublicLink) -> HttpResponseBase:
    """Another email address: asked for behind a link to the old one, confirmed behind one to it."""
    shown = unsubscribe.masked_address(Channel.EMAIL, link.address)
    context: dict[str, Any] = {"link": link, "address": shown}
    if link.used_at is not None and link.recipient.email == link.address:
        return _shown(request, link, "feedback/own_email.html", {**context, "done": "changed"})
    if request.method != "POST":
        return _shown(request, link, "feedback/own_email.html", context)
    now, started = timezone.now(), time.monotonic()
    if link.address:
        evidence = Evidence(
            source=Consent.Source.PAGE,
            by_person=True,
            said_at=now,
            ip=request.META.get("REMOTE_ADDR") or None,
            user_agent=request.headers.get("User-Agent", ""),
        )
        try:
            confirm_change(link=link, evidence=evidence, now=now)
            context["done"] = "changed"
        except AddressNotFree as refused:
            context["error"] = refusal_text(refused)
        return _shown(request, link, "feedback/own_email.html", context)
    try:
        address = normal_address(Channel.EMAIL, request.POST.get("email", "").strip())
    except ValidationError as error:
        context |= {"error": error.messages[0], "typed": request.POST.get("email", "")[:254]}
        return _shown(request, link, "feedback/own_email.html", context, status=400)
    try:
        with place_for_waiting():
            ip = request.META.get("REMOTE_ADDR") or None
            ask_change(recipient=link.recipient, address=address, ip=ip, now=now)
            wait_until(started + PADDED)
    except Busy as refusal:
        return not_now(request, refusal, status=refusal.status, wait=1)
    return _shown(request, link, "feedback/own_email.html", {**context, "done": "sent"})


def to_page_of(link: PublicLink) -> HttpResponse:
    """Redirect a person who has just shown that the mailbox is theirs to the page of a link."""
    path = url_of(link).partition("/p/")[2]
    return redirect(f"/p/{path}")


def _shown(
    request: HttpRequest,
    link: PublicLink,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    language = link.recipient.language or get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        sender = fresh_links.sender_name(link.recipient.owner)
        return render(request, template, {**context, "sender": sender}, status=status)
