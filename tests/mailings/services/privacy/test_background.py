"""What people ask for about themselves has threads of its own."""

from __future__ import annotations

import threading

from apps.mailings.services.privacy.background import in_background


def test_it_is_done_beside_the_request_and_what_breaks_stops_nothing() -> None:
    done, names = threading.Event(), []

    def act(number: int) -> None:
        names.append(threading.current_thread().name)
        if number == 1:
            raise RuntimeError("nobody hears of it, and the next one has its turn")
        done.set()

    in_background(act, 1)
    in_background(act, 2)
    assert done.wait(30)
    assert all(name.startswith("public-page") for name in names)
