import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apps.mailings.models.content
import apps.mailings.models.ledger

#: By bytes, so that the unique indexes also find an address by its beginning, and compare faster.
_COLLATE = """
ALTER TABLE mailings_recipient
    ALTER COLUMN email TYPE varchar(254) COLLATE "C",
    ALTER COLUMN phone TYPE varchar(15) COLLATE "C"
"""
#: A page keeps room for the next versions of its rows, or no update is HOT.
_LEAVE_ROOM = "ALTER TABLE mailings_delivery SET (fillfactor = 50)"


def tune_postgresql(apps, schema_editor):
    """SQLite compares by bytes anyway, and updates in place."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_COLLATE)
        schema_editor.execute(_LEAVE_ROOM)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="plain text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="revision"),
                ),
                (
                    "for_mailout",
                    models.BooleanField(db_default=False, default=False, editable=False),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        default="email",
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("address", models.CharField(max_length=254, verbose_name="address")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribed", "unsubscribed"),
                            ("bounced", "bounces"),
                            ("complained", "spam complaint"),
                            ("blocked", "added manually"),
                        ],
                        default="blocked",
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
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
                "verbose_name": "suppressed address",
                "verbose_name_plural": "suppressed addresses",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "channel", "address"), name="suppression_unique_per_owner"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "for_mailout",
                    models.BooleanField(db_default=False, default=False, editable=False),
                ),
            ],
            options={
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "name"), name="tag_unique_per_owner")
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("base_revision", models.PositiveIntegerField(default=0, verbose_name="revision")),
                ("subject", models.TextField(blank=True, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="plain text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
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
                "verbose_name": "draft",
                "verbose_name_plural": "drafts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "message"), name="draft_unique_per_message"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("message__isnull", True)),
                        fields=("owner",),
                        name="draft_of_a_new_message_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="plain text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a message",
                "verbose_name_plural": "versions of messages",
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "number"), name="message_version_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecipientImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("source", models.CharField(max_length=500, verbose_name="source")),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=255,
                        storage=apps.mailings.models.content.private_storage,
                        upload_to="imports/",
                        verbose_name="file",
                    ),
                ),
                (
                    "rejects",
                    models.FileField(
                        blank=True,
                        max_length=255,
                        storage=apps.mailings.models.content.private_storage,
                        upload_to="rejects/",
                        verbose_name="rejected rows",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Reading"),
                            ("uploaded", "Awaiting confirmation"),
                            ("queued", "Queued"),
                            ("running", "Importing"),
                            ("done", "Finished"),
                            ("failed", "Failed"),
                            ("undone", "Undone"),
                        ],
                        default="uploaded",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("dry_run", models.BooleanField(default=False, verbose_name="dry run")),
                ("mapping", models.JSONField(blank=True, default=dict, verbose_name="columns")),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="options")),
                ("total_rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("done_rows", models.PositiveIntegerField(default=0, verbose_name="rows read")),
                ("added", models.PositiveIntegerField(default=0, verbose_name="added")),
                ("updated", models.PositiveIntegerField(default=0, verbose_name="updated")),
                ("rejected", models.PositiveIntegerField(default=0, verbose_name="rejected")),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                (
                    "beat_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last sign of life"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "error_code",
                    models.CharField(blank=True, max_length=50, verbose_name="error code"),
                ),
                ("preview", models.JSONField(blank=True, default=dict, verbose_name="first rows")),
                (
                    "reading",
                    models.JSONField(blank=True, default=dict, verbose_name="how it is read"),
                ),
                ("warned", models.PositiveIntegerField(default=0, verbose_name="warnings")),
                ("suppressed", models.PositiveIntegerField(default=0, verbose_name="suppressed")),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "email",
                    models.CharField(blank=True, max_length=254, null=True, verbose_name="email"),
                ),
                (
                    "phone",
                    models.CharField(blank=True, max_length=15, null=True, verbose_name="phone"),
                ),
                (
                    "telegram_chat_id",
                    models.BigIntegerField(blank=True, null=True, verbose_name="Telegram chat id"),
                ),
                (
                    "full_name",
                    models.CharField(blank=True, max_length=200, verbose_name="name"),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                (
                    "operator_code",
                    models.CharField(blank=True, max_length=3, verbose_name="operator code"),
                ),
                (
                    "time_zone",
                    models.CharField(blank=True, max_length=64, verbose_name="time zone"),
                ),
                (
                    "attributes",
                    models.JSONField(blank=True, default=dict, verbose_name="attributes"),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recipients",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="recipients",
                        to="mailings.recipientimport",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "recipient",
                "verbose_name_plural": "recipients",
                "indexes": [
                    models.Index(
                        condition=models.Q(("operator_code", ""), _negated=True),
                        fields=["owner", "operator_code"],
                        name="recipient_operator",
                    ),
                    models.Index(
                        condition=models.Q(("added_by__isnull", False)),
                        fields=["added_by"],
                        name="recipient_added_by",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("phone__isnull", False)),
                        fields=("owner", "phone"),
                        name="recipient_phone_unique_per_owner",
                        violation_error_message="You already have a recipient with this phone.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("telegram_chat_id__isnull", False)),
                        fields=("owner", "telegram_chat_id"),
                        name="recipient_telegram_unique_per_owner",
                        violation_error_message="You already have a recipient with this Telegram id.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("email__isnull", False),
                            ("phone__isnull", False),
                            ("telegram_chat_id__isnull", False),
                            _connector="OR",
                        ),
                        name="recipient_has_an_address",
                        violation_error_message="Give at least one address.",
                    ),
                    models.UniqueConstraint(
                        fields=("owner", "email"),
                        name="recipient_email_unique_per_owner",
                        violation_error_message="You already have a recipient with this email.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mailing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        default="email",
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        default="email", max_length=40, verbose_name="sending account"
                    ),
                ),
                ("everyone", models.BooleanField(default=False, verbose_name="all my recipients")),
                (
                    "filter_operator_codes",
                    models.JSONField(blank=True, default=list, verbose_name="operator codes"),
                ),
                ("starts_at", models.DateTimeField(verbose_name="start")),
                ("ends_at", models.DateTimeField(verbose_name="end")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("running", "Running"),
                            ("completed", "Completed"),
                        ],
                        default="created",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="enabled")),
                (
                    "priority",
                    models.SmallIntegerField(
                        default=100,
                        help_text="Lower number is sent first.",
                        verbose_name="priority",
                    ),
                ),
                ("current_run", models.PositiveIntegerField(default=1, verbose_name="current run")),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mailings",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
                (
                    "local_from",
                    models.TimeField(
                        blank=True, null=True, verbose_name="from (recipient’s local time)"
                    ),
                ),
                (
                    "local_to",
                    models.TimeField(
                        blank=True, null=True, verbose_name="to (recipient’s local time)"
                    ),
                ),
                (
                    "repeat",
                    models.CharField(
                        blank=True,
                        help_text="A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO.",
                        max_length=200,
                        verbose_name="repetition",
                    ),
                ),
                ("repeat_from", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "repeat_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="repeat until"),
                ),
                (
                    "second_account",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="account of the second channel"
                    ),
                ),
                (
                    "second_channel",
                    models.CharField(
                        blank=True,
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        help_text="For recipients without an address on the first channel, or who failed there.",
                        max_length=10,
                        verbose_name="second channel",
                    ),
                ),
                (
                    "third_account",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="account of the third channel"
                    ),
                ),
                (
                    "third_channel",
                    models.CharField(
                        blank=True,
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        max_length=10,
                        verbose_name="third channel",
                    ),
                ),
                (
                    "fields",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="fields"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mailing", "mailing"),
                            ("transactional", "transactional message"),
                        ],
                        default="mailing",
                        editable=False,
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "scheduled_at",
                    models.DateTimeField(
                        blank=True,
                        default=django.utils.timezone.now,
                        editable=False,
                        null=True,
                        verbose_name="scheduled",
                    ),
                ),
                (
                    "repeat_zone",
                    models.CharField(
                        blank=True,
                        help_text="Empty: the zone of the owner.",
                        max_length=64,
                        verbose_name="time zone of the repetition",
                    ),
                ),
                ("start_refusal", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "recipients",
                    models.ManyToManyField(
                        blank=True,
                        related_name="mailings",
                        to="mailings.recipient",
                        verbose_name="recipients",
                    ),
                ),
                (
                    "filter_tags",
                    models.ManyToManyField(
                        blank=True, related_name="mailings", to="mailings.tag", verbose_name="tags"
                    ),
                ),
            ],
            options={
                "verbose_name": "mailing",
                "verbose_name_plural": "mailings",
                "ordering": ["-id"],
                "permissions": [("toggle_mailing", "Can enable and disable any mailing")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "created")),
                        fields=["starts_at"],
                        name="mailing_due",
                    ),
                    models.Index(
                        condition=models.Q(("kind", "mailing")),
                        fields=["owner", "id"],
                        name="mailing_listed",
                    ),
                    models.Index(
                        condition=models.Q(("kind", "mailing")),
                        fields=["message", "id"],
                        name="mailing_of_message",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="mailing_ends_after_it_starts",
                        violation_error_message="The end must be after the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("local_from__isnull", True), ("local_to__isnull", True)),
                            models.Q(
                                ("local_from__isnull", False),
                                ("local_to__isnull", False),
                                models.Q(("local_from", models.F("local_to")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="mailing_local_hours_whole",
                        violation_error_message="Hours of the day need a beginning and a different end, or neither.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("second_account", ""), ("second_channel", "")),
                                models.Q(
                                    models.Q(("second_channel", ""), _negated=True),
                                    models.Q(("second_account", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("third_account", ""), ("third_channel", "")),
                                models.Q(
                                    models.Q(("third_channel", ""), _negated=True),
                                    models.Q(("third_account", ""), _negated=True),
                                    models.Q(("second_channel", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="mailing_further_channels_whole",
                        violation_error_message="A further channel needs its account, and a third one needs a second.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("second_channel", models.F("channel")), _negated=True),
                            models.Q(("third_channel", models.F("channel")), _negated=True),
                            models.Q(
                                ("third_channel", ""),
                                models.Q(
                                    ("third_channel", models.F("second_channel")), _negated=True
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="mailing_channels_differ",
                        violation_error_message="Each channel may be named once.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "transactional"), ("fields", {}), _connector="OR"
                        ),
                        name="mailing_fields_of_transactional",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("preparing", "Preparing"),
                            ("queued", "Queued"),
                            ("processing", "Sending"),
                            ("deferred", "Waiting"),
                            ("paused", "Paused"),
                            ("done", "Finished"),
                        ],
                        default="preparing",
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("success", "Sent to all"),
                            ("partial", "With errors"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("cancelled", "Stopped"),
                            ("empty", "No recipients"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("manual", "manually"),
                            ("scheduled", "scheduler"),
                            ("command", "command line"),
                            ("api", "API"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        max_length=10,
                    ),
                ),
                ("account", models.CharField(max_length=40)),
                ("priority", models.SmallIntegerField(default=100)),
                (
                    "key",
                    models.CharField(
                        default=apps.mailings.models.ledger.new_run_key, max_length=16
                    ),
                ),
                ("content", models.JSONField(default=dict)),
                ("freeze_cursor", models.BigIntegerField(default=0)),
                ("frozen_at", models.DateTimeField(blank=True, null=True)),
                ("early", models.BooleanField(default=False)),
                ("stopping", models.BooleanField(default=False)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("before_start", "waiting for its start"),
                            ("outside_hours", "outside sending hours"),
                            ("outside_local_hours", "outside recipients' local hours"),
                            ("rate_limit", "sending limit reached"),
                            ("quota_exhausted", "provider's quota used up"),
                            ("transient_error", "some recipients will be retried"),
                            ("channel_down", "mail server unavailable"),
                            ("server_busy", "mail server busy"),
                            ("refusals", "the server refuses one message after another"),
                            ("account_disabled", "sending account disabled"),
                            ("owner_blocked", "owner blocked"),
                            ("bounce_rate", "too many bounces"),
                            ("complaint_rate", "too many spam complaints"),
                            ("mailing_disabled", "disabled by a manager"),
                            ("paused_by_user", "paused"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason_detail", models.CharField(blank=True, max_length=500)),
                ("deferred_until", models.DateTimeField(blank=True, null=True)),
                ("queued_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("last_progress_at", models.DateTimeField(blank=True, null=True)),
                ("rate", models.FloatField(default=0.0)),
                ("audience", models.PositiveIntegerField(default=0)),
                ("pending", models.PositiveIntegerField(default=0)),
                ("sending", models.PositiveIntegerField(default=0)),
                ("sent", models.PositiveIntegerField(default=0)),
                ("delivered", models.PositiveIntegerField(default=0)),
                ("bounced", models.PositiveIntegerField(default=0, verbose_name="bounced")),
                ("failed", models.PositiveIntegerField(default=0)),
                ("unknown", models.PositiveIntegerField(default=0)),
                ("suppressed", models.PositiveIntegerField(default=0)),
                ("expired", models.PositiveIntegerField(default=0)),
                ("cancelled", models.PositiveIntegerField(default=0)),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="mailings.mailing",
                    ),
                ),
                ("content_version", models.PositiveSmallIntegerField(default=1)),
                ("claim_cursor", models.IntegerField(db_default=0, default=0)),
                ("urgent", models.BooleanField(default=False)),
                ("yielded_at", models.DateTimeField(blank=True, null=True)),
                ("complaints", models.PositiveIntegerField(db_default=0, default=0)),
                ("hard_bounces", models.PositiveIntegerField(db_default=0, default=0)),
            ],
            options={
                "verbose_name": "run",
                "verbose_name_plural": "runs",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=["account", "priority", "queued_at"],
                        name="run_queue",
                    ),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", False)),
                        fields=["finished_at"],
                        name="run_finished",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("mailing", "number"), name="run_number_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=("mailing",),
                        name="run_at_most_one_open_per_mailing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("pending", 0), ("sending", 0)),
                            _connector="OR",
                        ),
                        name="run_done_leaves_nobody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "deferred"), _negated=True),
                            models.Q(
                                models.Q(("reason", ""), _negated=True),
                                ("deferred_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="run_wait_has_reason_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "preparing"),
                            (
                                "audience",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.expressions.CombinedExpression(
                                                                    models.F("pending"),
                                                                    "+",
                                                                    models.F("sending"),
                                                                ),
                                                                "+",
                                                                models.F("sent"),
                                                            ),
                                                            "+",
                                                            models.F("delivered"),
                                                        ),
                                                        "+",
                                                        models.F("bounced"),
                                                    ),
                                                    "+",
                                                    models.F("failed"),
                                                ),
                                                "+",
                                                models.F("unknown"),
                                            ),
                                            "+",
                                            models.F("suppressed"),
                                        ),
                                        "+",
                                        models.F("expired"),
                                    ),
                                    "+",
                                    models.F("cancelled"),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="run_equation_holds",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        max_length=10,
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("bounced", "Bounced"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                            ("suppressed", "Suppressed"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("token", models.BigIntegerField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("crashes", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("code", models.IntegerField(default=0)),
                ("response", models.CharField(blank=True, max_length=500)),
                ("changed_at", models.DateTimeField()),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="mailings.recipient",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="mailings.run",
                    ),
                ),
                ("content_version", models.PositiveSmallIntegerField(db_default=1, default=1)),
                (
                    "indexed_state",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(
                                    ("state__in", ["sending", "sent"]),
                                    models.Q(("not_before__isnull", True), ("state", "pending")),
                                    _connector="OR",
                                ),
                                then=models.Value(None),
                            ),
                            default=models.F("state"),
                        ),
                        output_field=models.CharField(max_length=10, null=True),
                    ),
                ),
                ("position", models.IntegerField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["run", "id"], name="delivery_of_run"),
                    models.Index(
                        condition=models.Q(("not_before__isnull", False)),
                        fields=["run", "not_before", "id"],
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("indexed_state__isnull", False)),
                        fields=["run", "indexed_state", "id"],
                        name="delivery_indexed_state",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "run"), name="delivery_one_per_recipient_and_run"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("address", ""), _negated=True),
                        fields=("run", "channel", "address"),
                        name="delivery_one_per_address_and_run",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sending"), _negated=True),
                            ("token__isnull", False),
                            _connector="OR",
                        ),
                        name="delivery_sending_has_a_token",
                    ),
                    models.UniqueConstraint(
                        fields=("run", "position"), name="delivery_position_unique"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecipientTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="mailings.recipient",
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="mailings.tag"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "tag"), name="recipient_tag_unique"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="recipient",
            name="tags",
            field=models.ManyToManyField(
                blank=True,
                related_name="recipients",
                through="mailings.RecipientTag",
                to="mailings.tag",
                verbose_name="tags",
            ),
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_number", models.PositiveIntegerField()),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("manual", "manually"),
                            ("scheduled", "scheduler"),
                            ("command", "command line"),
                            ("api", "API"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("delivery", "delivery"), ("audit", "Manual change")],
                        default="delivery",
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("success", "Accepted"),
                            ("failure", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=7,
                    ),
                ),
                ("account", models.CharField(blank=True, max_length=40)),
                ("code", models.IntegerField(default=0)),
                ("response", models.CharField(blank=True, max_length=500)),
                ("seconds", models.FloatField(default=0.0)),
                ("created_at", models.DateTimeField()),
                (
                    "delivery",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="mailings.delivery",
                    ),
                ),
                (
                    "mailing",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="mailings.mailing",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "indexes": [models.Index(fields=["mailing", "id"], name="attempt_by_mailing")],
            },
        ),
        migrations.CreateModel(
            name="RunContent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveSmallIntegerField()),
                ("content", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replaced",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "replaced content of a run",
                "verbose_name_plural": "replaced contents of runs",
                "constraints": [
                    models.UniqueConstraint(fields=("run", "version"), name="run_content_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("content_type", models.CharField(max_length=100, verbose_name="type")),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "attachment",
                "verbose_name_plural": "attachments",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SendingPause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("before_start", "waiting for its start"),
                            ("outside_hours", "outside sending hours"),
                            ("outside_local_hours", "outside recipients' local hours"),
                            ("rate_limit", "sending limit reached"),
                            ("quota_exhausted", "provider's quota used up"),
                            ("transient_error", "some recipients will be retried"),
                            ("channel_down", "mail server unavailable"),
                            ("server_busy", "mail server busy"),
                            ("refusals", "the server refuses one message after another"),
                            ("account_disabled", "sending account disabled"),
                            ("owner_blocked", "owner blocked"),
                            ("bounce_rate", "too many bounces"),
                            ("complaint_rate", "too many spam complaints"),
                            ("mailing_disabled", "disabled by a manager"),
                            ("paused_by_user", "paused"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=100)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("excused_run", models.BigIntegerField(default=0)),
                (
                    "owner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sending_pause",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "pause of a user's sending",
                "verbose_name_plural": "pauses of users' sending",
            },
        ),
        migrations.CreateModel(
            name="RunRoute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        max_length=10,
                    ),
                ),
                ("account", models.CharField(max_length=40)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("before_start", "waiting for its start"),
                            ("outside_hours", "outside sending hours"),
                            ("outside_local_hours", "outside recipients' local hours"),
                            ("rate_limit", "sending limit reached"),
                            ("quota_exhausted", "provider's quota used up"),
                            ("transient_error", "some recipients will be retried"),
                            ("channel_down", "mail server unavailable"),
                            ("server_busy", "mail server busy"),
                            ("refusals", "the server refuses one message after another"),
                            ("account_disabled", "sending account disabled"),
                            ("owner_blocked", "owner blocked"),
                            ("bounce_rate", "too many bounces"),
                            ("complaint_rate", "too many spam complaints"),
                            ("mailing_disabled", "disabled by a manager"),
                            ("paused_by_user", "paused"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason_detail", models.CharField(blank=True, max_length=500)),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="routes",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "channel of a run",
                "verbose_name_plural": "channels of runs",
                "ordering": ["run", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "position"), name="run_route_position_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("run", "channel"), name="run_route_channel_unique"
                    ),
                ],
            },
        ),
        migrations.RunPython(tune_postgresql, migrations.RunPython.noop),
    ]
