"""A ``.env`` of a test's own, whose accounts the process takes over as they change."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from config import environment
from config.live_accounts import LiveAccounts

SECRET = f"SECRET_KEY={'s' * 40}\n"


@pytest.fixture
def env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> tuple[Path, LiveAccounts]:
    """The file and what watches it."""
    file = tmp_path / ".env"
    file.write_text(f"# ours\n{SECRET}", encoding="utf-8")
    monkeypatch.setattr(environment, "ENV_FILE", file)
    monkeypatch.setattr("config.live_accounts.CHECK_SECONDS", 0.0)
    live = LiveAccounts(environment.load())
    settings.ACCOUNT_DECLARATIONS = live
    settings.ACCOUNTS = live.accounts
    settings.ACCOUNT_HOURS, settings.ACCOUNT_USERS = live.hours, live.users
    return file, live
