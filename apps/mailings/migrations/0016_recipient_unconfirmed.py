from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

#: Whom a sign-up, a program or a file has brought whose confirmation is open, and nothing else has:
#: the person and the subscription were made at once.
_UNCONFIRMED = """
UPDATE mailings_recipient SET unconfirmed_since = created_at
 WHERE source IN ('form', 'api', 'import') AND erased_at IS NULL
   AND EXISTS (SELECT 1 FROM mailings_subscription s
                WHERE s.recipient_id = mailings_recipient.id AND s.status = 'unconfirmed'
                  AND s."by" = mailings_recipient.source AND s.created_at < {soon})
   AND NOT EXISTS (SELECT 1 FROM mailings_subscription o
                    WHERE o.recipient_id = mailings_recipient.id AND o.status <> 'unconfirmed')
"""
_SOON = {
    "postgresql": "mailings_recipient.created_at + interval '1 hour'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', mailings_recipient.created_at, '+1 hour')",
}


def note_unconfirmed(apps, schema_editor):
    """Who was known by an unconfirmed sign-up alone before is so from now on, too."""
    sql = _UNCONFIRMED.format(soon=_SOON[schema_editor.connection.vendor])
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(sql)


class Migration(migrations.Migration):

    dependencies = [
        ("mailings", "0015_imports_from_sources"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="recipient",
            name="unconfirmed_since",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="unconfirmed since"
            ),
        ),
        migrations.AddIndex(
            model_name="recipient",
            index=models.Index(
                condition=Q(unconfirmed_since__isnull=False),
                fields=["owner", "id"],
                name="recipient_unconfirmed",
            ),
        ),
        migrations.RunPython(note_unconfirmed, migrations.RunPython.noop),
    ]
