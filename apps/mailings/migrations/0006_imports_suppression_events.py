from django.db import migrations

#: (model, codename, name): permissions are otherwise made after all migrations, too late.
GRANTED = [
    ("suppression", "lift_complaint", "Can allow addresses again after a complaint"),
    ("blockeddomain", "block_domain", "Can block domains for everybody"),
]

_BEFORE = """
INSERT INTO mailings_suppressionevent
    (created_at, updated_at, owner_id, channel, address, act, reason, note, actor)
SELECT s.created_at, s.created_at, s.owner_id, s.channel, s.address, 'before', s.reason, '', ''
FROM mailings_suppression s
WHERE NOT EXISTS (SELECT 1 FROM mailings_suppressionevent e
    WHERE e.owner_id = s.owner_id AND e.channel = s.channel AND e.address = s.address)
"""


def grant(apps, schema_editor):
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Managers")
    for model, codename, name in GRANTED:
        kind, _ = content_types.objects.get_or_create(app_label="mailings", model=model)
        permission, _ = permissions.objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        group.permissions.add(permission)


def note_what_was_before(apps, schema_editor):
    """Every address that is suppressed already has an event that says so."""
    schema_editor.execute(_BEFORE)


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mailings", "0005_consents_are_append_only"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="suppression",
            options={
                "permissions": [("lift_complaint", "Can allow addresses again after a complaint")],
                "verbose_name": "suppressed address",
                "verbose_name_plural": "suppressed addresses",
            },
        ),
        migrations.AlterModelOptions(
            name="blockeddomain",
            options={
                "ordering": ["domain"],
                "permissions": [("block_domain", "Can block domains for everybody")],
                "verbose_name": "blocked domain",
                "verbose_name_plural": "blocked domains",
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
        migrations.RunPython(note_what_was_before, migrations.RunPython.noop),
    ]
