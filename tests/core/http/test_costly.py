"""Few places for costly work: who asks for eight exports does not take the site away."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from apps.core.http import costly
from apps.core.http.costly import Busy, Places, UserBusy
from apps.users.models import User
from tests.api.conftest import voice_of
from tests.factories import RunFactory, UserFactory, confirmed

pytestmark = pytest.mark.django_db
CSV, XLSX = (reverse("recipients:export", args=[form]) for form in ("csv", "xlsx"))


@pytest.fixture
def places() -> Places:
    """Two for a user and four in all."""
    return costly.PLACES


@pytest.fixture
def anna() -> User:
    return confirmed(UserFactory.create())


@pytest.fixture
def browser(anna: User) -> Client:
    client = Client()
    client.force_login(anna)
    return client


def routes(anna: User) -> dict[str, Callable[[Client], HttpResponseBase]]:
    """All that is costly, each as somebody would ask for it."""
    run = RunFactory.create(mailing__owner=anna)
    token = voice_of(anna).secret
    exports = {
        f"{name} {form}": reverse(f"{name}", args=[*args, form])
        for name, args in (
            ("recipients:export", []),
            ("attempts:export", []),
            ("reports:export", []),
            ("mailings:run_export", [run.mailing_id, run.number]),
        )
        for form in ("csv", "xlsx")
    }
    asked: dict[str, Callable[[Client], HttpResponseBase]] = {
        name: partial(Client.get, path=url) for name, url in exports.items()
    }
    asked["search everywhere"] = lambda client: client.get("/recipients/?q=zzz&all=1")
    asked["act on all"] = lambda client: client.post(
        reverse("recipients:bulk"), {"act": "tag", "tag_name": "x", "scope": "all"}
    )
    asked["rows of a program"] = lambda client: client.post(
        "/api/recipients/bulk/",
        {"items": [{"email": "new@example.org"}]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    return asked


def read(answer: Any) -> int:
    """Read the answer to its end, as a browser does. Returns its status."""
    if answer.streaming:
        b"".join(answer.streaming_content)
    return int(answer.status_code)


def test_whose_places_are_taken_waits_and_nobody_else(
    places: Places, anna: User, browser: Client
) -> None:
    asked = routes(anna)
    with places.place(anna.pk), places.place(anna.pk):
        for name, ask in asked.items():
            answer = ask(browser)
            assert answer.status_code == 429, name
            assert int(answer["Retry-After"]) > 0
        for path in ("/healthz", "/readyz", "/recipients/", "/recipients/?q=zzz", "/mailings/"):
            assert browser.get(path).status_code in (200, 503), path
        assert browser.get("/healthz").status_code == 200
        other = Client()
        other.force_login(confirmed(UserFactory.create()))
        assert read(other.get(XLSX)) == 200
    for name, ask in asked.items():
        assert read(ask(browser)) in (200, 302), name


def test_when_several_users_have_all_places_the_site_says_so(
    places: Places, anna: User, browser: Client
) -> None:
    with places.place(-1), places.place(-1), places.place(-2), places.place(-2):
        for name, ask in routes(anna).items():
            answer = ask(browser)
            assert answer.status_code == 503, name
            assert int(answer["Retry-After"]) > 0


def test_a_stream_keeps_its_place_until_it_was_read(places: Places, browser: Client) -> None:
    first, second = browser.get(CSV), browser.get(CSV)
    assert browser.get(CSV).status_code == 429
    assert read(first) == 200
    third = browser.get(CSV)
    assert third.status_code == 200
    del second, third  # their readers are gone
    gc.collect()
    assert read(browser.get(XLSX)) == 200


def test_a_page_that_breaks_gives_its_place_back(
    places: Places, anna: User, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: object) -> HttpResponseBase:
        raise RuntimeError("broken")

    monkeypatch.setattr("apps.core.lists.page.table_response", broken)
    client = Client(raise_request_exception=False)
    client.force_login(anna)
    for _time in range(3):
        assert client.get(XLSX).status_code == 500


def test_strangers_take_no_place(places: Places, client: Client) -> None:
    for _time in range(6):
        assert client.get(CSV).status_code == 302


def test_half_of_the_threads_stays_free(places: Places) -> None:
    for user in (1, 1, 2, 2):
        places.take(user)
    with pytest.raises(UserBusy):
        places.take(1)
    with pytest.raises(Busy) as caught:
        places.take(3)
    assert not isinstance(caught.value, UserBusy)
