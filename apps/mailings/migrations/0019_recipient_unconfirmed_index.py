from django.db import migrations, models
from django.db.models import Q

_DROP = "DROP INDEX {concurrently}IF EXISTS recipient_unconfirmed"
_MAKE = """
CREATE INDEX {concurrently}recipient_unconfirmed ON mailings_recipient (owner_id, id)
 WHERE unconfirmed_since IS NOT NULL
"""


def _execute(schema_editor, *statements):
    word = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    for statement in statements:
        schema_editor.execute(statement.format(concurrently=word))


def make_index(apps, schema_editor):
    """While everything goes on; what an interrupted call has left unfinished is made anew."""
    _execute(schema_editor, _DROP, _MAKE)


def drop_index(apps, schema_editor):
    _execute(schema_editor, _DROP)


class Migration(migrations.Migration):

    #: PostgreSQL makes no index beside others' work within a transaction.
    atomic = False

    dependencies = [("mailings", "0018_note_unconfirmed")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make_index, drop_index)],
            state_operations=[
                migrations.AddIndex(
                    model_name="recipient",
                    index=models.Index(
                        condition=Q(unconfirmed_since__isnull=False),
                        fields=["owner", "id"],
                        name="recipient_unconfirmed",
                    ),
                ),
            ],
        ),
    ]
