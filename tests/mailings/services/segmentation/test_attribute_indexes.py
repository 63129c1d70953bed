"""``manage.py attributes index``: made beside the work, used by the conditions, and dropped."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.mailings.models import AttributeDefinition, Recipient
from apps.mailings.segments import ground_of, members
from apps.mailings.segments.attribute_indexes import OF_ALL, index_name, indexed_attributes
from apps.users.models import User
from tests.factories import RecipientFactory, UserFactory

#: No transaction may be open: CONCURRENTLY refuses one.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]
ON_POSTGRESQL = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="its own indexes")


def command(*args: str) -> str:
    out = io.StringIO()
    call_command("attributes", "index", *args, stdout=out)
    return out.getvalue().strip()


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Recipient._meta.db_table)
    return {name for name, what in found.items() if what["index"] and "attribute" in name}


@pytest.fixture
def owner(db: None) -> Iterator[User]:
    owner = UserFactory.create()
    AttributeDefinition.objects.create(owner=owner, name="город", kind="text")
    yield owner
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for name in indexes():
                cursor.execute(f"DROP INDEX IF EXISTS {name}")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite")
def test_sqlite_needs_none_and_says_so(owner: User) -> None:
    assert "SQLite" in command("город") and "SQLite" in command("--all", "--drop")
    assert indexes() == set() and indexed_attributes(["город"]) == frozenset()


@ON_POSTGRESQL
def test_an_index_is_made_once_known_used_and_dropped(owner: User) -> None:
    RecipientFactory.create(owner=owner, attributes={"город": "Омск"})
    assert command("город") == index_name("город") == command("город")
    assert indexed_attributes(["город", "x"]) == {"город"}
    node = {"field": "attribute", "name": "город", "op": "is", "value": "Омск"}
    found = members({"version": 1, "root": {"all": [node]}}, ground_of(owner, timezone.now()))
    assert found.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        plan = found.order_by().explain()
        cursor.execute("RESET enable_seqscan")
    assert index_name("город") in plan
    assert command("город", "--drop") == index_name("город")
    assert indexes() == set() and indexed_attributes(["город"]) == frozenset()
    command("город", "--drop")  # a second time is no mistake


@ON_POSTGRESQL
def test_one_index_serves_equality_of_all(owner: User) -> None:
    assert command("--all") == OF_ALL and indexes() == {OF_ALL}
    command("--all", "--drop")
    assert indexes() == set()


@ON_POSTGRESQL
def test_what_an_interrupted_call_left_unfinished_is_made_anew(owner: User) -> None:
    name = command("город")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name]
        )
    assert indexed_attributes(["город"]) == frozenset()
    command("город")
    assert indexed_attributes(["город"]) == {"город"}


@ON_POSTGRESQL
def test_a_field_that_does_not_exist_gets_no_index(owner: User) -> None:
    with pytest.raises(CommandError, match="attribute_unknown"):
        command("nothing")
    assert indexes() == set()
