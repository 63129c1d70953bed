"""What begins an automation, as a form."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.automations.definition.flow import Raw
from apps.automations.forms.parts import (
    ClockField,
    CountField,
    IdField,
    PartForm,
    RadioField,
    WordField,
    clock_of,
    days_fields,
    days_initial,
    days_of,
)

KINDS: Final = [
    ("subscribed", _("Somebody subscribes to a list")),
    ("tag", _("A tag is added")),
    ("segment", _("Somebody enters a segment")),
    ("date", _("A date is near")),
    ("sent", _("A mailing was sent to somebody")),
    ("opened", _("Somebody opened a mailing")),
    ("clicked", _("Somebody clicked in a mailing")),
    ("event", _("A program reports an event")),
    ("manual", _("Only manually, by a program or by another automation")),
]


class TriggerForm(PartForm):
    """The trigger: its kind, and what that kind needs."""

    chooser = "kind"
    shown_for = {
        "list": "subscribed",
        "tag": "tag",
        "segment": "segment",
        "minutes": "segment",
        "field": "date",
        "side": "date",
        "days": "date",
        "at": "date",
        "yearly": "date",
        "mailing": "sent opened clicked",
        "link": "clicked",
        "name": "event",
    }

    kind = RadioField(_("It begins when"), KINDS)
    list = IdField(pgettext_lazy("one", "List"))
    tag = IdField(_("Tag"))
    segment = IdField(_("Segment"))
    minutes = CountField(
        _("Check every … minutes"), 5, 1440, help_text=_("Who is in it already does not come in.")
    )
    field = WordField(
        _("Custom field"), help_text=_("Custom fields of the kind “date” can be chosen.")
    )
    side, days = days_fields()
    at = ClockField(_("Time, where the recipient lives"))
    yearly = forms.BooleanField(label=_("Every year"), required=False)
    mailing = IdField(_("Mailing"))
    link = IdField(_("Link"), help_text=_("Save once to choose from the links of the mailing."))
    name = forms.CharField(
        label=_("Name of the event"),
        max_length=60,
        required=False,
        help_text=_("As the program reports it, such as order.paid."),
    )

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        found = super().initial_of(raw) | days_initial(raw.get("days"))
        found["minutes"] = raw.get("minutes", 15)
        found["at"] = raw.get("at", "10:00")
        found["yearly"] = raw.get("yearly", True)
        return found

    def offer(self) -> None:
        choose = _("— choose —")
        for name in ("list", "tag", "segment", "mailing"):
            self.choose(name, self.offers.choices(name, self.before.get(name)), choose)
        self.choose("field", self.offers.date_fields(self.before.get("field")), choose)
        links = self.offers.links(self.before.get("mailing"))
        self.choose("link", links, _("any link"))

    def part(self) -> Raw:
        data = self.cleaned_data
        kind = data["kind"]
        found: Raw = {"kind": kind}
        if kind == "segment":
            return found | self.given("segment", "minutes")
        if kind == "date":
            yearly = {"yearly": data["yearly"], "days": days_of(data)}
            at = clock_of(data["at"])
            return found | yearly | self.given("field") | ({"at": at} if at else {})
        if kind in ("sent", "opened"):
            return found | self.given("mailing")
        if kind == "clicked":
            return found | self.given("mailing", "link")
        names = {"subscribed": "list", "tag": "tag", "event": "name"}
        return found | (self.given(names[kind]) if kind in names else {})
