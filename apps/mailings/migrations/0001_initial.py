import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apps.mailings.models.content
import apps.mailings.models.ledger
import apps.mailings.models.media
import apps.mailings.models.permission.signup_forms
import apps.mailings.models.publishing.archive

#: Addresses compare by bytes, so that the unique indexes also find one by its beginning, and faster;
#: without it no index answers whether one of them is suppressed. A page keeps room for the next
#: versions of its rows, or no update is HOT. An index alone answers a person's status on a list.
_TUNE = """
ALTER TABLE mailings_recipient
    ALTER COLUMN email TYPE varchar(254) COLLATE "C",
    ALTER COLUMN phone TYPE varchar(15) COLLATE "C";
ALTER TABLE mailings_suppression ALTER COLUMN address TYPE varchar(254) COLLATE "C";
ALTER TABLE mailings_delivery SET (fillfactor = 50);
ALTER TABLE mailings_activity SET (fillfactor = 80);
ALTER TABLE mailings_subscription DROP CONSTRAINT subscription_once,
    ADD CONSTRAINT subscription_once UNIQUE (recipient_id, list_id) INCLUDE (status);
"""

#: What an erasure empties; every other column of a consent stays as it was written. On SQLite a
#: migration that changes the table makes it anew: it must make this trigger anew as well.
_EMPTIED = ("recipient_id", "ip", "user_agent", "page")
_KEPT = (
    *("id", "owner_id", "list_id", "channel", "act", "source", "said_at", "recorded_at"),
    *("form_version_id", "texts", "language", "delivery_id", "by_import_id", "actor"),
    *("statement", "evidence", "who"),
)
_REFUSED = "a consent is append-only"


def _differs(how):
    kept = [f"NEW.{name} {how} OLD.{name}" for name in _KEPT]
    emptied = [
        f"(NEW.{name} {how} OLD.{name} AND COALESCE(CAST(NEW.{name} AS varchar(500)), '') <> '')"
        for name in _EMPTIED
    ]
    return " OR ".join([*kept, *emptied])


_SQLITE = f"""
CREATE TRIGGER consent_append_only BEFORE UPDATE ON mailings_consent
 WHEN {_differs("IS NOT")}
BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END
"""
_POSTGRESQL = f"""
CREATE FUNCTION mailings_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_differs("IS DISTINCT FROM")} THEN
    RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER consent_append_only BEFORE UPDATE ON mailings_consent
   FOR EACH ROW EXECUTE FUNCTION mailings_consent_append_only();
"""


def tune_postgresql(apps, schema_editor):
    """SQLite compares by bytes anyway, and updates in place."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_TUNE)


def guard_consents(apps, schema_editor):
    """Refuse every other UPDATE of a consent."""
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(_POSTGRESQL if on_postgresql else _SQLITE)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("users", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedAttempts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cursor", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "counted attempts",
                "verbose_name_plural": "counted attempts",
            },
        ),
        migrations.CreateModel(
            name="EngagementSpool",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("offset", models.BigIntegerField(default=0)),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("dropped", models.PositiveIntegerField(db_default=0, default=0)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "spool of engagement",
                "verbose_name_plural": "spools of engagement",
            },
        ),
        migrations.CreateModel(
            name="FirstReaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("owner_id", models.BigIntegerField()),
                ("run_id", models.BigIntegerField()),
                ("delivery_id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("open", "opening"), ("click", "click")], max_length=5
                    ),
                ),
                (
                    "term",
                    models.CharField(
                        choices=[
                            ("person", "a person"),
                            ("unclear", "cannot know"),
                            ("machine", "machine only"),
                        ],
                        max_length=7,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "first reaction",
                "verbose_name_plural": "first reactions",
            },
        ),
        migrations.CreateModel(
            name="FrequencyGate",
            fields=[
                (
                    "owner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("changed_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "gate of the frequency rules",
                "verbose_name_plural": "gates of the frequency rules",
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "name",
                    models.CharField(
                        max_length=20, primary_key=True, serialize=False, verbose_name="name"
                    ),
                ),
                ("ran_at", models.DateTimeField(verbose_name="last run")),
                ("count", models.PositiveIntegerField(default=0, verbose_name="removed")),
                ("total", models.PositiveBigIntegerField(default=0, verbose_name="removed in all")),
            ],
            options={
                "verbose_name": "retention",
                "verbose_name_plural": "retentions",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ActivityMark",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("attempt_id", models.BigIntegerField(default=0)),
                ("followed_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "mark of the activities",
                "verbose_name_plural": "marks of the activities",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="activity_mark_is_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailingList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("slug", models.SlugField(max_length=60, verbose_name="short name")),
                (
                    "description",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="description for subscribers"
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("public", "Public"), ("private", "Private")],
                        default="public",
                        max_length=7,
                        verbose_name="visibility",
                    ),
                ),
                (
                    "optin",
                    models.CharField(
                        choices=[("double", "Double opt-in"), ("single", "Single opt-in")],
                        default="double",
                        max_length=6,
                        verbose_name="opt-in",
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=10, verbose_name="language")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "list",
                "verbose_name_plural": "lists",
                "ordering": ["position", "title", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "slug"), name="list_slug_unique_per_owner"
                    ),
                    models.UniqueConstraint(
                        models.F("owner"),
                        django.db.models.functions.text.Lower("title"),
                        condition=models.Q(("archived_at", None)),
                        name="list_title_unique_per_owner",
                        violation_error_message="You already have a list with this title.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MediaFile",
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
                    "token",
                    models.CharField(
                        default=apps.mailings.models.media.new_token,
                        editable=False,
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "alt",
                    models.CharField(blank=True, max_length=300, verbose_name="alternative text"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("jpeg", "JPEG"), ("png", "PNG"), ("gif", "GIF")],
                        max_length=4,
                        verbose_name="type",
                    ),
                ),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("animated", models.BooleanField(default=False, verbose_name="animated")),
                ("revision", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                (
                    "sent_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="sent"
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "picture",
                "verbose_name_plural": "pictures",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("owner", "sha256"),
                        name="media_unique_per_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("removed_at", None), ("archived_at__isnull", False), _connector="OR"
                        ),
                        name="media_removed_is_archived",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("website", models.CharField(blank=True, max_length=2000, verbose_name="website")),
                ("company", models.CharField(blank=True, max_length=300, verbose_name="company")),
                (
                    "address",
                    models.CharField(blank=True, max_length=300, verbose_name="postal address"),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="why recipients get messages"
                    ),
                ),
                (
                    "networks",
                    models.JSONField(blank=True, default=list, verbose_name="social networks"),
                ),
                ("theme", models.JSONField(blank=True, default=dict, verbose_name="design")),
                (
                    "revision",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="revision"),
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
                    "logo",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mailings.mediafile",
                        verbose_name="logo",
                    ),
                ),
            ],
            options={
                "verbose_name": "brand",
                "verbose_name_plural": "brands",
                "constraints": [
                    models.UniqueConstraint(fields=("owner",), name="brand_one_per_owner")
                ],
            },
        ),
        migrations.CreateModel(
            name="MediaRendition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                (
                    "media",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="renditions",
                        to="mailings.mediafile",
                        verbose_name="picture",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a picture",
                "verbose_name_plural": "files of pictures",
                "ordering": ["width"],
                "constraints": [
                    models.UniqueConstraint(fields=("media", "width"), name="rendition_unique")
                ],
            },
        ),
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
                (
                    "name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=200, verbose_name="name"
                    ),
                ),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                (
                    "preheader",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="preheader",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "form",
                    models.CharField(
                        choices=[("text", "Plain text"), ("html", "HTML"), ("blocks", "Blocks")],
                        db_default="text",
                        default="text",
                        editable=False,
                        max_length=6,
                        verbose_name="form",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="plain text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                (
                    "document",
                    models.JSONField(blank=True, editable=False, null=True, verbose_name="blocks"),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="revision"),
                ),
                (
                    "for_mailout",
                    models.BooleanField(db_default=False, default=False, editable=False),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("document__isnull", True),
                                models.Q(("form", "blocks"), _negated=True),
                            ),
                            models.Q(("document__isnull", False), ("form", "blocks"), ("html", "")),
                            _connector="OR",
                        ),
                        name="message_form",
                    )
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
                ("sequence", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "form",
                    models.CharField(
                        choices=[("text", "Plain text"), ("html", "HTML"), ("blocks", "Blocks")],
                        db_default="html",
                        default="html",
                        max_length=6,
                        verbose_name="form",
                    ),
                ),
                (
                    "name",
                    models.TextField(blank=True, db_default="", default="", verbose_name="name"),
                ),
                ("subject", models.TextField(blank=True, verbose_name="subject")),
                (
                    "preheader",
                    models.TextField(
                        blank=True, db_default="", default="", verbose_name="preheader"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="plain text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                ("document", models.JSONField(blank=True, null=True, verbose_name="blocks")),
                (
                    "translations",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="translations"
                    ),
                ),
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
            name="DraftStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("label", models.CharField(max_length=40)),
                ("forward", models.JSONField()),
                ("backward", models.JSONField()),
                ("undone", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField()),
                (
                    "draft",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="mailings.messagedraft",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a draft",
                "verbose_name_plural": "steps of drafts",
                "ordering": ["draft", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "number"), name="draft_step_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageTemplate",
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
                    "description",
                    models.CharField(blank=True, max_length=300, verbose_name="description"),
                ),
                ("category", models.CharField(blank=True, max_length=20, verbose_name="category")),
                ("subject", models.CharField(blank=True, max_length=255, verbose_name="subject")),
                (
                    "preheader",
                    models.CharField(blank=True, max_length=255, verbose_name="preheader"),
                ),
                ("language", models.CharField(blank=True, max_length=10, verbose_name="language")),
                ("document", models.JSONField(editable=False, verbose_name="blocks")),
                (
                    "author",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messagetemplates",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "template",
                "verbose_name_plural": "templates",
                "ordering": ["-id"],
                "permissions": [("publish_templates", "Can make templates for everybody")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("owner__isnull", False)),
                        fields=("owner", "name"),
                        name="template_name_unique",
                        violation_error_message="You have a template of this name.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner", None)),
                        fields=("name",),
                        name="template_of_all_name_unique",
                        violation_error_message="There is a template for everybody of this name.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageTranslation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="subject",
                    ),
                ),
                (
                    "preheader",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="preheader",
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        blank=True, db_default="", default="", verbose_name="plain text"
                    ),
                ),
                (
                    "html",
                    models.TextField(blank=True, db_default="", default="", verbose_name="HTML"),
                ),
                ("bases", models.JSONField(blank=True, default=dict, editable=False)),
                ("strings", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="translations",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "translation of a message",
                "verbose_name_plural": "translations of messages",
                "ordering": ["message", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "language"), name="message_translation_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("language", ""), _negated=True),
                        name="translation_language",
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
                (
                    "name",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=200, verbose_name="name"
                    ),
                ),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                (
                    "preheader",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="preheader",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "form",
                    models.CharField(
                        choices=[("text", "Plain text"), ("html", "HTML"), ("blocks", "Blocks")],
                        db_default="text",
                        default="text",
                        editable=False,
                        max_length=6,
                        verbose_name="form",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="plain text")),
                ("html", models.TextField(blank=True, verbose_name="HTML")),
                (
                    "document",
                    models.JSONField(blank=True, editable=False, null=True, verbose_name="blocks"),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "translations",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="translations"
                    ),
                ),
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
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("document__isnull", True),
                                models.Q(("form", "blocks"), _negated=True),
                            ),
                            models.Q(("document__isnull", False), ("form", "blocks"), ("html", "")),
                            _connector="OR",
                        ),
                        name="message_version_form",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonalFile",
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
                ("required", models.BooleanField(default=True, verbose_name="required")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("archive", "ZIP archive"),
                            ("url", "Web address"),
                            ("api", "Given by a program"),
                        ],
                        default="archive",
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        blank=True, max_length=1000, verbose_name="name in the archive, or address"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="personal_files",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
            ],
            options={
                "verbose_name": "file for each recipient",
                "verbose_name_plural": "files for each recipient",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", "url"), _negated=True),
                            models.Q(("origin", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="personal_file_has_an_address",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PublicArchive",
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
                    "slug",
                    models.SlugField(
                        default=apps.mailings.models.publishing.archive.new_archive_slug,
                        max_length=60,
                        unique=True,
                        verbose_name="address",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=120, verbose_name="title")),
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
                "verbose_name": "public archive",
                "verbose_name_plural": "public archives",
                "constraints": [
                    models.UniqueConstraint(fields=("owner",), name="archive_one_per_owner")
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
                    "pulled_from",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=60,
                        verbose_name="pulled from",
                    ),
                ),
                ("night", models.DateField(blank=True, null=True, verbose_name="night")),
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
                (
                    "reading",
                    models.JSONField(blank=True, default=dict, verbose_name="how it is read"),
                ),
                ("preview", models.JSONField(blank=True, default=dict, verbose_name="first rows")),
                ("total_rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("done_rows", models.PositiveIntegerField(default=0, verbose_name="rows read")),
                ("added", models.PositiveIntegerField(default=0, verbose_name="added")),
                ("updated", models.PositiveIntegerField(default=0, verbose_name="updated")),
                ("rejected", models.PositiveIntegerField(default=0, verbose_name="rejected")),
                ("warned", models.PositiveIntegerField(default=0, verbose_name="warnings")),
                ("suppressed", models.PositiveIntegerField(default=0, verbose_name="suppressed")),
                (
                    "unchanged",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="unchanged"),
                ),
                (
                    "kept",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="left off lists"
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                (
                    "error_code",
                    models.CharField(blank=True, max_length=50, verbose_name="error code"),
                ),
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
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_rows",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("added"), "+", models.F("updated")
                                            ),
                                            "+",
                                            models.F("unchanged"),
                                        ),
                                        "+",
                                        models.F("suppressed"),
                                    ),
                                    "+",
                                    models.F("rejected"),
                                ),
                            )
                        ),
                        name="import_adds_up",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("night__isnull", False)),
                        fields=("pulled_from", "night"),
                        name="import_once_a_night",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reputation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=40, verbose_name="sending account")),
                ("domain", models.CharField(max_length=253, verbose_name="domain")),
                ("detail", models.CharField(blank=True, max_length=100)),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("alerted_on", models.DateField(blank=True, null=True)),
                ("excused_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "reputation of an account",
                "verbose_name_plural": "reputations of accounts",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "domain"), name="reputation_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedBlock",
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
                ("document", models.JSONField(editable=False, verbose_name="blocks")),
                (
                    "revision",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="revision"),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "saved block",
                "verbose_name_plural": "saved blocks",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("owner", "name"),
                        name="saved_block_name_unique",
                        violation_error_message="You have a saved block of this name.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContentUse",
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
                    "brand",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="content_uses",
                        to="mailings.brand",
                        verbose_name="brand",
                    ),
                ),
                (
                    "media",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="mailings.mediafile",
                        verbose_name="picture",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="content_uses",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="content_uses",
                        to="mailings.messagetemplate",
                        verbose_name="template",
                    ),
                ),
                (
                    "in_block",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="content_uses",
                        to="mailings.savedblock",
                        verbose_name="in the saved block",
                    ),
                ),
                (
                    "saved_block",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="mailings.savedblock",
                        verbose_name="saved block",
                    ),
                ),
            ],
            options={
                "verbose_name": "use of a picture or a saved block",
                "verbose_name_plural": "uses of pictures and saved blocks",
                "constraints": [
                    models.UniqueConstraint(fields=("media", "message"), name="content_use_unique"),
                    models.UniqueConstraint(
                        fields=("media", "brand"), name="content_use_in_brand_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("media", "in_block"), name="content_use_in_block_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("saved_block", "message"), name="content_use_of_block_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("media", "template"), name="content_use_in_template_unique"
                    ),
                    models.UniqueConstraint(
                        fields=("saved_block", "template"),
                        name="content_use_block_in_template_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("media__isnull", False), ("saved_block__isnull", True)),
                            models.Q(("media__isnull", True), ("saved_block__isnull", False)),
                            _connector="OR",
                        ),
                        name="content_use_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("brand__isnull", True),
                                ("in_block__isnull", True),
                                ("message__isnull", False),
                                ("template__isnull", True),
                            ),
                            models.Q(
                                ("brand__isnull", False),
                                ("in_block__isnull", True),
                                ("message__isnull", True),
                                ("template__isnull", True),
                            ),
                            models.Q(
                                ("brand__isnull", True),
                                ("in_block__isnull", False),
                                ("message__isnull", True),
                                ("template__isnull", True),
                            ),
                            models.Q(
                                ("brand__isnull", True),
                                ("in_block__isnull", True),
                                ("message__isnull", True),
                                ("template__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="content_use_in_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedBlockVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("document", models.JSONField(verbose_name="blocks")),
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
                    "block",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="mailings.savedblock",
                        verbose_name="saved block",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a saved block",
                "verbose_name_plural": "versions of saved blocks",
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("block", "number"), name="saved_block_version_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("tree", models.JSONField(verbose_name="conditions")),
                ("counted", models.PositiveIntegerField(blank=True, editable=False, null=True)),
                ("counted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "segment",
                "verbose_name_plural": "segments",
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("archived_at", None)),
                        name="segment_name_unique_per_owner",
                        violation_error_message="You already have a segment with this name.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sender",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("address", models.CharField(max_length=254, verbose_name="address")),
                ("reply_to", models.CharField(blank=True, max_length=254, verbose_name="reply to")),
                (
                    "accounts",
                    models.JSONField(blank=True, default=list, verbose_name="sending accounts"),
                ),
                ("is_default", models.BooleanField(default=False, verbose_name="default sender")),
                ("shared", models.BooleanField(default=False, verbose_name="offered to everybody")),
                (
                    "confirmed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="confirmed"
                    ),
                ),
                (
                    "confirmed_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("link", "a link sent to the address"),
                            ("dns", "a DNS record of the domain"),
                            ("superuser", "an administrator"),
                        ],
                        editable=False,
                        max_length=9,
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "sender",
                "verbose_name_plural": "senders",
                "ordering": ["name", "address", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("owner", "name", "address"),
                        name="sender_unique_per_owner",
                        violation_error_message="You already have this sender.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None), ("is_default", True)),
                        fields=("owner",),
                        name="sender_one_default_per_owner",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SendingCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=40, verbose_name="sending account")),
                ("domain", models.CharField(blank=True, max_length=253, verbose_name="domain")),
                ("day", models.DateField(verbose_name="day")),
                ("messages", models.PositiveIntegerField(default=0, verbose_name="messages")),
                (
                    "hard_bounces",
                    models.PositiveIntegerField(default=0, verbose_name="hard bounces"),
                ),
                (
                    "complaints",
                    models.PositiveIntegerField(default=0, verbose_name="spam complaints"),
                ),
            ],
            options={
                "verbose_name": "figures of a day",
                "verbose_name_plural": "figures by day",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "account", "domain"), name="count_of_a_day"
                    )
                ],
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
                            (
                                "frequency_cap",
                                "people have got as many messages as your rules allow",
                            ),
                            ("files", "waiting for the recipients’ files"),
                            ("experiment", "waiting for the result of the experiment"),
                            ("experiment_undecided", "the experiment needs your choice"),
                            ("transient_error", "some recipients will be retried"),
                            ("channel_down", "mail server unavailable"),
                            ("server_busy", "mail server busy"),
                            ("refusals", "the server refuses one message after another"),
                            ("account_disabled", "sending account disabled"),
                            ("owner_blocked", "owner blocked"),
                            ("bounce_rate", "too many bounces"),
                            ("complaint_rate", "too many spam complaints"),
                            ("complaints", "too many spam complaints about this account"),
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
            name="SignupForm",
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
                    "slug",
                    models.CharField(
                        default=apps.mailings.models.permission.signup_forms.new_slug,
                        editable=False,
                        max_length=12,
                        unique=True,
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "offered",
                    models.CharField(
                        choices=[
                            ("fixed", "Everybody gets all of these lists"),
                            ("choice", "People choose among these lists"),
                        ],
                        default="fixed",
                        max_length=6,
                        verbose_name="choice of lists",
                    ),
                ),
                ("fields", models.JSONField(blank=True, default=list, verbose_name="fields")),
                ("texts", models.JSONField(blank=True, default=dict, verbose_name="texts")),
                (
                    "consent_texts",
                    models.JSONField(blank=True, default=list, verbose_name="consent texts"),
                ),
                (
                    "redirect_url",
                    models.URLField(
                        blank=True, max_length=500, verbose_name="page after signing up"
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        default="email", max_length=40, verbose_name="sending account"
                    ),
                ),
                (
                    "expires_hours",
                    models.PositiveSmallIntegerField(default=72, verbose_name="hours to confirm"),
                ),
                (
                    "proof",
                    models.CharField(
                        choices=[
                            ("off", "Off"),
                            ("prefer", "Ask, but accept without"),
                            ("require", "Require"),
                        ],
                        default="prefer",
                        max_length=7,
                        verbose_name="proof of work",
                    ),
                ),
                (
                    "disposable",
                    models.CharField(
                        choices=[
                            ("refuse", "Refuse"),
                            ("hold", "Hold for review"),
                            ("allow", "Accept"),
                        ],
                        default="refuse",
                        max_length=6,
                        verbose_name="disposable addresses",
                    ),
                ),
                (
                    "check_mx",
                    models.BooleanField(
                        default=True, verbose_name="check that the domain takes mail"
                    ),
                ),
                (
                    "origins",
                    models.JSONField(blank=True, default=list, verbose_name="sites that embed it"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("live", "Live"), ("closed", "Closed")],
                        default="draft",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "lists",
                    models.ManyToManyField(
                        related_name="forms", to="mailings.mailinglist", verbose_name="lists"
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
                (
                    "sender",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mailings.sender",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-up form",
                "verbose_name_plural": "sign-up forms",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_hours__gte", 1), ("expires_hours__lte", 720)),
                        name="signup_form_expires_in_a_month_at_most",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SignupFormVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("shown", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="mailings.signupform",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a sign-up form",
                "verbose_name_plural": "versions of sign-up forms",
                "ordering": ["form", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("form", "number"), name="signup_form_version_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SunsetPolicy",
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
                    "days",
                    models.PositiveSmallIntegerField(
                        default=180, verbose_name="days without a reaction"
                    ),
                ),
                (
                    "letters",
                    models.PositiveSmallIntegerField(
                        default=5, verbose_name="messages without a reaction"
                    ),
                ),
                (
                    "wait_days",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="days to wait after the question"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("tag", "Keep the tag"),
                            ("end", "End the subscriptions"),
                            ("archive", "Archive"),
                        ],
                        default="tag",
                        max_length=7,
                        verbose_name="then",
                    ),
                ),
                (
                    "approved_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="approved"
                    ),
                ),
                (
                    "searched_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last search"
                    ),
                ),
                (
                    "unmeasured",
                    models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="cannot know"
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "list",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sunsets",
                        to="mailings.mailinglist",
                        verbose_name="list",
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
                "verbose_name": "rule for inactive subscribers",
                "verbose_name_plural": "rules for inactive subscribers",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("owner", "list"),
                        name="sunset_policy_once",
                        violation_error_message="There is a rule for this list already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None), ("list", None)),
                        fields=("owner",),
                        name="sunset_policy_for_all_once",
                        violation_error_message="There is a rule for all lists already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("days__gte", 30), ("letters__gte", 1), ("wait_days__gte", 1)
                        ),
                        name="sunset_policy_is_patient",
                        violation_error_message="At least 30 days, one message and one day to wait.",
                    ),
                ],
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
                "permissions": [("lift_complaint", "Can allow addresses again after a complaint")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "channel", "address"), name="suppression_unique_per_owner"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SuppressionEvent",
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
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("address", models.CharField(max_length=254, verbose_name="address")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("before", "suppressed before"),
                            ("added", "suppressed"),
                            ("lifted", "allowed again"),
                        ],
                        max_length=6,
                        verbose_name="act",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unsubscribed", "unsubscribed"),
                            ("bounced", "bounces"),
                            ("complained", "spam complaint"),
                            ("blocked", "added manually"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("actor", models.CharField(blank=True, max_length=254, verbose_name="who")),
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
                "verbose_name": "event of a suppressed address",
                "verbose_name_plural": "events of suppressed addresses",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        fields=["owner", "channel", "address"], name="suppression_event_address"
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
                    "for_mailout",
                    models.BooleanField(db_default=False, default=False, editable=False),
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
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "name"), name="tag_unique_per_owner")
                ],
            },
        ),
        migrations.CreateModel(
            name="Tombstone",
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
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("digest", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=8)),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="lifted")),
                (
                    "lifted_by",
                    models.CharField(blank=True, max_length=254, verbose_name="lifted by"),
                ),
                ("lifted_reason", models.CharField(blank=True, max_length=500, verbose_name="why")),
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
                "verbose_name": "erased address",
                "verbose_name_plural": "erased addresses",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "channel", "digest"), name="tombstone_unique_per_owner"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AttributeDefinition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=100, verbose_name="name in templates")),
                ("label", models.CharField(blank=True, max_length=120, verbose_name="label")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("bool", "Yes or no"),
                            ("choice", "Choice"),
                        ],
                        default="text",
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                ("choices", models.JSONField(blank=True, default=list, verbose_name="choices")),
                (
                    "public",
                    models.BooleanField(default=False, verbose_name="people may see and change it"),
                ),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("misfits", models.PositiveIntegerField(default=0, editable=False)),
                ("read_up_to", models.BigIntegerField(blank=True, editable=False, null=True)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "attribute",
                "verbose_name_plural": "attributes",
                "ordering": ["position", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"),
                        name="attribute_unique_per_owner",
                        violation_error_message="You already have an attribute with this name.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BlockedDomain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("domain", models.CharField(max_length=253, verbose_name="domain")),
                (
                    "subdomains",
                    models.BooleanField(default=True, verbose_name="with its subdomains"),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blocked_domains",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "blocked domain",
                "verbose_name_plural": "blocked domains",
                "ordering": ["domain"],
                "permissions": [("block_domain", "Can block domains for everybody")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "domain"), name="blocked_domain_unique"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("owner", None)),
                        fields=("domain",),
                        name="blocked_domain_unique_for_all",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("key", models.SlugField(max_length=60, verbose_name="short name")),
                ("version", models.PositiveIntegerField(default=1)),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("text", models.TextField(verbose_name="text")),
                ("sha256", models.CharField(editable=False, max_length=64)),
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
                "verbose_name": "consent text",
                "verbose_name_plural": "consent texts",
                "ordering": ["key", "-version", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "key", "version", "language"), name="consent_text_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FrequencyRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("messages", models.PositiveSmallIntegerField(verbose_name="messages")),
                ("days", models.PositiveSmallIntegerField(verbose_name="days")),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        max_length=10,
                        verbose_name="channel",
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
                "verbose_name": "frequency rule",
                "verbose_name_plural": "frequency rules",
                "ordering": ["days", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("days__gte", 1), ("days__lte", 90), ("messages__gte", 1)
                        ),
                        name="frequency_rule_within_90_days",
                        violation_error_message="At least one message, in 1 to 90 days.",
                    ),
                    models.UniqueConstraint(
                        fields=("owner", "days", "channel"),
                        name="frequency_rule_unique",
                        violation_error_message="You already have a rule for these days.",
                    ),
                ],
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
                ("full_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
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
                    "language",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manual", "added manually"),
                            ("import", "import"),
                            ("form", "sign-up form"),
                            ("api", "API"),
                        ],
                        db_default="",
                        default="",
                        editable=False,
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                (
                    "paused_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="paused until"),
                ),
                (
                    "every_days",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="at most one message in so many days"
                    ),
                ),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "unconfirmed_since",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="unconfirmed since"
                    ),
                ),
                (
                    "unmeasured",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="not measured"
                    ),
                ),
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
                        condition=models.Q(("archived_at", None)),
                        fields=["owner", "id"],
                        name="recipient_living",
                    ),
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
                    models.Index(
                        condition=models.Q(("unconfirmed_since__isnull", False)),
                        fields=["owner", "id"],
                        name="recipient_unconfirmed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "email"),
                        name="recipient_email_unique_per_owner",
                        violation_error_message="You already have a recipient with this email.",
                    ),
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
                            ("erased_at__isnull", False),
                            _connector="OR",
                        ),
                        name="recipient_has_an_address",
                        violation_error_message="Give at least one address.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_at__isnull", True),
                            models.Q(
                                ("archived_at__isnull", False),
                                ("email__isnull", True),
                                ("phone__isnull", True),
                                ("telegram_chat_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="recipient_erased_stays_so",
                        violation_error_message="This recipient was erased, and stays so.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("last_sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_opened_at", models.DateTimeField(blank=True, null=True)),
                ("last_clicked_at", models.DateTimeField(blank=True, null=True)),
                ("last_bounced_at", models.DateTimeField(blank=True, null=True)),
                ("unanswered", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "recipient",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="activity",
                        serialize=False,
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "activity",
                "verbose_name_plural": "activities",
            },
        ),
        migrations.CreateModel(
            name="DataCopy",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("making", "Being made"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                        ],
                        default="making",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=254, verbose_name="who")),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=255,
                        storage=apps.mailings.models.content.private_storage,
                        upload_to="copies/",
                        verbose_name="file",
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                (
                    "taken_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="downloaded"),
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
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="copies",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "copy of personal data",
                "verbose_name_plural": "copies of personal data",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "ready")),
                        fields=["expires_at"],
                        name="data_copy_ready",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                models.Q(("file", ""), _negated=True), ("expires_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="data_copy_ready_has_a_file",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SunsetCase",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("found", "Found"),
                            ("tagged", "Tagged"),
                            ("asked", "Asked"),
                            ("kept", "Kept"),
                            ("ended", "Ended"),
                            ("undone", "Undone"),
                        ],
                        default="found",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, null=True, verbose_name="asked")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                ("changed", models.JSONField(blank=True, default=dict)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sunsets",
                        to="mailings.recipient",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cases",
                        to="mailings.sunsetpolicy",
                    ),
                ),
            ],
            options={
                "verbose_name": "inactive subscriber",
                "verbose_name_plural": "inactive subscribers",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["policy", "state", "id"], name="sunset_case_of_policy")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["found", "tagged", "asked"])),
                        fields=("policy", "recipient"),
                        name="sunset_case_once_while_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("settled_at__isnull", True),
                                ("state__in", ["found", "tagged", "asked"]),
                            ),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("state__in", ["kept", "ended", "undone"]),
                            ),
                            _connector="OR",
                        ),
                        name="sunset_case_settled_exactly_when_over",
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
        migrations.CreateModel(
            name="ErasureRequest",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Erased"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("person", "the person"),
                            ("owner", "the owner"),
                            ("manager", "a manager"),
                            ("api", "API"),
                            ("command", "command line"),
                        ],
                        max_length=8,
                        verbose_name="asked by",
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=254, verbose_name="who")),
                (
                    "confirmed_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="confirmed by the person"
                    ),
                ),
                ("erase_at", models.DateTimeField(verbose_name="erased from")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                (
                    "refusal",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="reason of the refusal"
                    ),
                ),
                (
                    "decided_by",
                    models.CharField(blank=True, max_length=254, verbose_name="decided by"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("certificate", models.JSONField(blank=True, default=list)),
                ("seal", models.CharField(blank=True, max_length=40)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="erasures",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "ordering": ["-id"],
                "permissions": [
                    ("erase_recipient", "Can erase recipients of all users"),
                    (
                        "export_personal_data",
                        "Can take copies of the data of recipients of all users",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["recipient", "id"], name="erasure_of_recipient"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["erase_at"],
                        name="erasure_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("recipient",),
                        name="erasure_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="erasure_ended_exactly_when_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("refusal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="erasure_refused_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
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
                        blank=True,
                        choices=[("email", "Email"), ("phone", "Phone"), ("telegram", "Telegram")],
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("given", "given"),
                            ("confirmed", "confirmed"),
                            ("withdrawn", "withdrawn"),
                            ("paused", "paused"),
                            ("resumed", "resumed"),
                            ("changed", "changed"),
                            ("stated", "stated by the owner"),
                            ("expired", "never confirmed"),
                            ("erased", "erased"),
                        ],
                        max_length=10,
                        verbose_name="act",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("form", "sign-up form"),
                            ("page", "preference page"),
                            ("one_click", "one-click unsubscribe"),
                            ("import", "import"),
                            ("api", "API"),
                            ("manual", "added manually"),
                            ("provider", "mail provider"),
                            ("sunset", "rule for inactive subscribers"),
                        ],
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                ("said_at", models.DateTimeField(verbose_name="said")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded")),
                ("texts", models.JSONField(blank=True, default=list)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("ip", models.GenericIPAddressField(blank=True, null=True)),
                ("user_agent", models.CharField(blank=True, max_length=200)),
                ("page", models.CharField(blank=True, max_length=500)),
                ("actor", models.CharField(blank=True, max_length=254, verbose_name="who")),
                (
                    "statement",
                    models.CharField(blank=True, max_length=500, verbose_name="statement"),
                ),
                ("evidence", models.CharField(blank=True, max_length=64)),
                ("who", models.CharField(blank=True, max_length=64)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="consents",
                        to="mailings.recipient",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="mailings.mailinglist",
                    ),
                ),
                (
                    "by_import",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mailings.recipientimport",
                    ),
                ),
                (
                    "form_version",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="consents",
                        to="mailings.signupformversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["recipient", "id"], name="consent_of_recipient"),
                    models.Index(fields=["owner", "id"], name="consent_of_owner"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("source", "import")),
                        fields=("recipient", "list", "act", "said_at", "evidence"),
                        name="consent_imported_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("list", None), ("source", "import")),
                        fields=("recipient", "act", "said_at", "evidence"),
                        name="consent_general_imported_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
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
                    "status",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "Unconfirmed"),
                            ("subscribed", "Subscribed"),
                            ("unsubscribed", "Unsubscribed"),
                            ("sunset", "Ended as inactive"),
                        ],
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("form", "sign-up form"),
                            ("page", "preference page"),
                            ("one_click", "one-click unsubscribe"),
                            ("import", "import"),
                            ("api", "API"),
                            ("manual", "added manually"),
                            ("provider", "mail provider"),
                            ("sunset", "rule for inactive subscribers"),
                        ],
                        default="manual",
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="subscriptions",
                        to="mailings.consent",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="mailings.mailinglist",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription",
                "verbose_name_plural": "subscriptions",
                "indexes": [
                    models.Index(
                        fields=["list", "status", "recipient"], name="subscription_of_list"
                    ),
                    models.Index(
                        condition=models.Q(("consent__isnull", False)),
                        fields=["consent"],
                        name="subscription_by_consent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("recipient", "list"), name="subscription_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "subscribed"), _negated=True),
                            ("consent__isnull", False),
                            _connector="OR",
                        ),
                        name="subscription_subscribed_has_consent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", False),
                                ("status__in", ["unsubscribed", "sunset"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", True),
                                ("status__in", ["unconfirmed", "subscribed"]),
                            ),
                            _connector="OR",
                        ),
                        name="subscription_ended_exactly_when_ended",
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
                ("everyone", models.BooleanField(default=False, verbose_name="all my recipients")),
                (
                    "filter_operator_codes",
                    models.JSONField(blank=True, default=list, verbose_name="operator codes"),
                ),
                (
                    "exclude_mailed_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        verbose_name="but not who got anything in so many days",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("subscription", "a subscription to one of its lists"),
                            ("consent", "any consent given to me"),
                            ("stated", "no consent is needed, as I state"),
                        ],
                        db_default="stated",
                        default="stated",
                        max_length=12,
                        verbose_name="by what right",
                    ),
                ),
                (
                    "basis_statement",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=500,
                        verbose_name="why no consent is needed",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("marketing", "newsletter or advertising"),
                            ("service", "service message"),
                            ("confirmation", "confirmation of a subscription"),
                        ],
                        db_default="marketing",
                        default="marketing",
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "on_cap",
                    models.CharField(
                        choices=[("wait", "wait until the rule allows it"), ("skip", "skip them")],
                        db_default="wait",
                        default="wait",
                        max_length=4,
                        verbose_name="when a frequency rule is reached",
                    ),
                ),
                (
                    "tracking",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("off", "Nothing"),
                            ("totals", "Totals only"),
                            ("persons", "Each person"),
                        ],
                        db_default="",
                        default="",
                        max_length=7,
                        verbose_name="measured",
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
                    "second_account",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="account of the second channel"
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
                    "third_account",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="account of the third channel"
                    ),
                ),
                (
                    "other_languages",
                    models.CharField(
                        choices=[
                            ("fallback", "Send the message in its own language"),
                            ("leave_out", "Send nothing"),
                        ],
                        db_default="fallback",
                        default="fallback",
                        help_text="For recipients with no language, or one without a translation.",
                        max_length=10,
                        verbose_name="other languages",
                    ),
                ),
                (
                    "fields",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="fields"
                    ),
                ),
                ("utm", models.JSONField(blank=True, default=dict, verbose_name="link parameters")),
                (
                    "public",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="in the public archive"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        blank=True,
                        db_default="",
                        db_index=False,
                        default="",
                        max_length=80,
                        verbose_name="name in addresses",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="start")),
                ("ends_at", models.DateTimeField(verbose_name="end")),
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
                    "repeat_zone",
                    models.CharField(
                        blank=True,
                        help_text="Empty: the zone of the owner.",
                        max_length=64,
                        verbose_name="time zone of the repetition",
                    ),
                ),
                (
                    "repeat_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="repeat until"),
                ),
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
                ("start_refusal", models.JSONField(blank=True, default=dict, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "exclude_mailings",
                    models.ManyToManyField(
                        blank=True,
                        related_name="+",
                        to="mailings.mailing",
                        verbose_name="but not who got these mailings",
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
                    "exclude_lists",
                    models.ManyToManyField(
                        blank=True,
                        related_name="+",
                        to="mailings.mailinglist",
                        verbose_name="but not these lists",
                    ),
                ),
                (
                    "lists",
                    models.ManyToManyField(
                        blank=True,
                        related_name="mailings",
                        to="mailings.mailinglist",
                        verbose_name="lists",
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
                    "exclude_segments",
                    models.ManyToManyField(
                        blank=True,
                        related_name="excluded_from",
                        to="mailings.segment",
                        verbose_name="but not these segments",
                    ),
                ),
                (
                    "segments",
                    models.ManyToManyField(
                        blank=True,
                        related_name="mailings",
                        to="mailings.segment",
                        verbose_name="segments",
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="mailings",
                        to="mailings.sender",
                        verbose_name="from",
                    ),
                ),
                (
                    "exclude_tags",
                    models.ManyToManyField(
                        blank=True,
                        related_name="+",
                        to="mailings.tag",
                        verbose_name="but not these tags",
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
                    models.Index(
                        condition=models.Q(("public", True)),
                        fields=["owner", "id"],
                        name="mailing_public",
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
                    models.CheckConstraint(
                        condition=models.Q(("kind", "mailing"), ("public", False), _connector="OR"),
                        name="mailing_public_is_no_transactional",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("slug", ""), _negated=True),
                        fields=("owner", "slug"),
                        name="mailing_slug_unique_per_owner",
                        violation_error_message="Another mailing of yours has this name in addresses.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Experiment",
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
                    "metric",
                    models.CharField(
                        choices=[
                            ("clicks", "Clicks"),
                            ("opens", "Opens"),
                            ("goal", "Clicks on one link"),
                        ],
                        default="clicks",
                        max_length=6,
                        verbose_name="what counts",
                    ),
                ),
                (
                    "goal",
                    models.CharField(
                        blank=True, max_length=2000, verbose_name="address of the link"
                    ),
                ),
                (
                    "share",
                    models.PositiveSmallIntegerField(
                        default=20, verbose_name="sample, % of recipients"
                    ),
                ),
                (
                    "wait_minutes",
                    models.PositiveSmallIntegerField(
                        default=240, verbose_name="decide after, minutes"
                    ),
                ),
                (
                    "if_undecided",
                    models.CharField(
                        choices=[
                            ("first", "Variant A"),
                            ("leader", "The variant that is ahead"),
                            ("ask", "Wait for my choice"),
                        ],
                        default="first",
                        max_length=6,
                        verbose_name="if undecided",
                    ),
                ),
                (
                    "mailing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="experiment",
                        to="mailings.mailing",
                    ),
                ),
            ],
            options={
                "verbose_name": "experiment",
                "verbose_name_plural": "experiments",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("share__gte", 10), ("share__lte", 100)),
                        name="experiment_share_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("wait_minutes__gte", 30), ("wait_minutes__lte", 10080)),
                        name="experiment_wait_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("metric", "goal"), models.Q(("goal", ""), _negated=True)),
                            models.Q(models.Q(("metric", "goal"), _negated=True), ("goal", "")),
                            _connector="OR",
                        ),
                        name="experiment_goal_of_its_metric",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Variant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("subject", models.CharField(blank=True, max_length=255, verbose_name="subject")),
                (
                    "preheader",
                    models.CharField(blank=True, max_length=255, verbose_name="preheader"),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="variants",
                        to="mailings.experiment",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
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
                        related_name="+",
                        to="mailings.sender",
                        verbose_name="from",
                    ),
                ),
            ],
            options={
                "verbose_name": "variant",
                "verbose_name_plural": "variants",
                "ordering": ["experiment", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("experiment", "number"), name="variant_number_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 2), ("number__lte", 5)),
                        name="variant_number_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("url", models.CharField(max_length=2000, verbose_name="address of the feed")),
                (
                    "limit",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="items in a message at most",
                    ),
                ),
                (
                    "at_least",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="send from so many new items",
                    ),
                ),
                (
                    "begin_with",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MaxValueValidator(10)],
                        verbose_name="begin with so many items",
                    ),
                ),
                (
                    "order",
                    models.CharField(
                        choices=[("newest", "Newest first"), ("oldest", "Oldest first")],
                        default="newest",
                        max_length=6,
                        verbose_name="order",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=300)),
                ("moved_to", models.CharField(blank=True, max_length=2000)),
                ("hosts", models.JSONField(blank=True, default=list)),
                (
                    "etag",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="version mark (ETag)"
                    ),
                ),
                ("last_modified", models.CharField(blank=True, max_length=100)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("read_for", models.DateTimeField(blank=True, null=True)),
                ("passed_for", models.DateTimeField(blank=True, null=True)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failure", models.JSONField(blank=True, default=dict)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                (
                    "mailing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feed",
                        to="mailings.mailing",
                        verbose_name="mailing",
                    ),
                ),
            ],
            options={
                "verbose_name": "feed",
                "verbose_name_plural": "feeds",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_at__isnull", False)),
                        fields=["next_at"],
                        name="feed_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("limit__gte", 1), ("limit__lte", 50)), name="feed_limit"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("at_least__gte", 1), ("at_least__lte", 50)),
                        name="feed_at_least",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("begin_with__lte", 10)), name="feed_begin_with"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FileArchive",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="size in bytes")),
                ("unpacked_at", models.DateTimeField(null=True)),
                (
                    "mailing",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="given_files",
                        to="mailings.mailing",
                        verbose_name="mailing",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="archives",
                        to="mailings.personalfile",
                        verbose_name="file",
                    ),
                ),
            ],
            options={
                "verbose_name": "archive of files",
                "verbose_name_plural": "archives of files",
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("mailing__isnull", False)),
                        fields=("file", "mailing"),
                        name="file_archive_one_per_mailing",
                    )
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
                ("engaged_person", models.PositiveIntegerField(db_default=0, default=0)),
                ("engaged_unclear", models.PositiveIntegerField(db_default=0, default=0)),
                ("engaged_machine", models.PositiveIntegerField(db_default=0, default=0)),
                ("engaged_clicked", models.PositiveIntegerField(db_default=0, default=0)),
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
                ("content_version", models.PositiveSmallIntegerField(default=1)),
                ("freeze_cursor", models.BigIntegerField(default=0)),
                ("claim_cursor", models.IntegerField(db_default=0, default=0)),
                ("claim_limit", models.IntegerField(db_default=2147483647, default=2147483647)),
                ("frozen_at", models.DateTimeField(blank=True, null=True)),
                ("early", models.BooleanField(default=False)),
                ("urgent", models.BooleanField(default=False)),
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
                            (
                                "frequency_cap",
                                "people have got as many messages as your rules allow",
                            ),
                            ("files", "waiting for the recipients’ files"),
                            ("experiment", "waiting for the result of the experiment"),
                            ("experiment_undecided", "the experiment needs your choice"),
                            ("transient_error", "some recipients will be retried"),
                            ("channel_down", "mail server unavailable"),
                            ("server_busy", "mail server busy"),
                            ("refusals", "the server refuses one message after another"),
                            ("account_disabled", "sending account disabled"),
                            ("owner_blocked", "owner blocked"),
                            ("bounce_rate", "too many bounces"),
                            ("complaint_rate", "too many spam complaints"),
                            ("complaints", "too many spam complaints about this account"),
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
                ("yielded_at", models.DateTimeField(blank=True, null=True)),
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
                ("hard_bounces", models.PositiveIntegerField(db_default=0, default=0)),
                ("complaints", models.PositiveIntegerField(db_default=0, default=0)),
                ("rule", models.JSONField(blank=True, null=True)),
                ("left_unsubscribed", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_unconfirmed", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_no_consent", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_paused", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_excluded", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_no_language", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_cap", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_suppressed", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_no_address", models.PositiveIntegerField(db_default=0, default=0)),
                ("left_gone", models.PositiveIntegerField(db_default=0, default=0)),
                ("folded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="mailings.mailing",
                    ),
                ),
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
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "preparing"),
                            (
                                "suppressed",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.expressions.CombinedExpression(
                                                                    models.F("left_unsubscribed"),
                                                                    "+",
                                                                    models.F("left_unconfirmed"),
                                                                ),
                                                                "+",
                                                                models.F("left_no_consent"),
                                                            ),
                                                            "+",
                                                            models.F("left_paused"),
                                                        ),
                                                        "+",
                                                        models.F("left_excluded"),
                                                    ),
                                                    "+",
                                                    models.F("left_no_language"),
                                                ),
                                                "+",
                                                models.F("left_cap"),
                                            ),
                                            "+",
                                            models.F("left_suppressed"),
                                        ),
                                        "+",
                                        models.F("left_no_address"),
                                    ),
                                    "+",
                                    models.F("left_gone"),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="run_left_out_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "preparing"),
                            models.Q(
                                ("engaged_clicked__lte", models.F("engaged_person")),
                                (
                                    "sent__gte",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("engaged_person"),
                                                "+",
                                                models.F("engaged_unclear"),
                                            ),
                                            "+",
                                            models.F("engaged_machine"),
                                        ),
                                        "-",
                                        models.F("delivered"),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="run_engaged_within_sent",
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
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("title", models.CharField(blank=True, max_length=300)),
                ("link", models.CharField(blank=True, max_length=2000)),
                ("summary", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                ("author", models.CharField(blank=True, max_length=200)),
                ("image", models.CharField(blank=True, max_length=2000)),
                ("image_tried", models.BooleanField(default=False)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("dated_at", models.DateTimeField()),
                ("position", models.PositiveIntegerField(default=0)),
                ("found_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                (
                    "feed",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="mailings.feed",
                    ),
                ),
                (
                    "media",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="feed_items",
                        to="mailings.mediafile",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="feed_items",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a feed",
                "verbose_name_plural": "items of feeds",
                "ordering": ["-dated_at", "position", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("taken_at", None)),
                        fields=["feed", "dated_at"],
                        name="feed_item_waits",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("feed", "key"), name="feed_item_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("run__isnull", True), ("taken_at__isnull", False), _connector="OR"
                        ),
                        name="feed_item_taken",
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
                ("position", models.IntegerField(blank=True, null=True)),
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
                ("content_version", models.PositiveSmallIntegerField(db_default=1, default=1)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
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
                ("code", models.IntegerField(default=0)),
                ("response", models.CharField(blank=True, max_length=500)),
                ("changed_at", models.DateTimeField()),
                (
                    "left_out",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unsubscribed", "Unsubscribed"),
                            ("unconfirmed", "Subscription not confirmed"),
                            ("no_consent", "No consent"),
                            ("paused", "Paused by the person"),
                            ("excluded", "Excluded by the mailing"),
                            ("no_language", "No translation in their language"),
                            ("cap", "Frequency rule reached"),
                            ("suppressed", "Address suppressed"),
                            ("no_address", "No address"),
                            ("gone", "Archived, erased or address changed"),
                        ],
                        db_default="",
                        default="",
                        max_length=16,
                    ),
                ),
                ("subscription_id", models.BigIntegerField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("condition_bits", models.BigIntegerField(db_default=0, default=0, editable=False)),
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
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["run", "id"], name="delivery_of_run"),
                    models.Index(
                        condition=models.Q(("indexed_state__isnull", False)),
                        fields=["run", "indexed_state", "id"],
                        name="delivery_indexed_state",
                    ),
                    models.Index(
                        condition=models.Q(("not_before__isnull", False)),
                        fields=["run", "not_before", "id"],
                        name="delivery_due",
                    ),
                    models.Index(
                        fields=["run", "recipient", "indexed_state"], name="delivery_whom"
                    ),
                    models.Index(
                        condition=models.Q(("left_out", ""), _negated=True),
                        fields=["run", "left_out", "id"],
                        name="delivery_left_out",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "run"), name="delivery_one_per_recipient_and_run"
                    ),
                    models.UniqueConstraint(
                        fields=("run", "position"), name="delivery_position_unique"
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
                ],
            },
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
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="mailings.recipient",
                    ),
                ),
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
            ],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "indexes": [models.Index(fields=["mailing", "id"], name="attempt_by_mailing")],
            },
        ),
        migrations.CreateModel(
            name="EngagementShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("device", "device"),
                            ("client", "mail program"),
                            ("domain", "domain"),
                        ],
                        max_length=6,
                    ),
                ),
                ("value", models.CharField(max_length=255)),
                ("opened", models.PositiveIntegerField(default=0)),
                ("clicked", models.PositiveIntegerField(default=0)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagement_shares",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "share of engagement",
                "verbose_name_plural": "shares of engagement",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "by", "value"), name="engagement_share_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EngagementHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("open", "opening"), ("click", "click")], max_length=5
                    ),
                ),
                (
                    "term",
                    models.CharField(
                        choices=[
                            ("person", "a person"),
                            ("unclear", "cannot know"),
                            ("machine", "machine only"),
                        ],
                        max_length=7,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagement_hours",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "hour of engagement",
                "verbose_name_plural": "hours of engagement",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "hour", "kind", "term"), name="engagement_hour_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Engagement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delivery_id", models.BigIntegerField(db_default=0, default=0)),
                (
                    "term",
                    models.CharField(
                        choices=[
                            ("person", "a person"),
                            ("unclear", "cannot know"),
                            ("machine", "machine only"),
                        ],
                        db_default="person",
                        default="person",
                        max_length=7,
                        verbose_name="who",
                    ),
                ),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("clicked_at", models.DateTimeField(blank=True, null=True)),
                ("last_clicked_at", models.DateTimeField(blank=True, null=True)),
                ("opens", models.PositiveIntegerField(db_default=0, default=0)),
                ("clicks", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "device",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=10, verbose_name="device"
                    ),
                ),
                (
                    "client",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=40,
                        verbose_name="mail program",
                    ),
                ),
                ("rule", models.CharField(blank=True, db_default="", default="", max_length=40)),
                ("events", models.JSONField(blank=True, default=list, editable=False)),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="mailings.recipient",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "engagement",
                "verbose_name_plural": "engagements",
                "indexes": [
                    models.Index(fields=["recipient", "run"], name="engagement_of_recipient")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "recipient"), name="engagement_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("origin", models.CharField(blank=True, max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("removed", "Removed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=20)),
                ("detail", models.CharField(blank=True, max_length=200)),
                ("content_type", models.CharField(blank=True, max_length=100, verbose_name="type")),
                ("size", models.PositiveIntegerField(default=0, verbose_name="size in bytes")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("changed_at", models.DateTimeField()),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="mailings.delivery",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a delivery",
                "verbose_name_plural": "files of deliveries",
                "indexes": [
                    models.Index(fields=["run", "state", "id"], name="delivery_file_of_run"),
                    models.Index(
                        condition=models.Q(("sha256", ""), _negated=True),
                        fields=["sha256"],
                        name="delivery_file_bytes",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("delivery", "number"), name="delivery_file_unique"
                    )
                ],
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
                (
                    "language",
                    models.CharField(blank=True, db_default="", default="", max_length=10),
                ),
                ("variant", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("content", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contents",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "further content of a run",
                "verbose_name_plural": "further contents of runs",
                "constraints": [
                    models.UniqueConstraint(fields=("run", "version"), name="run_content_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="RunExperiment",
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
                    "metric",
                    models.CharField(
                        choices=[
                            ("clicks", "Clicks"),
                            ("opens", "Opens"),
                            ("goal", "Clicks on one link"),
                        ],
                        default="clicks",
                        max_length=6,
                        verbose_name="what counts",
                    ),
                ),
                (
                    "goal",
                    models.CharField(
                        blank=True, max_length=2000, verbose_name="address of the link"
                    ),
                ),
                (
                    "share",
                    models.PositiveSmallIntegerField(
                        default=20, verbose_name="sample, % of recipients"
                    ),
                ),
                (
                    "wait_minutes",
                    models.PositiveSmallIntegerField(
                        default=240, verbose_name="decide after, minutes"
                    ),
                ),
                (
                    "if_undecided",
                    models.CharField(
                        choices=[
                            ("first", "Variant A"),
                            ("leader", "The variant that is ahead"),
                            ("ask", "Wait for my choice"),
                        ],
                        default="first",
                        max_length=6,
                        verbose_name="if undecided",
                    ),
                ),
                ("variants", models.JSONField()),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("judged_at", models.DateTimeField(blank=True, null=True)),
                ("figures", models.JSONField(blank=True, default=list)),
                ("winner", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("chosen", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("figures", "by the figures"),
                            ("rule", "as set in advance"),
                            ("person", "chosen"),
                        ],
                        max_length=7,
                    ),
                ),
                ("person", models.CharField(blank=True, max_length=254)),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="experiment",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "experiment of a run",
                "verbose_name_plural": "experiments of runs",
                "indexes": [
                    models.Index(
                        condition=models.Q(("judged_at", None)),
                        fields=["due_at"],
                        name="run_experiment_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("by", ""), ("chosen", None), ("decided_at", None)),
                            models.Q(
                                ("chosen__isnull", False),
                                ("decided_at__isnull", False),
                                ("judged_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="run_experiment_choice_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RunFiles",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("wanted", models.JSONField()),
                ("total", models.PositiveIntegerField(default=0)),
                ("settled", models.PositiveIntegerField(default=0)),
                ("cursor", models.BigIntegerField(default=0)),
                ("staged_at", models.DateTimeField(null=True)),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "files of a run",
                "verbose_name_plural": "files of runs",
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
                            (
                                "frequency_cap",
                                "people have got as many messages as your rules allow",
                            ),
                            ("files", "waiting for the recipients’ files"),
                            ("experiment", "waiting for the result of the experiment"),
                            ("experiment_undecided", "the experiment needs your choice"),
                            ("transient_error", "some recipients will be retried"),
                            ("channel_down", "mail server unavailable"),
                            ("server_busy", "mail server busy"),
                            ("refusals", "the server refuses one message after another"),
                            ("account_disabled", "sending account disabled"),
                            ("owner_blocked", "owner blocked"),
                            ("bounce_rate", "too many bounces"),
                            ("complaint_rate", "too many spam complaints"),
                            ("complaints", "too many spam complaints about this account"),
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
        migrations.CreateModel(
            name="TrackedLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveSmallIntegerField()),
                ("number", models.PositiveSmallIntegerField()),
                ("address", models.TextField(verbose_name="address")),
                ("label", models.CharField(blank=True, max_length=200, verbose_name="text")),
                ("block", models.CharField(blank=True, max_length=40)),
                ("persons", models.PositiveIntegerField(default=0)),
                ("clicks", models.PositiveIntegerField(default=0)),
                ("machine_clicks", models.PositiveIntegerField(default=0)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tracked_links",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "link",
                "verbose_name_plural": "links",
                "ordering": ["run", "version", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "version", "number"), name="tracked_link_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LinkEngagement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delivery_id", models.BigIntegerField()),
                ("clicks", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                (
                    "link",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="engagements",
                        to="mailings.trackedlink",
                    ),
                ),
            ],
            options={
                "verbose_name": "click",
                "verbose_name_plural": "clicks",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("link", "delivery_id"), name="link_engagement_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitingEngagement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("delivery_id", models.BigIntegerField(unique=True)),
                ("device", models.CharField(blank=True, max_length=10)),
                ("client", models.CharField(blank=True, max_length=40)),
                ("events", models.JSONField(default=list, editable=False)),
                ("since", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waiting_engagements",
                        to="mailings.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "waiting engagement",
                "verbose_name_plural": "waiting engagements",
            },
        ),
        migrations.CreateModel(
            name="FileArchiveEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(default=0)),
                ("name", models.CharField(max_length=500, verbose_name="name")),
                ("key", models.CharField(max_length=500)),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("content_type", models.CharField(blank=True, max_length=100, verbose_name="type")),
                ("code", models.CharField(blank=True, max_length=20)),
                (
                    "archive",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="mailings.filearchive",
                        verbose_name="archive",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of an archive",
                "verbose_name_plural": "files of archives",
                "indexes": [
                    models.Index(
                        condition=models.Q(("sha256", ""), _negated=True),
                        fields=["sha256"],
                        name="file_archive_entry_bytes",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("archive", "key"), name="file_archive_entry_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("read", "Read"),
                            ("unchanged", "Not changed"),
                            ("feed_unreachable", "Not reachable"),
                            ("feed_invalid", "No feed"),
                            ("feed_no_items", "Too few new items"),
                            ("offered_again", "Offered again"),
                        ],
                        max_length=20,
                    ),
                ),
                ("passed", models.BooleanField(default=False)),
                ("occurrence", models.DateTimeField(blank=True, null=True)),
                ("found", models.PositiveIntegerField(default=0)),
                ("fresh", models.PositiveIntegerField(default=0)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("run_number", models.PositiveIntegerField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "actor",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feed_checks",
                        to="mailings.mailing",
                    ),
                ),
            ],
            options={
                "verbose_name": "check of a feed",
                "verbose_name_plural": "checks of feeds",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["mailing", "-at"], name="feed_check_of_mailing")],
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
        migrations.AddField(
            model_name="consent",
            name="delivery",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="mailings.delivery",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="again_of",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="asked_again",
                to="mailings.run",
                verbose_name="writes again after the run",
            ),
        ),
        migrations.RunPython(tune_postgresql, migrations.RunPython.noop),
        migrations.RunPython(guard_consents, migrations.RunPython.noop),
    ]
