import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0008_probation")]

    operations = [
        migrations.RemoveConstraint("notice", "notice_told_once"),
        migrations.RemoveIndex("notice", "notice_unread"),
        migrations.RenameModel("Notice", "Notification"),
        migrations.AlterModelOptions(
            "notification",
            {
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "ordering": ["-pk"],
            },
        ),
        migrations.AlterField(
            "notification",
            "owner",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                verbose_name="owner",
                db_index=False,
            ),
        ),
        migrations.AddIndex(
            "notification",
            models.Index(
                fields=["owner"],
                name="notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
        ),
        migrations.AddConstraint(
            "notification",
            models.UniqueConstraint(fields=["owner", "key"], name="notification_once"),
        ),
    ]
