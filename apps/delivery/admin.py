from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin, ResponsesAdmin
from apps.delivery.models import (
    AccountState,
    DomainReport,
    Heartbeat,
    LimitWindow,
    Preflight,
    Probe,
    SendLatency,
    SystemMessage,
    WorkerLease,
)


@admin.register(AccountState)
class AccountStateAdmin(ResponsesAdmin):
    """What an account is stands in ``.env``; here it is switched, and given more runs at a time."""

    responses = ("last_error",)
    list_display = (
        "name",
        "state",
        "max_processing_runs",
        "failures",
        "not_before",
        "last_error",
        "last_error_at",
    )
    list_filter = ("state",)
    search_fields = ("name",)
    readonly_fields = (
        "name",
        "failures",
        "cooldowns",
        "not_before",
        "last_error",
        "last_error_at",
        "server",
        "pipelining",
        "letters_per_connection",
        "learned_at",
    )
    fields = ("name", "state", "max_processing_runs", *readonly_fields[1:])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LimitWindow)
class LimitWindowAdmin(ReadOnlyAdmin):
    list_display = ("id", "account", "period", "starts_at", "used", "limit")
    list_select_related = ("account",)
    list_filter = ("period", "account")


@admin.register(WorkerLease)
class WorkerLeaseAdmin(ReadOnlyAdmin):
    list_display = ("id", "host", "pid", "beat", "started_at", "revoked_at", "ended_at")
    search_fields = ("host",)
    ordering = ("-id",)


@admin.register(DomainReport)
class DomainReportAdmin(ReadOnlyAdmin):
    list_display = ("domain", "checked_at", "asked_at", "error")
    search_fields = ("domain",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "beat_at")


@admin.register(SystemMessage)
class SystemMessageAdmin(ReadOnlyAdmin):
    responses = ("response",)
    list_display = ("key", "account", "verdict", "tries", "claimed_at")
    list_filter = ("verdict",)
    search_fields = ("key",)
    ordering = ("-id",)


@admin.register(SendLatency)
class SendLatencyAdmin(ReadOnlyAdmin):
    list_display = ("id", "cursor", "seconds")


@admin.register(Probe)
class ProbeAdmin(ReadOnlyAdmin):
    responses = ("error",)
    list_display = ("id", "message", "account", "seed", "state", "folder", "sent_at", "arrived_at")
    list_select_related = ("message",)
    list_filter = ("state", "seed", "account")


@admin.register(Preflight)
class PreflightAdmin(ReadOnlyAdmin):
    list_display = ("id", "mailing", "state", "worst", "started_at", "finished_at")
    list_select_related = ("mailing",)
    list_filter = ("state", "worst")
