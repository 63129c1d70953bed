from __future__ import annotations

from typing import Any

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    """All that is there was scheduled when it was made; rules belong to the zone of their owner."""
    mailing = apps.get_model("mailings", "Mailing")
    mailing.objects.update(scheduled_at=F("created_at"))
    repeated = mailing.objects.exclude(repeat="").select_related("owner")
    for row in repeated.only("pk", "owner__time_zone").iterator():
        zone = row.owner.time_zone or settings.TIME_ZONE
        mailing.objects.filter(pk=row.pk).update(repeat_zone=zone)


class Migration(migrations.Migration):

    dependencies = [
        ("mailings", "0014_addresses_of_every_country"),
        ("users", "0002_time_zone"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="scheduled_at",
            field=models.DateTimeField(
                blank=True,
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="scheduled",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="repeat_zone",
            field=models.CharField(
                blank=True,
                help_text="Empty: the zone of the owner.",
                max_length=64,
                verbose_name="time zone of the repetition",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
