"""The command line writes UTF-8, whatever the code page of the console or of the redirection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: An arrow, Russian, German, a face, and a file name that no encoding has.
WORDS = "1 → 2 · Анна «Ёлка» · Müller · 🙂"
CODE = f"import sys; print({WORDS!r}, '\\udcff'); sys.stderr.write({WORDS!r})"


@pytest.mark.parametrize("page", ["cp1251", "cp866", "cp1252", "ascii"])
def test_redirected_output_is_utf8_on_every_code_page(page: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": page, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", CODE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("utf-8").split("\n")[0] == f"{WORDS} \\udcff"
    assert done.stderr.decode("utf-8") == WORDS
