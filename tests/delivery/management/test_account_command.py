"""``manage.py account``: what the page of the sending accounts does, on the command line."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.live_accounts import LiveAccounts
from tests.env_file import env_file
from tests.smtp_script import Behavior
from tests.smtp_server import SmtpServer

__all__ = ["env_file"]  # a fixture

pytestmark = pytest.mark.django_db

Live = tuple[Path, LiveAccounts]


def run(*args: str, typed: str = "") -> tuple[int, str, str]:
    """The exit code, and what was said; ``typed`` comes by standard input."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(typed)
    try:
        call_command("account", *args, stdout=out, stderr=err)
        code: object = 0
    except SystemExit as left:
        code = left.code
    finally:
        sys.stdin = before
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()


def test_an_account_is_added_by_a_preset_tested_and_listed(env_file: Live) -> None:
    _file, live = env_file
    behavior = Behavior(auth=("PLAIN",), user="anna", password="pass word")
    with SmtpServer(behavior) as server:
        keys = (f"PORT={server.port}", "USERNAME=anna", "FROM_EMAIL=news@example.org")
        add = ("add", "news", "--preset", "postfix", "--set", *keys, "--secret", "password")
        assert run(*add, typed="wrong\n")[0] == 1
        assert "news" not in live.accounts
        assert run(*add, typed="pass word\n")[0] == 0
    assert live.accounts["news"].password == "pass word"
    listed = run("list")[1]
    assert f"127.0.0.1:{server.port}" in listed and "news@example.org" in listed
    assert "pass word" not in listed


def test_an_account_is_edited_and_removed(env_file: Live) -> None:
    _file, live = env_file
    live.save("news", {"kind": "outbox"})
    assert run("edit", "news", "--set", "PER_DAY=500")[0] == 0
    assert live.accounts["news"].per_day == 500
    assert run("edit", "news", "--set", "PER_DAY=")[0] == 0
    assert live.keys_of("news") == {"kind": "outbox"}
    assert run("remove", "news")[0] == 0
    assert "news" not in live.accounts


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("add", "news", "--set", "KIND=outbox"), "account_refused"),  # there is one
        (("edit", "nobody", "--set", "PER_DAY=5"), "account_refused"),
        (("edit", "news", "--set", "PER_DAY=many"), "account_refused"),
        (("edit", "news", "--set", "NO_SUCH_KEY=5"), "account_refused"),
        (("edit", "news", "--set", "FALLBACK=nobody"), "environment_wrong"),
        (("remove", "nobody"), "account_refused"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(
    env_file: Live, args: tuple[str, ...], code: str
) -> None:
    _file, live = env_file
    live.save("news", {"kind": "outbox"})
    left, _out, err = run(*args)
    assert left == 2 and f"[{code}]" in err
    assert live.keys_of("news") == {"kind": "outbox"}


def test_a_secret_is_no_argument(env_file: Live) -> None:
    with pytest.raises(CommandError, match="--secret"):
        run("add", "news", "--set", "KIND=smtp", "PASSWORD=visible")


def test_where_the_file_cannot_be_written_the_lines_are_printed(
    env_file: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", read_only)
    code, out, err = run("add", "news", "--set", "KIND=outbox", "PER_DAY=5")
    assert code == 2 and "[environment_unwritable]" in err
    assert out.splitlines() == ["ACCOUNTS__NEWS__KIND=outbox", "ACCOUNTS__NEWS__PER_DAY=5"]
