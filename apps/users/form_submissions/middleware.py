"""No form is carried out twice, and none is lost when its session ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from apps.core.mixins import SHOWN_ONCE
from apps.users.form_submissions import keys
from apps.users.form_submissions.keys import Claim, FormKey

log = structlog.get_logger(__name__)

#: Seconds after which a repeated form is no second click any more, and is answered so.
_CLICKS: Final = 5.0


class FormKeyMiddleware:
    """Lets a form with a key be carried out once, and keeps it when its session has ended.

    Behind the check of the CSRF token, the user and the flash messages. A request without a key
    passes: the API and other programs send none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        claim: Claim | None = getattr(request, "form_claim", None)
        if claim is not None:
            self._settle(request, claim, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.method == "GET" and "typed" in request.GET:
            self._give_back(request)
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None  # programs; some of them want the body unread
        key = keys.key_of(request)
        if key is None or getattr(page_of(view), "only_shows", False):
            return None
        if not request.user.is_authenticated or request.user.pk != key.owner_id:
            return keep_for_later(request, key, view)
        claim = keys.claim(request, key)
        if claim.first:
            request.form_claim = claim  # type: ignore[attr-defined]
            return None
        return self._repeated(request, claim, view)

    def _repeated(self, request: HttpRequest, claim: Claim, view: Any) -> HttpResponseBase | None:
        """The answer to a form that was sent before."""
        log.info("form_repeated", path=request.path, same=claim.same_content)
        late = (timezone.now() - claim.row.created_at).total_seconds() > _CLICKS
        row = keys.wait_for_answer(claim.row) if claim.same_content else claim.row
        if row is None:
            return None  # refused just now: the view refuses again, and says why
        if row.done_at is None or not claim.same_content:
            return _ask(request, done=row.done_at is not None, location=row.location)
        if not row.location:
            text = _("It was made by your first click, and shown only then. Look at the list.")
            messages.warning(request, text)
            return redirect(request.path if is_shown(view) else _came_from(request))
        if late:
            messages.info(request, _("You have sent this form before: it was carried out once."))
        return redirect(row.location)

    def _settle(self, request: HttpRequest, claim: Claim, response: HttpResponseBase) -> None:
        once = response.headers.pop(SHOWN_ONCE, None)
        if once is not None:
            keys.settle(claim.row, location="")
        elif response.status_code in (302, 303) and not _refused(request, response):
            keys.settle(claim.row, location=response.headers["Location"])
        else:
            keys.free(claim.row)
            return
        keys.forget_typed(request, claim.row.owner_id)

    def _give_back(self, request: HttpRequest) -> None:
        typed = keys.typed_before(request)
        if typed is not None:
            request.typed = typed  # type: ignore[attr-defined]
            text = _("Here is what you had typed before you were signed out. It is not saved yet.")
            messages.warning(request, text)


def keep_for_later(request: HttpRequest, key: FormKey, view: Any) -> HttpResponse:
    """The form's writer is not signed in (any more): keep what was typed, and ask to sign in."""
    path = request.path
    if not is_shown(view):
        path = _came_from(request)
        text = _("You were signed out, and nothing was done. Sign in and press the button again.")
        messages.warning(request, text)
    elif (kept := keys.keep_typed(request, key.owner_id)) is not None:
        path = f"{path}?typed={kept.pk}"
    if request.user.is_authenticated and request.user.pk == key.owner_id:
        return redirect(path)
    return redirect_to_login(path)


def page_of(view: Any) -> Any:
    """The class of a view; a function has none."""
    return getattr(view, "view_class", None)


def is_shown(view: Any) -> bool:
    """True if there is a page at the address that the form was sent to."""
    page = page_of(view)
    return page is not None and "get" in page.http_method_names and hasattr(page, "get")


def _came_from(request: HttpRequest) -> str:
    """The page of ours that the form stood on."""
    page = request.headers.get("Referer", "")
    known = url_has_allowed_host_and_scheme(page, {request.get_host()})
    return urlsplit(page).path if known else "/"


def _refused(request: HttpRequest, response: HttpResponseBase) -> bool:
    """True if the next page only says that it could not be done, or asks to sign in."""
    asking = (reverse("account_login"), reverse("account_reauthenticate"))
    if response.headers["Location"].startswith(asking):
        return True
    queued: list[Any] = getattr(messages.get_messages(request), "_queued_messages", [])
    levels = {message.level for message in queued}
    return messages.ERROR in levels and messages.SUCCESS not in levels


def _ask(request: HttpRequest, *, done: bool, location: str) -> HttpResponse:
    """It was sent before with other content, or nobody knows what became of it: a person decides.

    Nothing that was typed is lost: the page can send it once more.
    """
    context = {
        "done": done,
        "location": location,
        "fields": keys.fields_of(request),
        "files": bool(request.FILES),
        "action": request.get_full_path(),
    }
    return render(request, "form_again.html", context, status=409)
