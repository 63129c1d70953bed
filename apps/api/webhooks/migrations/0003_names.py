import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_ends_that_were_told"), ("mailings", "0020_names")]

    operations = [
        migrations.RemoveConstraint("toldrun", "told_run_once"),
        migrations.RemoveIndex("toldrun", "told_run_open"),
        migrations.RenameModel("ToldRun", "ReportedRun"),
        migrations.AlterModelOptions(
            "reportedrun",
            {"verbose_name": "reported run", "verbose_name_plural": "reported runs"},
        ),
        migrations.AlterField(
            "reportedrun",
            "webhook",
            models.ForeignKey(
                "webhooks.webhook",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reported_runs",
                db_index=False,
            ),
        ),
        migrations.AddIndex(
            "reportedrun",
            models.Index(
                fields=["webhook"], name="reported_run_open", condition=Q(ended_at__isnull=True)
            ),
        ),
        migrations.AddConstraint(
            "reportedrun",
            models.UniqueConstraint(fields=["webhook", "run"], name="reported_run_once"),
        ),
        migrations.RenameField("webhook", "looked_at", "runs_reported_until"),
        migrations.RenameField("webhookcall", "words", "response"),
        migrations.RemoveConstraint("webhook", "webhook_tells_something"),
        migrations.AddConstraint(
            "webhook",
            models.CheckConstraint(
                condition=Q(deliveries=True) | Q(runs=True),
                name="webhook_has_events",
                violation_error_message="Choose at least one kind of events.",
            ),
        ),
    ]
