"""Home, mailings, the run panel, the queue, the monitors' doors and the way out of a list."""

from __future__ import annotations

from apps.mailings.links import unsubscribe_token
from tests.access.rules.words import (
    ACT_GET,
    ACT_POST,
    LOGIN,
    NO_WRITING,
    SEE,
    SEE_OWN,
    Door,
    everybody,
    mailing,
)

DOORS = {
    "home": Door(get=everybody(200), post=everybody(405)),
    "favicon": Door(get=everybody(302), post=everybody(302)),
    "mailings:list": Door(get=SEE, post=NO_WRITING),
    "mailings:detail": Door(get=SEE_OWN, post=NO_WRITING, kwargs=mailing),
    "mailings:run": Door(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1}
    ),
    "mailings:toggle": Door(get=ACT_GET, post=(LOGIN, LOGIN, 404, 403, 302), kwargs=mailing),
    "delivery:panel": Door(get=SEE_OWN, post=NO_WRITING, kwargs=mailing),
    "delivery:confirm": Door(
        get=(LOGIN, LOGIN, 404, 200, 403),
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.mailing.pk, "verb": "stop"},
    ),
    "delivery:send": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:pause": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:resume": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:stop": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:retry": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:remaining": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:skip": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:refresh": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:resolve": Door(
        get=ACT_GET,
        post=(LOGIN, LOGIN, 404, 404, 403),  # without a verdict there is nothing to do
        kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1},
    ),
    "delivery:reset": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:queue": Door(get=SEE, post=NO_WRITING),
    "delivery:poll": Door(get=(401, 401, 200, 200, 200), post=(401, 401, 405, 405, 405)),
    "delivery:healthz": Door(get=everybody(200), post=everybody(405)),
    # Without a token there is no such page.
    "delivery:metrics": Door(get=everybody(404), post=everybody(405)),
    "delivery:readyz": Door(get=everybody(503), post=everybody(405)),
    "feedback:unsubscribe": Door(
        get=everybody(200),
        post=everybody(200),
        kwargs=lambda cast: {"token": unsubscribe_token(cast.delivery.pk)},
    ),
}

#: Two of each are the session and the user; whoever asks for ``sees_all`` pays two more for the
#: rights.
COUNTS = {
    "/": 12,
    "/mailings/": 7,
    "/mailings/{pk}/": 12,
    "/mailings/{pk}/panel/": 10,
    "/mailings/{pk}/runs/1/": 7,
    "/queue/": 8,
    "/queue/poll/": 6,
}
