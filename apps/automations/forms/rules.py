"""Who comes in again, and who leaves early, as a form."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.automations.definition.flow import Raw
from apps.automations.forms.parts import CountField, PartForm, RadioField

REENTRY: Final = [
    ("once", _("No, each recipient once")),
    ("finished", _("Yes, after the end")),
    ("days", _("Yes, so many days after the last time")),
    ("always", _("Yes, every time, even several at once")),
]


class RulesForm(PartForm):
    """Re-entry, and the rules that are checked before every step. The goal is built beside it."""

    chooser = "kind"
    shown_for = {"days": "days"}

    kind = RadioField(_("Can somebody come in again?"), REENTRY)
    days = CountField(_("Days"), 1, 3660)
    unsubscribed = forms.BooleanField(
        label=_("Who unsubscribes leaves"),
        required=False,
        help_text=_("From the list of the trigger, or from everything."),
    )
    suppressed = forms.BooleanField(label=_("Who is suppressed leaves"), required=False)
    has_goal = forms.BooleanField(label=_("Who reaches a goal leaves"), required=False)

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        reentry, exits = raw.get("reentry") or {}, raw.get("exits") or {}
        return {
            "kind": reentry.get("kind", "once"),
            "days": reentry.get("days", 1),
            "unsubscribed": exits.get("unsubscribed", True),
            "suppressed": exits.get("suppressed", True),
            "has_goal": exits.get("goal") is not None,
        }

    def part(self) -> Raw:
        data = self.cleaned_data
        kind = data["kind"]
        days = {"days": data["days"] or 1} if kind == "days" else {}
        exits = {name: data[name] for name in ("unsubscribed", "suppressed")}
        return {"reentry": {"kind": kind, **days}, "exits": {"goal": None, **exits}}
