from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("mailings", "0008_approval_by_rule_alone"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="tracking_text",
            field=models.BooleanField(
                blank=True, null=True, verbose_name="links of the text version"
            ),
        ),
    ]
