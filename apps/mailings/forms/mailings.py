"""The form of a mailing: message, audience, time and sending account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.forms import RowsField
from apps.mailings.forms.audience import EXCLUSIONS, AudienceForm
from apps.mailings.forms.links import LinksForm
from apps.mailings.forms.recurrence import BOX
from apps.mailings.forms.routes import RoutesForm
from apps.mailings.forms.times import MINE, TimesForm
from apps.mailings.models import Channel, Mailing, Message, MessageTranslation
from apps.mailings.models.content import NO_COPY
from apps.mailings.services.mailings import ALWAYS_OPEN, USUAL_PRIORITY, check_priority
from apps.mailings.services.summary import Planned

_CLOCK: Final = {"inputmode": "numeric", "placeholder": "10:00", "autocomplete": "off"}


class MailingForm(TimesForm, RoutesForm, LinksForm, AudienceForm):
    """Everything about a mailing on one page. While a run is open, only ``ALWAYS_OPEN`` changes.

    Saving sends nothing: a new mailing is a draft, and a scheduled one whose start would have come
    becomes one again.
    """

    everyone = forms.BooleanField(
        label=_("Recipients"),
        widget=forms.RadioSelect(
            attrs=BOX, choices=[("False", _("Selected")), ("True", _("Everyone"))]
        ),
        initial=False,
        required=False,
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        help_text=_("Completed closes it for good; Created lets it be sent again."),
    )

    class Meta:
        model = Mailing
        fields = (
            "name",
            "message",
            "everyone",
            "filter_tags",
            "lists",
            "segments",
            *EXCLUSIONS,
            "basis",
            "basis_statement",
            "purpose",
            "on_cap",
            "channel",
            "account",
            "sender",
            "other_languages",
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
            "public",
            "slug",
            "tracking",
            "tracking_text",
        )
        field_classes = dict.fromkeys(
            (
                *("filter_tags", "lists", "segments", "exclude_lists", "exclude_segments"),
                *("exclude_tags", "exclude_mailings"),
            ),
            RowsField,
        )
        widgets = {
            **dict.fromkeys(
                ("filter_tags", "lists", "segments"), forms.CheckboxSelectMultiple(attrs=BOX)
            ),
            **dict.fromkeys(
                ("exclude_lists", "exclude_segments", "exclude_tags"),
                forms.CheckboxSelectMultiple(attrs=BOX),
            ),
            "tracking_text": forms.NullBooleanSelect(),
            "exclude_mailings": forms.SelectMultiple(attrs={"size": 5}),
            "basis": forms.RadioSelect(attrs=BOX),
            "basis_statement": forms.TextInput(),
            "local_from": forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
            "local_to": forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
        }
        help_texts = {
            "basis_statement": _(
                "Kept with the mailing; for example: our own customers, by contract."
            ),
            "exclude_mailed_days": _("Mailings of yours, whatever their channel."),
            "public": _("Everybody can read it, without personal data, once it is sent."),
            "slug": _("Small letters, digits and hyphens. If empty, made of the name."),
            "local_from": _("Each recipient’s local time. Leave empty for any time."),
            "local_to": _(
                "If the end is earlier than the start, the interval continues past midnight."
            ),
        }
        labels = {
            "name": pgettext_lazy("mailing", "Name"),
            "filter_tags": _("With these tags"),
            "lists": _("Lists"),
            "segments": _("Segments"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rule = ""
        fields: dict[str, Any] = self.fields
        living = Message.objects.filter(NO_COPY, owner=self.owner, archived_at=None)
        # The text of a mailout belongs to it, and is offered to nobody else.
        mine = Q(for_mailout=False) | Q(pk=self.instance.message_id)
        fields["message"].queryset = living.filter(mine)
        fields["message"].empty_label = _("Choose a message")
        self._offer_languages()
        self.offer_accounts()
        self.offer_senders()
        self.show_times(timezone.now())
        if self.instance.pk is None:
            del self.fields["status"]
            if not self.has_tags:
                self.initial["everyone"] = True  # there is nothing else to choose by
        else:
            self._show_stored()

    def _offer_languages(self) -> None:
        """Who translates nothing is not asked what becomes of other languages."""
        translated = MessageTranslation.objects.filter(message__owner=self.owner).exists()
        usual = self.instance.other_languages == Mailing.OtherLanguages.FALLBACK
        if usual and not translated:
            del self.fields["other_languages"]

    def _show_stored(self) -> None:
        mailing, fields = self.instance, self.fields
        self.initial["status"] = mailing.status
        status: Any = fields["status"]
        status.choices = [
            (value, label)
            for value, label in Mailing.Status.choices
            if value in (mailing.status, Mailing.Status.CREATED, Mailing.Status.COMPLETED)
        ]
        self.show_rule(mailing.repeat)
        zone = mailing.repeat_zone
        if mailing.repeat and zone != timezone.get_current_timezone_name():
            fields["frequency"].help_text = _("Counted in the time zone %(zone)s.") % {"zone": zone}
        if mailing.runs.exclude(state="done").exists():
            self.initial.update({"clock": MINE, "stop_after": "", "starts_at": mailing.starts_at})
            self.initial.update({"local_from": mailing.local_from, "local_to": mailing.local_to})
            for name, field in fields.items():
                field.disabled = name not in (*ALWAYS_OPEN, "status")

    @property
    def is_open(self) -> bool:
        """True if it is being sent: little may change then."""
        return self.fields["message"].disabled

    def _has(self, *names: str) -> bool:
        """True if one of these fields is filled in, or has an error."""
        return any(self[name].value() or self[name].errors for name in names)

    @property
    def opens_channels(self) -> bool:
        """True if what is folded away is not as it usually is; so with the next ones."""
        other = self["channel"].value() != Channel.EMAIL
        return other or self._has(
            "second_channel", "second_account", "third_channel", "third_account"
        )

    @property
    def opens_conditions(self) -> bool:
        return self._has("addresses", "operator_codes")

    @property
    def opens_hours(self) -> bool:
        own_end = not self["stop_after"].value()
        return own_end or self._has("local_from", "local_to") or bool(self["ends_at"].errors)

    @property
    def opens_repeat(self) -> bool:
        return self._has("frequency", "repeat_until")

    @property
    def opens_priority(self) -> bool:
        usual = str(self["priority"].value()) == str(USUAL_PRIORITY)
        return not usual or bool(self["priority"].errors)

    @property
    def repeat_word(self) -> str:
        """How it is repeated, or that it is not."""
        value = self["frequency"].value() or ""
        choices: Any = self.fields["frequency"]
        return str(dict(choices.choices).get(value, ""))

    def audience_zones(self) -> Iterable[str]:
        """The zones of those whom the form, as it is filled in, would reach."""
        channels = [channel for channel, _account in self.routes()] or [Channel.EMAIL]
        return self.audience().zones(channels)

    def planned(self) -> Planned:
        """What there is to say about it before it is saved. It must have been cleaned."""
        data = self.cleaned_data
        return Planned(
            audience=self.audience(),
            routes=self.routes(),
            message=data.get("message"),
            starts_at=data.get("starts_at"),
            ends_at=data.get("ends_at"),
            local_from=data.get("local_from"),
            local_to=data.get("local_to"),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.check_accounts()
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

    def save(self, commit: bool = True) -> Mailing:
        new = self.instance.pk is None
        if new or self.reschedules():
            self.instance.repeat_from = None
            self.instance.repeat_zone = timezone.get_current_timezone_name()
            now = timezone.now()
            waits = not new and self.instance.scheduled and self.instance.starts_at > now
            self.instance.scheduled_at = now if waits else None
        self.instance.repeat = self._rule
        return super().save(commit=commit)
