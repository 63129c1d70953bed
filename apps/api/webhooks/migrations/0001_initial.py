import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.api.webhooks.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("mailings", "0001_initial"),
        ("users", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                ("deliveries", models.BooleanField(default=True, verbose_name="deliveries")),
                ("runs", models.BooleanField(default=True, verbose_name="runs")),
                (
                    "subscriptions",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="subscriptions and imports"
                    ),
                ),
                (
                    "reactions",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="openings and clicks"
                    ),
                ),
                (
                    "machine_reactions",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="With openings and clicks; what is not known to be a person’s, too.",
                        verbose_name="also by machines",
                    ),
                ),
                (
                    "seed",
                    models.CharField(
                        default=apps.api.webhooks.models.new_seed, editable=False, max_length=32
                    ),
                ),
                ("old_seed", models.CharField(blank=True, editable=False, max_length=32)),
                ("old_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("attempt_cursor", models.BigIntegerField(editable=False)),
                ("consent_cursor", models.BigIntegerField(db_default=0, default=0, editable=False)),
                (
                    "reaction_cursor",
                    models.BigIntegerField(db_default=0, default=0, editable=False),
                ),
                ("runs_reported_until", models.DateTimeField(editable=False)),
                ("paused_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("lease", models.CharField(blank=True, editable=False, max_length=16)),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deliveries", True),
                            ("runs", True),
                            ("subscriptions", True),
                            ("reactions", True),
                            _connector="OR",
                        ),
                        name="webhook_has_events",
                        violation_error_message="Choose at least one kind of events.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportedRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.CharField(max_length=100)),
                ("number", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="mailings.run",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reported_runs",
                        to="webhooks.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "reported run",
                "verbose_name_plural": "reported runs",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["webhook"],
                        name="reported_run_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "run"), name="reported_run_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportedImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("state", models.CharField(max_length=10)),
                ("reported_at", models.DateTimeField()),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reported_imports",
                        to="webhooks.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "reported import",
                "verbose_name_plural": "reported imports",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("webhook", "number", "state"), name="reported_import_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.TextField()),
                ("events", models.PositiveSmallIntegerField(verbose_name="events")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("code", models.PositiveSmallIntegerField(default=0)),
                ("response", models.CharField(blank=True, max_length=200)),
                ("seconds", models.FloatField(default=0.0)),
                ("created_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("next_try", models.DateTimeField(blank=True, null=True)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="webhooks.webhook",
                        verbose_name="webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "call of a webhook",
                "verbose_name_plural": "calls of webhooks",
                "ordering": ["-pk"],
            },
        ),
    ]
