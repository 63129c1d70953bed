"""The audit log as this app knows it: facts go in through a slot, and never come back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from apps.core.audit.acting import Acting, current
from apps.core.audit.acts import Act
from apps.core.audit.values import Changes
from apps.core.slots import Slot


@dataclass(frozen=True, slots=True)
class Object:
    """What was acted on: the label of its model, its id (None: several, or no row), its name."""

    kind: str = ""
    pk: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One act on one object, or on ``count`` of a kind at once."""

    act: Act
    about: Object = Object()
    changes: Changes = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1


class AuditLog(ABC):
    """Where facts are kept for good."""

    @abstractmethod
    def write(self, facts: Sequence[Fact], by: Acting) -> None:
        """Keep them, in the caller's transaction."""


audit_log: Slot[AuditLog] = Slot("audit_log")


_muted: ContextVar[bool] = ContextVar("audit_muted", default=False)


@contextmanager
def noted_as_one() -> Iterator[None]:
    """Inside nothing is noted: the caller notes all of it as one act.

    For acts of many writes, and for an erasure, whose entries would say what is erased.
    """
    before = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(before)


def write(facts: Sequence[Fact], by: Acting | None = None) -> None:
    """Keep these facts, of the one who acts now."""
    if facts and not _muted.get():
        audit_log.value.write(facts, by or current())


def record(
    act: Act,
    about: Object | models.Model | type[models.Model] | None = None,
    *,
    details: Mapping[str, Any] | None = None,
    changes: Changes | None = None,
    count: int = 1,
    by: Acting | None = None,
) -> None:
    """Note an act that no write of an audited row shows. Call it in the transaction of the act."""
    fact = Fact(act, _object(about), changes or {}, details or {}, count)
    write([fact], by)


def _object(about: Object | models.Model | type[models.Model] | None) -> Object:
    if about is None or isinstance(about, Object):
        return about or Object()
    kind = about._meta.label_lower
    if isinstance(about, models.Model):
        return Object(kind, about.pk, str(about))
    return Object(kind)
