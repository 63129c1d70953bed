from django.db import migrations

#: By bytes, so that the unique indexes also find an address by its beginning, and compare faster.
_COLLATE = """
ALTER TABLE mailings_recipient
    ALTER COLUMN email TYPE varchar(254) COLLATE "{collation}",
    ALTER COLUMN phone TYPE varchar({phone}) COLLATE "{collation}"
"""


def collate(apps, schema_editor, collation):
    """SQLite compares by bytes anyway."""
    if schema_editor.connection.vendor == "postgresql":
        phone = apps.get_model("mailings", "Recipient")._meta.get_field("phone").max_length
        schema_editor.execute(_COLLATE.format(collation=collation, phone=phone))


class Migration(migrations.Migration):
    dependencies = [("mailings", "0005_attachments")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: collate(apps, editor, "C"),
            lambda apps, editor: collate(apps, editor, "default"),
        ),
    ]
