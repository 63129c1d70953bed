"""How many of those who get the letter lack the data that it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.core.content.program import Condition, asked_by, from_text, values_of
from apps.core.content.program.conditions import bits_of
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.findings import Finding, Place, failure, passed, unchecked, warning
from apps.delivery.preflight.letter import Letter, written_in
from apps.mailings.services.reach import audience_of

#: Names that are counted, as many columns as one statement may have.
_MOST: Final = 30
_OURS: Final = frozenset({"unsubscribe_url", "view_url"})


#: Where something stands: within these conditions, each time; ``()``: everybody sees it.
Shown = set[tuple[Condition, ...]]


class PlaceholderCheck(Check):
    """Each name with the exact number of recipients who have nothing there.

    A name that stands inside conditions only is counted among those to whom it is shown.
    """

    name = "placeholders"
    title = _("Placeholders")
    seconds = 30.0
    reads = ("message", "head")

    def run(self, letter: Letter, tools: Tools, seconds: float) -> Iterator[Finding]:
        uses = _uses_of(letter)
        names = sorted(uses)[:_MOST]
        if not names:
            yield passed(_("There are no placeholders."))
            return
        figures = figures_of(letter, {name: uses[name].shown for name in names})
        for name in names:
            yield _judged(name, *figures[name], guarded=uses[name].guarded)
        if len(uses) > _MOST:
            yield unchecked(_("Only the first %(count)s placeholders were counted."), count=_MOST)


@dataclass(slots=True)
class _Use:
    """Where a name stands, and whether something is provided for those who have nothing there."""

    guarded: bool = True
    shown: Shown = field(default_factory=set)


def _uses_of(letter: Letter) -> dict[str, _Use]:
    """The names that the letter shows, and whether each has a fallback wherever it stands."""
    subject = list(written_in(from_text(letter.subject)))
    uses: dict[str, _Use] = {}
    for one in (*subject, *letter.html, *letter.text):
        for name in one.names - _OURS:
            use = uses.setdefault(name, _Use())
            use.guarded = use.guarded and one.guarded
            use.shown.add(one.conditions)
    return uses


def figures_of(letter: Letter, shown: Mapping[str, Shown]) -> dict[str, tuple[int, int]]:
    """Of each name how many have nothing there, and how many see it, where it is ``shown``."""
    channels = [channel for channel, _account in letter.mailing.routes]
    for_all = [name for name, stacks in shown.items() if () in stacks]
    total, lacking = audience_of(letter.mailing).lacking(channels, for_all)
    figures = {name: (lacking[name], total) for name in for_all}
    for_some = {name: stacks for name, stacks in shown.items() if name not in figures}
    return figures | _counted(letter, for_some, channels) if for_some else figures


def _counted(
    letter: Letter, shown: Mapping[str, Shown], channels: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """Of each name, how many of those who see its place have nothing there, and how many see it.

    What a condition asks of a person is answered by the code that fills the letter.
    """
    every = [one for stacks in shown.values() for stack in stacks for one in stack]
    asked = asked_by(every)
    tests = {one: one.test(bits_of(asked)) for one in every}
    found = {name: [0, 0] for name in shown}
    for fields, bits in audience_of(letter.mailing).values(channels, asked):
        values = values_of(fields, bits)
        holds = {one for one, test in tests.items() if test(values)}
        for name, stacks in shown.items():
            if any(holds.issuperset(stack) for stack in stacks):
                found[name][0] += not values.get(name)
                found[name][1] += 1
    return {name: (lacking, seen) for name, (lacking, seen) in found.items()}


def _judged(name: str, lacking: int, total: int, *, guarded: bool) -> Finding:
    if not lacking:
        return passed(_("Everybody has “%(name)s”."), name=name)
    figures: dict[str, str | int] = {"name": name, "count": lacking, "all": total}
    if guarded:
        text = _("Without “%(name)s”: %(count)s of %(all)s; the message provides for that.")
        return passed(text, **figures)
    fix = _("Give the placeholder a fallback, or fill in the data.")
    if lacking == total > 0:
        return failure(_("No recipient has “%(name)s”."), fix, Place.MESSAGE, name=name)
    text = _("Without “%(name)s”: %(count)s of %(all)s; they see nothing there.")
    return warning(text, fix, Place.MESSAGE, **figures)
