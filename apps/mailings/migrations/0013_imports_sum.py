from django.db import migrations, models
from django.db.models import F, Q

#: Rows that suppressed somebody were counted among the added and updated ones, too.
_ONCE = """
UPDATE mailings_recipientimport SET
    suppressed = CASE WHEN suppressed > added + updated THEN added + updated ELSE suppressed END
"""
_APART = """
UPDATE mailings_recipientimport SET
    added = CASE WHEN suppressed > added THEN 0 ELSE added - suppressed END,
    updated = CASE WHEN suppressed > added THEN updated - (suppressed - added) ELSE updated END
WHERE suppressed > 0
"""
_SUM = """
UPDATE mailings_recipientimport SET
    total_rows = added + updated + unchanged + suppressed + rejected
"""


def count_each_row_once(apps, schema_editor):
    for statement in (_ONCE, _APART, _SUM):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    #: PostgreSQL adds no CHECK in the transaction that has changed the rows.
    atomic = False

    dependencies = [("mailings", "0012_frequency_cap")]

    operations = [
        migrations.AddField(
            model_name="recipientimport",
            name="unchanged",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="unchanged"),
        ),
        migrations.AddField(
            model_name="recipientimport",
            name="kept",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="left off lists"
            ),
        ),
        migrations.RunPython(count_each_row_once, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="recipientimport",
            constraint=models.CheckConstraint(
                condition=Q(
                    total_rows=F("added")
                    + F("updated")
                    + F("unchanged")
                    + F("suppressed")
                    + F("rejected")
                ),
                name="import_adds_up",
            ),
        ),
    ]
