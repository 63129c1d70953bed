import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("mailings", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignupWindow",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(db_index=True, verbose_name="opened")),
                ("used", models.PositiveIntegerField(verbose_name="used")),
            ],
            options={
                "verbose_name": "limit of sign-ups",
                "verbose_name_plural": "limits of sign-ups",
            },
        ),
        migrations.CreateModel(
            name="UsedChallenge",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("used_at", models.DateTimeField(db_index=True, verbose_name="used")),
            ],
            options={
                "verbose_name": "used proof of work",
                "verbose_name_plural": "used proofs of work",
            },
        ),
        migrations.CreateModel(
            name="PublicLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("preferences", "preferences"),
                            ("data", "copy of the data"),
                            ("erasure", "erasure"),
                            ("email", "change of the address"),
                        ],
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=254,
                        verbose_name="new address",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="made")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="public_links",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "fresh link",
                "verbose_name_plural": "fresh links",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SignupCounts",
            fields=[
                (
                    "form",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="counts",
                        serialize=False,
                        to="mailings.signupform",
                    ),
                ),
                ("received", models.PositiveIntegerField(default=0)),
                ("confirmed", models.PositiveIntegerField(default=0)),
                ("waiting", models.PositiveIntegerField(default=0)),
                ("held", models.PositiveIntegerField(default=0)),
                ("expired", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("robots", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "figures of a sign-up form",
                "verbose_name_plural": "figures of sign-up forms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "received",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("confirmed"), "+", models.F("waiting")
                                            ),
                                            "+",
                                            models.F("held"),
                                        ),
                                        "+",
                                        models.F("expired"),
                                    ),
                                    "+",
                                    models.F("refused"),
                                ),
                            )
                        ),
                        name="signup_equation_holds",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TelegramLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=40, verbose_name="account")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="telegram_links",
                        to="mailings.recipient",
                    ),
                ),
            ],
            options={
                "verbose_name": "Telegram link",
                "verbose_name_plural": "Telegram links",
            },
        ),
        migrations.CreateModel(
            name="ConfirmationEmail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="mailings.message",
                        verbose_name="message",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="emails",
                        to="mailings.signupformversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation email",
                "verbose_name_plural": "confirmation emails",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "language"), name="confirmation_email_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=60, verbose_name="source")),
                ("event_id", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("queued", "queued there"),
                            ("sent", "handed over"),
                            ("rejected", "not sent by the provider"),
                            ("failed", "failed at the provider"),
                            ("bounced", "bounced"),
                            ("deferred", "delayed"),
                            ("delivered", "delivered"),
                            ("autoresponded", "answered by a machine"),
                            ("opened", "opened"),
                            ("clicked", "link followed"),
                            ("complained", "spam complaint"),
                            ("unsubscribed", "unsubscribed"),
                            ("subscribed", "subscribed"),
                            ("unknown", "unknown"),
                        ],
                        max_length=16,
                        verbose_name="what happened",
                    ),
                ),
                ("facts", models.JSONField(default=dict)),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "delivery",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="mailings.delivery",
                        verbose_name="delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["id"],
                        name="event_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "event_id"), name="event_kept_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Signup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=254, verbose_name="address")),
                ("lists", models.JSONField(default=list, verbose_name="lists")),
                ("typed", models.JSONField(blank=True, default=dict, verbose_name="fields")),
                ("texts", models.JSONField(blank=True, default=list, verbose_name="consent texts")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for confirmation"),
                            ("held", "Held"),
                            ("confirmed", "Confirmed"),
                            ("expired", "Not confirmed in time"),
                            ("refused", "Refused"),
                        ],
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=24, verbose_name="reason")),
                ("proved", models.BooleanField(default=False, verbose_name="proof of work")),
                (
                    "unchecked",
                    models.BooleanField(default=False, verbose_name="domain not checked"),
                ),
                (
                    "asked",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="asked by the owner"
                    ),
                ),
                ("ip", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "user_agent",
                    models.CharField(blank=True, max_length=200, verbose_name="browser"),
                ),
                ("page", models.CharField(blank=True, max_length=500, verbose_name="page")),
                ("repeats", models.PositiveIntegerField(default=0, verbose_name="repeats")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                (
                    "reminded_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="reminded"),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "delivery",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mailings.delivery",
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signups",
                        to="mailings.signupform",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signups",
                        to="mailings.recipient",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signups",
                        to="mailings.signupformversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-up",
                "verbose_name_plural": "sign-ups",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["form", "state", "id"], name="signup_of_form"),
                    models.Index(fields=["form", "received_at"], name="signup_received"),
                    models.Index(
                        condition=models.Q(("recipient__isnull", False)),
                        fields=["recipient"],
                        name="signup_of_recipient",
                    ),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["expires_at"],
                        name="signup_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("state", "expired")),
                        fields=["settled_at"],
                        name="signup_to_forget",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "held"])),
                        fields=("form", "address"),
                        name="signup_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["held", "refused"]), _negated=True),
                            models.Q(("code", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="signup_held_or_refused_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "waiting"), _negated=True),
                            models.Q(
                                ("expires_at__isnull", False),
                                ("recipient__isnull", False),
                                ("sent_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="signup_waiting_has_an_email",
                    ),
                ],
            },
        ),
    ]
