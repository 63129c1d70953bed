from django.db import migrations, models

#: A definition of text for every name that an owner's recipients have.
_NAMES = {
    "postgresql": (
        "SELECT DISTINCT r.owner_id, k.name FROM mailings_recipient r"
        " CROSS JOIN LATERAL jsonb_object_keys(r.attributes) k(name)"
    ),
    "sqlite": (
        "SELECT DISTINCT r.owner_id, k.key AS name FROM mailings_recipient r"
        " CROSS JOIN json_each(r.attributes) k"
    ),
}
_NOW = {"postgresql": "now()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}


def define(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    choices = "'[]'::jsonb" if vendor == "postgresql" else "'[]'"
    now = _NOW[vendor]
    schema_editor.execute(
        "INSERT INTO mailings_attributedefinition (created_at, updated_at, owner_id, name, label,"
        " kind, choices, public, position, misfits)"
        f" SELECT {now}, {now}, named.owner_id, named.name, '', 'text', {choices}, false, 0, 0"
        f" FROM ({_NAMES[vendor]}) named"
        " WHERE length(named.name) BETWEEN 1 AND 50 ORDER BY named.owner_id, named.name"
        " ON CONFLICT DO NOTHING",
        params=[],
    )


class Migration(migrations.Migration):

    dependencies = [("mailings", "0010_privacy_erasure")]

    operations = [
        migrations.AddField(
            model_name="attributedefinition",
            name="read_up_to",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(define, migrations.RunPython.noop),
    ]
