"""One's own keys to the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.users.tokens import issue
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, SEE, Endpoint
from tests.people import Cast


def token(cast: Cast) -> dict[str, Any]:
    valid_for = timedelta(days=1)
    issued = issue(
        owner=cast.owner, name="shop", scope="read", valid_for=valid_for, now=timezone.now()
    )
    return {"pk": issued.token.pk}


NOWHERE = (404, 404, 404, 404, 404)


def provider(cast: Cast) -> dict[str, Any]:
    return {"provider_id": "company"}


ENDPOINTS = {
    # A session alone makes no token: the password is asked for again.
    "users:tokens": Endpoint(get=SEE, post=(LOGIN, LOGIN, 302, 302, 302)),
    # No provider is named in the settings of the tests.
    "openid_connect_login": Endpoint(get=NOWHERE, post=NOWHERE, kwargs=provider),
    "openid_connect_callback": Endpoint(get=NOWHERE, post=NOWHERE, kwargs=provider),
    "account_logout": Endpoint(get=(302, 302, 200, 200, 200), post=(302, 302, 302, 302, 302)),
    "users:revoke_token": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=token),
}

COUNTS = {"/profile/tokens/": 4}
