"""A change of ``.env`` reaches a running process; one that cannot be used does not."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from apps.core.files.replacing import alone
from apps.delivery.account_settings.declarations import (
    AccountRefused,
    EnvironmentBusy,
    EnvironmentUnwritable,
    EnvironmentWrong,
)
from config.live_accounts import LiveAccounts
from tests.env_file import SECRET, env_file

__all__ = ["env_file"]  # a fixture

Live = tuple[Path, LiveAccounts]
NEWS = "ACCOUNTS__NEWS__KIND=smtp\nACCOUNTS__NEWS__HOST=smtp.example.org\n"
SMTP = {"kind": "smtp", "host": "smtp.example.org"}


def written(file: Path, text: str, *, ago: float = 2.0) -> None:
    """Somebody has written the file, so many seconds ago."""
    file.write_text(text, encoding="utf-8")
    moment = time.time() - ago
    os.utime(file, (moment, moment))


def test_an_account_that_is_written_into_the_file_is_there_without_a_restart(
    env_file: Live,
) -> None:
    file, live = env_file
    assert sorted(live.accounts) == ["email"]
    with capture_logs() as logs:
        written(file, f"{SECRET}{NEWS}ACCOUNTS__NEWS__HOURS=09:00-18:00\n")
        assert live.accounts["news"].host == "smtp.example.org"
    assert live.hours["news"] is not None and live.hours["email"] is None
    assert live.users["news"] == frozenset()
    assert live.names() == {"news"}
    assert [one["accounts"] for one in logs if one["event"] == "env_taken"] == [["news"]]


def test_a_file_that_is_just_being_written_is_left_alone(env_file: Live) -> None:
    file, live = env_file
    written(file, f"{SECRET}{NEWS}", ago=0.0)
    assert "news" not in live.accounts
    written(file, f"{SECRET}{NEWS}")
    assert "news" in live.accounts


@pytest.mark.parametrize(
    "text", ["", SECRET + "ACCOUNTS__NEWS__KIND=pigeon\n", SECRET + "NO_SUCH_KEY=1\n", "\udcff"]
)
def test_a_file_that_cannot_be_used_changes_nothing_and_says_so(env_file: Live, text: str) -> None:
    file, live = env_file
    written(file, SECRET + NEWS)
    assert "news" in live.accounts
    with capture_logs() as logs:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        os.utime(file, (1, 1))
        assert "news" in live.accounts
    assert live.problems()
    assert [one["log_level"] for one in logs if one["event"] == "env_refused"] == ["error"]
    written(file, SECRET)
    assert "news" not in live.accounts and not live.problems()


def test_a_file_that_is_gone_changes_nothing(env_file: Live) -> None:
    file, live = env_file
    written(file, SECRET + NEWS)
    assert "news" in live.accounts
    file.unlink()
    assert "news" in live.accounts and live.problems()


def test_an_account_is_saved_and_in_use_at_once(env_file: Live) -> None:
    file, live = env_file
    file.chmod(0o640)
    live.save("news", {**SMTP, "password": "it's # secret", "per_day": "500"})
    assert live.accounts["news"].password == "it's # secret"
    assert file.read_text(encoding="utf-8").startswith(
        f"# ours\n{SECRET}\nACCOUNTS__NEWS__KIND=smtp"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.with_name(".env.bak").read_text(encoding="utf-8") == f"# ours\n{SECRET}"


def test_a_key_that_is_emptied_is_not_set_any_more(env_file: Live) -> None:
    _file, live = env_file
    live.save("news", {**SMTP, "per_day": "500"})
    live.save("news", {"per_day": ""})
    assert live.accounts["news"].per_day == 0
    assert live.keys_of("news") == SMTP


def test_an_account_is_removed(env_file: Live) -> None:
    file, live = env_file
    live.save("news", SMTP)
    live.remove("news")
    assert "news" not in live.accounts
    assert "NEWS" not in file.read_text(encoding="utf-8")


def test_what_no_account_can_be_is_refused_with_its_keys(env_file: Live) -> None:
    file, live = env_file
    before = file.read_bytes()
    with pytest.raises(AccountRefused) as refused:
        live.save("news", {**SMTP, "port": "70000", "hours": "noon"})
    assert sorted(refused.value.wrong) == ["hours", "port"]
    with pytest.raises(AccountRefused):
        live.save("news", {**SMTP, "password": "two\nlines"})
    assert file.read_bytes() == before


def test_a_fallback_that_is_no_account_is_refused_by_the_whole_file(env_file: Live) -> None:
    _file, live = env_file
    with pytest.raises(EnvironmentWrong) as refused:
        live.save("news", {**SMTP, "fallback": "spare"})
    assert refused.value.lines == ("ACCOUNTS: the FALLBACK of news is no other account",)


def test_a_file_that_cannot_be_used_is_not_built_upon(env_file: Live) -> None:
    file, live = env_file
    file.write_text(f"{SECRET}NO_SUCH_KEY=1\n", encoding="utf-8")
    with pytest.raises(EnvironmentWrong):
        live.save("news", SMTP)


def test_a_file_that_cannot_be_written_is_reported(
    env_file: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, live = env_file

    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", read_only)
    with pytest.raises(EnvironmentUnwritable, match="Read-only file system"):
        live.save("news", SMTP)
    assert "news" not in live.accounts


def test_two_who_save_at_once_do_not_lose_each_other(env_file: Live) -> None:
    file, live = env_file
    with alone(file), pytest.raises(EnvironmentBusy):
        live.save("news", SMTP)
