from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def mark_asked(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those who are still to be asked: nobody of them has filled in a form."""
    apps.get_model("feedback", "Signup").objects.filter(state="held", code="asked").update(
        asked=True
    )


class Migration(migrations.Migration):

    dependencies = [
        ("feedback", "0004_link_to_a_new_address"),
    ]

    operations = [
        migrations.AddField(
            model_name="signup",
            name="asked",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="asked by the owner"
            ),
        ),
        migrations.RunPython(mark_asked, migrations.RunPython.noop, elidable=True),
    ]
