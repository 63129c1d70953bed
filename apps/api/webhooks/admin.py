from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.api.webhooks.models import ReportedImport, ReportedRun, Webhook, WebhookCall
from apps.core.admin import ReadOnlyAdmin


class _ForSuperusers(ReadOnlyAdmin):
    """An address may hold a token, and a body holds other people's addresses."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(Webhook)
class WebhookAdmin(_ForSuperusers):
    """Without what its secrets are made from."""

    list_display = (
        "id",
        "url",
        "owner",
        "deliveries",
        "runs",
        "subscriptions",
        "reactions",
        "automations",
        "paused_at",
    )
    list_display_links = ("id", "url")
    list_select_related = ("owner",)
    list_filter = ("deliveries", "runs", "subscriptions", "reactions", "automations")
    search_fields = ("url", "owner__email")
    ordering = ("-id",)
    exclude = ("seed", "old_seed", "lease")


@admin.register(WebhookCall)
class WebhookCallAdmin(_ForSuperusers):
    list_display = (
        "id",
        "webhook",
        "events",
        "tries",
        "code",
        "response",
        "created_at",
        "tried_at",
        "next_try",
        "delivered_at",
    )
    list_select_related = ("webhook",)
    list_filter = ("code",)
    search_fields = ("=webhook__id", "webhook__url")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A body has up to 100 events: it is read where it is shown."""
        return super().get_queryset(request).defer("body")


@admin.register(ReportedRun)
class ReportedRunAdmin(_ForSuperusers):
    list_display = ("id", "webhook", "run_id", "mark", "number")
    list_select_related = ("webhook",)
    search_fields = ("=webhook__id", "=run__id")
    ordering = ("-id",)


@admin.register(ReportedImport)
class ReportedImportAdmin(_ForSuperusers):
    list_display = ("id", "webhook", "number", "state", "reported_at")
    list_select_related = ("webhook",)
    search_fields = ("=webhook__id", "=number")
    ordering = ("-id",)
