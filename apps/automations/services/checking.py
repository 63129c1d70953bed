"""Does everything that a definition names exist, and may its owner use it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_noop as _

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
from apps.automations.definition.reading import DefinitionInvalid, invalid
from apps.automations.models import Automation
from apps.mailings.models import Mailing, MailingList, Message, Segment, Tag
from apps.mailings.segments import SegmentInvalid, checked
from apps.users.models import User

#: Where it stands, the table, and the id.
Named = tuple[str, type[Model], int]


def check_usable(found: Definition, owner: User, automation_id: int | None) -> None:
    """Raise DefinitionInvalid with the place of the first thing that this owner cannot use."""
    for refused in unusable(found, owner, automation_id):
        raise refused


def unusable(
    found: Definition, owner: User, automation_id: int | None
) -> Iterator[DefinitionInvalid]:
    """Everything that this owner cannot use, each with its place (``where``)."""
    for where, table, pk in _named(found):
        rows = table._default_manager.filter(owner_id=owner.pk, pk=pk)
        if hasattr(table, "archived_at"):
            rows = rows.filter(archived_at=None)
        if not rows.exists():
            text = _("%(where)s: the %(what)s (id:%(id)s) does not exist.")
            what = str(table._meta.verbose_name)
            yield invalid(text, where=where, what=what, id=pk)
    for where, tree in _trees(found):
        try:
            checked(tree, owner)
        except SegmentInvalid as error:
            yield invalid(_("%(where)s: %(why)s"), where=where, why=str(error))
    for one in found.steps:
        if isinstance(one, Act) and one.automation is not None and one.automation == automation_id:
            yield invalid(_("%(where)s: an automation cannot enrol in itself."), where=one.key)


def _named(found: Definition) -> Iterator[Named]:
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


def _trees(found: Definition) -> Iterator[tuple[str, dict[str, Any]]]:
    if found.exits.goal is not None:
        yield "exits", found.exits.goal
    for one in found.steps:
        if isinstance(one, Condition) and one.tree is not None:
            yield one.key, one.tree
