"""A mailing with an experiment is checked in each of its variants.

What is said of all of them alike is said once, and what is said of some names them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.delivery.preflight.check import AskAll, Check
from apps.delivery.preflight.fetching import Answer
from apps.delivery.preflight.findings import Finding, Place
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Mailing
from apps.mailings.services.experiments.variants import experiment_of, written
from apps.mailings.services.letters.bodies import make_pictures


def letters_of(mailing: Mailing) -> list[Letter]:
    """The letter of each variant, the mailing itself first, with the pictures it is sent with."""
    letters = [Letter(one.mailing, one.letter) for one in written(mailing, experiment_of(mailing))]
    messages = {one.mailing.message_id: one.mailing.message for one in letters}
    for message in messages.values():
        make_pictures(message, mailing=mailing)
    return letters


def found_in(
    letters: Sequence[Letter], check: Check, find: Callable[[Letter], Sequence[Finding]]
) -> list[Finding]:
    """What the check finds in all letters; of those in which it reads the same it sees one."""
    known: dict[tuple[Any, ...], Sequence[Finding]] = {}
    merged: list[_Merged] = []
    for letter in letters:
        key = tuple(letter.part(name) for name in check.reads)
        if key not in known:
            known[key] = find(letter)
        of_first = next(iter(known.values()))
        for finding in known[key]:
            is_own = finding not in of_first
            _merge(merged, letter, _in_its_head(finding, letter, letters[0]) if is_own else finding)
    return [one.finding_among(letters) for one in merged]


@dataclass(slots=True)
class _Merged:
    """A finding, the row that is to be changed, and of which variants it is said."""

    finding: Finding
    target: int | None
    variants: list[str] = field(default_factory=list)

    def finding_among(self, letters: Sequence[Letter]) -> Finding:
        if len(self.variants) == len(letters):
            return self.finding
        return replace(self.finding, variants=tuple(self.variants))


def _merge(merged: list[_Merged], letter: Letter, finding: Finding) -> None:
    target = _target(letter.mailing, finding.place)
    for one in merged:
        if (one.finding, one.target) == (finding, target) and letter.variant not in one.variants:
            one.variants.append(letter.variant)
            return
    merged.append(_Merged(finding, target, [letter.variant]))


def _target(mailing: Mailing, place: Place) -> int | None:
    """The row at the place that is this variant's own."""
    if place in (Place.MESSAGE, Place.FILES):
        return mailing.message_id
    return mailing.sender_id if place is Place.SENDER else None


def _in_its_head(finding: Finding, letter: Letter, first: Letter) -> Finding:
    """What only a variant of the same message has lies in the head that the experiment gives it."""
    same = letter.mailing.message_id == first.mailing.message_id
    if finding.place is Place.MESSAGE and same:
        return replace(finding, place=Place.EXPERIMENT)
    return finding


def asking_once(ask_all: AskAll) -> AskAll:
    """The same for all variants: no address is asked twice, also one that did not answer."""
    known: dict[tuple[str, int], Answer | None] = {}

    def ask(urls: Sequence[str], seconds: float, max_bytes: int) -> Mapping[str, Answer]:
        fresh = [url for url in urls if (url, max_bytes) not in known]
        answers = ask_all(fresh, seconds, max_bytes) if fresh else {}
        known.update({(url, max_bytes): answers.get(url) for url in fresh})
        found = {url: known[url, max_bytes] for url in urls}
        return {url: answer for url, answer in found.items() if answer is not None}

    return ask
