"""One's own profile, and the pictures of people."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import UpdateView, View

from apps.core.mixins import LoggingMixin, SignedInMixin
from apps.users.forms import ProfileForm
from apps.users.models import User


class Profile(LoggingMixin, SignedInMixin, UpdateView[User, ProfileForm]):
    """Name, phone, country, time zone and picture of whoever is signed in."""

    form_class = ProfileForm
    template_name = "users/profile.html"
    success_url = reverse_lazy("users:profile")

    def get_object(self, queryset: Any = None) -> User:
        return User.objects.get(pk=self.actor.pk)

    def form_valid(self, form: ProfileForm) -> Any:
        messages.success(self.request, _("Saved."))
        return super().form_valid(form)


class Avatar(SignedInMixin, View):
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
