"""Mailings and the ledger of what was sent."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy

from apps.core.admin import ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.mailings.fields import shown_given
from apps.mailings.models import (
    Approval,
    Attempt,
    CountedAttempts,
    Delivery,
    Mailing,
    Reputation,
    Run,
    RunContent,
    RunRoute,
    SendingCount,
    SendingPause,
    StartRequest,
)


@admin.register(Mailing)
class MailingAdmin(TrueDeletionMixin, admin.ModelAdmin[Mailing]):
    """A mailing's facts. Its status and run are moved by the dispatcher, not here."""

    list_display = (
        "id",
        "name",
        "status",
        "is_active",
        "owner",
        "account",
        "starts_at",
        "ends_at",
        "current_run",
    )
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    list_filter = ("kind", "status", "is_active", "channel", "account")
    search_fields = ("name", "owner__email")
    date_hierarchy = "starts_at"
    raw_id_fields = ("recipients",)
    autocomplete_fields = ("owner", "message", "filter_tags")
    readonly_fields = (
        *("kind", "given", "status", "current_run", "archived_at"),
        *("utm", "public", "slug"),  # checked by the mailing's own page
    )

    @admin.display(description=gettext_lazy("fields"))
    def given(self, row: Mailing) -> str:
        return _as_json(shown_given(row.fields, purpose=row.purpose))


class _ContentAdmin(ReadOnlyAdmin):
    """Shows the content of a run, without the links of a confirmation."""

    exclude = ("content",)
    readonly_fields = ("shown_content",)

    @admin.display(description=gettext_lazy("content"))
    def shown_content(self, row: Run | RunContent) -> str:
        mailing = (row if isinstance(row, Run) else row.run).mailing
        given = row.content.get("fields", {})
        return _as_json(row.content | {"fields": shown_given(given, purpose=mailing.purpose)})


def _as_json(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)


@admin.register(Run)
class RunAdmin(_ContentAdmin):
    responses = ("reason_detail",)
    list_display = (
        "id",
        "mailing",
        "number",
        "state",
        "outcome",
        "reason",
        "account",
        "audience",
        "sent",
        "failed",
        "unknown",
        "started_at",
        "finished_at",
    )
    list_select_related = ("mailing",)
    list_filter = ("state", "outcome", "reason", "account", "trigger")
    search_fields = ("mailing__name", "mailing__owner__email")


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = ("id", "mailing", "state", "run", "decided_by", "decided_at")
    list_select_related = ("mailing", "run", "decided_by")
    list_filter = ("state",)
    exclude = ("parts",)


@admin.register(RunRoute)
class RunRouteAdmin(ReadOnlyAdmin):
    responses = ("reason_detail",)
    list_display = ("id", "run", "position", "channel", "account", "count", "reason", "until")
    list_select_related = ("run",)
    list_filter = ("channel", "account")


@admin.register(RunContent)
class RunContentAdmin(_ContentAdmin):
    list_display = ("id", "run", "version", "language", "created_at")
    list_select_related = ("run",)


@admin.register(SendingPause)
class SendingPauseAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "reason", "detail", "began_at", "until")
    list_select_related = ("owner",)
    list_filter = ("reason",)
    search_fields = ("owner__email",)


@admin.register(SendingCount)
class SendingCountAdmin(ReadOnlyAdmin):
    list_display = ("id", "day", "account", "domain", "messages", "hard_bounces", "complaints")
    list_filter = ("account", "domain")


@admin.register(Reputation)
class ReputationAdmin(ReadOnlyAdmin):
    responses = ("detail",)
    list_display = ("id", "account", "domain", "detail", "began_at", "until", "excused_on")


@admin.register(CountedAttempts)
class CountedAttemptsAdmin(ReadOnlyAdmin):
    list_display = ("id", "cursor")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    responses = ("response",)
    list_display = ("id", "run", "address", "state", "tries", "code", "response", "changed_at")
    list_select_related = ("run", "run__mailing")
    list_filter = ("state", "channel")
    search_fields = ("=address",)
    search_help_text = "the whole address"
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    responses = ("response",)
    list_display = (
        "id",
        "mailing",
        "run_number",
        "recipient",
        "status",
        "kind",
        "trigger",
        "code",
        "response",
        "seconds",
        "created_at",
    )
    list_select_related = ("mailing", "recipient")
    list_filter = ("status", "kind", "trigger", "account")
    search_fields = ("=mailing__id", "=recipient__email")
    search_help_text = "mailing id, the recipient's whole email"
    ordering = ("-id",)


@admin.register(StartRequest)
class StartRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "mailing", "asked_by", "asked_at", "declined_at")
    list_select_related = ("mailing",)
    ordering = ("-id",)
