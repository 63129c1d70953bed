"""So many calls a minute for one caller."""

import time
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from apps.api.auth import caller_of

_MINUTE: Final = 60


class PerCaller(BaseThrottle):
    """Counts in the cache, which all processes share when it is one that can be shared."""

    def allow_request(self, request: HttpRequest) -> bool:
        caller = caller_of(request)
        if caller is None:
            return True  # answered 401 before it came here
        key = f"api-calls:{caller.key}:{int(time.time()) // _MINUTE}"
        cache.add(key, 0, 2 * _MINUTE)
        return int(cache.incr(key)) <= settings.API_RATE_PER_MINUTE

    def wait(self) -> float:
        return _MINUTE - time.time() % _MINUTE
