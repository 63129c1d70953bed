from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("mailings", "0007_start_request"),
    ]

    operations = [
        migrations.RemoveField(model_name="approval", name="demanded"),
    ]
