import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("mailings", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            name="WorkerLease",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=255)),
                ("boot_id", models.CharField(max_length=64)),
                ("pid", models.IntegerField()),
                ("journal", models.CharField(max_length=500)),
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
                ("account", models.CharField(blank=True, max_length=40)),
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
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("last_error_at", models.DateTimeField(blank=True, null=True)),
                ("quota_asked_at", models.DateTimeField(blank=True, null=True)),
                ("quota_error", models.CharField(blank=True, max_length=500)),
                ("quota_left", models.PositiveIntegerField(blank=True, null=True)),
                ("quota_limit", models.PositiveIntegerField(blank=True, null=True)),
                ("quota_renews_at", models.DateTimeField(blank=True, null=True)),
                ("learned_at", models.DateTimeField(blank=True, null=True)),
                ("letters_per_connection", models.PositiveIntegerField(default=0)),
                ("pipelining", models.CharField(blank=True, max_length=10)),
                ("cooldowns", models.PositiveIntegerField(default=0)),
                ("server", models.CharField(blank=True, max_length=300)),
                ("cut_short_until", models.DateTimeField(blank=True, null=True)),
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
                    models.CheckConstraint(
                        condition=models.Q(("used__lte", models.F("limit"))),
                        name="limit_never_exceeded",
                    ),
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
                ],
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
                ("seconds", models.FloatField(default=0.0)),
                ("outcomes", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "times of hand-overs",
                "verbose_name_plural": "times of hand-overs",
            },
        ),
    ]
