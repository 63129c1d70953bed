"""Where automations that people are in, or may come into, use a message, list, tag or the like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.models import Automation, AutomationVersion
from apps.automations.services.references import named_by, trees_of
from apps.mailings.models import MailingList, Message, Segment, Sender, Tag
from apps.mailings.segments import rows_named

_ASKED: Final = (MailingList, Message, Segment, Sender, Tag)
#: As conditions name them.
_KINDS: Final = {MailingList: "lists", Tag: "tags"}


def places_of(row: Any) -> list[str]:
    """The automations, each with its step, whose people would miss this row."""
    if not isinstance(row, _ASKED):
        return []
    found = []
    for version in _alive(row):
        for where in _places(Definition.model_validate(version.definition), row):
            found.append(_shown(version, where, row.owner_id))
    return list(dict.fromkeys(found))


def _alive(row: Any) -> Iterator[AutomationVersion]:
    """Versions in force, and those that somebody is still inside; a sender may be shared."""
    in_force = Q(
        automation__version=F("pk"),
        automation__state__in=(Automation.State.ACTIVE, Automation.State.PAUSED),
    )
    inside = Q(entered__gt=F("finished") + F("left"))
    rows = AutomationVersion.objects.filter(in_force | inside)
    if not isinstance(row, Sender):
        rows = rows.filter(automation__owner_id=row.owner_id)
    yield from rows.select_related("automation").order_by("automation", "number")


def _places(found: Definition, row: Any) -> Iterator[str]:
    for where, table, pk in named_by(found):
        if isinstance(row, table) and pk == row.pk:
            yield where
    for where, tree in trees_of(found):
        if (_KINDS.get(type(row), ""), row.pk) in rows_named(tree):
            yield where
    for one in found.steps:
        if isinstance(row, Sender) and isinstance(one, Send) and one.sender == row.pk:
            yield one.key


def _shown(version: AutomationVersion, where: str, owner_id: int) -> str:
    automation = version.automation
    if automation.owner_id != owner_id:
        return _("an automation of another user")
    text = _("automation “%(name)s” (id:%(id)s), %(step)s")
    return text % {"name": automation.name, "id": automation.pk, "step": where}
