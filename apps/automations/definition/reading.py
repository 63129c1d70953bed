"""A definition is read: it has the form of one, its ways lead somewhere, no loop is quick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_noop as _
from pydantic import ValidationError

from apps.automations.definition.parts import (
    END,
    Act,
    AnyStep,
    Condition,
    Definition,
    Exit,
    Send,
    Split,
    Wait,
)
from apps.automations.models import Step
from apps.core.errors import Refused
from apps.core.text.formatting import refusal

#: A loop needs a wait of so many seconds.
LOOP_SECONDS: Final = 3600


class DefinitionInvalid(Refused):
    """The automation cannot be used as it is written."""

    code = "automation_invalid"


def read(draft: Mapping[str, Any]) -> Definition:
    """The draft, if it has the form of a definition and its ways lead somewhere.

    Raises DefinitionInvalid.
    """
    try:
        found = Definition.model_validate(draft)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise invalid(_("%(where)s: this has no form that is known."), where=where) from None
    check_ways(found)
    return found


def invalid(text: str, **params: object) -> DefinitionInvalid:
    """The refusal with these words."""
    return refusal(DefinitionInvalid, text, **params)


def check_ways(found: Definition) -> None:
    """Its ways lead to steps that exist, and no loop is quick. Raises DefinitionInvalid."""
    steps = {one.key: one for one in found.steps}
    if len(steps) < len(found.steps):
        raise invalid(_("Two steps have the same key."))
    paths = {one.key: list(by_name.values()) for one, by_name in found.below()}
    for key, following in paths.items():
        for to in following:
            if to != END and to not in steps:
                raise invalid(_("%(where)s: there is no step “%(key)s”."), where=key, key=to)
    for one in found.steps:
        letter = _letter_of(one)
        if letter is not None and not isinstance(steps.get(letter), Send):
            raise invalid(_("%(where)s: there is no letter “%(key)s”."), where=one.key, key=letter)
    _check_loops(steps, paths)


def _letter_of(one: AnyStep) -> str | None:
    """The letter that a step asks about."""
    if isinstance(one, Condition):
        return one.letter
    return one.until.letter if isinstance(one, Wait) and one.until is not None else None


def _check_loops(steps: Mapping[str, AnyStep], paths: Mapping[str, list[str]]) -> None:
    """Without the long waits no way may lead back to where it has been."""
    quick = {key: paths[key] for key, one in steps.items() if not _is_long(one)}
    done: set[str] = set()
    for start in quick:
        if start in done:
            continue
        trail = [(start, iter(quick[start]))]
        on = {start}
        while trail:
            key, rest = trail[-1]
            following = next((one for one in rest if one in quick and one not in done), None)
            if following is None:
                done.add(key)
                on.discard(key)
                trail.pop()
            elif following in on:
                text = _("%(where)s: a loop needs a wait of at least an hour.")
                raise invalid(text, where=following)
            else:
                on.add(following)
                trail.append((following, iter(quick[following])))


def _is_long(one: AnyStep) -> bool:
    plain = isinstance(one, Wait) and one.until is None
    return plain and isinstance(one, Wait) and (one.seconds or 0) >= LOOP_SECONDS


def step_of(row: Step) -> AnyStep:
    """The step as it was frozen."""
    found: AnyStep = _STEPS[row.kind].model_validate(row.fields)
    return found


_STEPS: Final[Mapping[str, Any]] = {
    "send": Send,
    "wait": Wait,
    "condition": Condition,
    "split": Split,
    "act": Act,
    "exit": Exit,
}
