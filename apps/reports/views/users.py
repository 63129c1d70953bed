"""The managers' page of users: how active each is, and the switch that blocks one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.mixins import LoggingMixin, ManagerRequiredMixin, TwoTemplatesMixin
from apps.core.paging import filter_query, keyset_page
from apps.core.slots import run_control
from apps.mailings.services.sending_pauses import lift_pause
from apps.reports.selectors.users import FILTERS, found_users, rows_of
from apps.users.models import User
from apps.users.services import BlockForbidden, end_probation, toggle_active

ON_A_PAGE = 50


class UserManagementListView(TwoTemplatesMixin, ManagerRequiredMixin, TemplateView):
    """E-mail, registration, status, and how much each user has and has done."""

    page_template = "users/list.html"
    results_template_name = "users/list_results.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        params = self.request.GET
        page = keyset_page(found_users(params), params, size=ON_A_PAGE, newest_first=True)
        return super().get_context_data(
            page=page,
            rows=rows_of(page.rows, cast(User, self.request.user)),
            keep=filter_query(params, *FILTERS),
            filters={name: params.get(name, "") for name in FILTERS},
            **kwargs,
        )


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
        return redirect(f"{reverse('management:users')}?{filter_query(request.POST, *FILTERS)}")


class UserToggleActiveView(_UserAction):
    """Blocks a user, or lifts the block. It takes effect at the user's next request."""

    def act(self, *, user_id: int, actor: User) -> User:
        return toggle_active(user_id=user_id, actor=actor)

    def outcome(self, user: User) -> str:
        if user.is_active:
            return _("%(email)s can use the site again.")
        return _("%(email)s is blocked: signed out at once, and nothing more is sent.")


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
