"""Links of many to many, which Django keeps in tables without a model of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.db.models.signals import m2m_changed

from apps.core.audit.acts import Act
from apps.core.audit.log import Fact, Object, write
from apps.core.audit.rule import audit_rule_of

#: So many ids of links stand in one entry.
LISTED: Final = 1000
_NOTED: Final = ("post_add", "post_remove", "pre_clear")


def connect() -> None:
    """Begin to note links of audited models. Called once, when the apps are ready."""
    m2m_changed.connect(_note, dispatch_uid="audit_links")


def _note(sender: Any, instance: Any, action: str, reverse: bool, **facts: Any) -> None:
    holder = facts["model"] if reverse else type(instance)
    rule = audit_rule_of(holder)
    if rule is None or action not in _NOTED or not rule.passes(_row(instance, rule.unless)):
        return
    field = next(one for one in holder._meta.many_to_many if one.remote_field.through is sender)
    ids = facts["pk_set"] if action != "pre_clear" else _linked(sender, field, instance, reverse)
    if not ids:
        return
    added = action == "post_add"
    if not reverse:
        name = str(getattr(instance, rule.name, "") or "")[:200]
        _write(Object(holder._meta.label_lower, instance.pk, name), field.name, ids, added)
        return
    for pk in sorted(ids):
        _write(Object(holder._meta.label_lower, pk), field.name, [instance.pk], added)


def _row(instance: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(instance, name, None) for name in names}


def _linked(through: Any, field: Any, instance: models.Model, reverse: bool) -> list[Any]:
    """What is linked now, before all of it is removed."""
    own, other = field.m2m_field_name(), field.m2m_reverse_field_name()
    mine, theirs = (other, own) if reverse else (own, other)
    found = through._base_manager.filter(**{mine: instance.pk})
    return list(found.values_list(f"{theirs}_id", flat=True))


def _write(about: Object, name: str, ids: Iterable[Any], added: bool) -> None:
    found = sorted(ids)
    listed = found[:LISTED]
    changes: dict[str, list[Any]] = {name: [[], listed] if added else [listed, []]}
    write([Fact(Act.CHANGED, about, changes, {"links": len(found)})])
