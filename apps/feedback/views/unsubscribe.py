"""Public pages that recipients open from a message; robots that read messages open them, too."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
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
from apps.feedback.views.public import PublicPageMixin, genuine
from apps.mailings.links import delivery_of


# RFC 8058: the mail client's POST carries no cookie and no token of ours, and must get no redirect.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(PublicPageMixin, View):
    """GET only asks, because mail scanners open every link; POST acts, or takes it back."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return page_of(request, _visitor(request, token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        return act_on(request, _visitor(request, token))


def _visitor(request: HttpRequest, token: str) -> Visitor:
    """The person of the letter: one of before and an invented one are looked for alike."""
    return genuine(request, visitor_of_delivery(delivery_of(token) or 0))


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
class FreshLink(PublicPageMixin, View):
    """The page that a person has asked for a link to."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            link = genuine(request, opened(token=token, now=timezone.now()))
        except LinkExpired:
            return render(request, "feedback/link_expired.html", status=410)
        return PAGES[link.purpose](request, link)

    post = get
