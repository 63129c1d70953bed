"""One's own keys to the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.users.tokens import issue
from tests.pages.conftest import Cast
from tests.pages.rules.words import ACT_GET, ACT_POST, LOGIN, SEE, Door


def token(cast: Cast) -> dict[str, Any]:
    valid_for = timedelta(days=1)
    issued = issue(
        owner=cast.owner, name="shop", scope="read", valid_for=valid_for, now=timezone.now()
    )
    return {"pk": issued.token.pk}


DOORS = {
    # A form without its fields is shown again.
    "users:tokens": Door(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "users:revoke_token": Door(get=ACT_GET, post=ACT_POST, kwargs=token),
}

COUNTS = {"/profile/tokens/": 5}
