"""To whom: recipients, their tags, and the addresses that must not be written to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.core.values.addresses import (
    LONGEST_EMAIL,
    LONGEST_PHONE,
    NORMAL,
    mixes_scripts,
    operator_of,
)
from apps.core.values.languages import language
from apps.core.values.time_zones import time_zone


class Channel(models.TextChoices):
    """What kind of address a message needs."""

    EMAIL = "email", _("Email")
    PHONE = "phone", _("Phone")
    TELEGRAM = "telegram", _("Telegram")
    MAX = "max", _("MAX")
    VK = "vk", _("VK")


#: Where a recipient's address for each channel stands.
ADDRESS: Final = {
    Channel.EMAIL.value: "email",
    Channel.PHONE.value: "phone",
    Channel.TELEGRAM.value: "telegram_chat_id",
    Channel.MAX.value: "max_user_id",
    Channel.VK.value: "vk_user_id",
}
#: The channels whose addresses are numbers that people connect themselves, each at one bot.
MESSENGERS: Final = (Channel.TELEGRAM.value, Channel.MAX.value, Channel.VK.value)


_NO_ADDRESS: Final = {
    Channel.EMAIL.value: _("Enter a valid email address."),
    Channel.PHONE.value: _(
        "This is no phone number. Write it with the code of its country, such as"
        " +7 916 123-45-67."
    ),
    Channel.TELEGRAM.value: _("Write the number of the chat."),
    Channel.MAX.value: _("Write the number of the person at MAX."),
    Channel.VK.value: _("Write the number of the person at VK."),
}
_TWO_ALPHABETS: Final = _(
    "This address mixes letters of two alphabets that look alike. Type it anew, in one of them."
)


def normal_address(channel: str, value: str) -> str:
    """The address in the form in which it is stored. Raises ValidationError when it is none."""
    found = NORMAL[channel](value)
    if found is None:
        mixed = channel == Channel.EMAIL and mixes_scripts(value.lower())
        text = _TWO_ALPHABETS if mixed else _NO_ADDRESS[channel]
        raise ValidationError(text, code="two_alphabets" if mixed else "invalid")
    return found


class Tag(OwnedModel):
    """A free label on recipients; a mailing's audience is chosen by tags.

    ``for_mailout``: it was made because the filter of a mailout named it.
    """

    audit = AuditRule(name="name")

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=80)
    for_mailout: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, db_default=False, editable=False
    )

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="tag_unique_per_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class Recipient(OwnedModel):
    """Somebody to write to. Has at least one address; each address is unique per owner.

    Addresses are stored in the one form of apps.core.values.addresses, wherever they come from.
    ``attributes`` are values by name, for templates and segments. An archived recipient keeps its
    history and receives nothing; an erased one is archived and has lost all that says who it was.
    ``paused_until`` and ``every_days`` are the person's own wishes. ``unconfirmed_since``: nobody
    but a sign-up, or a program that asks for a confirmation, has named this address; anybody may
    type anybody's. Who confirms, or is added by the owner, is known. ``unmeasured``: the person
    does not want openings and clicks to be measured.
    """

    audit = AuditRule(name="full_name", personal=True, quiet=frozenset({"unconfirmed_since"}))

    class Source(models.TextChoices):
        """How this person came first."""

        MANUAL = "manual", _("added manually")
        IMPORT = "import", _("import")
        FORM = "form", _("sign-up form")
        API = "api", "API"

    #: Found by the unique index of owner and email: a second one would cost every row of a list.
    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="recipients",
    )
    email: models.CharField[str | None, str | None] = models.CharField(
        _("email"), max_length=LONGEST_EMAIL, null=True, blank=True
    )
    phone: models.CharField[str | None, str | None] = models.CharField(
        _("phone"), max_length=LONGEST_PHONE, null=True, blank=True
    )
    telegram_chat_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("Telegram chat id"), null=True, blank=True
    )
    max_user_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("MAX user id"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    vk_user_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("VK user id"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    full_name: models.CharField[str, str] = models.CharField(
        pgettext_lazy("person", "name"), max_length=200, blank=True
    )
    comment: models.TextField[str, str] = models.TextField(_("comment"), blank=True)
    operator_code: models.CharField[str, str] = models.CharField(
        _("operator code"), max_length=3, blank=True
    )
    time_zone: models.CharField[str, str] = models.CharField(
        _("time zone"), max_length=64, blank=True
    )
    attributes: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("attributes"), default=dict, blank=True
    )
    tags: models.ManyToManyField[Tag, RecipientTag] = models.ManyToManyField(
        Tag, through="RecipientTag", related_name="recipients", blank=True, verbose_name=_("tags")
    )
    added_by: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.RecipientImport",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="recipients",
        verbose_name=_("import"),
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    language: models.CharField[str, str] = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default=""
    )
    source: models.CharField[str, str] = models.CharField(
        _("source"),
        max_length=10,
        choices=Source.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    paused_until: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("paused until"), null=True, blank=True
    )
    every_days: models.PositiveSmallIntegerField[int | None, int | None] = (
        models.PositiveSmallIntegerField(
            _("at most one message in so many days"), null=True, blank=True
        )
    )
    erased_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    unconfirmed_since: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("unconfirmed since"), null=True, blank=True, editable=False
    )
    unmeasured: models.BooleanField[bool, bool] = models.BooleanField(
        _("not measured"), default=False, db_default=False
    )

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        indexes = [
            # Every count and every freeze goes along it, and reads no row that it need not read.
            models.Index(
                fields=["owner", "id"], name="recipient_living", condition=Q(archived_at=None)
            ),
            models.Index(
                fields=["owner", "operator_code"],
                name="recipient_operator",
                condition=~Q(operator_code=""),
            ),
            models.Index(
                fields=["added_by"],
                name="recipient_added_by",
                condition=Q(added_by__isnull=False),
            ),
            models.Index(
                fields=["owner", "id"],
                name="recipient_unconfirmed",
                condition=Q(unconfirmed_since__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "email"],
                name="recipient_email_unique_per_owner",
                violation_error_message=_("You already have a recipient with this email."),
            ),
            models.UniqueConstraint(
                fields=["owner", "phone"],
                name="recipient_phone_unique_per_owner",
                condition=Q(phone__isnull=False),
                violation_error_message=_("You already have a recipient with this phone."),
            ),
            models.UniqueConstraint(
                fields=["owner", "telegram_chat_id"],
                name="recipient_telegram_unique_per_owner",
                condition=Q(telegram_chat_id__isnull=False),
                violation_error_message=_("You already have a recipient with this Telegram id."),
            ),
            models.UniqueConstraint(
                fields=["owner", "max_user_id"],
                name="recipient_max_unique_per_owner",
                condition=Q(max_user_id__isnull=False),
                violation_error_message=_("You already have a recipient with this MAX id."),
            ),
            models.UniqueConstraint(
                fields=["owner", "vk_user_id"],
                name="recipient_vk_unique_per_owner",
                condition=Q(vk_user_id__isnull=False),
                violation_error_message=_("You already have a recipient with this VK id."),
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=False)
                | Q(phone__isnull=False)
                | Q(telegram_chat_id__isnull=False)
                | Q(max_user_id__isnull=False)
                | Q(vk_user_id__isnull=False)
                | Q(erased_at__isnull=False),
                name="recipient_has_an_address",
                violation_error_message=_("Give at least one address."),
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    archived_at__isnull=False,
                    email__isnull=True,
                    phone__isnull=True,
                    telegram_chat_id__isnull=True,
                    max_user_id__isnull=True,
                    vk_user_id__isnull=True,
                ),
                name="recipient_erased_stays_so",
                violation_error_message=_("This recipient was erased, and stays so."),
            ),
        ]

    def __str__(self) -> str:
        # Lists read these columns only: an erased person has lost them all.
        known = self.full_name or self.email or self.phone or self.telegram_chat_id
        known = known or self.max_user_id or self.vk_user_id
        return str(known) if known else gettext("erased person")

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Channel and address of all that the person can be reached by."""
        found = ((channel, getattr(self, name)) for channel, name in ADDRESS.items())
        return [(channel, str(address)) for channel, address in found if address]

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Bring addresses and time zone into their form before anything compares them."""
        skipped = set(exclude or ())
        wrong: dict[str, Any] = {}
        for channel, name in ADDRESS.items():
            value = getattr(self, name)
            if name in skipped or not isinstance(value, str):
                continue
            try:
                setattr(self, name, normal_address(channel, value) if value.strip() else None)
            except ValidationError as error:
                wrong[name] = error
        zone = time_zone(self.time_zone) if "time_zone" not in skipped else self.time_zone
        if zone is None:
            text = _("Choose a time zone, e.g. Europe/Moscow.")
            wrong["time_zone"] = ValidationError(text, code="time_zone")
        else:
            self.time_zone = zone
        code = language(self.language) if "language" not in skipped else self.language
        if code is None:
            text = _("Write the code of a language, such as ru or en.")
            wrong["language"] = ValidationError(text, code="language")
        else:
            self.language = code
        try:
            super().clean_fields(exclude=skipped | wrong.keys())
        except ValidationError as error:
            wrong = error.update_error_dict(wrong)
        if wrong:
            raise ValidationError(wrong)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """No form shows when a person was erased; what depends on it is checked all the same."""
        super().validate_constraints(exclude=set(exclude or ()) - {"erased_at", "archived_at"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.email:
            self.email = NORMAL[Channel.EMAIL](self.email) or self.email.lower()
        if self.phone:
            self.phone = NORMAL[Channel.PHONE](self.phone) or self.phone
        self.email, self.phone = self.email or None, self.phone or None
        if self.phone and not self.operator_code:
            self.operator_code = operator_of(self.phone)
        super().save(*args, **kwargs)


class RecipientTag(models.Model):
    """One tag on one recipient: a table of our own, so that an import can fill it."""

    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, db_index=False
    )
    tag: models.ForeignKey[Tag, Tag] = models.ForeignKey(Tag, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "tag"], name="recipient_tag_unique"),
        ]


class Suppression(OwnedModel):
    """An address that this owner's mailings must not use any more, and why.

    The claim compares it letter by letter with the address of a delivery: so it is stored in the
    same form, however it was typed.
    """

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", pgettext_lazy("suppression", "unsubscribed")
        BOUNCED = "bounced", _("bounces")
        COMPLAINED = "complained", _("spam complaint")
        BLOCKED = "blocked", _("added manually")

    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL
    )
    address: models.CharField[str, str] = models.CharField(_("address"), max_length=254)
    reason: models.CharField[str, str] = models.CharField(
        _("reason"), max_length=16, choices=Reason.choices, default=Reason.BLOCKED
    )

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        permissions = [("lift_complaint", "Can allow addresses again after a complaint")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "channel", "address"], name="suppression_unique_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        super().clean_fields(exclude=exclude)
        try:
            self.address = normal_address(self.channel, self.address)
        except ValidationError as error:
            raise ValidationError({"address": error}) from None

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.address = NORMAL[self.channel](self.address) or self.address
        super().save(*args, **kwargs)
