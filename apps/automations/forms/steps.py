"""The steps of an automation as forms, one for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils import dates
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.automations.definition.flow import Raw, shares_of
from apps.automations.definition.parts import END
from apps.automations.forms.parts import (
    BOX,
    ClockField,
    CountField,
    IdField,
    Label,
    PartForm,
    RadioField,
    WordField,
    clock_of,
    days_fields,
    days_initial,
    days_of,
    seconds_of,
    span_fields,
    span_of,
)
from apps.automations.forms.sending import SendForm
from apps.automations.showing.offers import Offers

CHOOSE: Final = _("— choose —")
#: How the field ``then`` says the end; nothing means: the step below.
TO_END: Final = "-"


class StepForm(PartForm):
    """A step. ``letters`` are those of the draft, by their keys; ``others`` all other steps."""

    def __init__(
        self, data: Any = None, *, raw: Raw, offers: Offers, letters: Sequence[tuple[str, Label]]
    ) -> None:
        self.letters = letters
        super().__init__(data, raw=raw, offers=offers)


class WaitForm(StepForm):
    """For a time, until a time of the day, until a date, or until something happens."""

    chooser = "mode"
    shown_for = {
        "amount": "for until",
        "unit": "for until",
        "at": "time date",
        "weekdays": "time",
        "field": "date",
        "side": "date",
        "days": "date",
        "what": "until",
        "letter": "until",
        "tag": "until",
        "event": "until",
    }

    mode = RadioField(
        _("Wait"),
        [
            ("for", _("for a time")),
            ("time", _("until a time of the day")),
            ("date", _("until a date of the recipient")),
            ("until", _("until something happens, at most for a time")),
        ],
    )
    what = WordField(
        _("What"),
        [
            ("opened", _("a message is opened")),
            ("clicked", _("a link in a message is clicked")),
            ("tag", _("a tag is added")),
            ("event", _("a program reports an event")),
        ],
    )
    letter = WordField(_("Message of this automation"))
    tag = IdField(_("Tag"))
    event = forms.CharField(label=_("Name of the event"), max_length=60, required=False)
    amount, unit = span_fields()
    field = WordField(
        _("Custom field"), help_text=_("Custom fields of the kind “date” can be chosen.")
    )
    side, days = days_fields()
    at = ClockField(_("Time, where the recipient lives"))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"),
        required=False,
        coerce=int,
        choices=list(dates.WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple(attrs=BOX),
        help_text=_("None selected: any day."),
    )

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        found = super().initial_of(raw) | span_of(raw.get("seconds"))
        found |= days_initial(raw.get("days"))
        until = raw.get("until")
        if isinstance(until, dict):
            found["mode"] = "until"
            named = "tag" if "tag" in until else "event" if "event" in until else "opened"
            found |= {"what": until.get("did") or named, "letter": until.get("letter")}
            return found | {"tag": until.get("tag"), "event": until.get("event")}
        at = "time" if raw.get("at") is not None else "for"
        found["mode"] = "date" if "field" in raw else at
        return found

    def offer(self) -> None:
        until = self.before.get("until")
        tag = until.get("tag") if isinstance(until, dict) else None
        self.choose("letter", self.letters, CHOOSE)
        self.choose("tag", self.offers.choices("tag", tag), CHOOSE)
        self.choose("field", self.offers.date_fields(self.before.get("field")), CHOOSE)

    def part(self) -> Raw:
        data = self.cleaned_data
        span = seconds_of(data)
        seconds: Raw = {} if span is None else {"seconds": span}
        at = clock_of(data["at"])
        if data["mode"] == "time":  # what is empty is kept, so that it is known what is missing
            return {"at": at or "", **self.given("weekdays")}
        if data["mode"] == "date":
            clock: Raw = {"at": at} if at else {}
            return {"field": data["field"], "days": days_of(data), **clock}
        return {"until": self._until(), **seconds} if data["mode"] == "until" else seconds

    def _until(self) -> Raw:
        what = self.cleaned_data["what"]
        if what in ("opened", "clicked"):
            return {"did": what, **self.given("letter")}
        return self.given(what)


class ConditionForm(StepForm):
    """What somebody did with a message of the automation; other conditions are built beside it."""

    chooser = "mode"
    shown_for = {"did": "did", "letter": "did"}

    mode = RadioField(
        _("The recipient goes “Yes” if"),
        [
            ("did", _("a message of this automation was opened, clicked …")),
            ("tree", _("the recipient meets conditions, as in a segment")),
        ],
    )
    letter = WordField(_("Message of this automation"))
    did = WordField(
        pgettext_lazy("condition", "What was done"),
        [
            ("opened", pgettext_lazy("letter", "was opened")),
            ("clicked", pgettext_lazy("letter", "a link was clicked")),
            ("sent", pgettext_lazy("letter", "was sent")),
            ("bounced", pgettext_lazy("letter", "bounced")),
        ],
    )

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        mode = "tree" if raw.get("tree") is not None else "did"
        return super().initial_of(raw) | {"mode": mode}

    def offer(self) -> None:
        self.choose("letter", self.letters, CHOOSE)

    def part(self) -> Raw:
        if self.cleaned_data["mode"] == "tree":
            return {}
        found = self.given("letter")
        return found | ({"did": self.cleaned_data["did"] or "opened"} if found else {})


class SplitForm(StepForm):
    """Two to five branches by share; the same person always goes the same one."""

    shares_1 = CountField(_("Branch 1, %"), 1, 99)
    shares_2 = CountField(_("Branch 2, %"), 1, 99)
    shares_3 = CountField(_("Branch 3, %"), 1, 99)
    shares_4 = CountField(_("Branch 4, %"), 1, 99)
    shares_5 = CountField(_("Branch 5, %"), 1, 99)

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        shares = shares_of(raw)
        return {f"shares_{at}": one.get("share") for at, one in enumerate(shares, 1)}

    def part(self) -> Raw:
        found = [self.cleaned_data[name] for name in self.fields]
        return {"shares": [{"share": one} for one in found if one is not None]}


class ActForm(StepForm):
    """One thing that is done to the recipient."""

    chooser = "do"
    shown_for = {
        "tag": "add_tag remove_tag",
        "list": "subscribe unsubscribe",
        "statement": "subscribe",
        "name": "set_attribute",
        "value": "set_attribute",
        "automation": "enrol",
    }

    #: Not ``act``: so the buttons of the form are called.
    do = RadioField(
        pgettext_lazy("step", "Action"),
        [
            ("add_tag", _("add a tag")),
            ("remove_tag", _("remove a tag")),
            ("subscribe", _("subscribe to a list")),
            ("unsubscribe", _("unsubscribe from a list")),
            ("set_attribute", _("set a custom field")),
            ("enrol", _("add to another automation")),
            ("archive", _("archive the recipient")),
        ],
    )
    tag = IdField(_("Tag"))
    list = IdField(pgettext_lazy("one", "List"))
    statement = forms.CharField(
        label=_("By what right"),
        max_length=500,
        required=False,
        help_text=_("Kept with the subscription: when and how these people agreed."),
    )
    name = forms.CharField(label=_("Custom field"), max_length=60, required=False)
    value = forms.CharField(label=_("Value"), max_length=500, required=False)
    automation = IdField(_("Automation"))

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        return super().initial_of(raw) | {"do": raw.get("act", "add_tag")}

    def offer(self) -> None:
        for name in ("tag", "list", "automation"):
            self.choose(name, self.offers.choices(name, self.before.get(name)), CHOOSE)

    def part(self) -> Raw:
        act = self.cleaned_data["do"]
        names = [name for name, acts in self.shown_for.items() if act in acts.split()]
        found = self.given(*names)
        if act == "set_attribute" and "name" in found:
            found.setdefault("value", "")
        return {"act": act, **found}


class ExitForm(StepForm):
    """The end of the automation for the recipient."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=120,
        required=False,
        help_text=_("Your own words, shown in the list of people."),
    )

    def part(self) -> Raw:
        return self.given("reason")


class SendStepForm(StepForm, SendForm):
    """A message to the recipient."""


FORMS: Final[Mapping[str, type[StepForm]]] = {
    "send": SendStepForm,
    "wait": WaitForm,
    "condition": ConditionForm,
    "split": SplitForm,
    "act": ActForm,
    "exit": ExitForm,
}


class ThenForm(forms.Form):
    """Where somebody goes on after a step without branches."""

    then = WordField(
        _("After this step"),
        help_text=_("A step further up makes a loop, which needs a wait of at least an hour."),
    )

    def __init__(
        self, data: Any = None, *, jump: str | None, others: Sequence[tuple[str, Label]]
    ) -> None:
        chosen = "" if jump is None else TO_END if jump == END else jump
        super().__init__(data, initial={"then": chosen})
        field: Any = self.fields["then"]
        ends = [("", _("go on with the step below")), (TO_END, _("go to the end"))]
        field.choices = [*ends, *others]

    @property
    def jump(self) -> str | None:
        """The step it goes on with; None: the one below."""
        found = self.cleaned_data["then"]
        return None if found == "" else END if found == TO_END else str(found)
