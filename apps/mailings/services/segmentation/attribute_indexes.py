"""Indexes of custom fields, made and dropped while everything goes on."""

from __future__ import annotations

from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from apps.mailings.models import AttributeDefinition, Recipient
from apps.mailings.segments.attribute_indexes import OF_ALL, index_name
from apps.mailings.services.segmentation.attributes import AttributeUnknown

_TABLE: Final = Recipient._meta.db_table


def make_index(name: str) -> str:
    """Make the index of one custom field; of all, for an empty name. Returns its name.

    Raises AttributeUnknown. One that an interrupted call left behind unfinished is made anew.
    """
    index = _index(name)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relname = %s",
            [index],
        )
        found = cursor.fetchone()
        if found == (True,):
            return index
        if found is not None:
            cursor.execute(f"DROP INDEX CONCURRENTLY {index}")
        what, params = "(owner_id, (attributes -> %s))", [name]
        if not name:
            what, params = "USING gin (attributes jsonb_path_ops)", []
        cursor.execute(f"CREATE INDEX CONCURRENTLY {index} ON {_TABLE} {what}", params)
        cursor.execute(f"ANALYZE {_TABLE}")
    return index


def drop_index(name: str) -> str:
    """Drop it, if it is there. Returns its name. Raises AttributeUnknown."""
    index = _index(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
    return index


def _index(name: str) -> str:
    if name and not AttributeDefinition.objects.filter(name=name).exists():
        raise AttributeUnknown(_("There is no custom field “%(name)s”.") % {"name": name[:60]})
    return index_name(name) if name else OF_ALL
