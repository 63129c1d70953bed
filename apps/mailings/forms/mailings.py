"""The form of a mailing: message, audience, time and sending account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.forms import MinuteField, RowsField
from apps.mailings.forms.audience import AudienceForm
from apps.mailings.forms.recurrence import RepetitionForm
from apps.mailings.models import Channel, Mailing, Message
from apps.mailings.sending_accounts import account_choices, default_account, unfit_accounts
from apps.mailings.services.mailings import ALWAYS_OPEN, check_priority

_FORMAT: Final = "%Y-%m-%dT%H:%M"


def _moment(label: Any, *, required: bool = True) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMAT)
    return MinuteField(label=label, widget=widget, input_formats=[_FORMAT], required=required)


def _clock() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


_ORDER: Final = (
    "name",
    "message",
    "everyone",
    "filter_tags",
    "tag_names",
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


class MailingForm(RepetitionForm, AudienceForm):
    """Everything about a mailing on one page. While a run is open, only ``ALWAYS_OPEN`` changes."""

    account = forms.ChoiceField(label=_("Sending account"))
    second_account = forms.ChoiceField(label=_("Fallback account"), required=False)
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
            "local_from": _("Each recipient’s local time. Leave empty for any time."),
            "local_to": _(
                "If the end is earlier than the start, the interval continues past midnight."
            ),
        }
        labels = {"filter_tags": _("With these tags")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rule = ""
        for name in ("starts_at", "ends_at"):
            zone = timezone.get_current_timezone_name()
            self.fields[name].help_text = _("Time zone: %(zone)s.") % {"zone": zone}
        fields: dict[str, Any] = self.fields
        living = Message.objects.filter(owner=self.owner, archived_at=None)
        # The text of a mailout belongs to it, and is offered to nobody else.
        mine = Q(for_mailout=False) | Q(pk=self.instance.message_id)
        fields["message"].queryset = living.filter(mine)
        accounts = account_choices(self.owner)
        fields["account"].choices = accounts
        for name in ("second_account", "third_account"):
            fields[name].choices = [("", "—"), *accounts]
        self.order_fields(_ORDER)
        if self.instance.pk is None:
            del self.fields["status"]
            soon = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
            self.initial.setdefault("account", default_account(Channel.EMAIL, self.owner))
            self.initial.setdefault("starts_at", soon)
            self.initial.setdefault("ends_at", soon + timedelta(days=3))
        else:
            self._show_stored()

    def _show_stored(self) -> None:
        self.initial["status"] = self.instance.status
        self.show_rule(self.instance.repeat)
        zone = self.instance.repeat_zone
        if self.instance.repeat and zone != timezone.get_current_timezone_name():
            self.fields["frequency"].help_text = _("Counted in the time zone %(zone)s.") % {
                "zone": zone
            }
        if self.instance.runs.exclude(state="done").exists():
            for name, field in self.fields.items():
                field.disabled = name not in (*ALWAYS_OPEN, "status")

    def _chosen_routes(self) -> list[tuple[str, str]]:
        """Channel and account of each place that has both, in the order of the fields."""
        data = self.cleaned_data
        pairs = [
            (data.get(f"{place}channel", ""), data.get(f"{place}account", ""))
            for place in ("", "second_", "third_")
        ]
        return [pair for pair in pairs if all(pair)]

    def routes(self) -> list[tuple[str, str]]:
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
        self._keep_seconds(data)
        if not self.fields["account"].disabled:
            for field, error in unfit_accounts(self._chosen_routes(), self.owner).items():
                if field not in self.errors:
                    self.add_error(field, error)
        try:
            self._rule = self.rule(self.instance)
        except ValidationError as error:
            self.add_error("frequency", error)
        return data

    def clean_priority(self) -> int:
        priority: int = self.cleaned_data["priority"]
        if "priority" in self.changed_data:
            check_priority(priority, self.owner)
        return priority

    def _keep_seconds(self, data: dict[str, Any]) -> None:
        """What was shown to the minute and not changed stays what it was."""
        for name in ("starts_at", "ends_at", "repeat_until"):
            if self.instance.pk is not None and name in data and name not in self.changed_data:
                data[name] = self.initial.get(name)

    def save(self, commit: bool = True) -> Mailing:
        new = self.instance.pk is None
        if new or self.reschedules():
            self.instance.repeat_from = None
            self.instance.repeat_zone = timezone.get_current_timezone_name()
            if new or self.instance.scheduled:
                self.instance.scheduled_at = timezone.now()
        self.instance.repeat = self._rule
        return super().save(commit=commit)
