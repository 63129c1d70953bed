"""Every table as lines of JSON: the same lines on every database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from django.apps.registry import Apps
from django.db import connection, models
from django.db.models import Field, Model
from psycopg2.extras import execute_values

#: Sign-ins, signs of life, and what providers let us do for those who sign in.
LEFT_OUT: Final = frozenset(
    {
        *("django_session", "delivery_heartbeat", "users_formsubmission"),
        *("socialaccount_socialapp", "socialaccount_socialtoken"),
    }
)
#: What migrations put in themselves: restored rows take their place.
FILLED: Final = frozenset(
    {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
)
#: Rows that are in memory at a time.
CHUNK: Final = 1000

_AnyField = Field[Any, Any]
_READERS: Final[dict[type[_AnyField], Callable[[str], object]]] = {
    models.DateTimeField: datetime.fromisoformat,
    models.DateField: date.fromisoformat,
    models.TimeField: time.fromisoformat,
}
#: Kinds that a database stores in a way of its own.
_PREPARED: Final = (
    *(models.DateField, models.TimeField, models.JSONField, models.GenericIPAddressField),
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table, through the model that describes it now."""

    model: type[Model]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def fields(self) -> list[_AnyField]:
        """What is stored; a generated column makes itself again."""
        own = self.model._meta.concrete_fields
        return [one for one in own if not isinstance(one, models.GeneratedField)]

    @property
    def columns(self) -> list[str]:
        return [str(one.column) for one in self.fields]

    def lines(self) -> Iterator[bytes]:
        """Its rows by id, read a chunk at a time."""
        names = [one.attname for one in self.fields]
        rows = self.model._base_manager.order_by("pk").values_list(*names)
        for row in rows.iterator(chunk_size=CHUNK):
            text = json.dumps(row, default=_text, ensure_ascii=False, separators=(",", ":"))
            yield f"{text}\n".encode()

    def is_empty(self) -> bool:
        return not self.model._base_manager.exists()

    def clear(self) -> None:
        """Delete all rows, without asking what hangs on them."""
        rows = self.model._base_manager.all()
        rows._raw_delete(rows.db)

    def insert(self, rows: Sequence[list[Any]]) -> None:
        """Put these rows in, as they are: no default, no signal."""
        prepare = [_prepared(one) for one in self.fields]
        found: list[list[Any]] = [
            [act(value) if act and value is not None else value for act, value in zip(prepare, row)]
            for row in rows
        ]
        quote = connection.ops.quote_name
        head = f"INSERT INTO {quote(self.name)} ({', '.join(map(quote, self.columns))}) VALUES"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                execute_values(cursor.cursor, f"{head} %s", found, page_size=len(found))
            else:
                cursor.executemany(f"{head} ({', '.join(['%s'] * len(prepare))})", found)


def tables(registry: Apps) -> list[Table]:
    """All tables that an archive holds, each after those that it refers to, where that is
    possible."""
    found = sorted(
        (
            one
            for one in registry.get_models(include_auto_created=True)
            if one._meta.managed and not one._meta.proxy and one._meta.db_table not in LEFT_OUT
        ),
        key=lambda one: one._meta.db_table,
    )
    placed: dict[type[Model], None] = {}
    for model in found:
        _place(model, placed, set())
    return [Table(model) for model in placed if model in found]


def _place(model: type[Model], placed: dict[type[Model], None], above: set[type[Model]]) -> None:
    if model in placed or model in above:
        return
    for one in model._meta.concrete_fields:
        if isinstance(one.remote_field, models.ForeignObjectRel) and one.related_model:
            _place(one.related_model, placed, above | {model})
    placed[model] = None


def _text(value: object) -> str:
    """Moments, days and times of day: the rest is JSON already."""
    assert isinstance(value, (date, time)), value
    return value.isoformat()


def _prepared(field: _AnyField) -> Callable[[Any], object] | None:
    """What a value of this field goes through before the database has it; None: nothing."""
    if not isinstance(field, _PREPARED):
        return None
    read = next((act for kind, act in _READERS.items() if isinstance(field, kind)), None)
    if read is None:
        return lambda value: field.get_db_prep_save(value, connection)
    return lambda value: field.get_db_prep_save(read(value), connection)
