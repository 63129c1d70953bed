"""Where the ways lead: steps at which nobody comes, and steps from which there is no end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import END, Definition, Exit
from apps.automations.services.preflight.found import FoundAt
from apps.delivery.preflight.findings import Place, failure, warning


def findings_of_ways(found: Definition) -> Iterator[FoundAt]:
    """Loops without a wait are refused where the definition is read."""
    paths = {one.key: set(by_name.values()) for one, by_name in found.below()}
    ends = {one.key for one in found.steps if isinstance(one, Exit)} | {END}
    reached = reached_steps(found)
    back: dict[str, set[str]] = {}
    for key, following in paths.items():
        for to in following:
            back.setdefault(to, set()).add(key)
    ending = _closure(ends, back)
    for one in found.steps:
        if one.key not in reached:
            text, fix = _("Nobody comes to this step."), _("Lead a way to it, or delete it.")
            yield FoundAt(one.key, warning(text, fix, Place.NOWHERE))
        elif one.key not in ending and found.exits.goal is None:
            text = _("No way leads from here to an end.")
            fix = _("Lead a way to the end, or set a goal.")
            yield FoundAt(one.key, failure(text, fix, Place.NOWHERE))


def reached_steps(found: Definition) -> set[str]:
    """The keys of the steps at which anybody can come."""
    paths = {one.key: set(by_name.values()) for one, by_name in found.below()}
    return _closure({found.steps[0].key}, paths)


def _closure(start: set[str], following: Mapping[str, set[str]]) -> set[str]:
    """Everything that is reached from these."""
    found, fresh = set(start), list(start)
    while fresh:
        for to in following.get(fresh.pop(), ()):
            if to not in found:
                found.add(to)
                fresh.append(to)
    return found
