"""Files of single recipients, to be looked at. Their bytes are nobody's but their owner's."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.mailings.models import (
    DeliveryFile,
    FileArchive,
    FileArchiveEntry,
    PersonalFile,
    RunFiles,
)


@admin.register(PersonalFile)
class PersonalFileAdmin(ReadOnlyAdmin):
    list_display = ("id", "message", "name", "source", "required", "created_at")
    list_select_related = ("message",)
    list_filter = ("source", "required")
    search_fields = ("name", "message__subject")


@admin.register(FileArchive)
class FileArchiveAdmin(ReadOnlyAdmin):
    list_display = ("id", "file", "mailing", "name", "size", "unpacked_at", "created_at")
    list_select_related = ("file", "mailing")
    search_fields = ("name",)


@admin.register(FileArchiveEntry)
class FileArchiveEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "archive", "name", "size", "content_type", "code")
    list_select_related = ("archive",)
    list_filter = ("code",)
    search_fields = ("=name",)
    show_full_result_count = False


@admin.register(RunFiles)
class RunFilesAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "settled", "total", "staged_at", "created_at")
    list_select_related = ("run",)


@admin.register(DeliveryFile)
class DeliveryFileAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "delivery", "name", "state", "code", "size", "changed_at")
    list_select_related = ("run", "delivery")
    list_filter = ("state", "code")
    search_fields = ("=delivery__id",)
    ordering = ("-id",)
    show_full_result_count = False
