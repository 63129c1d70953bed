from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.feedback.models import Event, PublicLink, TelegramLink


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "provider", "kind", "delivery_id", "received_at", "settled_at")
    list_filter = ("kind",)
    fields = ("provider", "event_id", "kind", "delivery", "facts", "received_at", "settled_at")


@admin.register(TelegramLink)
class TelegramLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient_id", "account", "expires_at", "used_at")


@admin.register(PublicLink)
class PublicLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient_id", "purpose", "created_at", "expires_at", "used_at")
    list_filter = ("purpose",)
