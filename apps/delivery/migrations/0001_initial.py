import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("mailings", "0001_initial"),
        ("users", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="DomainReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("domain", models.CharField(max_length=253, unique=True, verbose_name="domain")),
                ("findings", models.JSONField(default=list)),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked")),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "verbose_name": "domain",
                "verbose_name_plural": "domains",
                "ordering": ["domain"],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "heartbeat",
                "verbose_name_plural": "heartbeats",
            },
        ),
        migrations.CreateModel(
            name="SendLatency",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cursor", models.BigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("outcomes", models.JSONField(default=dict)),
                ("seconds", models.FloatField(default=0.0)),
            ],
            options={
                "verbose_name": "times of hand-overs",
                "verbose_name_plural": "times of hand-overs",
            },
        ),
        migrations.CreateModel(
            name="SystemMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=300, unique=True)),
                ("account", models.CharField(max_length=40)),
                ("verdict", models.CharField(blank=True, max_length=10)),
                ("response", models.CharField(blank=True, max_length=500)),
                ("tries", models.PositiveSmallIntegerField(default=1)),
                ("claimed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "system email",
                "verbose_name_plural": "system emails",
            },
        ),
        migrations.CreateModel(
            name="AccountState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="name")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Active"),
                            ("disabled", "Disabled"),
                            ("down", "Needs attention"),
                        ],
                        default="ready",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "max_processing_runs",
                    models.PositiveSmallIntegerField(default=1, verbose_name="runs at a time"),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("cut_short_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
                ("quota_left", models.PositiveIntegerField(blank=True, null=True)),
                ("quota_limit", models.PositiveIntegerField(blank=True, null=True)),
                ("quota_renews_at", models.DateTimeField(blank=True, null=True)),
                ("quota_asked_at", models.DateTimeField(blank=True, null=True)),
                ("quota_error", models.CharField(blank=True, max_length=500)),
                ("cooldowns", models.PositiveIntegerField(default=0)),
                ("server", models.CharField(blank=True, max_length=300)),
                ("pipelining", models.CharField(blank=True, max_length=10)),
                ("letters_per_connection", models.PositiveIntegerField(default=0)),
                ("learned_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "sending account",
                "verbose_name_plural": "sending accounts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("max_processing_runs__gte", 1)),
                        name="account_runs_at_least_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LimitWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[
                            ("second", "second"),
                            ("minute", "minute"),
                            ("hour", "hour"),
                            ("day", "day"),
                            ("month", "month"),
                        ],
                        max_length=6,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("used", models.PositiveIntegerField(default=0)),
                ("limit", models.PositiveIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="delivery.accountstate",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "limit window",
                "verbose_name_plural": "limit windows",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("account__isnull", False)),
                        fields=("account", "period", "starts_at"),
                        name="limit_window_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner__isnull", False)),
                        fields=("owner", "period", "starts_at"),
                        name="limit_window_of_owner_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account__isnull", False), ("owner__isnull", True)),
                            models.Q(("account__isnull", True), ("owner__isnull", False)),
                            _connector="OR",
                        ),
                        name="limit_window_is_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used__lte", models.F("limit"))),
                        name="limit_never_exceeded",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preflight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Checking"),
                            ("done", "Finished"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "worst",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("pass", "Passed"),
                            ("warn", "Warnings"),
                            ("fail", "Problems"),
                        ],
                        max_length=4,
                        verbose_name="result",
                    ),
                ),
                ("findings", models.JSONField(default=list)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preflights",
                        to="mailings.mailing",
                        verbose_name="mailing",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preflights",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "preflight",
                "verbose_name_plural": "preflights",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=("mailing",),
                        name="preflight_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Probe",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("run_number", models.PositiveIntegerField(blank=True, null=True)),
                ("account", models.CharField(max_length=40, verbose_name="sending account")),
                ("seed", models.CharField(max_length=40, verbose_name="mailbox")),
                ("key", models.CharField(max_length=32, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("failed", "Not sent"),
                            ("arrived", "Arrived"),
                            ("missing", "Not found"),
                        ],
                        default="sent",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("sent_at", models.DateTimeField(verbose_name="sent")),
                ("arrived_at", models.DateTimeField(blank=True, null=True, verbose_name="arrived")),
                ("folder", models.CharField(blank=True, max_length=200, verbose_name="folder")),
                ("is_spam", models.BooleanField(default=False, verbose_name="spam")),
                ("authentication", models.TextField(blank=True)),
                ("signatures", models.JSONField(default=list)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "mailing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="probes",
                        to="mailings.mailing",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="probes",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="probes",
                        to="mailings.sender",
                    ),
                ),
            ],
            options={
                "verbose_name": "probe",
                "verbose_name_plural": "probes",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "sent")), fields=["id"], name="probe_sent"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerLease",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=255)),
                ("boot_id", models.CharField(max_length=64)),
                ("pid", models.IntegerField()),
                ("journal", models.CharField(max_length=500)),
                ("account", models.CharField(blank=True, max_length=40)),
                ("beat", models.BigIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="workers",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "worker",
                "verbose_name_plural": "workers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["id"],
                        name="worker_alive",
                    )
                ],
            },
        ),
    ]
