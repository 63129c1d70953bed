"""The managers' pages of users: what each sends with what result, and what stops one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, View

from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, ManagerRequiredMixin
from apps.core.permissions import LARGEST
from apps.core.slots import run_control
from apps.delivery.selectors.limits import daily_use
from apps.mailings.services.sending_pauses import lift_pause
from apps.reports.selectors.user_page import activity_of, last_mailings
from apps.reports.selectors.users import UserFilters, found_users, rows_of, user_order
from apps.users.models import User
from apps.users.services import BlockForbidden, end_probation, toggle_active

_COLUMNS = [
    TableColumn(name="email", label=_("Email"), sort="email", indexed=True, phone="lead"),
    TableColumn(name="status", label=_("Status"), phone="side"),
    TableColumn(name="registered", label=_("Registered"), sort="pk"),
    TableColumn(name="last_sign_in", label=_("Last sign-in"), sort="last_login", shown=False),
    TableColumn(name="mailings", label=_("Mailings"), number=True, sort="of_mailings"),
    TableColumn(name="recipients", label=_("Recipients"), number=True, sort="of_recipients"),
    TableColumn(name="today", label=_("Sent today"), number=True, sort="of_today"),
    TableColumn(name="sent", label=_("Sent in 30 days"), number=True, sort="of_sent"),
    TableColumn(name="bounces", label=_("Bounce rate"), number=True, sort="of_bounces"),
    TableColumn(name="complaints", label=_("Complaint rate"), number=True, sort="of_complaints"),
]


class UserManagementListView(ManagerRequiredMixin, ListPage[User, UserFilters]):
    """Everybody who signs in here, and how much each sends with what result."""

    page_template = "users/list.html"
    results_template_name = "users/list_results.html"
    filter_form = UserFilters
    table_columns = _COLUMNS

    def get_queryset(self) -> QuerySet[User]:
        rows = found_users(self.filters)
        column = self.page_table.sorted_by
        return rows.annotate(**user_order(column.name)) if column else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        rows = rows_of(page.rows, cast(User, self.request.user))
        return super().get_context_data(page=page, rows=rows, **kwargs)


class _OneUser(ManagerRequiredMixin, TemplateView):
    """A page about one user."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = User.objects.filter(pk=min(self.kwargs["pk"], LARGEST)).first()
        if user is None:
            raise Http404
        (row,) = rows_of([user], cast(User, self.request.user))
        return super().get_context_data(row=row, person=user, **kwargs)


class UserPage(_OneUser):
    """One user: what was sent with what result, what may be sent, and what is going on."""

    template_name = "users/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        person = context["person"]
        return {
            **context,
            "activity": activity_of(person),
            "daily": daily_use(person.pk, timezone.now()),
            "lines": last_mailings(person),
        }


class UserBlockPage(_OneUser):
    """The question before a user is blocked: what stops."""

    template_name = "users/block.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if not (context["row"].switchable and context["person"].is_active):
            raise PermissionDenied
        return {**context, "stopping": activity_of(context["person"])}


class _UserAction(LoggingMixin, ManagerRequiredMixin, View, ABC):
    """A manager's act upon one user, which the user's runs and the page learn of."""

    http_method_names = ["post"]

    @abstractmethod
    def act(self, *, user_id: int, actor: User) -> User:
        """Do it. Raises User.DoesNotExist, and BlockForbidden when the actor may not."""

    @abstractmethod
    def outcome(self, user: User) -> str:
        """What the manager reads then, with ``%(email)s`` for the user."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            user = self.act(user_id=pk, actor=cast(User, request.user))
        except User.DoesNotExist as error:
            raise Http404 from error
        except BlockForbidden as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        run_control.value.owner_changed(owner_id=user.pk)
        undo = self.undo(user)
        messages.success(request, self.outcome(user) % {"email": user.email}, extra_tags=undo)
        if "page" in request.POST:
            return redirect("management:user", pk=user.pk)
        return redirect(f"{reverse('management:users')}?{UserFilters(request.POST).query()}")

    def undo(self, user: User) -> str:
        """Where to post what takes it back; empty when that is not offered."""
        return ""


class UserToggleActiveView(_UserAction):
    """Blocks a user, or lifts the block. It takes effect at the user's next request."""

    def act(self, *, user_id: int, actor: User) -> User:
        return toggle_active(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        if user.is_active:
            return gettext("%(email)s can use the site again.")
        return gettext("%(email)s blocked: signed out, mailings stopped.")

    def undo(self, user: User) -> str:
        return "" if user.is_active else reverse("management:toggle_user", args=[user.pk])


class UserProbationView(_UserAction):
    """Lets a new user send as much as the others; what waited for it goes on."""

    def act(self, *, user_id: int, actor: User) -> User:
        return end_probation(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        return gettext("%(email)s may send as much as the others.")


class UserPauseView(_UserAction):
    """Lifts the pause of a user whose messages bounced or were reported as spam; runs go on."""

    def act(self, *, user_id: int, actor: User) -> User:
        return lift_pause(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        return gettext("%(email)s may send again.")
