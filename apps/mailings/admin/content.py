"""Messages, their parts, and who they are from."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.mailings.models import (
    Attachment,
    ContentUse,
    DraftStep,
    MediaFile,
    MediaRendition,
    Message,
    MessageDraft,
    MessageVersion,
    Sender,
)


@admin.register(Message)
class MessageAdmin(TrueDeletionMixin, admin.ModelAdmin[Message]):
    list_display = ("id", "name", "subject", "form", "owner", "updated_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    list_filter = ("form",)
    search_fields = ("name", "subject", "owner__email")
    autocomplete_fields = ("owner",)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "message", "name", "content_type", "size", "created_at")
    list_select_related = ("message",)
    search_fields = ("name",)


@admin.register(MessageVersion)
class MessageVersionAdmin(ReadOnlyAdmin):
    list_display = ("id", "message", "number", "author", "created_at")
    list_select_related = ("message", "author")
    search_fields = ("subject",)
    show_full_result_count = False


@admin.register(MessageDraft)
class MessageDraftAdmin(ReadOnlyAdmin):
    list_display = ("id", "message", "owner", "base_revision", "updated_at")
    list_select_related = ("message", "owner")
    search_fields = ("subject", "owner__email")


@admin.register(MediaFile)
class MediaFileAdmin(ReadOnlyAdmin):
    """Its page deletes it, and says what letters would show."""

    list_display = ("id", "name", "kind", "width", "size", "owner", "sent_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    list_filter = ("kind", "animated")
    search_fields = ("name", "token", "owner__email")


@admin.register(MediaRendition)
class MediaRenditionAdmin(ReadOnlyAdmin):
    list_display = ("id", "media", "width", "size", "created_at")
    list_select_related = ("media",)
    search_fields = ("media__name", "media__token")
    show_full_result_count = False


@admin.register(ContentUse)
class ContentUseAdmin(ReadOnlyAdmin):
    list_display = ("id", "media", "message", "created_at")
    list_select_related = ("media", "message")
    search_fields = ("media__name", "message__subject")
    show_full_result_count = False


@admin.register(DraftStep)
class DraftStepAdmin(ReadOnlyAdmin):
    list_display = ("id", "draft", "number", "label", "undone", "made_at")
    list_select_related = ("draft",)


@admin.register(Sender)
class SenderAdmin(ReadOnlyAdmin):
    """Its page changes it, and asks for the confirmation that an address needs."""

    list_display = ("id", "name", "address", "owner", "shared", "confirmed_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    list_filter = ("confirmed_by", "shared")
    search_fields = ("name", "address", "owner__email")
