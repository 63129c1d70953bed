from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("users", "0005_form_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="on_probation",
            field=models.BooleanField(
                default=False,
                help_text="LIMIT_PER_NEW_USER_DAY holds until somebody takes this off.",
                verbose_name="new, sends little",
            ),
        ),
    ]
