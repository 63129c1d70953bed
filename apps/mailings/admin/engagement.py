"""Openings and clicks in the admin: to be looked at, never to be changed."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.mailings.models import (
    Engagement,
    EngagementHour,
    EngagementShare,
    EngagementSpool,
    FirstReaction,
    LinkEngagement,
    TrackedLink,
    WaitingEngagement,
)


@admin.register(Engagement)
class EngagementAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "recipient_id", "opened_at", "clicked_at", "term", "rule")
    ordering = ("-id",)


@admin.register(TrackedLink)
class TrackedLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "version", "number", "address", "persons", "clicks")
    ordering = ("-id",)
    search_fields = ("=run__id",)


@admin.register(LinkEngagement)
class LinkEngagementAdmin(ReadOnlyAdmin):
    list_display = ("id", "link_id", "delivery_id", "clicks", "first_at")
    ordering = ("-id",)
    search_fields = ("=delivery_id",)


@admin.register(EngagementHour)
class EngagementHourAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "hour", "kind", "term", "count")
    ordering = ("-id",)
    search_fields = ("=run__id",)


@admin.register(EngagementShare)
class EngagementShareAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "by", "value", "opened", "clicked")
    ordering = ("-id",)
    search_fields = ("=run__id", "value")


@admin.register(EngagementSpool)
class EngagementSpoolAdmin(ReadOnlyAdmin):
    list_display = ("name", "offset", "counted_at", "dropped")
    search_fields = ("name",)


@admin.register(WaitingEngagement)
class WaitingEngagementAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "delivery_id", "since")
    ordering = ("-id",)
    search_fields = ("=run__id", "=delivery_id")


@admin.register(FirstReaction)
class FirstReactionAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "delivery_id", "kind", "term", "at")
    ordering = ("-id",)
    search_fields = ("=delivery_id",)
