"""The page of one's own tokens."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.users.models import ApiToken
from tests.access.test_csp import check
from tests.factories import asked_again
from tests.people import Cast

pytestmark = pytest.mark.django_db
PAGE = "/profile/tokens/"


def make(cast: Cast, **fields: str) -> str:
    """The secret that the owner's page shows after making a token."""
    given = {"name": "Shop", "scope": "write", "days": "90", **fields}
    asked_again(cast.client("owner"), cast.owner)
    return str(cast.client("owner").post(PAGE, given).context["secret"])


def opens(secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/recipients/", headers=headers).status_code == 200


def test_a_token_is_shown_once_works_and_is_revoked(cast: Cast) -> None:
    client = cast.client("owner")
    secret = make(cast)
    assert opens(secret)
    page = client.get(PAGE)
    assert "Shop" in page.content.decode() and secret not in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    token = ApiToken.objects.get()
    assert token.owner == cast.owner and token.last_used_at is not None
    client.post(reverse("users:revoke_token", args=[token.pk]))
    assert not opens(secret)
    assert "Shop" not in client.get(PAGE).content.decode()


def test_the_owner_is_never_taken_from_the_form(cast: Cast) -> None:
    make(cast, owner=str(cast.manager.pk), owner_id=str(cast.manager.pk))
    assert ApiToken.objects.get().owner == cast.owner


@pytest.mark.parametrize("fields", [{"scope": "admin"}, {"days": "100000"}, {"name": ""}])
def test_nothing_is_made_of_a_form_that_is_wrong(cast: Cast, fields: dict[str, str]) -> None:
    given = {"name": "Shop", "scope": "write", "days": "90", **fields}
    asked_again(cast.client("owner"), cast.owner)
    assert cast.client("owner").post(PAGE, given).context["form"].errors
    assert not ApiToken.objects.exists()


def test_nobody_ends_somebody_elses_token(cast: Cast) -> None:
    secret = make(cast)
    url = reverse("users:revoke_token", args=[ApiToken.objects.get().pk])
    assert cast.client("stranger").post(url).status_code == 404
    assert cast.client("manager").post(url).status_code == 403
    assert opens(secret)
    assert "Shop" not in cast.client("manager").get(PAGE).content.decode()


def test_the_page_has_nothing_inline(cast: Cast) -> None:
    check(cast.client("owner"), PAGE)
