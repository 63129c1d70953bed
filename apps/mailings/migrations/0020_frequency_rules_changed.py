from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("mailings", "0019_recipient_unconfirmed_index")]

    operations = [
        migrations.AddField(
            model_name="frequencygate",
            name="changed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
