"""Everything that keeps a draft from being activated, each fault at its place, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import TypeAdapter, ValidationError

from apps.automations.definition.flow import FlowUnreadable, Raw, raw_steps
from apps.automations.definition.parts import (
    AnyStep,
    Definition,
    Exits,
    ManualTrigger,
    Reentry,
    Send,
    Trigger,
)
from apps.automations.definition.reading import DefinitionInvalid, check_ways
from apps.automations.services.checking import problems_of
from apps.automations.services.preflight.structure import reached_steps
from apps.core.text.formatting import refusal_text
from apps.mailings.sending_accounts import unfit_accounts
from apps.users.models import User

#: Places of faults that are no steps.
TRIGGER, EXITS, STEPS = "trigger", "exits", "steps"
#: The faults by their place: the key of a step, or one of the above.
Faults = Mapping[str, list[str]]
_TRIGGER: Final[TypeAdapter[Any]] = TypeAdapter(Trigger)
_STEP: Final[TypeAdapter[Any]] = TypeAdapter(AnyStep)
#: What to say when a field is missing.
_MISSING: Final = {
    "list": gettext_lazy("Choose a list."),
    "tag": gettext_lazy("Choose a tag."),
    "segment": gettext_lazy("Choose a segment."),
    "mailing": gettext_lazy("Choose a mailing."),
    "message": gettext_lazy("Choose a message."),
    "field": gettext_lazy("Choose a custom field with a date."),
    "name": gettext_lazy("Enter the name of the event."),
    "at": gettext_lazy("Enter a time of the day."),
}
#: What to say when a whole is not complete, by kind.
_WHOLE: Final = {
    "wait": gettext_lazy("Choose what to wait for."),
    "condition": gettext_lazy("Choose a condition."),
    "split": gettext_lazy("The shares must add up to 100."),
    "act": gettext_lazy("Choose what to do, and with what."),
}


def faults_of(draft: Mapping[str, Any], owner: User, automation_id: int | None) -> Faults:
    """The faults of a draft by their place; without any it can be activated."""
    found: dict[str, list[str]] = defaultdict(list)
    parts: dict[str, Any] = {"reentry": Reentry(), "exits": Exits(), "trigger": None}
    parts["trigger"] = _part(_TRIGGER, draft.get("trigger"), TRIGGER, found)
    parts["exits"] = _part(TypeAdapter(Exits), draft.get("exits", {}), EXITS, found) or Exits()
    try:
        steps = raw_steps(draft)
    except FlowUnreadable as refused:
        found[STEPS].append(refusal_text(refused))
        return found
    if not steps:
        found[STEPS].append(_("Add a step."))
    read = [_part(_STEP, one, one["key"], found) for one in steps]
    parts["steps"] = [one for one in read if one is not None]
    parts["trigger"] = parts["trigger"] or ManualTrigger(kind="manual")
    whole = Definition.model_construct(**parts)
    for _where, fault in problems_of(whole, owner, automation_id):
        _keep(fault, found)
    for key, text in _unfit(whole, owner):
        found[key].append(text)
    if steps and len(parts["steps"]) == len(steps):
        _check_flow(whole, found)
    return found


def count_of(faults: Faults) -> int:
    """How many there are."""
    return sum(len(texts) for texts in faults.values())


def _part(kind: TypeAdapter[Any], raw: Any, where: str, found: dict[str, list[str]]) -> Any:
    try:
        return kind.validate_python(raw)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            text = _text_of(raw, one)
            if text not in found[where]:
                found[where].append(text)
        return None


def _text_of(raw: Any, error: Any) -> str:
    field = str(error["loc"][-1]) if error["loc"] else ""
    kind = raw.get("kind", "") if isinstance(raw, dict) else ""
    if isinstance(raw, dict) and kind == "act":
        return _act_text(raw)
    if field in _MISSING and not (isinstance(raw, dict) and raw.get(field)):
        return str(_MISSING[field])
    if error["type"] == "value_error" and kind in _WHOLE:
        return str(_WHOLE[kind])
    if field and field != kind:
        return _("“%(field)s” has no value that fits.") % {"field": field}
    return str(_WHOLE.get(kind, _("Choose what begins it.")))


def _act_text(raw: Raw) -> str:
    """What an action lacks."""
    act = raw.get("act")
    if act in ("add_tag", "remove_tag"):
        return str(_MISSING["tag"])
    if act in ("subscribe", "unsubscribe") and raw.get("list") is None:
        return str(_MISSING["list"])
    if act == "subscribe":
        return _("Write down by what right these people are subscribed.")
    if act == "set_attribute":
        return _("Enter the field and its value.")
    if act == "enrol":
        return _("Choose an automation.")
    return str(_WHOLE["act"])


def _keep(refused: DefinitionInvalid, found: dict[str, list[str]]) -> None:
    """Put it at its place, which the sentence need not name then."""
    params = dict(refused.params or {})
    where = str(params.get("where", STEPS))
    text = _(refused.words or "") % {**params, "where": ""}
    text = text.removeprefix(": ")
    found[where].append(text[:1].upper() + text[1:])


def _unfit(whole: Definition, owner: User) -> Iterator[tuple[str, str]]:
    """Steps whose accounts cannot send over their channels."""
    for one in whole.steps:
        if isinstance(one, Send):
            routes = [(one.channel, one.account), (one.second_channel, one.second_account)]
            chosen = [route for route in routes if all(route)]
            for error in unfit_accounts(chosen, owner).values():
                yield one.key, " ".join(error.messages)


def _check_flow(whole: Definition, found: dict[str, list[str]]) -> None:
    try:
        check_ways(whole)
    except DefinitionInvalid as refused:
        _keep(refused, found)
        return
    reached = reached_steps(whole)
    for one in whole.steps:
        if one.key not in reached:
            found[one.key].append(_("Nobody comes to this step: what stands above goes elsewhere."))
