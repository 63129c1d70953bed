from django.db import migrations, models
from django.db.models import F, Q

_EQUATION = "run_equation_holds"


class Migration(migrations.Migration):
    dependencies = [("mailings", "0018_sending_pauses")]

    operations = [
        migrations.RemoveConstraint("run", _EQUATION),
        migrations.RenameField("run", "refused", "bounced"),
        migrations.AddConstraint(
            "run",
            models.CheckConstraint(
                condition=Q(state="preparing")
                | Q(
                    audience=F("pending")
                    + F("sending")
                    + F("sent")
                    + F("delivered")
                    + F("bounced")
                    + F("failed")
                    + F("unknown")
                    + F("suppressed")
                    + F("expired")
                    + F("cancelled")
                ),
                name=_EQUATION,
            ),
        ),
        migrations.AlterField("run", "bounced", models.PositiveIntegerField("bounced", default=0)),
        migrations.AlterField(
            "delivery",
            "state",
            models.CharField(
                max_length=10,
                default="pending",
                choices=[
                    ("pending", "Pending"),
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("delivered", "Delivered"),
                    ("bounced", "Bounced"),
                    ("failed", "Failed"),
                    ("unknown", "Unknown"),
                    ("suppressed", "Suppressed"),
                    ("expired", "Expired"),
                    ("cancelled", "Cancelled"),
                ],
            ),
        ),
    ]
