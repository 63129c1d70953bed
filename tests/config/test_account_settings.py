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


TEXTS = f"SECRET_KEY={'s' * 40}\nACCOUNTS__TEXTS__KIND=sms\n"


def texts(env_file: Path, *lines: str) -> None:
    text = "".join(f"ACCOUNTS__TEXTS__{line}\n" for line in lines)
    env_file.write_text(TEXTS + text, encoding="utf-8")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((), "PROVIDER: is needed when the kind is sms: one of exolve, "),
        (("PROVIDER=nobody",), "PROVIDER: is none of exolve, "),
        (("PROVIDER=smsru",), "TOKEN: is needed by SMS.ru"),
        (("PROVIDER=smsc", "USERNAME=a"), "PASSWORD: is needed by SMSC"),
        (("PROVIDER=exolve", "TOKEN=a"), "SENDER: is needed by MTS Exolve"),
        (("RECORD=/nowhere/own.toml",), "RECORD: cannot be read"),
        (("PROVIDER=smsru", "TOKEN=a", "PRICE=cheap"), "PRICE: is a number with a currency"),
        (("PROVIDER=smsru", "TOKEN=a b"), "TOKEN: is one word"),
    ],
)
def test_an_account_for_texts_says_what_its_provider_needs(
    env_file: Path, lines: tuple[str, ...], text: str
) -> None:
    texts(env_file, *lines)
    with pytest.raises(EnvironmentRefused) as refused:
        load()
    assert f"ACCOUNTS__TEXTS__{text}" in str(refused.value)


def test_what_is_not_said_is_what_the_provider_s_record_says(env_file: Path) -> None:
    texts(env_file, "PROVIDER=vonage", "USERNAME=a", "PASSWORD=b", "SENDER=Shop")
    found = load().accounts["texts"]
    assert (found.url, found.per_second, found.idempotent) == ("https://rest.nexmo.com", 30, None)
    texts(env_file, "PROVIDER=smsru", "TOKEN=a", "URL=https://other.example.org", "PRICE=2.49 RUB")
    found = load().accounts["texts"]
    assert (found.url, found.per_second) == ("https://other.example.org", None)
    assert (found.price, found.transliterate) == ("2.49 RUB", False)
