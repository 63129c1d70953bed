"""Public pages that recipients open from a message; robots that read messages open them, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.feedback.models import PublicLink
from apps.feedback.services.preferences import (
    Visitor,
    visitor_of_delivery,
    visitor_of_link,
)
from apps.feedback.services.public_links import LinkExpired, opened, use
from apps.feedback.views.fresh_links import data_page, email_page, erasure_page
from apps.feedback.views.preferences import act_on, page_of
from apps.mailings.links import delivery_of

FORGERIES_AN_HOUR: Final = 10


class TooManyForgeries(Exception):
    """This address has tried too many invented links within the hour."""


class SealedPage(View):
    """A page behind a sealed link. A genuine link always works; only inventing them is limited."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except TooManyForgeries:
            return HttpResponse(status=429, headers={"Retry-After": "3600"})
        assert isinstance(response, HttpResponse)
        return response

    def refuse_forgery(self, request: HttpRequest) -> Http404:
        """What to raise for a token that nobody here has made."""
        key = f"forged-links:{request.META.get('REMOTE_ADDR', '')}"
        cache.add(key, 0, 3600)
        if cache.incr(key) > FORGERIES_AN_HOUR:
            raise TooManyForgeries
        return Http404()


# RFC 8058: the mail client's POST carries no cookie and no token of ours, and must get no redirect.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(SealedPage):
    """GET only asks, because mail scanners open every link; POST acts, or takes it back."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return page_of(request, self._visitor(request, token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return act_on(request, self._visitor(request, token))

    def _visitor(self, request: HttpRequest, token: str) -> Visitor:
        delivery_id = delivery_of(token)
        if delivery_id is None:
            raise self.refuse_forgery(request)
        found = visitor_of_delivery(delivery_id)
        if found is None:
            raise Http404
        return found


Page = Callable[[HttpRequest, PublicLink], HttpResponseBase]


def _preferences(request: HttpRequest, link: PublicLink) -> HttpResponse:
    visitor = visitor_of_link(link)
    if request.method == "POST":
        use(link=link, now=timezone.now())
        return act_on(request, visitor)
    return page_of(request, visitor)


#: What a fresh link leads to, by its purpose. GET changes nothing; POST acts.
PAGES: dict[str, Page] = {
    PublicLink.Purpose.PREFERENCES.value: _preferences,
    PublicLink.Purpose.DATA.value: data_page,
    PublicLink.Purpose.ERASURE.value: erasure_page,
    PublicLink.Purpose.EMAIL.value: email_page,
}


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class FreshLink(SealedPage):
    """The page that a person has asked for a link to."""

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            link = opened(token=token, now=timezone.now())
        except LinkExpired:
            return render(request, "feedback/link_expired.html", status=410)
        if link is None:
            raise self.refuse_forgery(request)
        response = PAGES[link.purpose](request, link)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    post = get
