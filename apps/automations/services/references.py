"""What a definition names, and at which of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model

from apps.automations.definition.parts import (
    Act,
    AnyStep,
    Condition,
    Definition,
    LetterTrigger,
    SegmentTrigger,
    Send,
    SubscribedTrigger,
    TagTrigger,
    Trigger,
    Wait,
)
from apps.automations.models import Automation
from apps.mailings.models import Mailing, MailingList, Message, Segment, Tag

#: Where it stands, the table, and the id.
Named = tuple[str, type[Model], int]


def named_by(found: Definition) -> Iterator[Named]:
    """Every row that it names by its id."""
    yield from _of_trigger(found.trigger)
    for one in found.steps:
        yield from _of_step(one)


def _of_trigger(trigger: Trigger) -> Iterator[Named]:
    if isinstance(trigger, SubscribedTrigger):
        yield "trigger", MailingList, trigger.list
    elif isinstance(trigger, TagTrigger):
        yield "trigger", Tag, trigger.tag
    elif isinstance(trigger, SegmentTrigger):
        yield "trigger", Segment, trigger.segment
    elif isinstance(trigger, LetterTrigger):
        yield "trigger", Mailing, trigger.mailing


def _of_step(one: AnyStep) -> Iterator[Named]:
    if isinstance(one, Send):
        yield one.key, Message, one.message
    elif isinstance(one, Wait):
        if one.until is not None and one.until.tag is not None:
            yield one.key, Tag, one.until.tag
    elif isinstance(one, Act):
        named = ((Tag, one.tag), (MailingList, one.list), (Automation, one.automation))
        for table, pk in named:
            if pk is not None:
                yield one.key, table, pk


def trees_of(found: Definition) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every tree of conditions, and where it stands."""
    if found.exits.goal is not None:
        yield "exits", found.exits.goal
    for one in found.steps:
        if isinstance(one, Condition) and one.tree is not None:
            yield one.key, one.tree
