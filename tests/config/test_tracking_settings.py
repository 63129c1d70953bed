"""What ``.env`` says of measuring is read strictly: an address of it is in letters for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_environment import env_file, loaded, refusal

__all__ = ["env_file"]


def test_nothing_said_measures_persons_for_400_days_by_the_site(env_file: Path) -> None:
    assert loaded(env_file).measuring == ("persons", False, True, 400, "")


def test_a_domain_of_ones_own_is_written_in_ascii_and_without_a_slash(env_file: Path) -> None:
    found = loaded(env_file, "LINK_URL=https://ссылки.рф/")
    assert found.link_url == "https://" + "ссылки.рф".encode("idna").decode()
    account = ("ACCOUNTS__NEWS__KIND=outbox", "ACCOUNTS__NEWS__LINK_URL=https://Links.example.org/")
    assert loaded(env_file, *account).accounts["news"].link_url == "https://links.example.org"


@pytest.mark.parametrize(
    "line",
    ["TRACKING=all", "TRACKING_KEEP_DAYS=0", "LINK_URL=links.example.org", "LINK_URL=https://a/b"],
)
def test_what_cannot_be_is_refused(line: str, env_file: Path) -> None:
    assert refusal(env_file, line)
