from django.db import migrations

#: (app, model, codename, name): permissions are otherwise made after all migrations, too late.
GRANTED = [
    ("users", "user", "view_all_data", "Can see the data of all users"),
    ("users", "user", "block_user", "Can block and unblock users"),
    ("mailings", "mailing", "toggle_mailing", "Can enable and disable any mailing"),
    ("mailings", "suppression", "lift_complaint", "Can allow addresses again after a complaint"),
    ("mailings", "blockeddomain", "block_domain", "Can block domains for everybody"),
    ("mailings", "messagetemplate", "publish_templates", "Can make templates for everybody"),
]


def make_managers(apps, schema_editor):
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Managers")
    for app_label, model, codename, name in GRANTED:
        kind, _ = content_types.objects.get_or_create(app_label=app_label, model=model)
        permission, _ = permissions.objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mailings", "0001_initial"),
        ("users", "0001_initial"),
    ]

    # Nothing is taken back: the group may have members by then.
    operations = [migrations.RunPython(make_managers, migrations.RunPython.noop)]
