"""Every door of ours, tried by everybody. A new URL without a rule here fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.pages.conftest import Cast
from tests.pages.fakes import RecordingDispatcher
from tests.pages.rules import DOORS
from tests.pages.rules.words import LOGIN, ROLES


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


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options", "trace"])
@pytest.mark.parametrize("name", sorted(DOORS))
def test_no_other_method_opens_what_a_get_or_a_post_does_not(
    name: str, method: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    """A stranger gets nothing by an unusual method, and nobody an error of the server."""
    door = DOORS[name]
    url = reverse(name, kwargs=door.kwargs(cast))
    for role in ("anonymous", "stranger"):
        status = getattr(cast.client(role), method)(url).status_code
        allowed = {door.get[ROLES.index(role)], door.post[ROLES.index(role)]}
        if status < 300 and method != "options":
            assert 200 in allowed, role
        assert status < 500 or status in allowed, role
    assert dispatched.calls == []


def test_a_fragment_sends_whoever_is_signed_out_to_the_sign_in_page(cast: Cast) -> None:
    url = reverse("delivery:panel", args=[cast.mailing.pk])
    here = f"http://testserver/mailings/{cast.mailing.pk}/"
    headers = {"HX-Request": "true", "HX-Current-URL": here}
    response = cast.client("anonymous").get(url, headers=headers)
    assert response.status_code == 200
    assert response["HX-Redirect"].startswith(reverse("account_login"))
    assert response.content == b""
