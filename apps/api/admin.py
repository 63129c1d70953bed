from __future__ import annotations

from django.contrib import admin

from apps.api.models import IdempotentCall
from apps.core.admin import ReadOnlyAdmin


@admin.register(IdempotentCall)
class IdempotentCallAdmin(ReadOnlyAdmin):
    """Without what was answered: a new token or webhook stands there with its secret."""

    list_display = ("id", "owner", "key", "status", "created_at")
    list_select_related = ("owner",)
    list_filter = ("status",)
    search_fields = ("owner__email", "key")
    ordering = ("-id",)
    fields = ("owner", "key", "status", "created_at")
