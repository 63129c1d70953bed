"""Whom one may write to: lists, consents, forms, caps and suppressed addresses."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.mailings.models import (
    BlockedDomain,
    Consent,
    ConsentText,
    FrequencyGate,
    FrequencyRule,
    MailingList,
    SignupForm,
    SignupFormVersion,
    Subscription,
    SunsetCase,
    SunsetPolicy,
    Suppression,
    SuppressionEvent,
)
from apps.mailings.suppression import suppressing


@admin.register(MailingList)
class MailingListAdmin(TrueDeletionMixin, admin.ModelAdmin[MailingList]):
    list_display = ("title", "id", "owner", "visibility", "optin", "archived_at")
    list_select_related = ("owner",)
    list_filter = ("visibility", "optin")
    search_fields = ("title", "owner__email")
    raw_id_fields = ("owner",)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("id", "list", "recipient_id", "status", "by", "since", "ended_at")
    list_select_related = ("list",)
    list_filter = ("status", "by")
    search_fields = ("=recipient__email",)
    search_help_text = "the recipient's whole email"


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("id", "act", "list", "recipient_id", "source", "said_at", "recorded_at")
    list_select_related = ("list",)
    list_filter = ("act", "source")
    search_fields = ("=recipient__email", "=who")
    search_help_text = "the recipient's whole email, the digest of an address"


@admin.register(ConsentText)
class ConsentTextAdmin(ReadOnlyAdmin):
    list_display = ("id", "key", "version", "language", "owner", "created_at")
    list_select_related = ("owner",)
    search_fields = ("key", "owner__email")


@admin.register(SignupForm)
class SignupFormAdmin(TrueDeletionMixin, admin.ModelAdmin[SignupForm]):
    list_display = ("id", "title", "slug", "state", "owner", "archived_at")
    list_display_links = ("id", "title")
    list_select_related = ("owner",)
    list_filter = ("state",)
    search_fields = ("title", "slug", "owner__email")
    raw_id_fields = ("owner", "sender", "lists")
    readonly_fields = ("slug",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}


@admin.register(SignupFormVersion)
class SignupFormVersionAdmin(ReadOnlyAdmin):
    list_display = ("id", "form_id", "number", "sha256", "created_at")
    fields = ("form", "number", "shown", "sha256", "created_at")


@admin.register(FrequencyRule)
class FrequencyRuleAdmin(ReadOnlyAdmin):
    """Its page makes the gate with the first rule, and wakes the runs that wait."""

    list_display = ("id", "owner", "messages", "days", "channel")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)


@admin.register(FrequencyGate)
class FrequencyGateAdmin(ReadOnlyAdmin):
    list_display = ("owner_id",)


@admin.register(SunsetPolicy)
class SunsetPolicyAdmin(ReadOnlyAdmin):
    list_display = ("id", "list", "days", "letters", "action", "approved_at", "owner")
    list_select_related = ("list", "owner")
    list_filter = ("action",)
    search_fields = ("owner__email", "list__title")


@admin.register(SunsetCase)
class SunsetCaseAdmin(ReadOnlyAdmin):
    list_display = ("id", "policy", "recipient", "state", "created_at", "asked_at", "settled_at")
    list_select_related = ("policy", "policy__list", "recipient")
    list_filter = ("state",)
    search_fields = ("=recipient__id",)


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin[Suppression]):
    """Adds and lifts, as the pages do: an address and its reason are not rewritten."""

    list_display = ("id", "address", "channel", "reason", "owner", "created_at")
    list_display_links = ("id", "address")
    list_select_related = ("owner",)
    list_filter = ("channel", "reason")
    search_fields = ("address", "owner__email")
    raw_id_fields = ("owner",)
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        row = suppressing.Blocked(obj.owner_id, obj.channel, obj.address, obj.reason)
        suppressing.suppress([row], actor=_email_of(request))
        obj.pk = Suppression.objects.get(**{**row._asdict(), "reason": obj.reason}).pk

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        self.delete_queryset(request, Suppression.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        suppressing.lift(queryset, actor=_email_of(request))


def _email_of(request: HttpRequest) -> str:
    return str(getattr(request.user, "email", ""))


@admin.register(SuppressionEvent)
class SuppressionEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "address", "channel", "act", "reason", "actor", "owner", "created_at")
    list_display_links = ("id", "address")
    list_select_related = ("owner",)
    list_filter = ("act", "channel", "reason")
    search_fields = ("address", "owner__email")


@admin.register(BlockedDomain)
class BlockedDomainAdmin(admin.ModelAdmin[BlockedDomain]):
    list_display = ("domain", "subdomains", "owner", "created_at")
    list_select_related = ("owner",)
    search_fields = ("domain", "owner__email")
    raw_id_fields = ("owner",)
