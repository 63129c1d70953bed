"""Messages, their parts, and who they are from."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.mailings.models import (
    Attachment,
    Brand,
    ContentUse,
    DraftStep,
    MediaFile,
    MediaRendition,
    Message,
    MessageDraft,
    MessageTemplate,
    MessageTranslation,
    MessageVersion,
    PublicArchive,
    SavedBlock,
    SavedBlockVersion,
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


@admin.register(MessageTranslation)
class MessageTranslationAdmin(ReadOnlyAdmin):
    list_display = ("id", "message", "language", "subject", "updated_at")
    list_select_related = ("message",)
    list_filter = ("language",)
    search_fields = ("subject", "message__subject")


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
    list_display = ("id", "media", "saved_block", "message", "brand", "in_block", "template")
    list_select_related = ("media", "saved_block", "message", "brand", "in_block", "template")
    search_fields = ("media__name", "message__subject")
    show_full_result_count = False


@admin.register(Brand)
class BrandAdmin(ReadOnlyAdmin):
    """Its page changes it, and counts its revisions."""

    list_display = ("id", "name", "company", "owner", "revision", "updated_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    search_fields = ("name", "company", "owner__email")


@admin.register(SavedBlock)
class SavedBlockAdmin(ReadOnlyAdmin):
    """Its page changes it, keeps its versions, and refuses to delete a used one."""

    list_display = ("id", "name", "owner", "revision", "updated_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")


@admin.register(SavedBlockVersion)
class SavedBlockVersionAdmin(ReadOnlyAdmin):
    list_display = ("id", "block", "number", "author", "created_at")
    list_select_related = ("block", "author")
    search_fields = ("block__name",)
    show_full_result_count = False


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ReadOnlyAdmin):
    """Its page changes it; one for everybody is changed by who may publish templates."""

    list_display = ("id", "name", "category", "owner", "author", "updated_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner", "author")
    search_fields = ("name", "description", "owner__email")


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


@admin.register(PublicArchive)
class PublicArchiveAdmin(ReadOnlyAdmin):
    list_display = ("id", "slug", "title", "owner", "created_at")
    list_display_links = ("id", "slug")
    list_select_related = ("owner",)
    search_fields = ("slug", "title", "owner__email")
