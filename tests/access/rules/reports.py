"""Attempts, reports, the management, and the profile."""

from __future__ import annotations

from typing import Any

from tests.access.rules.recipients import CSV
from tests.access.rules.words import LOGIN, NO_WRITING, SEE, SEE_OWN, Door, mailing
from tests.factories import AttemptFactory
from tests.people import Cast


def attempt(cast: Cast) -> dict[str, Any]:
    return {"pk": AttemptFactory.create(delivery__run=cast.run).pk}


MANAGERS_SEE = (LOGIN, LOGIN, 403, 403, 200)
#: Signed in and no manager: refused before the method is looked at.
MANAGERS_NO_WRITING = (LOGIN, LOGIN, 403, 403, 405)

#: Managers look at the accounts; only a superuser touches them.
SUPERUSERS_ACT = (LOGIN, LOGIN, 403, 403, 403)


def account(cast: Cast) -> dict[str, Any]:
    return {"name": "email"}


DOORS = {
    "attempts:list": Door(get=SEE, post=NO_WRITING),
    "attempts:detail": Door(get=SEE_OWN, post=NO_WRITING, kwargs=attempt),
    "attempts:export": Door(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "reports:list": Door(get=SEE, post=NO_WRITING),
    "reports:mailing": Door(get=SEE_OWN, post=NO_WRITING, kwargs=mailing),
    "reports:export": Door(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "management:users": Door(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "management:toggle_user": Door(
        get=MANAGERS_NO_WRITING,
        post=(LOGIN, LOGIN, 403, 403, 302),
        kwargs=lambda cast: {"pk": cast.stranger.pk},
    ),
    "management:end_probation": Door(
        get=MANAGERS_NO_WRITING,
        post=(LOGIN, LOGIN, 403, 403, 302),
        kwargs=lambda cast: {"pk": cast.stranger.pk},
    ),
    "management:lift_pause": Door(
        get=MANAGERS_NO_WRITING,
        post=(LOGIN, LOGIN, 403, 403, 302),
        kwargs=lambda cast: {"pk": cast.stranger.pk},
    ),
    "management:attempts": Door(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "management:reports": Door(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "sending:accounts": Door(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "sending:switch": Door(get=MANAGERS_NO_WRITING, post=SUPERUSERS_ACT, kwargs=account),
    "sending:test": Door(get=MANAGERS_NO_WRITING, post=SUPERUSERS_ACT, kwargs=account),
    "users:profile": Door(get=SEE, post=(LOGIN, LOGIN, 302, 302, 302)),
    "users:avatar": Door(
        get=(LOGIN, LOGIN, 403, 404, 404),
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.owner.pk},
    ),
}

COUNTS = {"/attempts/": 6, "/reports/": 8, "/reports/{pk}/": 12, "/profile/": 5}
