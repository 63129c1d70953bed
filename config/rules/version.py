"""Which version this code is: the number of the project, and its migrations as one short word.

Two states of the code between which the tables changed are two versions, also under one number.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path


def version_of(base: Path) -> str:
    """For example ``0.1.0+1a2b3c4d``."""
    project = tomllib.loads((base / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = sorted(
        path.relative_to(base).as_posix() for path in base.glob("apps/**/migrations/*_*.py")
    )
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    return f"{project['version']}+{digest[:8]}"
