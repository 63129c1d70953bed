import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("mailings", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TelegramLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=40, verbose_name="account")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="telegram_links",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "Telegram link",
                "verbose_name_plural": "Telegram links",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=60, verbose_name="source")),
                ("event_id", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("queued", "queued there"),
                            ("sent", "handed over"),
                            ("rejected", "not sent by the provider"),
                            ("failed", "failed at the provider"),
                            ("bounced", "bounced"),
                            ("deferred", "delayed"),
                            ("delivered", "delivered"),
                            ("autoresponded", "answered by a machine"),
                            ("opened", "opened"),
                            ("clicked", "link followed"),
                            ("complained", "spam complaint"),
                            ("unsubscribed", "unsubscribed"),
                            ("subscribed", "subscribed"),
                            ("unknown", "unknown"),
                        ],
                        max_length=16,
                        verbose_name="what happened",
                    ),
                ),
                ("facts", models.JSONField(default=dict)),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "delivery",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="mailings.delivery",
                        verbose_name="delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["id"],
                        name="event_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "event_id"), name="event_kept_once")
                ],
            },
        ),
    ]
