"""The cache that several processes share. The site lives without it: it holds only statistics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, TimeoutError
from redis.retry import Retry

log = structlog.get_logger(__name__)

#: Seconds that a page may wait for it.
_TIMEOUT: Final = 1.0


class SharedCache(RedisCache):
    """Redis, in which nothing is found and nothing is kept while it cannot be reached."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "socket_connect_timeout": _TIMEOUT,
            "socket_timeout": _TIMEOUT,
            "retry": Retry(NoBackoff(), 0),
        }
        super().__init__(server, {**params, "OPTIONS": options})

    def add(self, *args: Any, **kwargs: Any) -> bool:
        with _excused():
            return super().add(*args, **kwargs)
        return False

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        with _excused():
            return super().get(key, default, version)
        return default

    def set(self, *args: Any, **kwargs: Any) -> None:
        with _excused():
            super().set(*args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        with _excused():
            return super().touch(*args, **kwargs)
        return False

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        with _excused():
            return super().delete(*args, **kwargs)
        return False

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        with _excused():
            return super().get_many(*args, **kwargs)
        return {}

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        with _excused():
            return super().has_key(*args, **kwargs)
        return False

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """What is counted here starts anew when it comes back."""
        with _excused():
            return super().incr(key, delta, version)
        return delta

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        with _excused():
            return super().set_many(*args, **kwargs)
        return []

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        with _excused():
            super().delete_many(*args, **kwargs)


@contextmanager
def _excused() -> Iterator[None]:
    try:
        yield
    except (ConnectionError, TimeoutError) as error:
        log.warning("cache_away", error=str(error)[:200])
