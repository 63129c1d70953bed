from django.db import migrations, transaction

#: People in one transaction.
_CHUNK = 50_000

#: Whom a sign-up, a program or a file has brought whose confirmation is open, and nothing else has:
#: the person and the subscription were made at once.
_UNCONFIRMED = """
UPDATE mailings_recipient SET unconfirmed_since = created_at
 WHERE id > %s AND id <= %s AND unconfirmed_since IS NULL
   AND source IN ('form', 'api', 'import') AND erased_at IS NULL
   AND EXISTS (SELECT 1 FROM mailings_subscription s
                WHERE s.recipient_id = mailings_recipient.id AND s.status = 'unconfirmed'
                  AND s."by" = mailings_recipient.source AND s.created_at < {soon})
   AND NOT EXISTS (SELECT 1 FROM mailings_subscription o
                    WHERE o.recipient_id = mailings_recipient.id AND o.status <> 'unconfirmed')
"""
_SOON = {
    "postgresql": "mailings_recipient.created_at + interval '1 hour'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%S', mailings_recipient.created_at, '+1 hour')",
}


def note_unconfirmed(apps, schema_editor):
    """Who was known by an unconfirmed sign-up alone before is so from now on, too."""
    connection = schema_editor.connection
    sql = _UNCONFIRMED.format(soon=_SOON[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM mailings_recipient")
        last = cursor.fetchone()[0] or 0
    for start in range(0, last, _CHUNK):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(sql, [start, start + _CHUNK])


class Migration(migrations.Migration):

    #: Chunk by chunk: one transaction would lock everybody until its end. Repeated, it goes on.
    atomic = False

    dependencies = [("mailings", "0017_complaints_stop")]

    operations = [migrations.RunPython(note_unconfirmed, migrations.RunPython.noop)]
