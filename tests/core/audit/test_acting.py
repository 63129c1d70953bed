"""Who acts: visitors by their requests, commands by their names, programs by their kind."""

from __future__ import annotations

import pytest

from apps.core.audit.acting import SYSTEM, Kind, act_as_command, acting, client_of, current


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox"),
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/129.0 Safari/537.36 Edg/129.0", "Edge"),
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/129.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 AppleWebKit/605 Version/17.0 Safari/605", "Safari"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "Python"),
        ("Wget/1.21", "other"),
        ("", ""),
    ],
)
def test_a_program_is_known_by_its_kind_and_not_its_version(user_agent: str, expected: str) -> None:
    assert client_of(user_agent) == expected


def test_a_command_acts_by_its_name() -> None:
    with acting(lambda: SYSTEM):
        act_as_command(["manage.py", "send_mailing", "7"])
        found = current()
    assert (found.kind, found.name, found.client) == (Kind.COMMAND, "send_mailing", "")
    assert current() == SYSTEM


@pytest.mark.parametrize("name", ["serve", "run_scheduler"])
def test_what_serves_the_site_is_no_command_of_somebody(name: str) -> None:
    with acting(lambda: SYSTEM):
        act_as_command(["manage.py", name])
        assert current() == SYSTEM
