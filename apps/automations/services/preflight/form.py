"""A draft is read: every part that has no form of its kind, in words, and all the others."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_noop as _
from pydantic import TypeAdapter, ValidationError

from apps.automations.definition.flow import FlowUnreadable, Raw, raw_steps
from apps.automations.definition.parts import (
    MOST_STEPS,
    AnyStep,
    Definition,
    Exits,
    ManualTrigger,
    Reentry,
    Trigger,
)
from apps.automations.services.preflight.findings import (
    EXITS,
    TRIGGER,
    WHOLE,
    DraftFinding,
    FindingCode,
)
from apps.delivery.preflight.findings import Place, failure, refused_by

_TRIGGER: Final[TypeAdapter[Any]] = TypeAdapter(Trigger)
_REENTRY: Final[TypeAdapter[Any]] = TypeAdapter(Reentry)
_EXITS: Final[TypeAdapter[Any]] = TypeAdapter(Exits)
_STEP: Final[TypeAdapter[Any]] = TypeAdapter(AnyStep)
_UNFIT: Final = _("“%(field)s” has no value that fits.")
#: Errors of what is not there yet; the others are of what does not fit.
_LACKS: Final = frozenset(
    {"missing", "value_error", "union_tag_not_found", "too_short", "string_too_short"}
)
#: What to say when a field is missing.
_MISSING: Final = {
    "list": _("Choose a list."),
    "tag": _("Choose a tag."),
    "segment": _("Choose a segment."),
    "mailing": _("Choose a mailing."),
    "message": _("Choose a message."),
    "field": _("Choose a custom field with a date."),
    "name": _("Enter the name of the event."),
    "at": _("Enter a time of the day."),
}
#: What to say when a whole is not complete, by kind.
_INCOMPLETE: Final = {
    "wait": _("Choose what to wait for."),
    "condition": _("Choose a condition."),
    "split": _("The shares must add up to 100."),
    "act": _("Choose what to do, and with what."),
}
#: What an action lacks, by what it does.
_ACTIONS: Final = {
    "add_tag": _MISSING["tag"],
    "remove_tag": _MISSING["tag"],
    "unsubscribe": _MISSING["list"],
    "set_attribute": _("Enter the field and its value."),
    "enrol": _("Choose an automation."),
}


@dataclass(slots=True)
class ReadDraft:
    """``parts`` are those that have their form; ``definition`` is the whole when all have."""

    parts: Definition
    definition: Definition | None = None
    findings: list[DraftFinding] = field(default_factory=list)


def read_draft(draft: Mapping[str, Any]) -> ReadDraft:
    """Read a draft as it is kept, faults and all."""
    findings: list[DraftFinding] = []
    trigger = _part(_TRIGGER, draft.get("trigger"), TRIGGER, findings)
    reentry = _part(_REENTRY, draft.get("reentry", {}), EXITS, findings)
    exits = _part(_EXITS, draft.get("exits", {}), EXITS, findings)
    parts = Definition.model_construct(
        trigger=trigger or ManualTrigger(kind="manual"),
        reentry=reentry or Reentry(),
        exits=exits or Exits(),
        steps=_steps(draft, findings),
    )
    for name in sorted(draft.keys() - Definition.model_fields.keys()):
        findings.append(_finding(WHOLE, FindingCode.UNFIT, _UNFIT, field=name))
    return ReadDraft(parts, None if findings else parts, findings)


def _steps(draft: Mapping[str, Any], findings: list[DraftFinding]) -> list[Any]:
    try:
        steps = raw_steps(draft)
    except FlowUnreadable as refusal:
        found = refused_by(refusal, Place.NOWHERE)
        findings.append(DraftFinding(WHOLE, FindingCode.UNREADABLE, found))
        return []
    if not steps:
        findings.append(_finding(WHOLE, FindingCode.INCOMPLETE, _("Add a step.")))
    if len(steps) > MOST_STEPS:
        findings.append(_finding(WHOLE, FindingCode.UNFIT, _UNFIT, field="steps"))
    read = [_part(_STEP, one, one["key"], findings) for one in steps]
    return [one for one in read if one is not None]


def _part(kind: TypeAdapter[Any], raw: Any, where: str, findings: list[DraftFinding]) -> Any:
    """The part, if it has its form."""
    if not _is_storable(raw):
        text = _("It holds a character or a number that no database keeps.")
        findings.append(_finding(where, FindingCode.UNFIT, text))
        return None
    try:
        return kind.validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            found = _finding_of(raw, one, where)
            if found not in findings:
                findings.append(found)
        return None


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_storable(one) for pair in value.items() for one in pair)
    return not isinstance(value, list) or all(map(_is_storable, value))


def _finding_of(raw: Any, error: Any, where: str) -> DraftFinding:
    name = str(error["loc"][-1]) if error["loc"] else ""
    kind, value = error["type"], error["input"]
    is_empty = value is None or (kind == "time_parsing" and value == "")  # left so in the editor
    if kind not in _LACKS and not is_empty:
        return _finding(where, FindingCode.UNFIT, _UNFIT, field=name or "kind")
    given: Raw = raw if isinstance(raw, dict) else {}
    return _finding(where, FindingCode.INCOMPLETE, *_lack(given, name, kind))


def _lack(given: Raw, name: str, error: str) -> tuple[str, str]:
    """What to say of a part that lacks something, and the name of the field."""
    kind = given.get("kind", "")
    if kind == "act":
        return _of_act(given), name
    if name in _MISSING and not given.get(name):
        return _MISSING[name], name
    if error == "value_error" and kind in _INCOMPLETE:
        return _INCOMPLETE[kind], name
    if name and name != kind:
        return _UNFIT, name
    return _INCOMPLETE.get(kind, _("Choose what begins it.")), name


def _of_act(raw: Raw) -> str:
    act = raw.get("act")
    if act == "subscribe":
        if raw.get("list") is None:
            return _MISSING["list"]
        return _("Write down by what right these people are subscribed.")
    return _ACTIONS.get(str(act), _INCOMPLETE["act"])


def _finding(where: str, code: FindingCode, text: str, field: str = "") -> DraftFinding:
    params = {"field": field} if text == _UNFIT else {}
    return DraftFinding(where, code, failure(text, "", Place.NOWHERE, **params))
