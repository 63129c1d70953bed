"""The part of the mailing's form about its links, and about who may read it beside its people."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.content.program import utm
from apps.core.forms import OwnedForm, VersionedForm
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Mailing, PublicArchive, Tracking
from apps.mailings.services.publishing.archive import settle_public

_FIELDS: Final = tuple(f"utm_{key}" for key in utm.KEYS)


#: By the values of a NullBooleanSelect; its third one is the usual.
_MEASURED: Final = {
    "true": pgettext_lazy("links", "Measured"),
    "false": pgettext_lazy("links", "Not measured"),
}


def _as_usual(level: Any) -> str:
    return _("As usual: %(level)s") % {"level": level}


def _field(example: str, help_text: Any = "") -> forms.CharField:
    box = forms.TextInput(attrs={"placeholder": example, "autocomplete": "off"})
    return forms.CharField(required=False, max_length=utm.LONGEST, widget=box, help_text=help_text)


class LinksForm(VersionedForm[Mailing]):
    """UTM parameters, what is measured, and the public archive."""

    utm_source = _field("newsletter")
    utm_medium = _field("email")
    utm_campaign = _field("", _("If empty, the name in addresses."))
    utm_content = _field("", _("If empty, the block that the link stands in."))
    utm_term = _field("")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, key in zip(_FIELDS, utm.KEYS, strict=True):
            self.fields[name].label = name
            self.initial.setdefault(name, self.instance.utm.get(key, ""))
        self._offer_measuring()

    def _offer_measuring(self) -> None:
        """What is measured is asked where mailings may say it."""
        if not settings.TRACKING_CHOICE:
            del self.fields["tracking"], self.fields["tracking_text"]
            return
        field: Any = self.fields["tracking"]
        field.choices = [("", _as_usual(Tracking(settings.TRACKING).label)), *Tracking.choices]
        of_text: Any = self.fields["tracking_text"]
        usual = _as_usual(_MEASURED["true" if settings.TRACKING_TEXT else "false"])
        of_text.widget.choices = [("unknown", usual), *_MEASURED.items()]

    @property
    def opens_utm(self) -> bool:
        """True if what is folded away is filled in; so with the next one."""
        return any(self[name].value() or self[name].errors for name in _FIELDS)

    @property
    def opens_measuring(self) -> bool:
        if "tracking" not in self.fields:
            return False
        return bool(self["tracking"].value()) or self["tracking_text"].value() is not None

    @property
    def opens_archive(self) -> bool:
        return bool(self["public"].value() or self["slug"].value() or self["slug"].errors)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.fields[_FIELDS[0]].disabled:
            return data
        given = {key: data.get(f"utm_{key}") or "" for key in utm.KEYS}
        try:
            self.instance.utm = utm.checked(given)
        except utm.UtmInvalid as refusal:
            self.add_error(f"utm_{refusal.params['key']}", refusal_text(refusal))
        return data

    def save(self, commit: bool = True) -> Mailing:
        settle_public(self.instance)
        return super().save(commit=commit)


class ArchiveForm(OwnedForm[PublicArchive]):
    """What the archive is called, and where it lies."""

    class Meta:
        model = PublicArchive
        fields = ("title", "slug")
        help_texts = {
            "title": _("If empty, the name of your default sender."),
            "slug": _("Links to the old address stop working."),
        }
