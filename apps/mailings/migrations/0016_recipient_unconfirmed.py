from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("mailings", "0015_imports_from_sources")]

    operations = [
        migrations.AddField(
            model_name="recipient",
            name="unconfirmed_since",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="unconfirmed since"
            ),
        ),
    ]
