from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("delivery", "0007_trials_and_outcomes")]

    operations = [
        migrations.RenameModel("HouseLetter", "SystemMessage"),
        migrations.AlterModelOptions(
            "systemmessage",
            {"verbose_name": "system email", "verbose_name_plural": "system emails"},
        ),
        migrations.RenameModel("Account", "AccountState"),
        migrations.RenameField("accountstate", "rests", "cooldowns"),
        migrations.RenameModel("SendTimes", "SendLatency"),
    ]
