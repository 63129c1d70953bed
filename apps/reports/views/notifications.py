"""The page behind the bell."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import View

from apps.core.lists.filters import FilterForm
from apps.core.lists.page import ListPage
from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_ids
from apps.reports.notifications import render
from apps.users.models import Notification
from apps.users.notifications import mark_read


class NotificationList(HtmxLoginRequiredMixin, ListPage[Notification, FilterForm]):
    """One's own notifications, newest first; nobody else's."""

    page_template = results_template_name = "notices/list.html"
    filter_form = FilterForm
    size = 30

    def get_queryset(self) -> OwnedQuerySet[Notification]:
        return Notification.objects.editable_by(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        return super().get_context_data(
            page=page, notifications=[render(row) for row in page.rows], **kwargs
        )


class NotificationRead(LoggingMixin, HtmxLoginRequiredMixin, View):
    """Marks one as read, or all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = row_ids([request.POST.get("notification", "")])
        mark_read(self.actor.pk, None if request.POST.get("all") == "1" else chosen)
        return redirect("notices:list")
