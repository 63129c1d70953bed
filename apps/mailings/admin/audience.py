"""People and what is known of them."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.mailings.models import (
    Activity,
    ActivityMark,
    AttributeDefinition,
    Recipient,
    RecipientImport,
    Segment,
    Tag,
)


@admin.register(Tag)
class TagAdmin(TrueDeletionMixin, admin.ModelAdmin[Tag]):
    list_display = ("name", "id", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    autocomplete_fields = ("owner",)


@admin.register(Segment)
class SegmentAdmin(TrueDeletionMixin, admin.ModelAdmin[Segment]):
    """Conditions are changed on their page, where they are checked."""

    list_display = ("id", "name", "owner", "counted", "counted_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    autocomplete_fields = ("owner",)
    readonly_fields = ("tree", "counted", "counted_at")


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ReadOnlyAdmin):
    """A change of kind is a job over all people: their page starts it."""

    list_display = ("id", "name", "label", "kind", "owner", "public", "misfits")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    list_filter = ("kind",)
    search_fields = ("name", "owner__email")


@admin.register(Recipient)
class RecipientAdmin(TrueDeletionMixin, admin.ModelAdmin[Recipient]):
    list_display = ("id", "full_name", "email", "phone", "owner", "archived_at")
    list_display_links = ("id", "full_name")
    list_select_related = ("owner",)
    list_filter = ("time_zone",)
    search_fields = ("email", "phone", "full_name")
    search_help_text = "email, phone, name"
    raw_id_fields = ("owner",)
    readonly_fields = ("archived_at", "erased_at")
    show_full_result_count = False


@admin.register(RecipientImport)
class RecipientImportAdmin(ReadOnlyAdmin):
    list_display = ("id", "source", "state", "added", "rejected", "owner", "created_at")
    list_select_related = ("owner",)
    list_filter = ("state",)
    search_fields = ("source", "owner__email")


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("recipient_id", "last_sent_at", "last_opened_at", "last_clicked_at")
    search_fields = ("=recipient__id",)


@admin.register(ActivityMark)
class ActivityMarkAdmin(ReadOnlyAdmin):
    list_display = ("id", "attempt_id", "followed_until")
