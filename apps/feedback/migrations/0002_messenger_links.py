import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One model for the links of all messengers; those that are there are Telegram's."""

    dependencies = [
        ("feedback", "0001_initial"),
        ("mailings", "0004_messengers"),
    ]

    operations = [
        migrations.RenameModel(old_name="TelegramLink", new_name="MessengerLink"),
        migrations.AlterModelOptions(
            name="messengerlink",
            options={"verbose_name": "messenger link", "verbose_name_plural": "messenger links"},
        ),
        migrations.AddField(
            model_name="messengerlink",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "Email"),
                    ("phone", "Phone"),
                    ("telegram", "Telegram"),
                    ("max", "MAX"),
                    ("vk", "VK"),
                ],
                default="telegram",
                max_length=10,
                verbose_name="channel",
            ),
        ),
        migrations.AlterField(
            model_name="messengerlink",
            name="recipient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messenger_links",
                to="mailings.recipient",
            ),
        ),
    ]
