"""Erasures, copies and what retention did."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.mailings.models import (
    DataCopy,
    ErasureRequest,
    RetentionRun,
    Tombstone,
)


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient", "state", "by", "created_at", "erase_at", "ended_at", "owner")
    list_select_related = ("recipient", "owner")
    list_filter = ("state", "by")
    search_fields = ("owner__email", "=recipient__id")


@admin.register(DataCopy)
class DataCopyAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient", "state", "actor", "created_at", "expires_at", "owner")
    list_select_related = ("recipient", "owner")
    list_filter = ("state",)
    search_fields = ("owner__email", "=recipient__id")
    exclude = ("file",)


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "ran_at", "count", "total")


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnlyAdmin):
    """Only digests: nobody's address can be read here."""

    list_display = ("id", "channel", "owner", "created_at", "lifted_at", "lifted_by")
    list_select_related = ("owner",)
    list_filter = ("channel",)
    search_fields = ("owner__email",)
