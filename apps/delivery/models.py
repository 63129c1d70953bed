"""How it gets out: the accounts' state, limit windows, workers' leases, what was found before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.models import AuditedQuerySet
from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedQuerySet
from apps.core.responses.stored import Response
from apps.mailings.models import Mailing, Message, Run, Sender

#: What the engine measures and keeps of an account.
_MEASURED = frozenset(
    "failures not_before cut_short_until last_error last_error_at cooldowns quota_left quota_limit "
    "quota_renews_at quota_asked_at quota_error server pipelining letters_per_connection "
    "learned_at".split()
)
#: What became of a probe.
_OUTCOME = frozenset(
    "state arrived_at folder is_spam authentication signatures looked_at error key".split()
)


class AccountState(BaseModel):
    """The state of one sending account. Its declaration is in ``.env``.

    ``down`` means that somebody must fix something (a refused log-in); ``not_before`` and
    ``failures`` are the open circuit after connection failures, ``cut_short_until`` is the end of a
    cool-down that was ended before its time. ``quota_left`` is what the provider said at
    ``quota_asked_at``, less what was reserved since. ``cooldowns``: how often in a row the
    server took no more. ``server`` (host:port): whose ``pipelining`` and ``letters_per_connection``
    were learned (server_behavior).
    """

    audit = AuditRule(name="name", quiet=_MEASURED)

    class State(models.TextChoices):
        READY = "ready", pgettext_lazy("account", "Active")
        DISABLED = "disabled", pgettext_lazy("account", "Disabled")
        DOWN = "down", _("Needs attention")

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=40, unique=True)
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.READY
    )
    max_processing_runs: models.PositiveSmallIntegerField[int, int] = (
        models.PositiveSmallIntegerField(_("runs at a time"), default=1)
    )
    failures: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    not_before: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    cut_short_until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    last_error: models.CharField[Response, Response] = models.CharField(max_length=500, blank=True)
    last_error_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    quota_left: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        null=True, blank=True
    )
    quota_limit: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        null=True, blank=True
    )
    quota_renews_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    quota_asked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    quota_error: models.CharField[Response, Response] = models.CharField(max_length=500, blank=True)
    cooldowns: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    server: models.CharField[str, str] = models.CharField(max_length=300, blank=True)
    pipelining: models.CharField[str, str] = models.CharField(max_length=10, blank=True)
    letters_per_connection: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0
    )
    learned_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = AuditedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sending account")
        verbose_name_plural = _("sending accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(max_processing_runs__gte=1), name="account_runs_at_least_one"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_available(self, now: datetime) -> bool:
        """True if it is in service and its circuit closed."""
        cooled_down = self.not_before is None or self.not_before <= now
        return self.state == self.State.READY and cooled_down


class LimitWindow(models.Model):
    """How much of a limit is used in one period: an account's, or a user's over all accounts."""

    class Period(models.TextChoices):
        SECOND = "second", _("second")
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")
        DAY = "day", _("day")
        MONTH = "month", _("month")

    account: models.ForeignKey[AccountState | None, AccountState | None] = models.ForeignKey(
        AccountState, on_delete=models.CASCADE, related_name="windows", db_index=False, null=True
    )
    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        null=True,
    )
    period: models.CharField[str, str] = models.CharField(max_length=6, choices=Period.choices)
    starts_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    used: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    limit: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("limit window")
        verbose_name_plural = _("limit windows")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "period", "starts_at"],
                name="limit_window_unique",
                condition=Q(account__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["owner", "period", "starts_at"],
                name="limit_window_of_owner_unique",
                condition=Q(owner__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False, owner__isnull=True)
                | Q(account__isnull=True, owner__isnull=False),
                name="limit_window_is_of_one",
            ),
            models.CheckConstraint(condition=Q(used__lte=F("limit")), name="limit_never_exceeded"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.used}/{self.limit}"


class WorkerLease(models.Model):
    """One worker's life. Its id is the epoch: the fencing token in everything it claims.

    ``beat`` grows with every committed cycle. A lease ends in order (``ended_at``) or is taken
    away (``revoked_at``); after that no statement of its worker finds its row. ``version`` is that
    of the worker's code.
    """

    id: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    host: models.CharField[str, str] = models.CharField(max_length=255)
    boot_id: models.CharField[str, str] = models.CharField(max_length=64)
    pid: models.IntegerField[int, int] = models.IntegerField()
    journal: models.CharField[str, str] = models.CharField(max_length=500)
    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="workers"
    )
    account: models.CharField[str, str] = models.CharField(max_length=40, blank=True)
    version: models.CharField[str, str] = models.CharField(
        max_length=40, blank=True, default="", db_default=""
    )
    beat: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    started_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    revoked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    ended_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        indexes = [
            models.Index(fields=["id"], name="worker_alive", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.host}/{self.pid}"


class SystemMessage(models.Model):
    """An email of the installation itself, such as the daily report: sent once for its key.

    The row is there before the email leaves. Without a ``verdict`` it is under way, or the process
    that had it died and nobody knows: it is not sent again.
    """

    key: models.CharField[str, str] = models.CharField(max_length=300, unique=True)
    account: models.CharField[str, str] = models.CharField(max_length=40)
    verdict: models.CharField[str, str] = models.CharField(max_length=10, blank=True)
    response: models.CharField[Response, Response] = models.CharField(max_length=500, blank=True)
    tries: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=1)
    claimed_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("system email")
        verbose_name_plural = _("system emails")

    def __str__(self) -> str:
        return self.key


class Heartbeat(models.Model):
    """The last sign of life of a periodic job, shared by all processes.

    ``version``: of the code that left it.
    """

    name: models.CharField[str, str] = models.CharField(max_length=40, primary_key=True)
    beat_at: models.DateTimeField[Any, Any] = models.DateTimeField()
    version: models.CharField[str, str] = models.CharField(
        max_length=40, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class SendLatency(models.Model):
    """How long hand-overs have taken, up to the attempt ``cursor``. One row.

    ``counts``: by upper bound in seconds, how many took no longer (monitoring/send_latency.py);
    ``outcomes``: how many attempts came to what, by channel, account and status.
    """

    cursor: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    outcomes: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    seconds: models.FloatField[float, float] = models.FloatField(default=0.0)

    class Meta:
        verbose_name = _("times of hand-overs")
        verbose_name_plural = _("times of hand-overs")

    def __str__(self) -> str:
        return str(self.cursor)


class DomainReport(BaseModel):
    """What DNS said of a domain that is sent from, when it last answered (doctor.domains).

    ``asked_at`` is the last question, ``error`` why there was no answer to it.
    """

    domain: models.CharField[str, str] = models.CharField(_("domain"), max_length=253, unique=True)
    findings: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    checked_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("checked"), null=True, blank=True
    )
    asked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    error: models.CharField[str, str] = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain


class ProbeQuerySet(OwnedQuerySet["Probe"]):
    owner_path = "message__owner_id"


class Probe(BaseModel):
    """An email that went through a real account to a mailbox of our own, and what came of it.

    It is no delivery: no run counts it. ``key`` stands in a header of it and finds it again.
    ``run_number``: the mailing's run at that time. ``authentication`` is what the receiver found,
    ``signatures`` what we found of each DKIM signature. ``looked_at`` is the last look into the
    mailbox, ``error`` why it, or the hand-over, failed.
    """

    audit = AuditRule(name="seed", quiet=_OUTCOME)

    class State(models.TextChoices):
        SENT = "sent", pgettext_lazy("probe", "Sent")
        FAILED = "failed", pgettext_lazy("probe", "Not sent")
        ARRIVED = "arrived", pgettext_lazy("probe", "Arrived")
        MISSING = "missing", pgettext_lazy("probe", "Not found")

    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="probes", verbose_name=_("message")
    )
    mailing: models.ForeignKey[Mailing | None, Mailing | None] = models.ForeignKey(
        Mailing, on_delete=models.SET_NULL, related_name="probes", null=True, blank=True
    )
    run_number: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        null=True, blank=True
    )
    sender: models.ForeignKey[Sender | None, Sender | None] = models.ForeignKey(
        Sender, on_delete=models.SET_NULL, related_name="probes", null=True, blank=True
    )
    account: models.CharField[str, str] = models.CharField(_("sending account"), max_length=40)
    seed: models.CharField[str, str] = models.CharField(_("mailbox"), max_length=40)
    key: models.CharField[str, str] = models.CharField(max_length=32, unique=True)
    state: models.CharField[str, str] = models.CharField(
        _("status"), max_length=8, choices=State.choices, default=State.SENT
    )
    sent_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("sent"))
    arrived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("arrived"), null=True, blank=True
    )
    folder: models.CharField[str, str] = models.CharField(_("folder"), max_length=200, blank=True)
    is_spam: models.BooleanField[bool, bool] = models.BooleanField(_("spam"), default=False)
    authentication: models.TextField[str, str] = models.TextField(blank=True)
    signatures: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    looked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    error: models.CharField[Response, Response] = models.CharField(max_length=500, blank=True)

    objects = ProbeQuerySet.as_manager()

    class Meta:
        verbose_name = _("probe")
        verbose_name_plural = _("probes")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="probe_sent", condition=Q(state="sent")),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.seed}"

    @property
    def minutes(self) -> int:
        """How long it took to arrive, begun minutes included."""
        if self.arrived_at is None:
            return 0
        return int(-(-(self.arrived_at - self.sent_at).total_seconds() // 60))


class PreflightQuerySet(OwnedQuerySet["Preflight"]):
    owner_path = "mailing__owner_id"


class Preflight(BaseModel):
    """What was found of a mailing before its start: each check with its findings.

    ``fingerprint`` is of the mailing as it was looked at (selectors.preflights): of another one the
    findings say nothing. ``run``: the one that was started by it. ``started_at`` is its worker's
    mark: the one that took it over writes, and no other.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("preflight", "Waiting")
        RUNNING = "running", pgettext_lazy("preflight", "Checking")
        DONE = "done", pgettext_lazy("preflight", "Finished")

    class Worst(models.TextChoices):
        NONE = "", ""
        PASS = "pass", pgettext_lazy("preflight", "Passed")
        WARN = "warn", pgettext_lazy("preflight", "Warnings")
        FAIL = "fail", pgettext_lazy("preflight", "Problems")

    mailing: models.ForeignKey[Mailing, Mailing] = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="preflights", verbose_name=_("mailing")
    )
    run: models.ForeignKey[Run | None, Run | None] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="preflights", null=True, blank=True
    )
    fingerprint: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    state: models.CharField[str, str] = models.CharField(
        _("status"), max_length=8, choices=State.choices, default=State.WAITING
    )
    worst: models.CharField[str, str] = models.CharField(
        _("result"), max_length=4, choices=Worst.choices, blank=True
    )
    findings: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    asked_by: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    started_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    finished_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    objects = PreflightQuerySet.as_manager()

    class Meta:
        verbose_name = _("preflight")
        verbose_name_plural = _("preflights")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mailing"], condition=~Q(state="done"), name="preflight_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"
