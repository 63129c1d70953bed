"""Message, audience, window, channel and account: one thing to send."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.mailings.models.audience import Channel
from apps.mailings.models.audience_rule import AudienceRule
from apps.mailings.models.content import Message
from apps.mailings.models.engagement.measured import MeasuredMailing
from apps.mailings.models.senders import Sender

#: What becomes of its runs has entries of its own; a message to one recipient is in the ledger.
_AUDIT_RULE: Final = AuditRule(
    name="name",
    quiet=frozenset({"status", "start_refusal"}),
    unless={"kind": "transactional"},
)


class Mailing(MeasuredMailing, AudienceRule):
    """A message to an audience inside a window of time.

    The audience is the union of the individually chosen recipients and those that match the filter:
    OR within a field, AND between fields; an empty filter matches nobody. What happens to it is
    recorded by its runs; ``status`` is only the short word for people.

    A recipient without an address on the channel, or refused there, gets it over the second one,
    then over the third: each recipient gets one message in a run.

    A repeated mailing's start and end are those of its present occurrence; ``repeat_from`` is the
    first start of the series, ``repeat_zone`` the time zone in which its rule was written.

    A mailing is a draft while ``scheduled_at`` is empty: it does not start on its own. Otherwise it
    is the moment since when its start has been what it is.

    Recipients get the translation in their language. Who speaks another one gets the message as it
    was written, or nothing: ``other_languages``.

    ``start_refusal``: why it could not be started when it was due, as text.formatting keeps it.

    A ``transactional`` one is a message to one recipient that a program asked for: it is not listed
    among the mailings, and waits for none of them. ``fields`` are values for the message's places
    that go before the recipient's own; only a transactional one has any. A message of an automation
    has one run, which stays open: those who come to its step are added.

    ``utm`` are parameters of its links by their keys. A ``public`` one is shown in its owner's
    archive from its first run on; ``slug`` is its name there, and the usual ``utm_campaign``.
    """

    audit = _AUDIT_RULE

    class Kind(models.TextChoices):
        MAILING = "mailing", _("mailing")
        TRANSACTIONAL = "transactional", _("transactional message")
        AUTOMATION = "automation", _("message of an automation")

    class Status(models.TextChoices):
        CREATED = "created", _("Created")
        RUNNING = "running", _("Running")
        COMPLETED = "completed", _("Completed")

    class OtherLanguages(models.TextChoices):
        """What becomes of recipients in whose language there is no translation."""

        FALLBACK = "fallback", _("Send the message in its own language")
        LEAVE_OUT = "leave_out", _("Send nothing")

    kind: models.CharField[str, str] = models.CharField(
        _("kind"), max_length=16, choices=Kind.choices, default=Kind.MAILING, editable=False
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200)
    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="mailings", verbose_name=_("message")
    )
    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL
    )
    account: models.CharField[str, str] = models.CharField(
        _("sending account"), max_length=40, default="email"
    )
    second_channel: models.CharField[str, str] = models.CharField(
        _("second channel"),
        max_length=10,
        choices=Channel.choices,
        blank=True,
        help_text=_("For recipients without an address on the first channel, or who failed there."),
    )
    second_account: models.CharField[str, str] = models.CharField(
        _("account of the second channel"), max_length=40, blank=True
    )
    third_channel: models.CharField[str, str] = models.CharField(
        _("third channel"), max_length=10, choices=Channel.choices, blank=True
    )
    third_account: models.CharField[str, str] = models.CharField(
        _("account of the third channel"), max_length=40, blank=True
    )
    sender: models.ForeignKey[Sender | None, Sender | None] = models.ForeignKey(
        Sender,
        on_delete=models.SET_NULL,
        related_name="mailings",
        null=True,
        blank=True,
        verbose_name=_("from"),
    )
    other_languages: models.CharField[str, str] = models.CharField(
        _("other languages"),
        max_length=10,
        choices=OtherLanguages.choices,
        default=OtherLanguages.FALLBACK,
        db_default=OtherLanguages.FALLBACK,
        help_text=_("For recipients with no language, or one without a translation."),
    )
    fields: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("fields"), default=dict, blank=True, editable=False
    )
    utm: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        _("link parameters"), default=dict, blank=True
    )
    public: models.BooleanField[bool, bool] = models.BooleanField(
        _("in the public archive"), default=False, db_default=False
    )
    slug: models.SlugField[str, str] = models.SlugField(
        _("name in addresses"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        db_index=False,
    )
    starts_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("start"))
    ends_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("end"))
    local_from: models.TimeField[Any, Any] = models.TimeField(
        _("from (recipient’s local time)"), null=True, blank=True
    )
    local_to: models.TimeField[Any, Any] = models.TimeField(
        _("to (recipient’s local time)"), null=True, blank=True
    )
    repeat: models.CharField[str, str] = models.CharField(
        _("repetition"),
        max_length=200,
        blank=True,
        help_text=_("A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO."),
    )
    repeat_from: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    repeat_zone: models.CharField[str, str] = models.CharField(
        _("time zone of the repetition"),
        max_length=64,
        blank=True,
        help_text=_("Empty: the zone of the owner."),
    )
    repeat_until: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("repeat until"), null=True, blank=True
    )
    status: models.CharField[str, str] = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.CREATED
    )
    scheduled_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("scheduled"), null=True, blank=True, default=timezone.now, editable=False
    )
    is_active: models.BooleanField[bool, bool] = models.BooleanField(_("enabled"), default=True)
    priority: models.SmallIntegerField[int, int] = models.SmallIntegerField(
        _("priority"), default=100, help_text=_("Lower number is sent first.")
    )
    current_run: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("current run"), default=1
    )
    start_refusal: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-id"]
        permissions = [("toggle_mailing", "Can enable and disable any mailing")]
        indexes = [
            models.Index(fields=["starts_at"], name="mailing_due", condition=Q(status="created")),
            # Any number of transactional ones lies between the mailings of a list.
            models.Index(
                fields=["owner", "id"], name="mailing_listed", condition=Q(kind="mailing")
            ),
            models.Index(
                fields=["message", "id"], name="mailing_of_message", condition=Q(kind="mailing")
            ),
            models.Index(fields=["owner", "id"], name="mailing_public", condition=Q(public=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="mailing_ends_after_it_starts",
                violation_error_message=_("The end must be after the start."),
            ),
            models.CheckConstraint(
                condition=Q(local_from__isnull=True, local_to__isnull=True)
                | (
                    Q(local_from__isnull=False, local_to__isnull=False)
                    & ~Q(local_from=F("local_to"))
                ),
                name="mailing_local_hours_whole",
                violation_error_message=_(
                    "Hours of the day need a beginning and a different end, or neither."
                ),
            ),
            models.CheckConstraint(
                condition=(
                    Q(second_channel="", second_account="")
                    | (~Q(second_channel="") & ~Q(second_account=""))
                )
                & (
                    Q(third_channel="", third_account="")
                    | (~Q(third_channel="") & ~Q(third_account="") & ~Q(second_channel=""))
                ),
                name="mailing_further_channels_whole",
                violation_error_message=_(
                    "A further channel needs its account, and a third one needs a second."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(second_channel=F("channel"))
                & ~Q(third_channel=F("channel"))
                & (Q(third_channel="") | ~Q(third_channel=F("second_channel"))),
                name="mailing_channels_differ",
                violation_error_message=_("Each channel may be named once."),
            ),
            # They are one person's, and would go to everybody.
            models.CheckConstraint(
                condition=Q(kind="transactional") | Q(fields={}),
                name="mailing_fields_of_transactional",
            ),
            models.CheckConstraint(
                condition=Q(kind="mailing") | Q(public=False),
                name="mailing_public_is_no_transactional",
            ),
            models.UniqueConstraint(
                fields=["owner", "slug"],
                condition=~Q(slug=""),
                name="mailing_slug_unique_per_owner",
                violation_error_message=_("Another mailing of yours has this name in addresses."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scheduled(self) -> bool:
        """True if the scheduler starts it when its start comes."""
        return self.scheduled_at is not None

    @property
    def is_draft(self) -> bool:
        """True if nobody has scheduled it yet."""
        return self.status == self.Status.CREATED and not self.scheduled

    @property
    def routes(self) -> list[tuple[str, str]]:
        """The channels with their accounts, in the order in which they are tried."""
        named = [
            (self.channel, self.account),
            (self.second_channel, self.second_account),
            (self.third_channel, self.third_account),
        ]
        return [(channel, account) for channel, account in named if channel]
