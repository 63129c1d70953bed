"""Rows whose every write is noted: of one by the model, of several by the queryset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from django.db import models, transaction

from apps.core.audit.acts import Act
from apps.core.audit.log import Fact, Object, write
from apps.core.audit.rule import AuditRule, Row, audit_rule_of
from apps.core.audit.values import Changes, changes_between

M = TypeVar("M", bound=models.Model, covariant=True)

#: Of a write of more rows than this one entry is made, with their number.
MOST: Final = 100
_NOTHING: Final[tuple[Any, ...]] = (None, "", {}, [], (), False)


class _Reader:
    """Reads what is noted of rows as they are stored."""

    def __init__(
        self, model: type[models.Model], rule: AuditRule, among: Iterable[str] | None = None
    ) -> None:
        self.model, self.rule = model, rule
        self.noted = rule.columns(model, among)
        named = [rule.name] if rule.name else []
        self._columns = list(dict.fromkeys(["pk", *self.noted, *named, *rule.unless]))

    def rows(self, found: models.QuerySet[Any]) -> list[dict[str, Any]]:
        """At most one more than are noted one by one."""
        return [*found.order_by().values(*self._columns)[: MOST + 1]]

    def by_ids(self, ids: Sequence[Any]) -> dict[Any, dict[str, Any]]:
        rows = self.model._base_manager.filter(pk__in=ids)
        return {row["pk"]: row for row in rows.values(*self._columns)}

    def one(self, pk: Any) -> dict[str, Any]:
        return self.by_ids([pk]).get(pk, {}) if pk is not None else {}

    def about(self, row: Row) -> Object:
        name = row.get(self.rule.name) if self.rule.name else None
        return Object(self.model._meta.label_lower, row.get("pk"), str(name or "")[:200])

    def several(self) -> Object:
        return Object(self.model._meta.label_lower)

    def values(self, row: Row) -> dict[str, Any]:
        return {name: row.get(name) for name in self.noted}

    def created(self, row: Row) -> Changes:
        """The values that say something: of a new row all others are empty."""
        filled = {name: value for name, value in self.values(row).items() if value not in _NOTHING}
        return self.between({}, filled)

    def between(self, before: Row, after: Row) -> Changes:
        return changes_between(before, after, self.rule.hidden)

    def gone(self, row: Row) -> tuple[Object, Changes]:
        """The object and its last values; of a person neither name nor values."""
        if self.rule.personal:
            return Object(self.model._meta.label_lower, row.get("pk")), {}
        return self.about(row), {name: [pair[1], None] for name, pair in self.created(row).items()}


class AuditedModel(models.Model):
    """Notes in the audit log whenever a row is saved or deleted, as ``audit`` says."""

    audit: ClassVar[AuditRule | None] = None

    class Meta:
        abstract = True

    def save_base(self, raw: bool = False, *args: Any, **kwargs: Any) -> None:
        rule, fields = audit_rule_of(type(self)), kwargs.get("update_fields")
        if rule is None or raw or (fields is not None and not rule.columns(type(self), fields)):
            return super().save_base(raw, *args, **kwargs)
        if not rule.passes({name: getattr(self, name) for name in rule.unless}):
            return super().save_base(raw, *args, **kwargs)
        reader = _Reader(type(self), rule, fields)
        with transaction.atomic(savepoint=False):
            before = {} if self._state.adding else reader.one(self.pk)
            super().save_base(raw, *args, **kwargs)
            _note_saved(reader, before, reader.one(self.pk))
        return None

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        rule = audit_rule_of(type(self))
        if rule is None:
            return super().delete(*args, **kwargs)
        reader = _Reader(type(self), rule)
        with transaction.atomic(savepoint=False):
            before = reader.one(self.pk)
            done = super().delete(*args, **kwargs)
            if before:
                _note_deleted(reader, [before], done)
        return done


def _note_saved(reader: _Reader, before: Row, after: Row) -> None:
    if not before:
        write([Fact(Act.CREATED, reader.about(after), reader.created(after))])
    elif changed := reader.between(reader.values(before), reader.values(after)):
        write([Fact(Act.CHANGED, reader.about(after), changed)])


def _note_deleted(reader: _Reader, rows: Sequence[Row], done: tuple[int, dict[str, int]]) -> None:
    own = reader.model._meta.label
    with_it = {name: count for name, count in done[1].items() if name != own and count}
    details = {"with": with_it} if with_it else {}
    count = done[1].get(own, 0)
    if count <= MOST and count == len(rows):
        kept = [row for row in rows if reader.rule.passes(row)]
        write([Fact(Act.DELETED, *reader.gone(row), details) for row in kept])
    elif count:
        write([Fact(Act.DELETED, reader.several(), details=details, count=count)])


class AuditedQuerySet(models.QuerySet[M]):
    """Notes in the audit log what is written to several rows at once."""

    def update(self, **values: Any) -> int:
        rule = audit_rule_of(self.model)
        noted = rule.columns(self.model, values) if rule is not None else []
        if rule is None or not noted:
            return super().update(**values)
        reader = _Reader(self.model, rule, noted)
        with transaction.atomic(savepoint=False):
            before = reader.rows(self)
            count = super().update(**values)
            _note_updated(reader, before, count, values)
        return count

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        rule = audit_rule_of(self.model)
        if rule is None:
            return super().delete()
        reader = _Reader(self.model, rule)
        with transaction.atomic(savepoint=False):
            before = reader.rows(self)
            done = super().delete()
            _note_deleted(reader, before, done)
        return done

    delete.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rule = audit_rule_of(self.model)
        if rule is None:
            return super().bulk_create(objs, *args, **kwargs)
        reader = _Reader(self.model, rule)
        with transaction.atomic(savepoint=False):
            made = super().bulk_create(objs, *args, **kwargs)
            _note_created(reader, made)
        return made


def _note_created(reader: _Reader, made: Sequence[Any]) -> None:
    """Rows that were there already have no id here: how many came to be is not known then."""
    if len(made) <= MOST and all(row.pk is not None for row in made):
        rows = reader.by_ids([row.pk for row in made]).values()
        kept = [row for row in rows if reader.rule.passes(row)]
        write([Fact(Act.CREATED, reader.about(row), reader.created(row)) for row in kept])
    elif made:
        write([Fact(Act.CREATED, reader.several(), count=len(made))])


def _note_updated(
    reader: _Reader, before: Sequence[Row], count: int, values: Mapping[str, Any]
) -> None:
    if not count:
        return
    if count > MOST or count != len(before):
        after = {name: value for name, value in values.items() if not hasattr(value, "as_sql")}
        changes = reader.between({}, {n: v for n, v in after.items() if n in reader.noted})
        details = {"fields": sorted(reader.noted)}
        write([Fact(Act.CHANGED, reader.several(), changes, details, count)])
        return
    stored = reader.by_ids([row["pk"] for row in before])
    facts = []
    for old in before:
        new = stored.get(old["pk"], {})
        changed = reader.between(reader.values(old), reader.values(new)) if new else {}
        if changed and reader.rule.passes(new):
            facts.append(Fact(Act.CHANGED, reader.about(new), changed))
    write(facts)
