"""A query gives its rows and changes nothing, on both databases."""

from __future__ import annotations

import csv
import sqlite3
import time
from pathlib import Path

import pytest
from django.db import connection

from apps.mailings.importing.sources.contract import Bounds, SourceRefused
from apps.mailings.importing.sources.declaration import Declaration
from apps.mailings.importing.sources.kinds import source_of

pytestmark = pytest.mark.engine

SELECT = "SELECT 'anna@example.org' AS email, 'Анна, \"А\"' AS full_name, NULL AS comment"


@pytest.fixture
def database(tmp_path: Path, db: None) -> str:
    """The address of a database of the kind that the tests run on, with a table ``people``."""
    if connection.vendor == "postgresql":
        named = connection.settings_dict
        return f"postgresql://{named['USER']}@{named['HOST']}:{named['PORT']}/{named['NAME']}"
    path = tmp_path / "crm.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE people (email text)")
    made.close()
    return f"sqlite:///{path}"


def saved(url: str, query: str, path: Path, **bounds: float) -> list[dict[str, str]]:
    source = source_of(Declaration("crm", "sql", url=url, query=query))
    limits = {"rows": 0, "megabytes": 1, **bounds}
    source.save(path, Bounds.of(**limits))  # type: ignore[arg-type]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_its_columns_and_values_become_a_table(database: str, tmp_path: Path) -> None:
    [row] = saved(database, SELECT, tmp_path / "t")
    assert row == {"email": "anna@example.org", "full_name": 'Анна, "А"', "comment": ""}


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="types of PostgreSQL")
def test_values_of_every_type_become_text(database: str, tmp_path: Path) -> None:
    query = (
        "SELECT true AS b, 1.50::numeric AS n, DATE '2026-11-30' AS d,"
        " '{\"a\": \"я\"}'::jsonb AS j, ARRAY['x', 'y'] AS l, 'пр'::bytea AS x"
    )
    [row] = saved(database, query, tmp_path / "t")
    assert list(row.values()) == ["true", "1.50", "2026-11-30", '{"a": "я"}', '["x", "y"]', "пр"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("INSERT INTO people (email) VALUES ('x') RETURNING email", "."),
        ("DELETE FROM people", "."),
        ("SELECT * FROM nowhere_hunter2", "refuses the query"),
        ("SELECT 1 AS email WHERE 1 = 0", "no rows"),
    ],
)
def test_what_is_no_list_is_refused_without_the_query(
    database: str, tmp_path: Path, query: str, reason: str
) -> None:
    with pytest.raises(SourceRefused, match=reason) as caught:
        saved(database, query, tmp_path / "t")
    assert "hunter2" not in str(caught.value) and "people" not in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS email; COMMIT; CREATE TABLE left_behind (x int)",
        "SELECT 1 AS email; COMMIT; BEGIN READ WRITE; CREATE TABLE left_behind (x int); COMMIT",
        "SELECT 1 AS email; CREATE TABLE left_behind (x int)",
    ],
)
def test_nothing_follows_the_one_statement(database: str, tmp_path: Path, query: str) -> None:
    with pytest.raises(SourceRefused):
        saved(database, query, tmp_path / "t")
    with pytest.raises(SourceRefused):  # no such table
        saved(database, "SELECT count(*) AS email FROM left_behind", tmp_path / "t")


def test_signs_of_sql_inside_a_text_are_text(database: str, tmp_path: Path) -> None:
    query = "SELECT 'a;b''c%s\\d$$' AS email; -- and that is all"
    assert saved(database, query, tmp_path / "t") == [{"email": "a;b'c%s\\d$$"}]


def test_a_query_that_takes_too_long_is_given_up(database: str, tmp_path: Path) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) AS email FROM n"
    )
    began = time.monotonic()
    with pytest.raises(SourceRefused, match="within 60 seconds"):
        saved(database, endless, tmp_path / "t", seconds=0.2)
    assert time.monotonic() - began < 20


def test_nobody_is_there(tmp_path: Path) -> None:
    for url in ("postgresql://x:hunter2@127.0.0.1:1/hunter2", "sqlite:////nowhere/hunter2"):
        with pytest.raises(SourceRefused) as caught:
            saved(url, SELECT, tmp_path / "t")
        assert "hunter2" not in str(caught.value)
