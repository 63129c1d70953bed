"""Who reacted: the rules applied to one more reaction to a letter. Without database and clock.

In whatever order the reactions to a letter come in, each has the same term and rule in the end: a
rule of its own, unless what is near it makes it a machine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from apps.feedback.engagement.apple_relays import Relays, configured_relays
from apps.feedback.engagement.reaction import TRAP, Judged, Judgement, Reaction
from apps.feedback.engagement.rules import (
    BY_ID,
    MANY,
    MANY_WITHIN,
    TRAP_REACHES,
    Case,
    first_that_applies,
)
from apps.feedback.engagement.user_agents import client_of, device_of
from apps.mailings.models import Term

#: What the neighbours of a reaction make of it, the stronger one first.
_BY_OTHERS: Final = (BY_ID["near_trap"].id, BY_ID["many_links"].id)


def judge(
    reaction: Reaction,
    earlier: Sequence[Judged],
    accepted_at: datetime | None,
    *,
    relays: Relays | None = None,
) -> Judgement:
    """Judge a reaction on its own and by the others to the same letter, whatever their order.

    ``accepted_at``: when the server took the message on, if that is known. ``relays``: Apple's;
    those of the settings if none are given.
    """
    known = configured_relays() if relays is None else relays
    relayed = reaction.kind == "open" and bool(reaction.address) and known.has(reaction.address)
    after = None if accepted_at is None else reaction.at - accepted_at
    own = BY_ID[first_that_applies(Case(reaction, after, relayed)).id]
    one = Judged(reaction.kind, reaction.at, reaction.number, own.term, own.id)
    everything = [*earlier, one]
    changes = {place: rule for place, rule in _by_others(everything, one)}
    rule = BY_ID[changes.pop(len(earlier), own.id)]
    of_reader = rule.term != Term.MACHINE
    client = "Apple Mail" if rule.id == "apple" else client_of(reaction.user_agent)
    return Judgement(
        rule.term,
        rule.id,
        device=device_of(reaction.user_agent) if of_reader else "",
        client=client if of_reader else "",
        reclassed=tuple((place, BY_ID[id].term, id) for place, id in sorted(changes.items())),
    )


def _by_others(everything: Sequence[Judged], new: Judged) -> Iterator[tuple[int, str]]:
    """The reactions that ``new`` and its neighbours make a machine's, each with the rule."""
    burst = _burst(everything, new)
    traps = [one.at for one in everything if _is_trap(one)]
    for place, one in enumerate(everything):
        if one.rule not in _BY_OTHERS and one.term == Term.MACHINE:
            continue
        near = any(abs(one.at - trap) <= TRAP_REACHES for trap in traps)
        found = _BY_OTHERS[0] if near else _BY_OTHERS[1] if place in burst else one.rule
        if found != one.rule and one.rule != _BY_OTHERS[0]:
            yield place, found


def _is_trap(one: Judged) -> bool:
    return one.kind == "click" and one.number == TRAP


def _burst(everything: Sequence[Judged], new: Judged) -> set[int]:
    """The places of clicks that stand with ``new`` in two seconds of too many different links."""
    if new.kind != "click" or new.number <= TRAP:
        return set()
    near = [
        (one.at, one.number, place)
        for place, one in enumerate(everything)
        if one.kind == "click" and one.number > TRAP and abs(one.at - new.at) <= MANY_WITHIN
    ]
    found: set[int] = set()
    for start, _number, _place in near:
        window = [row for row in near if start <= row[0] <= start + MANY_WITHIN]
        if len({number for _at, number, _place in window}) >= MANY:
            found |= {place for _at, _number, place in window}
    return found
