"""Every URL of ours, tried by everybody. A new URL without a rule here fails."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.rules import ENDPOINTS
from tests.access.rules.types import LOGIN, ROLES
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher


def own_endpoints(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """The names of all URLs that are ours: not allauth's, not the admin's, not Django's."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = entry.namespace
            yield from own_endpoints(entry, f"{namespace}{inner}:" if inner else namespace)
        elif isinstance(entry, URLPattern):
            view = entry.callback
            if getattr(view, "view_class", view).__module__.startswith(("apps.", "config.")):
                yield f"{namespace}{entry.name}"


def test_every_url_of_ours_has_a_rule() -> None:
    names = set(own_endpoints(get_resolver()))
    assert names == set(ENDPOINTS) - {"favicon"}


#: Answers behind which nothing was done.
REFUSED = (LOGIN, 401, 403, 404, 405)
UNUSUAL = ("put", "patch", "delete", "head", "options", "trace")


def assert_due(cast: Cast, name: str, method: str, role: str) -> None:
    """A visitor of this kind at this URL gets the answer of its rule."""
    endpoint = ENDPOINTS[name]
    response = getattr(cast.client(role), method)(reverse(name, kwargs=endpoint.kwargs(cast)))
    expected = getattr(endpoint, method)[ROLES.index(role)]
    if expected == LOGIN:
        assert response.status_code == 302, role
        assert response["Location"].startswith(reverse("account_login")), role
    else:
        assert response.status_code == expected, role


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_everybody_sees_what_is_due(name: str, cast: Cast, dispatched: RecordingDispatcher) -> None:
    for role in ROLES:
        assert_due(cast, name, "get", role)
    assert dispatched.calls == []


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_who_may_not_is_refused_and_nothing_is_done(
    name: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    for role, expected in zip(ROLES, ENDPOINTS[name].post, strict=True):
        if expected in REFUSED:
            assert_due(cast, name, "post", role)
    assert dispatched.calls == []


ALLOWED = [
    (name, role)
    for name, endpoint in sorted(ENDPOINTS.items())
    for role, expected in zip(ROLES, endpoint.post, strict=True)
    if expected not in REFUSED
]


@pytest.mark.parametrize(("name", "role"), ALLOWED)
def test_who_may_act_gets_the_answer_that_is_due(
    name: str, role: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    assert_due(cast, name, "post", role)


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_no_other_method_opens_what_a_get_or_a_post_does_not(
    name: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    """A stranger gets nothing by an unusual method, and nobody an error of the server."""
    endpoint = ENDPOINTS[name]
    url = reverse(name, kwargs=endpoint.kwargs(cast))
    for method, role in product(UNUSUAL, ("anonymous", "stranger")):
        status = getattr(cast.client(role), method)(url).status_code
        allowed = {endpoint.get[ROLES.index(role)], endpoint.post[ROLES.index(role)]}
        if status < 300 and method != "options":
            assert 200 in allowed, (method, role)
        assert status < 500 or status in allowed, (method, role)
    assert dispatched.calls == []


def test_a_fragment_sends_who_is_signed_out_to_the_sign_in_page(cast: Cast) -> None:
    url = reverse("delivery:panel", args=[cast.mailing.pk])
    here = f"http://testserver/mailings/{cast.mailing.pk}/"
    headers = {"HX-Request": "true", "HX-Current-URL": here}
    response = cast.client("anonymous").get(url, headers=headers)
    assert response.status_code == 200
    assert response["HX-Redirect"].startswith(reverse("account_login"))
    assert response.content == b""
