"""A file behind an address comes as it is, by the fetcher that keeps out of the house."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.mailings.importing.sources.contract import Bounds, SourceRefused
from apps.mailings.importing.sources.declaration import Declaration
from apps.mailings.importing.sources.kinds import source_of
from tests.http_service import HttpService, answer

LIST = "email;имя\nanna@example.org;Анна\n".encode("cp1251")


def test_a_file_is_taken_as_it_is_with_the_log_in_that_is_declared(tmp_path: Path) -> None:
    with HttpService(answer(LIST)) as server:
        for user, scheme in (("", "Bearer"), ("crm", "Basic")):
            declaration = Declaration(
                "crm", "url", url=server.url, user=user, token="t", local=True
            )
            source_of(declaration).save(tmp_path / "t", Bounds.of(rows=0, megabytes=1))
            assert (tmp_path / "t").read_bytes() == LIST
            assert server.requests[-1].headers["authorization"].startswith(scheme)
        asked = len(server.requests)
        inside = Declaration("crm", "url", url=server.url)
        with pytest.raises(SourceRefused, match="inside the network"):
            source_of(inside).save(tmp_path / "t", Bounds.of(rows=0, megabytes=1))
        assert len(server.requests) == asked


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    source = source_of(Declaration("crm", "file", path=path))
    with pytest.raises(SourceRefused, match="cannot be read"):
        source.check(Bounds.of(rows=0, megabytes=1))
    path.write_bytes(LIST)
    source.save(tmp_path / "t", Bounds.of(rows=0, megabytes=1))
    assert (tmp_path / "t").read_bytes() == LIST
    with pytest.raises(SourceRefused, match="more than 0 MB"):
        source.save(tmp_path / "t", Bounds.of(rows=0, megabytes=0))
