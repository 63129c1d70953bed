from django.db import migrations, models

from apps.core.values.addresses import NORMAL

#: The same collation as before (0006): so nothing is rewritten, only the limit changes.
_WIDEN = 'ALTER TABLE mailings_recipient ALTER COLUMN phone TYPE varchar(15) COLLATE "C"'


def widen(apps, schema_editor):
    """SQLite keeps texts of any length."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_WIDEN)


def into_one_form(apps, schema_editor):
    """Blocks that were typed by hand, and domains that came as xn--…, as recipients are stored."""
    Suppression = apps.get_model("mailings", "Suppression")
    for row in Suppression.objects.filter(reason="blocked").iterator():
        normal = NORMAL[row.channel](row.address) or row.address
        if normal == row.address:
            continue
        same = Suppression.objects.filter(
            owner_id=row.owner_id, channel=row.channel, address=normal
        )
        if same.exists():
            row.delete()
        else:
            Suppression.objects.filter(pk=row.pk).update(address=normal)
    Recipient = apps.get_model("mailings", "Recipient")
    for pk, owner_id, email in (
        Recipient.objects.filter(email__contains="xn--")
        .values_list("pk", "owner_id", "email")
        .iterator()
    ):
        normal = NORMAL["email"](email)
        if not normal or normal == email:
            continue
        if Recipient.objects.filter(owner_id=owner_id, email=normal).exists():
            continue
        Recipient.objects.filter(pk=pk).update(email=normal)
        blocks = Suppression.objects.filter(owner_id=owner_id, channel="email", address=email)
        if not Suppression.objects.filter(
            owner_id=owner_id, channel="email", address=normal
        ).exists():
            blocks.update(address=normal)


class Migration(migrations.Migration):
    dependencies = [("mailings", "0013_files_looked_into_once")]

    operations = [
        migrations.AddField(
            model_name="recipientimport",
            name="warned",
            field=models.PositiveIntegerField(default=0, verbose_name="warnings"),
        ),
        migrations.AddField(
            model_name="recipientimport",
            name="suppressed",
            field=models.PositiveIntegerField(default=0, verbose_name="suppressed"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(widen, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    model_name="recipient",
                    name="email",
                    field=models.CharField(
                        blank=True, max_length=254, null=True, verbose_name="e-mail"
                    ),
                ),
                migrations.AlterField(
                    model_name="recipient",
                    name="phone",
                    field=models.CharField(
                        blank=True, max_length=15, null=True, verbose_name="phone"
                    ),
                ),
            ],
        ),
        migrations.RunPython(into_one_form, migrations.RunPython.noop),
    ]
