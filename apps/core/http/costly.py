"""Few places for costly work, so that a thread is always left for everything else.

The places are those of this process, as its threads are. Work that finds none is refused at once:
a request that waited in a thread would hold the very thing that is short.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final, cast

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.http.error_pages import not_now

#: Threads of one process that answer requests (``manage.py serve``).
THREADS: Final = 8


class Busy(Refused):
    """There is no place for costly work now. ``wait``: seconds until another try makes sense."""

    code = "busy"
    status: ClassVar[int] = 503
    wait: ClassVar[int] = 10


class UserBusy(Busy):
    """This user's places are taken by what the same user asked for before. 429."""

    code = "user_busy"
    status = 429


class Places:
    """So many for one user, so many for all."""

    def __init__(self, *, per_user: int, in_all: int) -> None:
        self._per_user, self._in_all = per_user, in_all
        self._taken: Counter[int] = Counter()
        self._lock = threading.Lock()

    def take(self, user_id: int) -> None:
        """Take a place. Raises UserBusy, or Busy when others have them all."""
        with self._lock:
            if self._taken[user_id] >= self._per_user:
                text = _("What you asked for before is still being made. Try again shortly.")
                raise UserBusy(text)
            if self._taken.total() >= self._in_all:
                raise Busy(_("The site makes too many exports just now. Try again shortly."))
            self._taken[user_id] += 1

    def give_back(self, user_id: int) -> None:
        """The work of this user is done."""
        with self._lock:
            self._taken[user_id] -= 1
            if not self._taken[user_id]:
                del self._taken[user_id]

    @contextmanager
    def place(self, user_id: int) -> Iterator[None]:
        """Hold a place for the time of the block. Raises Busy."""
        self.take(user_id)
        try:
            yield
        finally:
            self.give_back(user_id)


def half_of_the_threads() -> Places:
    """The places of one process, all of them free."""
    return Places(per_user=2, in_all=THREADS // 2)


PLACES: Places = half_of_the_threads()


class CostlyMixin:
    """A view whose work takes a place; it is kept until the last byte of the answer has left."""

    def is_costly(self, request: HttpRequest) -> bool:
        """True if this request needs a slot. Called for signed-in users."""
        return True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: Any = super().dispatch  # type: ignore[misc]
        if not request.user.is_authenticated or not self.is_costly(request):
            return cast(HttpResponseBase, answer(request, *args, **kwargs))
        user_id: int = request.user.pk
        try:
            PLACES.take(user_id)
        except Busy as refusal:
            return not_now(request, refusal, status=refusal.status, wait=refusal.wait)
        try:
            response: HttpResponseBase = answer(request, *args, **kwargs)
        except BaseException:
            PLACES.give_back(user_id)
            raise
        if isinstance(response, StreamingHttpResponse):
            _give_back_at_the_end(response, user_id)
        else:
            PLACES.give_back(user_id)
        return response


def _give_back_at_the_end(response: StreamingHttpResponse, user_id: int) -> None:
    """When the response is closed; at the latest when nobody holds it any more."""
    done = weakref.finalize(response, PLACES.give_back, user_id)
    open_until_then: Any = response
    open_until_then._resource_closers.append(done)
