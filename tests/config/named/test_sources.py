"""The sources of ``.env``: what each kind needs, and what is said when it is not there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.named.sources import SourceSettings


@dataclass(frozen=True)
class Person:
    """A user, as far as a source asks."""

    email: str
    sees_all: bool = False
    pk: int = 1


SQL = {"kind": "sql", "url": "postgresql://h/crm", "query": "SELECT 1"}
FILE = {"kind": "file", "path": "crm.csv"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({**SQL, "url": "mysql://hunter2"}, "must begin with postgresql:// or sqlite:///"),
        ({**SQL, "query": ""}, "sql needs QUERY"),
        ({"kind": "listmonk", "url": "https://hunter2"}, "listmonk needs USER and TOKEN"),
        ({**FILE, "map": "hunter2"}, "is not COLUMN=FIELD, parted by commas"),
        ({**FILE, "nightly": "3"}, "NIGHTLY needs OWNER"),
        ({**FILE, "missing_tag": "gone"}, "MISSING_TAG needs another TAG"),
        ({**FILE, "tag": "crm", "missing_tag": "crm"}, "MISSING_TAG needs another TAG"),
        ({**FILE, "users": "hunter2"}, "users' email addresses"),
        ({**FILE, "users": "everybody,hunter2"}, "users' email addresses"),
    ],
)
def test_what_is_wrong_is_said_without_the_value(fields: dict[str, str], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SourceSettings.model_validate(fields)
    [error] = caught.value.errors(include_input=False, include_context=False)
    assert reason in error["msg"] and "hunter2" not in error["msg"]


def test_a_source_is_declared_with_its_columns_and_for_whom_it_is() -> None:
    found = SourceSettings.model_validate(
        {**FILE, "map": "crm_state=status, id=-", "users": "managers", "nightly": "3"}
        | {"owner": "Anna@Example.org"}
    ).declared("crm")
    assert found.mapping == {"crm_state": "status", "id": "-"}
    assert (found.owner, found.hour, found.users) == (
        "anna@example.org",
        3,
        frozenset({"managers"}),
    )
    sqlite = SourceSettings.model_validate({**SQL, "url": "sqlite:///var/crm.db"}).declared("crm")
    assert sqlite.url.startswith("sqlite:////") and sqlite.url.endswith("/var/crm.db")
    assert found.path.is_absolute() and found.path.name == Path("crm.csv").name


def test_that_everybody_may_use_it_has_to_be_written() -> None:
    anna, bob = Person("anna@example.org"), Person("bob@example.org")
    mary = Person("mary@example.org", sees_all=True)

    def may(**fields: str) -> list[str]:
        found = SourceSettings.model_validate({**FILE, **fields}).declared("crm")
        return [one.email for one in (anna, bob, mary) if found.is_for(one)]

    assert may() == [mary.email]
    assert may(owner="Anna@example.org") == [anna.email, mary.email]
    assert may(users="bob@example.org", owner=anna.email) == [bob.email]
    assert may(users="bob@example.org, managers") == [bob.email, mary.email]
    assert may(users="Everybody") == [anna.email, bob.email, mary.email]
