"""Sign-up forms and what each of them showed, version by version."""

from __future__ import annotations

import secrets
import string
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel, OwnedQuerySet
from apps.mailings.models.permission.lists import MailingList

_LETTERS: Final = string.ascii_lowercase + string.digits


def new_slug() -> str:
    """Twelve random characters: a form's address cannot be guessed."""
    return "".join(secrets.choice(_LETTERS) for _number in range(12))


class SignupForm(OwnedModel):
    """A form by which people subscribe. What it showed is kept in its published versions.

    ``lists`` are those it is for; with ``choice`` the person ticks among them, none ticked in
    advance. ``fields`` are what it asks besides the address, ``texts`` its words by language,
    ``consent_texts`` the boxes by their keys, ``origins`` the sites it may be embedded in.
    """

    audit = AuditRule(name="title")

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("form", "Draft")
        LIVE = "live", pgettext_lazy("form", "Live")
        CLOSED = "closed", pgettext_lazy("form", "Closed")

    class Offered(models.TextChoices):
        FIXED = "fixed", _("Everybody gets all of these lists")
        CHOICE = "choice", _("People choose among these lists")

    class Proof(models.TextChoices):
        """The browser's proof of work against robots."""

        OFF = "off", _("Off")
        PREFER = "prefer", _("Ask, but accept without")
        REQUIRE = "require", _("Require")

    class Disposable(models.TextChoices):
        REFUSE = "refuse", _("Refuse")
        HOLD = "hold", _("Hold for review")
        ALLOW = "allow", _("Accept")

    slug: models.CharField[str, str] = models.CharField(
        max_length=12, unique=True, default=new_slug, editable=False
    )
    title: models.CharField[str, str] = models.CharField(_("title"), max_length=120)
    lists: models.ManyToManyField[MailingList, Any] = models.ManyToManyField(
        MailingList, related_name="forms", verbose_name=_("lists")
    )
    offered: models.CharField[str, str] = models.CharField(
        _("choice of lists"), max_length=6, choices=Offered.choices, default=Offered.FIXED
    )
    fields: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        _("fields"), default=list, blank=True
    )
    texts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("texts"), default=dict, blank=True
    )
    consent_texts: models.JSONField[list[str], list[str]] = models.JSONField(
        _("consent texts"), default=list, blank=True
    )
    redirect_url: models.URLField[str, str] = models.URLField(
        _("page after signing up"), max_length=500, blank=True
    )
    sender: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Sender", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    account: models.CharField[str, str] = models.CharField(
        _("sending account"), max_length=40, default="email"
    )
    expires_hours: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("hours to confirm"), default=72
    )
    proof: models.CharField[str, str] = models.CharField(
        _("proof of work"), max_length=7, choices=Proof.choices, default=Proof.PREFER
    )
    disposable: models.CharField[str, str] = models.CharField(
        _("disposable addresses"),
        max_length=6,
        choices=Disposable.choices,
        default=Disposable.REFUSE,
    )
    check_mx: models.BooleanField[bool, bool] = models.BooleanField(
        _("check that the domain takes mail"), default=True
    )
    origins: models.JSONField[list[str], list[str]] = models.JSONField(
        _("sites that embed it"), default=list, blank=True
    )
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=6, choices=State.choices, default=State.DRAFT
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("sign-up form")
        verbose_name_plural = _("sign-up forms")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_hours__gte=1, expires_hours__lte=720),
                name="signup_form_expires_in_a_month_at_most",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SignupFormVersionQuerySet(OwnedQuerySet["SignupFormVersion"]):
    owner_path = "form__owner_id"


class SignupFormVersion(models.Model):
    """A form as it was published: all that it shows. Append-only."""

    form: models.ForeignKey[SignupForm, SignupForm] = models.ForeignKey(
        SignupForm, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    shown: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    sha256: models.CharField[str, str] = models.CharField(max_length=64)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(auto_now_add=True)

    objects = SignupFormVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a sign-up form")
        verbose_name_plural = _("versions of sign-up forms")
        ordering = ["form", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="signup_form_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} v{self.number}"
