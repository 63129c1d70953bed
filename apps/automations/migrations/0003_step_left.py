from django.db import migrations, models
from django.db.models import F, Q


def count_left(apps, schema_editor):
    steps = apps.get_model("automations", "Step")
    left = apps.get_model("automations", "Enrolment").objects.filter(state="left")
    counted = left.order_by().values_list("step_id").annotate(models.Count("pk"))
    for step_id, count in counted:
        if step_id is not None:
            steps.objects.filter(pk=step_id).update(left=count)


def let_managers_pause(apps, schema_editor):
    kinds = apps.get_model("contenttypes", "ContentType").objects
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Managers")
    kind, _ = kinds.get_or_create(app_label="automations", model="automation")
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind,
        codename="toggle_automation",
        defaults={"name": "Can pause any automation"},
    )
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("automations", "0002_automation_events"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="step",
            name="left",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunPython(count_left, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=Q(gone__gte=F("left")), name="step_left_have_gone"
            ),
        ),
        # Nothing is taken back: the group may have members by then.
        migrations.RunPython(let_managers_pause, migrations.RunPython.noop),
    ]
