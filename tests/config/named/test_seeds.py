"""A probe mailbox is declared whole, or the start says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import environment
from config.environment import EnvironmentRefused, load

SECRET = "SECRET_KEY=" + "s" * 40


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / ".env"
    monkeypatch.setattr(environment, "ENV_FILE", file)
    return file


def test_a_whole_one_is_read_with_its_defaults_and_shows_no_password(env_file: Path) -> None:
    keys = {
        "ADDRESS": "a@b.ru",
        "IMAP_HOST": "i.b.ru",
        "IMAP_USERNAME": "a",
        "IMAP_PASSWORD": "geheim",
    }
    lines = [f"SEEDS__BOX__{name}={value}" for name, value in keys.items()]
    env_file.write_text("\n".join([SECRET, *lines]), encoding="utf-8")
    (seed,) = load().seeds.values()
    assert (seed.imap_port, seed.imap_security) == (993, "tls")
    assert "geheim" not in repr(seed)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("SEEDS__BOX__ADDRESS=nobody\n", "SEEDS__BOX__ADDRESS: is no email address"),
        ("SEEDS__BOX__ADDRESS=a@b.ru\n", "SEEDS__BOX__IMAP_HOST: is missing"),
        (
            "SEEDS__BOX__ADDRESS=a@b.ru\nSEEDS__BOX__IMAP_SECURITY=starttls\n",
            "SEEDS__BOX__IMAP_SECURITY: starttls needs its own IMAP_PORT",
        ),
    ],
)
def test_a_probe_mailbox_that_is_not_whole_is_refused(
    env_file: Path, lines: str, text: str
) -> None:
    env_file.write_text(f"{SECRET}\n{lines}", encoding="utf-8")
    with pytest.raises(EnvironmentRefused, match=text):
        load()
