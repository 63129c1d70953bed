"""Experiments and what became of them, to look at."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.mailings.models import Experiment, RunExperiment, Variant


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """The mailing's page of its experiment changes it."""

    list_display = ("id", "mailing", "metric", "share", "wait_minutes", "if_undecided")
    list_display_links = ("id", "mailing")
    list_select_related = ("mailing",)
    search_fields = ("mailing__name", "mailing__owner__email")


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    list_display = ("id", "experiment", "number", "subject", "sender", "message", "hour")
    list_select_related = ("experiment", "sender", "message")


@admin.register(RunExperiment)
class RunExperimentAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "metric", "due_at", "judged_at", "winner", "chosen", "by")
    list_select_related = ("run__mailing",)
