from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("mailings", "0020_frequency_rules_changed")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="condition_bits",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
