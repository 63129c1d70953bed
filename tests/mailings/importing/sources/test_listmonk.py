"""listmonk gives everybody with each status, or says why not, and never the token."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.mailings.importing.errors import TooManyRows
from apps.mailings.importing.sources.contract import Bounds, SourceRefused
from apps.mailings.importing.sources.declaration import Declaration
from apps.mailings.importing.sources.kinds import source_of
from tests.http_service import json_reply, not_http, redirect
from tests.mailings.importing.sources.listmonk import TOKEN, USER, Listmonk, subscriber


@pytest.fixture
def listmonk() -> Iterator[Listmonk]:
    with Listmonk() as server:
        yield server


def declared(server: Listmonk, *, token: str = TOKEN, local: bool = True) -> Declaration:
    url = f"{server.url}/"
    return Declaration("old", "listmonk", url=url, user=USER, token=token, local=local)


def saved(declaration: Declaration, path: Path, *, rows: int = 0) -> list[dict[str, str]]:
    source_of(declaration).save(path, Bounds.of(rows=rows, megabytes=1))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_everybody_comes_with_the_status_that_they_have_on_each_list(
    listmonk: Listmonk, tmp_path: Path
) -> None:
    rows = saved(declared(listmonk), tmp_path / "t")
    found = [
        (row["status"], row["lists"], row["unconfirmed_lists"], row["unsubscribed_lists"])
        for row in rows
    ]
    assert found == [
        # A list without confirmation: listmonk calls its members unconfirmed.
        ("enabled", '["News", "Offers, weekly"]', "", ""),
        ("enabled", "", '["News"]', ""),
        ("enabled", '["Offers, weekly"]', "", '["News"]'),
        # Whom it must never write to is suppressed, and not put anywhere.
        ("blocklisted", "", "", ""),
        ("enabled", "", "", ""),
    ]
    assert (rows[0]["email"], rows[0]["attribs"]) == ("p1@example.org", '{"city": "Омск"}')
    pages = [one.path for one in listmonk.requests if "order=asc" in one.path]
    assert len(pages) == 1 + 3  # though they are shorter than asked for


def test_somebody_who_comes_meanwhile_is_read_and_nobody_is_passed_over(
    listmonk: Listmonk, tmp_path: Path
) -> None:
    usual = listmonk.usual

    def more(request: object) -> object:
        if len(listmonk.people) == 5 and "page=2" in listmonk.requests[-1].path:
            listmonk.people.append(subscriber(6))
        return usual(request)  # type: ignore[arg-type]

    listmonk.usual = more  # type: ignore[assignment]
    assert len(saved(declared(listmonk), tmp_path / "t")) == 6


def test_somebody_deleted_meanwhile_is_not_taken_from_somebody_who_is_missing(
    listmonk: Listmonk, tmp_path: Path
) -> None:
    usual = listmonk.usual

    def fewer(request: object) -> object:
        if len(listmonk.requests) == 5:  # between the first page of people and the second
            del listmonk.people[0]
            listmonk.people.append(subscriber(6))
        return usual(request)  # type: ignore[arg-type]

    listmonk.usual = fewer  # type: ignore[assignment]
    with pytest.raises(SourceRefused, match="deleted"):
        saved(declared(listmonk), tmp_path / "t")


def test_what_goes_wrong_is_said_without_address_and_token(
    listmonk: Listmonk, tmp_path: Path
) -> None:
    wrong = declared(listmonk, token="wrong-hunter2")
    for declaration, script, reason in (
        (wrong, None, "log-in"),
        (declared(listmonk, local=False), None, "inside the network"),
        (declared(listmonk), json_reply({"message": "?"}), "no listmonk"),
        (declared(listmonk), json_reply({"data": {"results": [{}], "total": 1}}), "no listmonk"),
        (declared(listmonk), not_http(), "cannot be read"),
        (declared(listmonk), redirect(listmonk.url), "302"),
        (declared(listmonk), json_reply({}, 500), "500"),
    ):
        listmonk.script.extend([script] if script else [])
        with pytest.raises(SourceRefused, match=reason) as caught:
            source_of(declaration).check(Bounds.of(rows=0, megabytes=1))
        assert "hunter2" not in str(caught.value) and "127.0.0.1" not in str(caught.value)
    assert "hunter2" not in repr(wrong)


def test_no_more_rows_come_than_the_site_takes(listmonk: Listmonk, tmp_path: Path) -> None:
    with pytest.raises(TooManyRows):
        saved(declared(listmonk), tmp_path / "t", rows=4)
    assert len(saved(declared(listmonk), tmp_path / "t", rows=5)) == 5
