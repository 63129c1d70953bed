import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def translations() -> "models.JSONField[dict[str, object], dict[str, object]]":
    return models.JSONField(blank=True, default=dict, editable=False, verbose_name="translations")


def language() -> "models.CharField[str, str]":
    return models.CharField(
        blank=True,
        db_default="",
        default="",
        editable=False,
        max_length=10,
        verbose_name="language",
    )


class Migration(migrations.Migration):

    dependencies = [
        ("mailings", "0010_variant_hour"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("brand", "translations", translations()),
        migrations.AddField("savedblock", "language", language()),
        migrations.AddField("savedblock", "translations", translations()),
        migrations.AddField("savedblockversion", "language", language()),
        migrations.AddField("savedblockversion", "translations", translations()),
        migrations.AddField("messagetemplate", "translations", translations()),
        migrations.AddField(
            "messagetemplate",
            "revision",
            models.PositiveIntegerField(
                db_default=1, default=1, editable=False, verbose_name="revision"
            ),
        ),
        migrations.AddField(
            "message",
            "of_block",
            models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mailings.savedblock",
                verbose_name="saved block",
            ),
        ),
        migrations.AddField(
            "message",
            "of_template",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="mailings.messagetemplate",
                verbose_name="template",
            ),
        ),
        migrations.AddField(
            "message",
            "of_revision",
            models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="revision"
            ),
        ),
        migrations.AddConstraint(
            "message",
            models.UniqueConstraint(
                fields=("of_template", "owner"), name="message_copy_of_template_unique"
            ),
        ),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=models.Q(
                    ("of_block__isnull", True), ("of_template__isnull", True), _connector="OR"
                ),
                name="message_copy_of_one",
            ),
        ),
    ]
