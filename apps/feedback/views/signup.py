"""``/f/<slug>/``: a sign-up form for the public, on a page of ours or on somebody's own site.

Nothing here knows a session: a form posted from another site carries no cookie of ours, so there
is nothing for it to ride on.
"""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from apps.core.errors import Refused
from apps.core.http.costly import Busy
from apps.core.http.error_pages import not_now
from apps.core.text.formatting import refusal_text
from apps.feedback.forms import PublicForm
from apps.feedback.services.signups import proof, states
from apps.feedback.services.signups.alarms import is_flooded
from apps.feedback.services.signups.domains import DnsLookup, check_domain
from apps.feedback.services.signups.receive import GivenSignup, receive
from apps.feedback.views.public import (
    PADDED,
    PublicPageMixin,
    language_of,
    place_for_waiting,
    visitor_of,
    wait_until,
)
from apps.mailings.models import SignupForm, SignupFormVersion
from apps.mailings.services.permission.consents import who_digest
from apps.mailings.services.permission.forms import FormClosed

#: The cookie by which a confirmation in the same browser needs no second click.
COOKIE: Final = "signup"
COOKIE_SALT: Final = "vestnik.signups.cookie"
COOKIE_SECONDS: Final = 3600
LOOKUP: Final = DnsLookup()


class FormView(PublicPageMixin, View):
    """A form that is published; 404 for any other. Only its origins may read the answer."""

    kwargs: dict[str, Any]

    @cached_property
    def form(self) -> SignupForm:
        rows = SignupForm.objects.exclude(state=SignupForm.State.DRAFT)
        found = rows.filter(slug=self.kwargs["slug"], owner__is_active=True).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def newest(self) -> SignupFormVersion:
        """What the form shows now."""
        found = self.form.versions.order_by("-number").first()
        if found is None:
            raise Http404
        found.form = self.form
        return found

    @property
    def is_live(self) -> bool:
        return self.form.state == SignupForm.State.LIVE and self.form.archived_at is None

    def allow_origin(self, response: HttpResponseBase) -> HttpResponseBase:
        """The one declared origin, any when none is declared; never with credentials."""
        origin, origins = self.request.headers.get("Origin", ""), self.form.origins
        if not origins:
            response["Access-Control-Allow-Origin"] = "*"
            return response
        patch_vary_headers(response, ["Origin"])
        if origin in origins:
            response["Access-Control-Allow-Origin"] = origin
        return response


@method_decorator([csrf_exempt, never_cache, xframe_options_exempt], name="dispatch")
class SignupPage(FormView):
    """GET shows the form, POST signs up. One answer for everybody."""

    http_method_names = ["get", "head", "post"]

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.request.headers.get("Accept", "")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        languages = sorted(self.newest.shown["languages"])
        language = language_of(request, languages, default=get_language() or "")
        with override(language):
            self.language = language
            response = super().dispatch(request, *args, **kwargs)
        response["Content-Language"] = language
        return self.framed(response)

    def framed(self, response: HttpResponseBase) -> HttpResponseBase:
        """Other sites may frame the page if the form names them; its answer may lead to one."""
        origins = self.form.origins
        policy: Any = response
        if origins:
            policy._csp_replace = {"frame-ancestors": ["'self'", *origins]}
        else:
            response["X-Frame-Options"] = "DENY"
        if self.form.redirect_url:
            policy._csp_update = {"form-action": [_origin_of(self.form.redirect_url)]}
        return response

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        if not self.is_live:
            return render(request, "feedback/signup_closed.html", status=410)
        return self.page(self.newest, PublicForm(self.newest.shown, self.language))

    def page(
        self, version: SignupFormVersion, form: PublicForm, *, error: str = "", status: int = 200
    ) -> HttpResponse:
        now = timezone.now()
        token = proof.page_token(form_id=self.form.pk, version_id=version.pk, now=now)
        context = {
            "signup_form": self.form,
            "form": form,
            "texts": form.texts,
            "languages": sorted(version.shown["languages"]),
            "language": self.language,
            "token": token,
            "error": error,
            "proof": self.form.proof != SignupForm.Proof.OFF,
        }
        return render(self.request, "feedback/signup.html", context, status=status)

    def post(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        started = time.monotonic()
        try:
            with place_for_waiting():
                response = self._signed_up()
                if response.status_code < 400:
                    wait_until(started + PADDED)
        except Busy as refusal:
            response = not_now(request, refusal, status=refusal.status, wait=1)
        return self.allow_origin(response)

    def _signed_up(self) -> HttpResponse:
        version, form = self.newest, PublicForm(self.newest.shown, self.language, self.request.POST)
        if form.trapped:
            states.robot(form_id=self.form.pk)
            return self._answer(form, "")
        try:
            version, proved = self._checked()
            form = PublicForm(version.shown, self._shown_language(version), self.request.POST)
            if not form.is_valid():
                return self._refused(version, form, "")
            given = self._given(version, form, proved)
            receive(given, now=timezone.now())
        except Refused as refusal:
            status = 410 if isinstance(refusal, FormClosed) else 400
            return self._refused(version, form, refusal_text(refusal), refusal.code, status)
        return self._answer(form, given.address)

    def _shown_language(self, version: SignupFormVersion) -> str:
        languages = version.shown["languages"]
        return self.language if self.language in languages else min(languages)

    def _checked(self) -> tuple[SignupFormVersion, bool]:
        """The version that was shown, and whether the quick lane is open. Raises Refused."""
        if not self.is_live:
            raise FormClosed(_("This form takes no sign-ups any more."))
        params, now = self.request.POST, timezone.now()
        token = proof.open_token(params.get("token", ""), form_id=self.form.pk, now=now)
        version = self.newest
        if token is not None and token.version_id != version.pk:
            version = self.form.versions.filter(pk=token.version_id).first() or version
            version.form = self.form
        return version, token is not None and not token.young

    def _given(self, version: SignupFormVersion, form: PublicForm, grown: bool) -> GivenSignup:
        address = form.cleaned_data["email"]
        domain = check_domain(form=self.form, address=address, lookup=LOOKUP)
        return GivenSignup(
            form=self.form,
            version=version,
            address=address,
            lists=form.lists(),
            language=self._shown_language(version),
            typed=form.typed(),
            texts=form.ticked(),
            proved=self._proved() and grown,
            unchecked=domain.unchecked,
            hold=domain.hold,
            visitor=visitor_of(self.request, self._page()),
        )

    def _proved(self) -> bool:
        """True with a good proof of work. Raises ProofUsed, and ProofNeeded where one is due."""
        wish = self.form.proof
        if wish == SignupForm.Proof.OFF:
            return False
        solution = self.request.POST.get("altcha", "")
        if proof.spend(solution, slug=self.form.slug, now=timezone.now()):
            return True
        if wish == SignupForm.Proof.REQUIRE:
            text = _("Turn JavaScript on to subscribe here: it keeps robots away.")
            raise proof.ProofNeeded(text)
        return False

    def _page(self) -> str:
        """The page with the form: on another site the browser says at least whose it is."""
        headers = self.request.headers
        found = headers.get("Referer") or headers.get("Origin") or ""
        return "" if found == "null" else found

    def _refused(
        self,
        version: SignupFormVersion,
        form: PublicForm,
        error: str,
        code: str = "invalid",
        status: int = 400,
    ) -> HttpResponse:
        """The form once more with what is wrong; for a script only that."""
        if self.wants_json:
            fields = {name: [str(one) for one in errors] for name, errors in form.errors.items()}
            first = next((errors[0] for errors in fields.values()), "")
            body = {"code": code, "text": error or first, "errors": fields}
            return JsonResponse(body, status=status)
        if status == 410:
            return render(self.request, "feedback/signup_closed.html", status=status)
        return self.page(version, form, error=error, status=status)

    def _answer(self, form: PublicForm, address: str) -> HttpResponse:
        """The same for everybody."""
        where = self.form.redirect_url
        if self.wants_json:
            return JsonResponse({"text": form.texts["thanks"], "redirect": where})
        if where:
            response = HttpResponse(status=303, headers={"Location": where})
        else:
            context = {"texts": form.texts, "signup_form": self.form}
            response = render(self.request, "feedback/signup_done.html", context)
        response.set_signed_cookie(
            COOKIE,
            who_digest(self.form.owner_id, "email", address),
            salt=COOKIE_SALT,
            max_age=COOKIE_SECONDS,
            path="/c/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response


def _origin_of(url: str) -> str:
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}"


@method_decorator(never_cache, name="dispatch")
class SignupChallenge(FormView):
    """A challenge for the proof of work, and the token that a form on another site has not."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        if not self.is_live:
            raise Http404
        now = timezone.now()
        flood = is_flooded(self.form.pk, now)
        challenge = proof.new_challenge(slug=slug, flood=flood, now=now)
        token = proof.page_token(form_id=self.form.pk, version_id=self.newest.pk, now=now)
        return self.allow_origin(JsonResponse({**challenge, "token": token}))


class EmbedScript(FormView):
    """The script that a site adds to a form of its own."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        if not self.is_live:
            raise Http404
        path = finders.find("js/signup_embed.js")
        assert path is not None
        with open(path, encoding="utf-8") as file:
            script = file.read()
        response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
        response["Cache-Control"] = "private, max-age=3600"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
