"""Home, mailings, the run panel, the queue, the monitors' URLs and unsubscribing from a list."""

from __future__ import annotations

from apps.mailings.links import unsubscribe_token
from tests.access.rules.types import (
    ACT_GET,
    ACT_POST,
    LOGIN,
    NO_WRITING,
    SEE,
    SEE_OWN,
    Endpoint,
    everybody,
    mailing,
)

ENDPOINTS = {
    "home": Endpoint(get=everybody(200), post=everybody(405)),
    "home_figures": Endpoint(get=SEE, post=NO_WRITING),
    "search:page": Endpoint(get=SEE, post=NO_WRITING),
    "styleguide": Endpoint(get=everybody(404), post=everybody(404)),  # superusers' alone
    "favicon": Endpoint(get=everybody(302), post=everybody(302)),
    "mailings:list": Endpoint(get=SEE, post=NO_WRITING),
    "mailings:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=mailing),
    "mailings:run": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1}
    ),
    "mailings:toggle": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 403, 302), kwargs=mailing),
    "delivery:panel": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=mailing),
    "delivery:preflight": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=mailing),
    "delivery:approval": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=mailing),
    "delivery:decide": Endpoint(
        get=ACT_GET,
        post=(LOGIN, LOGIN, 404, 404, 404),  # without a verdict there is nothing to do
        kwargs=mailing,
    ),
    "delivery:approvals": Endpoint(get=SEE, post=NO_WRITING),
    "delivery:confirm": Endpoint(
        get=(LOGIN, LOGIN, 404, 200, 403),
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.mailing.pk, "verb": "stop"},
    ),
    "delivery:send": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:pause": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:resume": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:stop": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:retry": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:remaining": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:skip": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:refresh": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:resolve": Endpoint(
        get=ACT_GET,
        post=(LOGIN, LOGIN, 404, 404, 403),  # without a verdict there is nothing to do
        kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1},
    ),
    "delivery:reset": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:queue": Endpoint(get=SEE, post=NO_WRITING),
    "delivery:poll": Endpoint(get=(401, 401, 200, 200, 200), post=(401, 401, 405, 405, 405)),
    "delivery:healthz": Endpoint(get=everybody(200), post=everybody(405)),
    # Without a token there is no such page.
    "delivery:metrics": Endpoint(get=everybody(404), post=everybody(405)),
    "delivery:readyz": Endpoint(get=everybody(503), post=everybody(405)),
    "feedback:unsubscribe": Endpoint(
        get=everybody(200),
        post=everybody(200),
        kwargs=lambda cast: {"token": unsubscribe_token(cast.delivery.pk)},
    ),
}

#: Two of each are the session and the user; who asks for ``sees_all`` pays two more for the
#: rights.
COUNTS = {
    "/": 18,
    "/mailings/": 5,
    "/mailings/{pk}/": 19,
    "/mailings/{pk}/panel/": 9,
    "/mailings/{pk}/runs/1/": 9,
    "/mailings/{pk}/approval/": 5,
    "/approvals/": 5,
    "/queue/": 7,
    "/queue/poll/": 5,
}
