"""``/c/<token>/``: the page behind the link of a confirmation email; robots open it, too."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import override
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.feedback.services.signups.confirm import (
    Confirmation,
    ConfirmExpired,
    confirm,
    confirmation_of,
    send_again,
)
from apps.feedback.views.public import PublicPageMixin, number_in, visitor_of
from apps.feedback.views.signup import COOKIE, COOKIE_SALT, COOKIE_SECONDS
from apps.mailings.links import CONFIRM
from apps.mailings.services.permission.consents import who_digest


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class ConfirmSignup(PublicPageMixin, View):
    """GET only asks, because mail scanners open every link; POST confirms.

    In the browser that has just signed up the page sends its form on its own.
    """

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        found = self._found(request, token)
        return self._page(request, found)

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        found = self._found(request, token)
        now, visitor = timezone.now(), visitor_of(request)
        if request.POST.get("act") == "again":
            send_again(signup=found.signup, visitor=visitor, now=now)
            return self._page(request, found, again=True)
        try:
            confirm(signup=found.signup, visitor=visitor, now=now)
        except ConfirmExpired:
            return self._page(request, found)
        return self._page(request, self._found(request, token))

    def _found(self, request: HttpRequest, token: str) -> Confirmation:
        signup_id = number_in(request, CONFIRM, token)
        found = confirmation_of(signup_id=signup_id, now=timezone.now())
        if found is None:
            raise Http404
        return found

    def _page(
        self, request: HttpRequest, found: Confirmation, *, again: bool = False
    ) -> HttpResponse:
        signup = found.signup
        context = {
            "found": found,
            "again": again,
            "texts": signup.version.shown["languages"][signup.language],
            "same_browser": self._is_same_browser(request, found),
        }
        gone = found.expired and not found.confirmed and not again
        with override(signup.language):
            return render(request, "feedback/confirm.html", context, status=410 if gone else 200)

    def _is_same_browser(self, request: HttpRequest, found: Confirmation) -> bool:
        cookie = request.get_signed_cookie(COOKIE, "", salt=COOKIE_SALT, max_age=COOKIE_SECONDS)
        signup = found.signup
        return bool(cookie) and cookie == who_digest(signup.form.owner_id, "email", signup.address)
