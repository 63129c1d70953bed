"""The form of a mailing: what, to whom, when, and by which way out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.forms import OwnedForm, RowsField
from apps.core.slots import dispatcher
from apps.mailings.forms.repetition import RepetitionForm
from apps.mailings.models import Mailing, Message, Recipient, Tag
from apps.mailings.models.mailing import audience_of
from apps.mailings.services.mailings import ALWAYS_OPEN

#: The most addresses that are written down by hand.
BY_HAND: Final = 2000
_FORMAT: Final = "%Y-%m-%dT%H:%M"


def _moment(label: Any, *, required: bool = True) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMAT)
    return forms.DateTimeField(
        label=label, widget=widget, input_formats=[_FORMAT], required=required
    )


def _clock() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


_ORDER: Final = (
    "name",
    "message",
    "everyone",
    "filter_tags",
    "operator_codes",
    "addresses",
    "channel",
    "account",
    "second_channel",
    "second_account",
    "third_channel",
    "third_account",
    "starts_at",
    "ends_at",
    "local_from",
    "local_to",
    "frequency",
    "interval",
    "weekdays",
    "repeat_until",
    "priority",
    "status",
)


class MailingForm(RepetitionForm, OwnedForm[Mailing]):
    """Everything about a mailing on one page. While a run is open, only ``ALWAYS_OPEN`` changes."""

    addresses = forms.CharField(
        label=_("By hand"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "anna@example.org"}),
        help_text=_("E-mail addresses of recipients of yours, one a line."),
    )
    operator_codes = forms.CharField(
        label=_("Operator codes"),
        required=False,
        help_text=_("Separated by commas, such as 916, 925."),
    )
    account = forms.ChoiceField(label=_("Sending account"))
    second_account = forms.ChoiceField(label=_("Account of the second channel"), required=False)
    third_account = forms.ChoiceField(label=_("Account of the third channel"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        choices=Mailing.Status.choices,
        required=False,
        help_text=_(
            "Running sends it now, Completed stops it for good, Created lets it be sent again."
        ),
    )
    starts_at = _moment(_("Start"))
    ends_at = _moment(_("End"))
    repeat_until = _moment(_("Repeat until"), required=False)

    class Meta:
        model = Mailing
        fields = (
            "name",
            "message",
            "everyone",
            "filter_tags",
            "channel",
            "account",
            "second_channel",
            "second_account",
            "third_channel",
            "third_account",
            "starts_at",
            "ends_at",
            "local_from",
            "local_to",
            "repeat_until",
            "priority",
        )
        field_classes = {"filter_tags": RowsField}
        widgets = {
            "filter_tags": forms.CheckboxSelectMultiple,
            "local_from": _clock(),
            "local_to": _clock(),
        }
        help_texts = {
            "local_from": _("Hours of the day in each recipient's own time zone. Empty: any hour."),
            "local_to": _("An end before the beginning runs past midnight."),
        }
        labels = {"filter_tags": _("With these tags")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by_hand: list[Recipient] = []
        self._rule = ""
        for name in ("starts_at", "ends_at"):
            zone = timezone.get_current_timezone_name()
            self.fields[name].help_text = _("Time zone: %(zone)s.") % {"zone": zone}
        fields: dict[str, Any] = self.fields
        fields["message"].queryset = Message.objects.filter(owner=self.owner, archived_at=None)
        fields["filter_tags"].queryset = Tag.objects.filter(owner=self.owner)
        fields["filter_tags"].required = False
        if not fields["filter_tags"].queryset.exists():
            fields["filter_tags"].help_text = _("You have no tags yet.")
        accounts = [(name, name) for name in dispatcher.value.accounts()]
        fields["account"].choices = accounts
        for name in ("second_account", "third_account"):
            fields[name].choices = [("", "—"), *accounts]
        self.order_fields(_ORDER)
        if self.instance.pk is None:
            del self.fields["status"]
            soon = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
            if "email" in dispatcher.value.accounts():
                self.initial.setdefault("account", "email")
            self.initial.setdefault("starts_at", soon)
            self.initial.setdefault("ends_at", soon + timedelta(days=3))
        else:
            self._show_stored()

    def _show_stored(self) -> None:
        chosen = self.instance.recipients.order_by("email").values_list("email", flat=True)
        self.initial["addresses"] = "\n".join(filter(None, chosen[:BY_HAND]))
        self.initial["status"] = self.instance.status
        self.show_rule(self.instance.repeat)
        self.initial["operator_codes"] = ", ".join(self.instance.filter_operator_codes)
        if self.instance.runs.exclude(state="done").exists():
            for name, field in self.fields.items():
                field.disabled = name not in (*ALWAYS_OPEN, "status")

    def clean_addresses(self) -> str:
        written = dict.fromkeys(re.split(r"[\s,;]+", self.cleaned_data["addresses"].lower()))
        wanted = [address for address in written if address]
        if len(wanted) > BY_HAND:
            raise ValidationError(_("That is too many: give them a tag instead."), code="many")
        mine = Recipient.objects.filter(owner=self.owner, archived_at=None, email__in=wanted)
        self._by_hand = list(mine)
        missing = set(wanted) - {recipient.email for recipient in self._by_hand}
        if missing:
            raise ValidationError(
                _("Not among your recipients: %(addresses)s"),
                code="unknown",
                params={"addresses": ", ".join(sorted(missing)[:5])},
            )
        return "\n".join(wanted)

    def clean_operator_codes(self) -> list[str]:
        codes = re.split(r"[\s,;]+", self.cleaned_data["operator_codes"].strip())
        found = [code for code in codes if code]
        if any(not re.fullmatch(r"[0-9]{3}", code) for code in found):
            raise ValidationError(_("An operator code has three digits."), code="operator_code")
        return found

    def audience(self) -> QuerySet[Recipient]:
        """Whom the form, as it is filled in, would reach. It must have been cleaned."""
        data = self.cleaned_data
        return audience_of(
            self.owner.pk,
            everyone=data.get("everyone", False),
            tags=[tag.pk for tag in data.get("filter_tags", [])],
            codes=data.get("operator_codes", []),
            by_hand=Q(pk__in=[recipient.pk for recipient in self._by_hand]),
        )

    def ways(self) -> list[tuple[str, str]]:
        """The channels and accounts that are filled in so far. It must have been cleaned."""
        data = self.cleaned_data
        found: dict[str, str] = {}
        for place in ("", "second_", "third_"):
            channel, account = data.get(f"{place}channel"), data.get(f"{place}account")
            if channel and account:
                found.setdefault(channel, account)
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        try:
            self._rule = self.rule(self.instance)
        except ValidationError as error:
            self.add_error("frequency", error)
        return data

    def save(self, commit: bool = True) -> Mailing:
        if self._rule != self.instance.repeat or not self._rule:
            self.instance.repeat_from = None
        self.instance.repeat = self._rule
        self.instance.filter_operator_codes = self.cleaned_data["operator_codes"]
        mailing = super().save(commit=commit)
        if not self.fields["addresses"].disabled:
            mailing.recipients.set(self._by_hand)
        return mailing
