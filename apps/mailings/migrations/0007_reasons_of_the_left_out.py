from django.db import migrations, transaction

#: Deliveries in one transaction.
_CHUNK = 50_000

_DELIVERIES = """
UPDATE mailings_delivery
   SET left_out = CASE WHEN state <> 'suppressed' THEN ''
                       WHEN response = '@barred archived' THEN 'gone'
                       WHEN response = '@no_address' THEN 'no_address' ELSE 'suppressed' END,
       sent_at = CASE WHEN state = 'suppressed' THEN NULL ELSE
           COALESCE((SELECT max(a.created_at) FROM mailings_attempt a
                      WHERE a.delivery_id = mailings_delivery.id AND a.kind = 'delivery'
                        AND a.status IN ('success', 'unknown')), changed_at) END
 WHERE id > %s AND id <= %s AND sent_at IS NULL AND left_out = ''
   AND state IN ('suppressed', 'sent', 'delivered', 'bounced', 'unknown')
"""


def give_reasons(apps, schema_editor):
    """What is stored of each delivery says why it was left out, or when it was sent."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM mailings_delivery")
        last = cursor.fetchone()[0] or 0
    for start in range(0, last, _CHUNK):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(_DELIVERIES, [start, start + _CHUNK])


def state_the_basis(apps, schema_editor):
    """Mailings from before there were lists say so."""
    rows = apps.get_model("mailings", "Mailing").objects.using(schema_editor.connection.alias)
    rows.filter(basis="stated", basis_statement="").update(basis_statement="before lists were kept")


class Migration(migrations.Migration):

    #: Chunk by chunk: one transaction would hold millions of rows. Repeated, it goes on.
    atomic = False

    dependencies = [("mailings", "0006_imports_suppression_events")]

    operations = [
        migrations.RunPython(give_reasons, migrations.RunPython.noop),
        migrations.RunPython(state_the_basis, migrations.RunPython.noop),
    ]
