"""Where the ways lead: to steps that exist, in no quick loop, from the first step to an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import (
    END,
    AnyStep,
    Condition,
    Definition,
    Exit,
    Send,
    Wait,
)
from apps.automations.services.preflight.findings import DraftFinding, FindingCode
from apps.delivery.preflight.findings import Place, failure, warning

#: A loop needs a wait of so many seconds.
LOOP_SECONDS: Final = 3600
#: The keys of the steps that follow each.
_Paths = Mapping[str, set[str]]


def findings_of_ways(found: Definition) -> list[DraftFinding]:
    """What is wrong with its ways; of those that lead nowhere nothing more is asked."""
    steps = {one.key: one for one in found.steps}
    paths = {one.key: set(by_name.values()) for one, by_name in found.below()}
    wrong = [*_targets(steps, paths), *_letters(steps)]
    return wrong or [*_loops(steps, paths), *_reached(found, paths)]


def _targets(steps: Mapping[str, AnyStep], paths: _Paths) -> Iterator[DraftFinding]:
    for key, following in paths.items():
        for to in sorted(following - steps.keys() - {END}):
            text, fix = _("There is no step “%(key)s”."), _("Choose where it goes on.")
            wrong = failure(text, fix, Place.NOWHERE, key=to)
            yield DraftFinding(key, FindingCode.WRONG_WAY, wrong)


def _letters(steps: Mapping[str, AnyStep]) -> Iterator[DraftFinding]:
    for key, one in steps.items():
        letter = _letter_of(one)
        if letter is not None and not isinstance(steps.get(letter), Send):
            text = _("There is no step “%(key)s” that sends a message.")
            fix = _("Choose one that does.")
            wrong = failure(text, fix, Place.NOWHERE, key=letter)
            yield DraftFinding(key, FindingCode.WRONG_WAY, wrong)


def _letter_of(one: AnyStep) -> str | None:
    """The letter that a step asks about."""
    if isinstance(one, Condition):
        return one.letter
    return one.until.letter if isinstance(one, Wait) and one.until is not None else None


def _loops(steps: Mapping[str, AnyStep], paths: _Paths) -> Iterator[DraftFinding]:
    """Steps to which a way leads back without a long wait; the first of each loop."""
    quick = {key: paths[key] - {END} for key, one in steps.items() if not _is_long(one)}
    circles: dict[str, set[str]] = {}
    for key, following in quick.items():
        circle = _closure(following, quick)
        if key in circle and not any(key in one and at in circle for at, one in circles.items()):
            circles[key] = circle
            text = _("A loop needs a wait of at least an hour.")
            fix = _("Add a wait, or lead the way elsewhere.")
            yield DraftFinding(key, FindingCode.QUICK_LOOP, failure(text, fix, Place.NOWHERE))


def _is_long(one: AnyStep) -> bool:
    return isinstance(one, Wait) and one.until is None and (one.seconds or 0) >= LOOP_SECONDS


def _reached(found: Definition, paths: _Paths) -> Iterator[DraftFinding]:
    """Steps at which nobody comes, and steps from which there is no end."""
    reached = _closure({found.steps[0].key}, paths)
    back: dict[str, set[str]] = {}
    for key, following in paths.items():
        for to in following:
            back.setdefault(to, set()).add(key)
    ends = {one.key for one in found.steps if isinstance(one, Exit)} | {END}
    ending = _closure(ends, back)
    for one in found.steps:
        if one.key not in reached:
            text, fix = _("Nobody comes to this step."), _("Lead a way to it, or delete it.")
            yield DraftFinding(one.key, FindingCode.UNREACHABLE, warning(text, fix, Place.NOWHERE))
        elif one.key not in ending and found.exits.goal is None:
            text = _("No way leads from here to an end.")
            fix = _("Lead a way to the end, or set a goal.")
            yield DraftFinding(one.key, FindingCode.NO_END, failure(text, fix, Place.NOWHERE))


def _closure(start: set[str], following: _Paths) -> set[str]:
    """Everything that is reached from these."""
    found, fresh = set(start), list(start)
    while fresh:
        for to in following.get(fresh.pop(), ()):
            if to not in found:
                found.add(to)
                fresh.append(to)
    return found
