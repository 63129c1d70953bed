from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("mailings", "0014_privacy_copies_and_sunset")]

    operations = [
        migrations.AddField(
            model_name="recipientimport",
            name="pulled_from",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="pulled from"
            ),
        ),
        migrations.AddField(
            model_name="recipientimport",
            name="night",
            field=models.DateField(blank=True, null=True, verbose_name="night"),
        ),
        migrations.AddConstraint(
            model_name="recipientimport",
            constraint=models.UniqueConstraint(
                condition=Q(night__isnull=False),
                fields=("pulled_from", "night"),
                name="import_once_a_night",
            ),
        ),
    ]
