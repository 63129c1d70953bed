"""The cache that processes share: Redis, and a site that lives without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache.backends.base import BaseCache

from apps.core.cache.shared import SharedCache
from apps.core.checks import processes_share_a_cache
from tests.faults.browser import free_port
from tests.faults.servers.redis_server import RedisServer, needs_redis


def cache_at(port: int) -> BaseCache:
    return SharedCache(f"redis://127.0.0.1:{port}/0", {"KEY_PREFIX": "vestnik"})


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    made = RedisServer()
    yield made
    made.close()


@needs_redis
def test_two_processes_see_the_same(server: RedisServer) -> None:
    one, other = cache_at(server.port), cache_at(server.port)
    one.set("figures", {"sent": 7}, 60)
    assert other.get("figures") == {"sent": 7}
    assert other.add("calls", 0, 60) and not one.add("calls", 0, 60)
    assert [one.incr("calls"), other.incr("calls")] == [1, 2]
    assert other.get_many(["figures", "calls", "nothing"]) == {"figures": {"sent": 7}, "calls": 2}
    one.delete_many(["figures", "calls"])
    assert not other.has_key("calls") and other.touch("figures") is False


@needs_redis
def test_a_counter_that_is_gone_is_still_answered(server: RedisServer) -> None:
    with pytest.raises(ValueError):
        cache_at(server.port).incr("never-set")


AWAY: list[tuple[str, tuple[Any, ...], Any]] = [
    ("get", ("key", "else"), "else"),
    ("set", ("key", 1), None),
    ("add", ("key", 1), False),
    ("touch", ("key",), False),
    ("delete", ("key",), False),
    ("has_key", ("key",), False),
    ("incr", ("key", 3), 3),
    ("get_many", (["key"],), {}),
    ("set_many", ({"key": 1},), []),
    ("delete_many", (["key"],), None),
]


@pytest.mark.parametrize(("verb", "args", "answer"), AWAY, ids=[verb for verb, _, _ in AWAY])
def test_while_it_is_away_nothing_is_in_it(verb: str, args: tuple[Any, ...], answer: Any) -> None:
    assert getattr(cache_at(free_port()), verb)(*args) == answer


@pytest.mark.parametrize(
    ("backend", "debug", "shared", "warned"),
    [
        ("celery", False, False, True),
        ("celery", False, True, False),
        ("celery", True, False, False),
        ("inprocess", False, False, False),
    ],
)
def test_several_processes_without_a_shared_cache_are_warned_of(
    settings: LazySettings, backend: str, debug: bool, shared: bool, warned: bool
) -> None:
    settings.DISPATCH_BACKEND, settings.DEBUG = backend, debug
    if shared:
        settings.CACHES = {"default": {"BACKEND": "apps.core.cache.shared.SharedCache"}}
    assert [found.id for found in processes_share_a_cache(None)] == ["core.W001"] * warned
