import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mailings", "0019_bounced")]

    operations = [
        migrations.RemoveConstraint("runway", "run_way_place_unique"),
        migrations.RemoveConstraint("runway", "run_way_channel_unique"),
        migrations.RenameModel("RunWay", "RunRoute"),
        migrations.RenameField("runroute", "place", "position"),
        migrations.AlterModelOptions(
            "runroute",
            {
                "ordering": ["run", "position"],
                "verbose_name": "channel of a run",
                "verbose_name_plural": "channels of runs",
            },
        ),
        migrations.AlterField(
            "runroute",
            "run",
            models.ForeignKey(
                "mailings.run",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="routes",
                db_index=False,
            ),
        ),
        migrations.AddConstraint(
            "runroute",
            models.UniqueConstraint(fields=["run", "position"], name="run_route_position_unique"),
        ),
        migrations.AddConstraint(
            "runroute",
            models.UniqueConstraint(fields=["run", "channel"], name="run_route_channel_unique"),
        ),
        migrations.RemoveIndex("delivery", "delivery_aside"),
        migrations.RemoveConstraint("delivery", "delivery_place_unique"),
        migrations.RenameField("delivery", "aside", "indexed_state"),
        migrations.RenameField("delivery", "place", "position"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["run", "indexed_state", "id"],
                name="delivery_indexed_state",
                condition=Q(indexed_state__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "delivery",
            models.UniqueConstraint(fields=["run", "position"], name="delivery_position_unique"),
        ),
        migrations.RenameField("recipientimport", "look", "preview"),
        migrations.RemoveConstraint("mailing", "mailing_fields_of_a_single"),
        migrations.AlterField(
            "mailing",
            "kind",
            models.CharField(
                "kind",
                max_length=16,
                default="mailing",
                editable=False,
                choices=[("mailing", "mailing"), ("transactional", "transactional message")],
            ),
        ),
        migrations.AddConstraint(
            "mailing",
            models.CheckConstraint(
                condition=Q(kind="transactional") | Q(fields={}),
                name="mailing_fields_of_transactional",
            ),
        ),
    ]
