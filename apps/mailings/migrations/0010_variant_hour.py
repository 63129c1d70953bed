from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("mailings", "0009_tracking_text"),
    ]

    operations = [
        migrations.AddField(
            model_name="variant",
            name="hour",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="start hour"
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.CheckConstraint(
                condition=models.Q(("hour", None), ("hour__lte", 23), _connector="OR"),
                name="variant_hour_in_range",
            ),
        ),
    ]
