"""What the audit log keeps of a change, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, ForeignKey, Model
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.core.audit.rule import audit_rule_of


@dataclass(frozen=True, slots=True)
class Change:
    """A changed field in words, with its value before and after."""

    label: str
    before: str
    after: str


@cache
def noted_models() -> dict[str, type[Model]]:
    """The models whose rows are noted, by their labels."""
    return {model._meta.label_lower: model for model in apps.get_models() if audit_rule_of(model)}


def changes_in_words(kind: str, changes: Mapping[str, Any]) -> Iterator[Change]:
    """The changes of one row; ``kind``: the label of its model."""
    model = noted_models().get(kind)
    for name, pair in changes.items():
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
        field = _field_of(model, name)
        label = _label_of(field, name)
        yield Change(label, value_in_words(before, field), value_in_words(after, field))


def _field_of(model: type[Model] | None, name: str) -> Any:
    """The field of this name, or of this column, or None when the model has none any more."""
    head = name.partition(".")[0]
    for candidate in (head, head.removesuffix("_id")):
        try:
            return model._meta.get_field(candidate) if model is not None else None
        except FieldDoesNotExist:
            continue
    return None


def _label_of(field: Any, name: str) -> str:
    _head, dot, rest = name.partition(".")
    label = getattr(field, "verbose_name", None)
    return f"{label}{dot}{rest}" if label else name


def value_in_words(value: Any, field: Any = None) -> str:
    """The value as people read it: choices by their labels, moments in the reader's zone."""
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    labels = dict(getattr(field, "flatchoices", None) or ())
    if value in labels:
        return str(labels[value])
    if isinstance(field, DateTimeField) and (moment := parse_datetime(str(value))) is not None:
        return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    return f"(id:{value})" if isinstance(field, ForeignKey) else str(value)
