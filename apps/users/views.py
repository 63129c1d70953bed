"""One's own profile and keys to the API, and the pictures of people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.views import LogoutView
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, UpdateView, View

from apps.core.mixins import SHOWN_ONCE, HtmxLoginRequiredMixin, LoggingMixin, OwnerFilterMixin
from apps.users.form_submissions import keys
from apps.users.form_submissions.middleware import keep_for_later
from apps.users.forms import ProfileForm, TokenForm
from apps.users.models import ApiToken, User
from apps.users.tokens import issue, revoke


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page had been open for too long. A form that its own user sends is given back to sign.

    Its key is proof enough that the page was ours, and no reason to carry it out.
    """
    key = keys.key_of(request)
    if key is None or request.resolver_match is None:
        return render(request, "403_csrf.html", status=403)
    return keep_for_later(request, key, request.resolver_match.func)


class Profile(LoggingMixin, HtmxLoginRequiredMixin, UpdateView[User, ProfileForm]):
    """Name, phone, country, time zone and picture of the signed-in user."""

    form_class = ProfileForm
    template_name = "users/profile.html"
    success_url = reverse_lazy("users:profile")

    def get_object(self, queryset: Any = None) -> User:
        return User.objects.get(pk=self.actor.pk)

    def form_valid(self, form: ProfileForm) -> Any:
        messages.success(self.request, _("Saved."))
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class Tokens(LoggingMixin, HtmxLoginRequiredMixin, FormView[TokenForm]):
    """One's own keys to the API. A new one is shown in the answer that made it, and never again.

    Making one asks for the password again: a session is not worth a key for a year.
    """

    form_class = TokenForm
    template_name = "users/tokens.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        living = ApiToken.objects.editable_by(self.actor).filter(
            revoked_at=None, expires_at__gt=timezone.now()
        )
        return super().get_context_data(tokens=living.order_by("-pk")[:100], **kwargs)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and request.method == "POST":
            raise_if_reauthentication_required(request, app="allauth.account")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: TokenForm) -> HttpResponse:
        issued = issue(
            owner=cast(User, self.request.user),
            name=form.cleaned_data["name"],
            scope=form.cleaned_data["scope"],
            valid_for=timedelta(days=form.cleaned_data["days"]),
            now=timezone.now(),
        )
        public = {"token_name": issued.token.name, "expires_at": issued.token.expires_at}
        get_adapter().send_notification_mail("account/email/token_made", issued.token.owner, public)
        context = self.get_context_data(form=TokenForm(), secret=issued.secret)
        response = self.render_to_response(context)
        response.headers[SHOWN_ONCE] = "1"
        return response


class RevokeToken(LoggingMixin, OwnerFilterMixin, View):
    """Ends one token at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        token = self.editable_or_403(ApiToken.objects.all(), pk=pk)
        revoke(token=token, now=timezone.now())
        messages.success(request, _("Token revoked."))
        return redirect("users:tokens")


class SignOut(LogoutView):  # type: ignore[misc]
    """Allauth's own. The browser forgets what it has kept of the pages, too."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class Avatar(HtmxLoginRequiredMixin, View):
    """A picture. One's own, and for those who oversee everybody's."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        viewer = cast(User, request.user)
        if pk != viewer.pk and not viewer.sees_all:
            raise PermissionDenied
        user = User.objects.filter(pk=pk).exclude(avatar="").first()
        if user is None or not user.avatar.storage.exists(user.avatar.name or ""):
            raise Http404
        response = FileResponse(user.avatar.open("rb"), content_type="image/webp")
        response["Cache-Control"] = "private, max-age=300"
        return response
