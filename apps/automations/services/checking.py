"""Does everything that a definition names exist, and may its owner use it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_noop as _

from apps.automations.announcing import listened_to
from apps.automations.colleagues import colleague
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
    for _where, refusal in problems_of(found, owner, automation_id):
        raise refusal


def problems_of(
    found: Definition, owner: User, automation_id: int | None
) -> Iterator[tuple[str, DefinitionInvalid]]:
    """Each thing that this owner cannot use, with the key of the step at which it is named."""
    for where, table, pk in named_by(found):
        rows = table._default_manager.filter(owner_id=owner.pk, pk=pk)
        if hasattr(table, "archived_at"):
            rows = rows.filter(archived_at=None)
        if not rows.exists():
            text = _("%(where)s: the %(what)s (id:%(id)s) does not exist.")
            what = str(table._meta.verbose_name)
            yield where, invalid(text, where=where, what=what, id=pk)
    for where, tree in trees_of(found):
        try:
            checked(tree, owner)
        except SegmentInvalid as error:
            yield where, invalid(_("%(where)s: %(why)s"), where=where, why=str(error))
    for one in found.steps:
        if isinstance(one, Act):
            yield from _problems_of_act(one, owner, automation_id)


def _problems_of_act(
    one: Act, owner: User, automation_id: int | None
) -> Iterator[tuple[str, DefinitionInvalid]]:
    where = one.key
    if one.automation is not None and one.automation == automation_id:
        yield where, invalid(_("%(where)s: an automation cannot enrol in itself."), where=where)
    if one.act == "webhook" and not listened_to(owner.pk):
        text = _("%(where)s: you have no webhook that receives automations.")
        yield where, invalid(text, where=where)
    if one.act == "notify" and colleague(owner, one.to) is None:
        text = _("%(where)s: only you and managers can be notified, not %(email)s.")
        yield where, invalid(text, where=where, email=one.to)


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
