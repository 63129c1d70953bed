from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.core.deletion.admin import TrueDeletionMixin
from apps.mailings.models import (
    Activity,
    ActivityMark,
    Attachment,
    Attempt,
    AttributeDefinition,
    BlockedDomain,
    Consent,
    ConsentText,
    DataCopy,
    Delivery,
    Engagement,
    ErasureRequest,
    FrequencyGate,
    FrequencyRule,
    Mailing,
    MailingList,
    Message,
    MessageDraft,
    MessageVersion,
    Recipient,
    RecipientImport,
    RetentionRun,
    Run,
    RunContent,
    RunRoute,
    Segment,
    SendingPause,
    SignupForm,
    SignupFormVersion,
    Subscription,
    SunsetCase,
    SunsetPolicy,
    Suppression,
    SuppressionEvent,
    Tag,
    Tombstone,
)
from apps.mailings.suppression import suppressing


@admin.register(Tag)
class TagAdmin(TrueDeletionMixin, admin.ModelAdmin[Tag]):
    list_display = ("name", "id", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    autocomplete_fields = ("owner",)


@admin.register(FrequencyRule)
class FrequencyRuleAdmin(ReadOnlyAdmin):
    """Its page makes the gate with the first rule, and wakes whoever waits."""

    list_display = ("id", "owner", "messages", "days", "channel")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)


@admin.register(FrequencyGate)
class FrequencyGateAdmin(ReadOnlyAdmin):
    list_display = ("owner_id",)


@admin.register(Segment)
class SegmentAdmin(TrueDeletionMixin, admin.ModelAdmin[Segment]):
    """Conditions are changed on their page, where they are checked."""

    list_display = ("id", "name", "owner", "counted", "counted_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    autocomplete_fields = ("owner",)
    readonly_fields = ("tree", "counted", "counted_at")


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ReadOnlyAdmin):
    """A change of kind is a job over all people: their page starts it."""

    list_display = ("id", "name", "label", "kind", "owner", "public", "misfits")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    list_filter = ("kind",)
    search_fields = ("name", "owner__email")


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("recipient_id", "last_sent_at", "last_opened_at", "last_clicked_at")
    search_fields = ("=recipient__id",)


@admin.register(ActivityMark)
class ActivityMarkAdmin(ReadOnlyAdmin):
    list_display = ("id", "attempt_id", "followed_until")


@admin.register(Engagement)
class EngagementAdmin(ReadOnlyAdmin):
    list_display = ("id", "run_id", "recipient_id", "opened_at", "clicked_at", "machine_only")
    ordering = ("-id",)


@admin.register(Recipient)
class RecipientAdmin(TrueDeletionMixin, admin.ModelAdmin[Recipient]):
    list_display = ("id", "full_name", "email", "phone", "owner", "archived_at")
    list_display_links = ("id", "full_name")
    list_select_related = ("owner",)
    list_filter = ("time_zone",)
    search_fields = ("email", "phone", "full_name")
    search_help_text = "email, phone, name"
    raw_id_fields = ("owner",)
    readonly_fields = ("archived_at", "erased_at")
    show_full_result_count = False


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient", "state", "by", "created_at", "erase_at", "ended_at", "owner")
    list_select_related = ("recipient", "owner")
    list_filter = ("state", "by")
    search_fields = ("owner__email", "=recipient__id")


@admin.register(DataCopy)
class DataCopyAdmin(ReadOnlyAdmin):
    list_display = ("id", "recipient", "state", "actor", "created_at", "expires_at", "owner")
    list_select_related = ("recipient", "owner")
    list_filter = ("state",)
    search_fields = ("owner__email", "=recipient__id")
    exclude = ("file",)


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "ran_at", "count", "total")


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


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnlyAdmin):
    """Only digests: nobody's address can be read here."""

    list_display = ("id", "channel", "owner", "created_at", "lifted_at", "lifted_by")
    list_select_related = ("owner",)
    list_filter = ("channel",)
    search_fields = ("owner__email",)


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


@admin.register(Message)
class MessageAdmin(TrueDeletionMixin, admin.ModelAdmin[Message]):
    list_display = ("id", "subject", "owner", "updated_at", "archived_at")
    list_display_links = ("id", "subject")
    list_select_related = ("owner",)
    search_fields = ("subject", "owner__email")
    autocomplete_fields = ("owner",)


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
    readonly_fields = ("kind", "fields", "status", "current_run", "archived_at")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
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


@admin.register(RunRoute)
class RunRouteAdmin(ReadOnlyAdmin):
    responses = ("reason_detail",)
    list_display = ("id", "run", "position", "channel", "account", "count", "reason", "until")
    list_select_related = ("run",)
    list_filter = ("channel", "account")


@admin.register(RunContent)
class RunContentAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "version", "created_at")
    list_select_related = ("run",)


@admin.register(SendingPause)
class SendingPauseAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "reason", "detail", "began_at", "until")
    list_select_related = ("owner",)
    list_filter = ("reason",)
    search_fields = ("owner__email",)


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


@admin.register(RecipientImport)
class RecipientImportAdmin(ReadOnlyAdmin):
    list_display = ("id", "source", "state", "added", "rejected", "owner", "created_at")
    list_select_related = ("owner",)
    list_filter = ("state",)
    search_fields = ("source", "owner__email")


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
