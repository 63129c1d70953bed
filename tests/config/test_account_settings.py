"""What `.env` may say of one sending account: every wrong value is a line with the key's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import environment
from config.environment import EnvironmentRefused, load

DECLARED = f"SECRET_KEY={'s' * 40}\nACCOUNTS__NEWS__KIND=outbox\n"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".env"
    monkeypatch.setattr(environment, "ENV_FILE", file)
    return file


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("USERS", "anna", "is not a list of users' email addresses and the word managers"),
        ("WEEKDAYS", "weekend", "is not made of mon, tue"),
        ("HOURS", "morning", "is not of the form HH:MM-HH:MM"),
        ("FROM_EMAIL", "news", "is not an email address"),
    ],
)
def test_a_wrong_value_names_its_key(name: str, value: str, text: str, env_file: Path) -> None:
    env_file.write_text(f"{DECLARED}ACCOUNTS__NEWS__{name}={value}\n", encoding="utf-8")
    with pytest.raises(EnvironmentRefused) as refused:
        load()
    assert f"ACCOUNTS__NEWS__{name}: {text}" in str(refused.value)


def test_who_may_send_and_when_is_taken_as_it_is_written(env_file: Path) -> None:
    lines = ("USERS=Anna@Example.org,managers", "WEEKDAYS=mon-fri", "HOURS=09:00-18:00")
    text = "".join(f"ACCOUNTS__NEWS__{line}\n" for line in lines)
    env_file.write_text(DECLARED + text, encoding="utf-8")
    account = load().accounts["news"]
    assert (account.users, account.weekdays, account.hours) == (
        "Anna@Example.org,managers",
        "mon-fri",
        "09:00-18:00",
    )
