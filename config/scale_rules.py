"""What the keys for several machines must be: a Redis that can be asked, and its packages."""

from __future__ import annotations

import re
from importlib.util import find_spec
from urllib.parse import urlsplit


def redis_address(value: str) -> None:
    """``redis://[[user]:password@]host[:port][/number]``. Raises ValueError for anything else."""
    parts = urlsplit(value)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("must begin with redis:// or rediss:// and name a host")
    if not re.fullmatch(r"/?|/\d+", parts.path) or parts.query or parts.fragment:
        raise ValueError("must end with the host, its port, or the database's number")
    _ = parts.port  # raises ValueError when it is no port


def packages(*names: str) -> None:
    """Raises ValueError when one of these packages of the extra ``scale`` is not installed."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ValueError(
            f"needs {' and '.join(missing)}: poetry install --extras scale,"
            " or python bootstrap.py run --extra scale"
        )
