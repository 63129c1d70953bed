"""The ledger: runs, deliveries and attempts. Only apps.mailings.ledger moves a delivery."""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from apps.core.models import BaseModel, OwnedQuerySet
from apps.core.responses.stored import Response
from apps.mailings.models.audience import Channel, Recipient
from apps.mailings.models.engagement.figures import EngagementFigures, within_sent
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.models.trigger import Trigger


def new_run_key() -> str:
    """A random part for the run's Message-IDs, so that two installations never share one."""
    return secrets.token_hex(6)


def _left_out_counter() -> models.PositiveIntegerField[int, int]:
    """How many of ``suppressed`` have this reason."""
    return models.PositiveIntegerField(default=0, db_default=0)


#: Claims of a run stop at no position.
NO_LIMIT: Final = 2**31 - 1


class RunQuerySet(OwnedQuerySet["Run"]):
    owner_path = "mailing__owner_id"


class DeliveryQuerySet(OwnedQuerySet["Delivery"]):
    owner_path = "run__mailing__owner_id"


class Run(EngagementFigures, BaseModel):
    """One complete pass of a mailing: the queue entry, and the truth about what happens next.

    ``content`` is the snapshot that is sent, in its ``content_version``; others (of languages, and
    those replaced in a pause) are kept as RunContent. ``early``: started before the mailing's start
    on purpose; ``urgent``: in the lane of the messages to one; ``stopping``: to be
    closed as soon as nothing is in flight; ``yielded_at``: when it last yielded to another one on
    its account. The counters are kept by the ledger in the very transaction that moves a delivery,
    and always add up to ``audience``; ``hard_bounces`` and ``complaints`` stand beside them and
    only grow. Up to ``claim_cursor`` every position has been claimed or closed: what is pending
    there waits in ``not_before``. Claims go no further than ``claim_limit``: the last place of an
    experiment's sample until it is decided.
    """

    class State(models.TextChoices):
        PREPARING = "preparing", _("Preparing")
        QUEUED = "queued", _("Queued")
        PROCESSING = "processing", pgettext_lazy("run", "Sending")
        DEFERRED = "deferred", pgettext_lazy("run", "Waiting")
        PAUSED = "paused", _("Paused")
        DONE = "done", pgettext_lazy("run", "Finished")

    class Outcome(models.TextChoices):
        SUCCESS = "success", _("Sent to all")
        PARTIAL = "partial", _("With errors")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", pgettext_lazy("run", "Expired")
        CANCELLED = "cancelled", pgettext_lazy("run", "Stopped")
        EMPTY = "empty", _("No recipients")

    class Reason(models.TextChoices):
        """Why a run stands still; ``approval`` is why there is none yet."""

        APPROVAL = "approval", _("a manager has to approve it")
        BEFORE_START = "before_start", _("waiting for its start")
        OUTSIDE_HOURS = "outside_hours", _("outside sending hours")
        OUTSIDE_LOCAL_HOURS = "outside_local_hours", _("outside recipients' local hours")
        RATE_LIMIT = "rate_limit", _("sending limit reached")
        QUOTA_EXHAUSTED = "quota_exhausted", _("provider's quota used up")
        FREQUENCY_CAP = "frequency_cap", _("people have got as many messages as your rules allow")
        FILES = "files", _("waiting for the recipients’ files")
        EXPERIMENT = "experiment", _("waiting for the result of the experiment")
        EXPERIMENT_UNDECIDED = "experiment_undecided", _("the experiment needs your choice")
        TRANSIENT_ERROR = "transient_error", _("some recipients will be retried")
        CHANNEL_DOWN = "channel_down", _("mail server unavailable")
        SERVER_BUSY = "server_busy", _("mail server busy")
        REFUSALS = "refusals", _("the server refuses one message after another")
        ACCOUNT_DISABLED = "account_disabled", _("sending account disabled")
        OWNER_BLOCKED = "owner_blocked", _("owner blocked")
        BOUNCE_RATE = "bounce_rate", _("too many bounces")
        COMPLAINT_RATE = "complaint_rate", _("too many spam complaints")
        COMPLAINTS = "complaints", _("too many spam complaints about this account")
        MAILING_DISABLED = "mailing_disabled", _("disabled by a manager")
        PAUSED_BY_USER = "paused_by_user", _("paused")
        BETWEEN_ARRIVALS = "between_arrivals", _("nobody has come to this step")
        RESTORED = "restored", _("restored from a backup")

    mailing: models.ForeignKey[Mailing, Mailing] = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="runs"
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    state: models.CharField[str, str] = models.CharField(
        max_length=10, choices=State.choices, default=State.PREPARING
    )
    outcome: models.CharField[str, str] = models.CharField(
        max_length=10, choices=Outcome.choices, blank=True
    )
    trigger: models.CharField[str, str] = models.CharField(max_length=10, choices=Trigger.choices)
    channel: models.CharField[str, str] = models.CharField(max_length=10, choices=Channel.choices)
    account: models.CharField[str, str] = models.CharField(max_length=40)
    priority: models.SmallIntegerField[int, int] = models.SmallIntegerField(default=100)
    key: models.CharField[str, str] = models.CharField(max_length=16, default=new_run_key)
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    content_version: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        default=1
    )
    freeze_cursor: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    claim_cursor: models.IntegerField[int, int] = models.IntegerField(default=0, db_default=0)
    claim_limit: models.IntegerField[int, int] = models.IntegerField(
        default=NO_LIMIT, db_default=NO_LIMIT
    )
    frozen_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    early: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    urgent: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    stopping: models.BooleanField[bool, bool] = models.BooleanField(default=False)

    reason: models.CharField[str, str] = models.CharField(
        max_length=20, choices=Reason.choices, blank=True
    )
    reason_detail: models.CharField[Response, Response] = models.CharField(
        max_length=500, blank=True
    )
    deferred_until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    queued_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    started_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    finished_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    last_progress_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    yielded_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    rate: models.FloatField[float, float] = models.FloatField(default=0.0)

    audience: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    pending: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    sending: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    sent: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    delivered: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    bounced: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        pgettext_lazy("delivery", "bounced"), default=0
    )
    failed: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    unknown: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    suppressed: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    expired: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    cancelled: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)

    hard_bounces: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )
    complaints: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )

    #: The audience rule as it stood at the launch; empty for runs before there was one.
    rule: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    left_unsubscribed: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_unconfirmed: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_no_consent: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_paused: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_excluded: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_no_language: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_cap: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_suppressed: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_no_address: models.PositiveIntegerField[int, int] = _left_out_counter()
    left_gone: models.PositiveIntegerField[int, int] = _left_out_counter()
    folded_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["account", "priority", "queued_at"],
                name="run_queue",
                condition=~Q(state="done"),
            ),
            models.Index(
                fields=["finished_at"],
                name="run_finished",
                condition=Q(finished_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["mailing", "number"], name="run_number_unique"),
            models.UniqueConstraint(
                fields=["mailing"],
                condition=~Q(state="done"),
                name="run_at_most_one_open_per_mailing",
            ),
            models.CheckConstraint(
                condition=Q(state="preparing")
                | Q(
                    audience=F("pending")
                    + F("sending")
                    + F("sent")
                    + F("delivered")
                    + F("bounced")
                    + F("failed")
                    + F("unknown")
                    + F("suppressed")
                    + F("expired")
                    + F("cancelled")
                ),
                name="run_equation_holds",
            ),
            models.CheckConstraint(
                condition=Q(state="preparing")
                | Q(
                    suppressed=F("left_unsubscribed")
                    + F("left_unconfirmed")
                    + F("left_no_consent")
                    + F("left_paused")
                    + F("left_excluded")
                    + F("left_no_language")
                    + F("left_cap")
                    + F("left_suppressed")
                    + F("left_no_address")
                    + F("left_gone")
                ),
                name="run_left_out_adds_up",
            ),
            within_sent(),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(pending=0, sending=0),
                name="run_done_leaves_nobody",
            ),
            models.CheckConstraint(
                condition=~Q(state="deferred")
                | Q(reason="between_arrivals", deferred_until__isnull=True)
                | (~Q(reason="") & Q(deferred_until__isnull=False)),
                name="run_wait_has_reason_and_time",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    def get_outcome_display(self) -> str:  # type: ignore[no-redef]
        """How it ended, in words: of what is only not whole, how many were passed over."""
        left = self.suppressed + self.expired + self.cancelled
        wrong = self.failed + self.bounced + self.unknown
        if self.outcome != Run.Outcome.PARTIAL or wrong or not left:
            return str(Run.Outcome(self.outcome).label) if self.outcome else ""
        text = ngettext("finished; %(count)d was skipped", "finished; %(count)d were skipped", left)
        return text % {"count": left}

    def get_reason_display(self) -> str:  # type: ignore[no-redef]
        """Why it stands still: what cannot be reached depends on the channel."""
        return reason_label(self.reason, self.channel)


class Delivery(models.Model):
    """One recipient of one run. Its id is the external message id, stable over retries.

    ``token`` is the fencing token: the epoch of the worker that holds it, or last held it.
    ``tries`` counts hand-overs with an outcome, ``crashes`` how often a dead worker held it.
    ``position`` numbers, without a gap from 1, those of a run who were to be sent to when it was
    frozen: a claim names the positions it wants, and is quick whatever the planner believes. The
    sample of an experiment stands before the others, from 0 downwards.

    ``indexed_state``: ``state`` for indexes, unchanged from pending to sent (docs/decisions/003).
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        SENDING = "sending", pgettext_lazy("delivery", "Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown")
        SUPPRESSED = "suppressed", pgettext_lazy("delivery", "Suppressed")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")

    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    position: models.IntegerField[int | None, int | None] = models.IntegerField(
        null=True, blank=True
    )
    channel: models.CharField[str, str] = models.CharField(max_length=10, choices=Channel.choices)
    address: models.CharField[str, str] = models.CharField(max_length=254, blank=True)
    state: models.CharField[str, str] = models.CharField(
        max_length=10, choices=State.choices, default=State.PENDING
    )
    token: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        null=True, blank=True
    )
    tries: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    crashes: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        default=0
    )
    content_version: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        default=1, db_default=1
    )
    not_before: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    indexed_state: models.GeneratedField = models.GeneratedField(
        expression=Case(
            When(
                Q(state__in=["sending", "sent"]) | Q(state="pending", not_before__isnull=True),
                then=Value(None),
            ),
            default=F("state"),
        ),
        output_field=models.CharField(max_length=10, null=True),
        db_persist=True,
    )
    code: models.IntegerField[int, int] = models.IntegerField(default=0)
    response: models.CharField[Response, Response] = models.CharField(max_length=500, blank=True)
    changed_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    left_out: models.CharField[str, str] = models.CharField(
        max_length=16, choices=LeftOut.choices, blank=True, default="", db_default=""
    )
    #: By what right: no constraint, no index, for it is written with every row of an audience.
    subscription_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        null=True, blank=True
    )
    sent_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    #: Which of the tags and segments that the content asks about the person had at the freeze.
    condition_bits: models.BigIntegerField[int, int] = models.BigIntegerField(
        default=0, db_default=0, editable=False
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["run", "id"], name="delivery_of_run"),
            models.Index(
                fields=["run", "indexed_state", "id"],
                name="delivery_indexed_state",
                condition=Q(indexed_state__isnull=False),
            ),
            models.Index(
                fields=["run", "not_before", "id"],
                name="delivery_due",
                condition=Q(not_before__isnull=False),
            ),
            # What a mailing did with each person of a window of ids: an index alone answers.
            models.Index(fields=["run", "recipient", "indexed_state"], name="delivery_whom"),
            models.Index(
                fields=["run", "left_out", "id"],
                name="delivery_left_out",
                condition=~Q(left_out=""),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "run"], name="delivery_one_per_recipient_and_run"
            ),
            models.UniqueConstraint(fields=["run", "position"], name="delivery_position_unique"),
            models.UniqueConstraint(
                fields=["run", "channel", "address"],
                name="delivery_one_per_address_and_run",
                condition=~Q(address=""),
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(token__isnull=False),
                name="delivery_sending_has_a_token",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.address}"


#: The states of a delivery, in the order in which the equation is written.
STATES: Final = tuple(state.value for state in Delivery.State)


def reason_label(reason: str, channel: str) -> str:
    """A reason to stand still, as it is called on this channel."""
    if reason == Run.Reason.CHANNEL_DOWN and channel != Channel.EMAIL:
        if channel == Channel.PHONE:
            return gettext("the send service cannot be reached")
        return gettext("%(channel)s cannot be reached") % {"channel": Channel(channel).label}
    return str(Run.Reason(reason).label) if reason else ""
