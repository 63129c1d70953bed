"""The managers' page of users: how active each is, and the switch that blocks one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.core.lists.page import ListPage
from apps.core.mixins import LoggingMixin, ManagerRequiredMixin
from apps.core.slots import run_control
from apps.mailings.services.sending_pauses import lift_pause
from apps.reports.selectors.users import UserFilters, found_users, rows_of
from apps.users.models import User
from apps.users.services import BlockForbidden, end_probation, toggle_active


class UserManagementListView(ManagerRequiredMixin, ListPage[User, UserFilters]):
    """Email, registration, status, and how much each user has and has done."""

    page_template = "users/list.html"
    results_template_name = "users/list_results.html"
    filter_form = UserFilters

    def get_queryset(self) -> QuerySet[User]:
        return found_users(self.filters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        rows = rows_of(page.rows, cast(User, self.request.user))
        return super().get_context_data(page=page, rows=rows, **kwargs)


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
        messages.success(request, self.outcome(user) % {"email": user.email})
        return redirect(f"{reverse('management:users')}?{UserFilters(request.POST).query()}")


class UserToggleActiveView(_UserAction):
    """Blocks a user, or lifts the block. It takes effect at the user's next request."""

    def act(self, *, user_id: int, actor: User) -> User:
        return toggle_active(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        if user.is_active:
            return _("%(email)s can use the site again.")
        return _("%(email)s blocked: signed out, mailings stopped.")


class UserProbationView(_UserAction):
    """Lets a new user send as much as the others; what waited for it goes on."""

    def act(self, *, user_id: int, actor: User) -> User:
        return end_probation(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        return _("%(email)s may send as much as the others.")


class UserPauseView(_UserAction):
    """Lifts the pause of a user whose messages bounced or were reported as spam; runs go on."""

    def act(self, *, user_id: int, actor: User) -> User:
        return lift_pause(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        return _("%(email)s may send again.")
