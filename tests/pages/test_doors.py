"""Every door of ours, tried by everybody. A new URL without a rule here fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.mailings.links import unsubscribe_token
from tests.pages.conftest import Cast
from tests.pages.fakes import RecordingDispatcher

ROLES = ("anonymous", "blocked", "stranger", "owner", "manager")
LOGIN = "login"  # sent to the sign-in page

Answers = tuple[int | str, int | str, int | str, int | str, int | str]  # in the order of ROLES


@dataclass(frozen=True)
class Door:
    """What each of ROLES is answered, by method. ``kwargs`` fill in the URL."""

    get: Answers
    post: Answers
    kwargs: Callable[[Cast], dict[str, Any]] = lambda cast: {}


def everybody(answer: int) -> Answers:
    return (answer,) * 5


def mailing(cast: Cast) -> dict[str, Any]:
    return {"pk": cast.mailing.pk}


SEE_OWN: Answers = (LOGIN, LOGIN, 404, 200, 200)
SEE: Answers = (LOGIN, LOGIN, 200, 200, 200)
NO_WRITING: Answers = (LOGIN, LOGIN, 405, 405, 405)
# The sign-in comes before the method: a stranger does not even learn which methods there are.
ACT_GET: Answers = (LOGIN, LOGIN, 405, 405, 405)
ACT_POST: Answers = (LOGIN, LOGIN, 404, 302, 403)

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
    "delivery:reset": Door(get=ACT_GET, post=ACT_POST, kwargs=mailing),
    "delivery:queue": Door(get=SEE, post=NO_WRITING),
    "delivery:poll": Door(get=(401, 401, 200, 200, 200), post=(401, 401, 405, 405, 405)),
    "delivery:healthz": Door(get=everybody(200), post=everybody(405)),
    "delivery:readyz": Door(get=everybody(503), post=everybody(405)),
    "feedback:unsubscribe": Door(
        get=everybody(200),
        post=everybody(200),
        kwargs=lambda cast: {"token": unsubscribe_token(cast.delivery.pk)},
    ),
}


def own_doors(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """The names of all URLs that are ours: not allauth's, not the admin's, not Django's."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = entry.namespace
            yield from own_doors(entry, f"{namespace}{inner}:" if inner else namespace)
        elif isinstance(entry, URLPattern):
            view = entry.callback
            if getattr(view, "view_class", view).__module__.startswith(("apps.", "config.")):
                yield f"{namespace}{entry.name}"


def test_every_url_of_ours_has_a_rule() -> None:
    names = set(own_doors(get_resolver()))
    assert names == set(DOORS) - {"favicon"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", sorted(DOORS))
def test_everybody_gets_the_answer_that_is_due(
    name: str, method: str, role: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    door = DOORS[name]
    url = reverse(name, kwargs=door.kwargs(cast))
    client = cast.client(role)
    response = getattr(client, method)(url)
    expected = getattr(door, method)[ROLES.index(role)]
    if expected == LOGIN:
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
    else:
        assert response.status_code == expected
    if method == "get" or expected in (LOGIN, 401, 403, 404, 405):
        assert dispatched.calls == []


def test_a_fragment_sends_whoever_is_signed_out_to_the_sign_in_page(cast: Cast) -> None:
    url = reverse("delivery:panel", args=[cast.mailing.pk])
    here = f"http://testserver/mailings/{cast.mailing.pk}/"
    headers = {"HX-Request": "true", "HX-Current-URL": here}
    response = cast.client("anonymous").get(url, headers=headers)
    assert response.status_code == 200
    assert response["HX-Redirect"].startswith(reverse("account_login"))
    assert response.content == b""
