"""Public pages that recipients open from a message; robots that read messages open them, too."""

from __future__ import annotations

from typing import Final

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.feedback.services.unsubscribe import resubscribe, subscription_of, unsubscribe
from apps.mailings.links import delivery_of

FORGERIES_AN_HOUR: Final = 10


class TooManyForgeries(Exception):
    """This address has tried too many invented links within the hour."""


# RFC 8058: the mail client's POST carries no cookie and no token of ours, and must get no redirect.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(View):
    """GET only asks, because mail scanners open every link; POST unsubscribes, or takes it back."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, self._delivery(request, token))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        delivery_id = self._delivery(request, token)
        back = request.POST.get("act") == "undo"  # a mail client sends nothing of the kind
        act = resubscribe if back else unsubscribe
        if not act(delivery_id=delivery_id):
            raise Http404
        return self._page(request, delivery_id, done="back" if back else "left")

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except TooManyForgeries:
            return HttpResponse(status=429, headers={"Retry-After": "3600"})
        assert isinstance(response, HttpResponse)
        return response

    def _delivery(self, request: HttpRequest, token: str) -> int:
        delivery_id = delivery_of(token)
        if delivery_id is None:
            self._count_forgery(request.META.get("REMOTE_ADDR", ""))
            raise Http404
        return delivery_id

    def _count_forgery(self, address: str) -> None:
        """A genuine link always works; only inventing them is limited."""
        key = f"forged-links:{address}"
        cache.add(key, 0, 3600)
        if cache.incr(key) > FORGERIES_AN_HOUR:
            raise TooManyForgeries

    def _page(self, request: HttpRequest, delivery_id: int, done: str = "") -> HttpResponse:
        found = subscription_of(delivery_id=delivery_id)
        if found is None:
            raise Http404
        context = {"subscription": found, "done": done}
        response = render(request, "feedback/unsubscribe.html", context)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response
