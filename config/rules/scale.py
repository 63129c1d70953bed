"""What the keys for several machines must be: a Redis that can be asked, and its packages."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final

_ADDRESS: Final = re.compile(
    r"rediss?://(?:[^@/]*@)?(?:\[[0-9A-Fa-f:]+\]|[^@/:\[\]]+)(?::\d{1,5})?(?:/\d*)?"
)


def redis_address(value: str) -> None:
    """Raises ValueError when this is not the address of a Redis."""
    if not _ADDRESS.fullmatch(value):
        raise ValueError("is not of the form redis://[user:password@]host[:port][/number]")


def packages(*names: str) -> None:
    """Raises ValueError when one of these packages of the extra ``scale`` is not installed."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ValueError(
            f"needs {' and '.join(missing)}: poetry install --extras scale,"
            " or python bootstrap.py run --extra scale"
        )
