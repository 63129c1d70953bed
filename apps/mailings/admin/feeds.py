"""Feeds, their items and their history."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.mailings.models import Feed, FeedCheck, FeedItem


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    """The mailing's page of its feed changes it."""

    list_display = ("id", "mailing", "url", "title", "read_at", "next_at", "failures")
    list_display_links = ("id", "mailing")
    list_select_related = ("mailing",)
    search_fields = ("url", "title", "mailing__name", "mailing__owner__email")


@admin.register(FeedItem)
class FeedItemAdmin(ReadOnlyAdmin):
    list_display = ("id", "feed", "title", "link", "found_at", "run", "taken_at")
    list_display_links = ("id", "title")
    list_select_related = ("feed", "run__mailing")
    search_fields = ("title", "link")


@admin.register(FeedCheck)
class FeedCheckAdmin(ReadOnlyAdmin):
    list_display = ("id", "mailing", "code", "passed", "found", "fresh", "at", "actor")
    list_select_related = ("mailing", "actor")
    list_filter = ("code", "passed")
    search_fields = ("mailing__name",)
