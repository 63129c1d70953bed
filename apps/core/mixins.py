"""What views share. At most two or three of these on one view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import structlog
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from apps.core.contracts import Actor
from apps.core.forms import Difference, VersionedForm
from apps.core.models import OwnedQuerySet
from apps.core.permissions import editable_or_403, visible_or_404

T = TypeVar("T")
Row = TypeVar("Row", bound=models.Model)

log = structlog.get_logger(__name__)

#: Marks an answer that did its work and is not shown again (apps.users.form_submissions).
SHOWN_ONCE: Final = "X-Shown-Once"


def wants_fragment(request: HttpRequest) -> bool:
    """True when htmx asks for a part of a page. A return through the history wants the whole."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in headers


class HtmxLoginRequiredMixin(LoginRequiredMixin):
    """Only for those who have signed in; the others are shown the way to the sign-in page."""

    request: HttpRequest

    @property
    def actor(self) -> Actor:
        """The signed-in user. Only behind the sign-in, where the user is never anonymous."""
        return cast(Actor, self.request.user)

    def handle_no_permission(self) -> Any:
        # A fragment must not be answered by a redirect: htmx would put the whole sign-in page
        # into the hole where the fragment belongs.
        if wants_fragment(self.request):
            here = self.request.headers.get("HX-Current-URL", "/")
            return HttpResponseClientRedirect(redirect_to_login(here).url)
        return super().handle_no_permission()


class ManagerRequiredMixin(HtmxLoginRequiredMixin, UserPassesTestMixin):
    """For managers and superusers alone: anybody else who is signed in is refused (403)."""

    def test_func(self) -> bool:
        return not self.request.user.is_authenticated or self.actor.sees_all


class SuperuserRequiredMixin(HtmxLoginRequiredMixin, UserPassesTestMixin):
    """For superusers alone: anybody else who is signed in is refused (403)."""

    def test_func(self) -> bool:
        user = self.request.user
        return not user.is_authenticated or bool(user.is_superuser)


class OwnerFilterMixin(HtmxLoginRequiredMixin):
    """The gate to owned rows: what is not visible is 404, what is not one's own is 403."""

    def visible(self, rows: OwnedQuerySet[Row]) -> OwnedQuerySet[Row]:
        """The rows this actor may see."""
        return rows.visible_to(self.actor)

    def visible_or_404(self, rows: OwnedQuerySet[Row], **lookup: Any) -> Row:
        """The one row, or 404 when it does not exist or belongs to somebody else."""
        return visible_or_404(rows, self.actor, **lookup)

    def editable_or_403(self, rows: OwnedQuerySet[Row], **lookup: Any) -> Row:
        """The one row to be changed: 404 when it is not visible, 403 when it is somebody else's."""
        return editable_or_403(rows, self.actor, **lookup)


class OwnedFormMixin(OwnerFilterMixin):
    """A form that makes or changes one's own row: the owner is never taken from the form.

    Mixed into CreateView or UpdateView; ``rows`` are those that may be changed. A form that was
    written from another version than the stored one (``VersionedForm``) saves nothing: both are
    shown.
    """

    rows: OwnedQuerySet[Any]
    kwargs: dict[str, Any]

    @transaction.atomic
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)  # type: ignore[misc]
        return response

    def get_object(self, queryset: Any = None) -> Any:
        rows = self.rows.all()
        if self.request.method == "POST":  # nobody saves between the look and the save
            rows = rows.select_for_update()
        return self.editable_or_403(rows, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        typed = getattr(self.request, "typed", None)  # before the session ended
        if typed is not None:
            kwargs["data"] = typed
        return {**kwargs, "owner": self.request.user}

    def form_valid(self, form: Any) -> HttpResponse:
        if isinstance(form, VersionedForm) and form.stale:
            differences = form.differences()
            if differences:
                return self.show_conflict(form, differences)
        form.instance.owner = self.request.user
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response

    def show_conflict(self, form: Any, differences: list[Difference]) -> HttpResponse:
        """The form as it was typed, beside what somebody else has saved; sent again it is saved."""
        data = form.data.copy()
        data["base"] = form.stored_version()
        stored = self.rows.get(pk=self.kwargs["pk"])
        mine = type(form)(data, instance=stored, owner=self.request.user)
        view = cast(Any, self)
        view.object = stored
        context = view.get_context_data(form=mine, differences=differences)
        return cast(HttpResponse, view.render_to_response(context, status=409))


class TwoTemplatesMixin:
    """One view, two templates: the page, and the part of it that htmx puts in its place."""

    request: HttpRequest
    page_template: str
    results_template_name: str

    def get_template_names(self) -> list[str]:
        return [self.results_template_name if wants_fragment(self.request) else self.page_template]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = cast(
            HttpResponse,
            super().dispatch(request, *args, **kwargs),  # type: ignore[misc]
        )
        patch_vary_headers(response, ["HX-Request"])
        return response


class LoggingMixin:
    """One log line for every request that may change something, with what became of it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = cast(
            HttpResponseBase,
            super().dispatch(request, *args, **kwargs),  # type: ignore[misc]
        )
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            match = request.resolver_match
            name = match.view_name if match is not None else ""
            log.info("acted", view=name, status=response.status_code, **self._about())
        return response

    def _about(self) -> dict[str, Any]:
        """What was acted on: by its address (apps.core.logs.requests), or just made."""
        made = getattr(self, "object", None)
        return {f"{made._meta.model_name}_id": made.pk} if isinstance(made, models.Model) else {}


class CacheMixin:
    """Keeps what is costly to count, under a key that names whose it is."""

    cache_timeout: int

    def cached(self, key: str, build: Callable[[], T]) -> T:
        """The kept value, or a fresh one from ``build``."""
        value = cache.get(key)
        if value is None:
            value = build()
            cache.set(key, value, self.cache_timeout)
        return cast(T, value)
