"""Automations in the administration: all of it is shown, and nothing is changed there."""

from __future__ import annotations

from django.contrib import admin

from apps.automations.models import (
    Automation,
    AutomationEvent,
    AutomationVersion,
    Enrolment,
    SegmentPresence,
    Step,
    StepDone,
    StepMailing,
)
from apps.core.admin import ReadOnlyAdmin


@admin.register(Automation)
class AutomationAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "state", "is_active", "owner", "updated_at")
    list_filter = ("state", "is_active")
    search_fields = ("name", "owner__email")
    list_select_related = ("owner",)


@admin.register(AutomationVersion)
class AutomationVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "automation",
        "number",
        "activated_at",
        "entered",
        "waiting",
        "moving",
        "finished",
        "left",
        "failed",
        "unknown",
    )
    list_select_related = ("automation",)


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    list_display = ("version", "position", "key", "kind", "came", "gone", "left")
    list_select_related = ("version",)


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "automation", "recipient", "state", "reason", "step", "due_at")
    list_filter = ("state",)
    list_select_related = ("automation", "recipient", "step")


@admin.register(StepDone)
class StepDoneAdmin(ReadOnlyAdmin):
    list_display = ("id", "enrolment_id", "step", "visit", "way", "done_at")
    list_select_related = ("step",)


@admin.register(StepMailing)
class StepMailingAdmin(ReadOnlyAdmin):
    list_display = ("step", "round", "mailing")
    list_select_related = ("step", "mailing")


@admin.register(AutomationEvent)
class AutomationEventAdmin(ReadOnlyAdmin):
    list_display = ("name", "recipient", "key", "at", "owner")
    search_fields = ("name", "key")
    list_select_related = ("recipient", "owner")


@admin.register(SegmentPresence)
class SegmentPresenceAdmin(ReadOnlyAdmin):
    list_display = ("automation", "recipient")
    list_select_related = ("automation", "recipient")
