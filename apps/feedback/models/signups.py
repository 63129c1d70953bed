"""Sign-ups: what came in through a form, and the limits by which it is let in."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.models import OwnedQuerySet
from apps.mailings.models import Delivery, Message, Recipient, SignupForm, SignupFormVersion


class SignupQuerySet(OwnedQuerySet["Signup"]):
    owner_path = "form__owner_id"


class Signup(models.Model):
    """Somebody signed up through a form. An address has one open sign-up on a form.

    ``waiting``: a confirmation email was sent, ``delivery`` is it. ``held``: no email was sent,
    ``code`` is why, and the owner decides; no recipient exists for it yet. ``typed`` are the values
    of the form's fields: they reach the recipient with the confirmation, for anybody may type
    anybody's address. ``lists`` are the ids of those that were chosen, ``texts`` of the consent
    texts whose boxes were ticked, ``repeats`` how often the form came again meanwhile. ``asked``:
    the owner or a program has had the person asked, who filled in no form.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("sign-up", "Waiting for confirmation")
        HELD = "held", pgettext_lazy("sign-up", "Held")
        CONFIRMED = "confirmed", pgettext_lazy("sign-up", "Confirmed")
        EXPIRED = "expired", pgettext_lazy("sign-up", "Not confirmed in time")
        REFUSED = "refused", pgettext_lazy("sign-up", "Refused")

    form: models.ForeignKey[SignupForm, SignupForm] = models.ForeignKey(
        SignupForm, on_delete=models.CASCADE, related_name="signups", db_index=False
    )
    version: models.ForeignKey[SignupFormVersion, SignupFormVersion] = models.ForeignKey(
        SignupFormVersion, on_delete=models.CASCADE, related_name="signups", db_index=False
    )
    recipient: models.ForeignKey[Recipient | None, Recipient | None] = models.ForeignKey(
        Recipient,
        on_delete=models.CASCADE,
        related_name="signups",
        null=True,
        blank=True,
        db_index=False,
    )
    address: models.CharField[str, str] = models.CharField(_("address"), max_length=254)
    lists: models.JSONField[list[int], list[int]] = models.JSONField(_("lists"), default=list)
    typed: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("fields"), default=dict, blank=True
    )
    texts: models.JSONField[list[int], list[int]] = models.JSONField(
        _("consent texts"), default=list, blank=True
    )
    language: models.CharField[str, str] = models.CharField(_("language"), max_length=10)
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=9, choices=State.choices
    )
    code: models.CharField[str, str] = models.CharField(_("reason"), max_length=24, blank=True)
    proved: models.BooleanField[bool, bool] = models.BooleanField(_("proof of work"), default=False)
    unchecked: models.BooleanField[bool, bool] = models.BooleanField(
        _("domain not checked"), default=False
    )
    asked: models.BooleanField[bool, bool] = models.BooleanField(
        _("asked by the owner"), default=False, db_default=False
    )
    ip: models.GenericIPAddressField[str | None, str | None] = models.GenericIPAddressField(
        null=True, blank=True
    )
    user_agent: models.CharField[str, str] = models.CharField(
        _("browser"), max_length=200, blank=True
    )
    page: models.CharField[str, str] = models.CharField(_("page"), max_length=500, blank=True)
    repeats: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("repeats"), default=0
    )
    received_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("received"))
    sent_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("sent"), null=True, blank=True)
    reminded_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("reminded"), null=True, blank=True
    )
    expires_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("expires"), null=True, blank=True
    )
    settled_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("settled"), null=True, blank=True
    )
    #: The email that asks for the confirmation. Deliveries go with their mailing.
    delivery: models.ForeignKey[Delivery | None, Delivery | None] = models.ForeignKey(
        Delivery,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    objects = SignupQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["form", "state", "id"], name="signup_of_form"),
            models.Index(fields=["form", "received_at"], name="signup_received"),
            models.Index(
                fields=["recipient"],
                name="signup_of_recipient",
                condition=Q(recipient__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="signup_waiting", condition=Q(state="waiting")
            ),
            models.Index(
                fields=["settled_at"], name="signup_to_forget", condition=Q(state="expired")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "address"],
                name="signup_open_once",
                condition=Q(state__in=["waiting", "held"]),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["held", "refused"]) | ~Q(code=""),
                name="signup_held_or_refused_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting")
                | Q(recipient__isnull=False, sent_at__isnull=False, expires_at__isnull=False),
                name="signup_waiting_has_an_email",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


#: The states of a sign-up: together they are what a form received.
STATES: Final = tuple(state.value for state in Signup.State)


class SignupCounts(models.Model):
    """How many sign-ups a form has received, and what has become of them.

    Kept in the transaction that moves a sign-up: the equation holds after every commit, and also
    when the sign-ups themselves have been deleted. ``robots`` were turned away by a trap of the
    form, and are no sign-ups.
    """

    form: models.OneToOneField[SignupForm, SignupForm] = models.OneToOneField(
        SignupForm, on_delete=models.CASCADE, primary_key=True, related_name="counts"
    )
    received: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    confirmed: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    waiting: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    held: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    expired: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    refused: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    robots: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("figures of a sign-up form")
        verbose_name_plural = _("figures of sign-up forms")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    received=F("confirmed") + F("waiting") + F("held") + F("expired") + F("refused")
                ),
                name="signup_equation_holds",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SignupWindow(models.Model):
    """How much of a limit on confirmation emails is used since ``opened_at``.

    ``digest`` is keyed, and names the limit with its address, network or form: nobody reads out of
    it who signed up.
    """

    digest: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    opened_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("opened"), db_index=True)
    used: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("used"))

    class Meta:
        verbose_name = _("limit of sign-ups")
        verbose_name_plural = _("limits of sign-ups")

    def __str__(self) -> str:
        return self.digest[:8]


class UsedChallenge(models.Model):
    """A proof of work that was handed in. A second one is a violation of its key."""

    digest: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    used_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("used"), db_index=True)

    class Meta:
        verbose_name = _("used proof of work")
        verbose_name_plural = _("used proofs of work")

    def __str__(self) -> str:
        return self.digest[:8]


class ConfirmationEmail(models.Model):
    """The message that a version of a form sends in one language."""

    version: models.ForeignKey[SignupFormVersion, SignupFormVersion] = models.ForeignKey(
        SignupFormVersion, on_delete=models.CASCADE, related_name="emails", db_index=False
    )
    language: models.CharField[str, str] = models.CharField(_("language"), max_length=10)
    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="+", verbose_name=_("message")
    )

    class Meta:
        verbose_name = _("confirmation email")
        verbose_name_plural = _("confirmation emails")
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="confirmation_email_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.language}"
