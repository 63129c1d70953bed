from django.db import migrations, models
from django.db.models import F, Q

_COUNTED = """
UPDATE mailings_run SET {counters}
  FROM (SELECT run_id, {counts} FROM mailings_delivery WHERE left_out <> '' GROUP BY run_id) AS d
 WHERE d.run_id = mailings_run.id
"""
_CODES = (
    *("unsubscribed", "unconfirmed", "no_consent", "paused", "excluded", "cap", "suppressed"),
    *("no_address", "gone"),
)


def count_reasons(apps, schema_editor):
    """The counters of each run are what its deliveries say."""
    counters = ", ".join(f"left_{code} = d.{code}" for code in _CODES)
    counts = ", ".join(
        f"SUM(CASE WHEN left_out = '{code}' THEN 1 ELSE 0 END) AS {code}" for code in _CODES
    )
    schema_editor.execute(_COUNTED.format(counters=counters, counts=counts))


class Migration(migrations.Migration):

    dependencies = [("mailings", "0007_reasons_of_the_left_out")]

    operations = [
        migrations.RunPython(count_reasons, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=Q(state="preparing")
                | Q(
                    suppressed=F("left_unsubscribed")
                    + F("left_unconfirmed")
                    + F("left_no_consent")
                    + F("left_paused")
                    + F("left_excluded")
                    + F("left_cap")
                    + F("left_suppressed")
                    + F("left_no_address")
                    + F("left_gone")
                ),
                name="run_left_out_adds_up",
            ),
        ),
    ]
