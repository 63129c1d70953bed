from django.db import migrations

#: As the addresses of recipients: without it no index answers whether one of them is suppressed.
_COLLATE = """
ALTER TABLE mailings_suppression ALTER COLUMN address TYPE varchar(254) COLLATE "C"
"""


def collate(apps, schema_editor):
    """SQLite compares by bytes anyway."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_COLLATE)


class Migration(migrations.Migration):

    dependencies = [("mailings", "0002_managers_group")]

    operations = [migrations.RunPython(collate, migrations.RunPython.noop)]
