"""Indexes of single attributes: which there are. Only manage.py attributes makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from django.db import connection

from apps.mailings.models import Recipient

#: The index of all attributes at once, for tests of equality.
OF_ALL: Final = "recipient_attributes_all"
_PREFIX: Final = "recipient_attribute_"


def index_name(attribute: str) -> str:
    """The name of the index of one attribute, the same for every owner."""
    return _PREFIX + hashlib.sha256(attribute.encode()).hexdigest()[:16]


def indexed_attributes(names: Iterable[str]) -> frozenset[str]:
    """Those of the attributes that have an index of their own."""
    by_index = {index_name(name): name for name in names}
    if connection.vendor != "postgresql" or not by_index:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = %s::regclass AND i.indisvalid AND c.relname = ANY(%s)",
            [Recipient._meta.db_table, list(by_index)],
        )
        return frozenset(by_index[found] for (found,) in cursor.fetchall())
