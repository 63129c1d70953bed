"""The version that processes say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from config.rules.version import version_of


def test_it_is_the_number_of_the_project_with_its_migrations() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{8}", settings.VERSION)


def test_another_migration_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    folder = tmp_path / "apps" / "x" / "migrations"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    before = version_of(tmp_path)
    (folder / "0001_initial.py").touch()
    assert before.startswith("1.2.3+")
    assert version_of(tmp_path) != before
