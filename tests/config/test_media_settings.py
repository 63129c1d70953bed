"""What ``.env`` says of pictures is read strictly: their addresses are in letters for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_environment import env_file, loaded, refusal

__all__ = ["env_file"]


def test_nothing_said_is_a_share_of_two_gigabytes_given_out_by_the_site(env_file: Path) -> None:
    found = loaded(env_file)
    assert (found.media_quota_mb, found.media_base_url, found.media_accel_redirect) == (
        2048,
        "",
        "",
    )


def test_another_host_is_written_in_ascii_and_without_a_slash(env_file: Path) -> None:
    found = loaded(env_file, "MEDIA_BASE_URL=https://Рассылка.рф/")
    assert found.media_base_url == "https://xn--80aa3adxha4f.xn--p1ai"


@pytest.mark.parametrize(
    "line",
    [
        "MEDIA_BASE_URL=https://cdn.example.org/pictures",
        "MEDIA_BASE_URL=cdn.example.org",
        "MEDIA_BASE_URL=//cdn.example.org",
        "MEDIA_ACCEL_REDIRECT=_pictures/",
        "MEDIA_ACCEL_REDIRECT=/_pictures",
        "MEDIA_ACCEL_REDIRECT='/a b/'",
        "MEDIA_QUOTA_MB=-1",
        "MEDIA_QUOTA_MB=plenty",
    ],
)
def test_what_makes_no_address_is_refused(line: str, env_file: Path) -> None:
    (text,) = refusal(env_file, line)
    assert text.startswith(line.partition("=")[0])


def test_a_place_for_the_server_in_front_begins_and_ends_with_a_slash(env_file: Path) -> None:
    found = loaded(env_file, "MEDIA_ACCEL_REDIRECT=/_pictures/")
    assert found.media_accel_redirect == "/_pictures/"
