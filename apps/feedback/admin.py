from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.feedback.models import (
    ConfirmationEmail,
    Event,
    MessengerLink,
    PublicLink,
    Signup,
    SignupCounts,
    SignupWindow,
    UsedChallenge,
)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "provider", "kind", "delivery_id", "received_at", "settled_at")
    list_filter = ("kind",)
    fields = ("provider", "event_id", "kind", "delivery", "facts", "received_at", "settled_at")


@admin.register(MessengerLink)
class MessengerLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient_id", "channel", "account", "expires_at", "used_at")


@admin.register(PublicLink)
class PublicLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient_id", "purpose", "created_at", "expires_at", "used_at")
    list_filter = ("purpose",)


@admin.register(Signup)
class SignupAdmin(ReadOnlyAdmin):
    list_display = ("id", "form_id", "address", "state", "code", "received_at", "settled_at")
    list_filter = ("state",)
    search_fields = ("address",)


@admin.register(SignupCounts)
class SignupCountsAdmin(ReadOnlyAdmin):
    list_display = ("form_id", "received", "confirmed", "waiting", "held", "expired", "refused")


@admin.register(SignupWindow)
class SignupWindowAdmin(ReadOnlyAdmin):
    list_display = ("digest", "opened_at", "used")


@admin.register(UsedChallenge)
class UsedChallengeAdmin(ReadOnlyAdmin):
    list_display = ("digest", "used_at")


@admin.register(ConfirmationEmail)
class ConfirmationEmailAdmin(ReadOnlyAdmin):
    list_display = ("id", "version_id", "language", "message_id")
    raw_id_fields = ("version", "message")
