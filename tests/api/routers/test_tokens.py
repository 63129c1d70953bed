"""Who gets in, by what, and for how long."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from apps.users.models import ApiToken, User
from apps.users.services import toggle_active
from apps.users.tokens import issue
from tests.api.conftest import Voice, voice_of
from tests.factories import PASSWORD, RecipientFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/api/recipients/"


def credentials(email: str = "anna@example.org", password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password}


def test_a_password_gives_a_token_that_opens_the_api_and_can_be_ended(anna: Voice) -> None:
    given = Voice(None).post("/auth/token", credentials())
    assert given.status_code == 200
    body = given.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 86_400)
    caller = Voice(None, body["access_token"])
    assert caller.get(LIST).status_code == 200
    assert caller.delete("/auth/token").status_code == 204
    assert caller.get(LIST).status_code == 401


@pytest.mark.parametrize("name", ["username", "email"])
def test_the_form_of_oauth_gives_a_token_as_well(anna: Voice, name: str) -> None:
    form = {name: "anna@example.org", "password": PASSWORD, "grant_type": "password"}
    body = urlencode(form)
    given = Client().post("/auth/token", body, content_type="application/x-www-form-urlencoded")
    assert given.status_code == 200, given.content
    assert Voice(None, given.json()["access_token"]).get(LIST).status_code == 200
    assert Client().post("/auth/token", form).status_code == 200


def test_a_form_that_lacks_something_is_answered_so(anna: Voice) -> None:
    answer = Client().post("/auth/token", {"username": "anna@example.org"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["password"]


def test_other_routes_take_no_form(anna: Voice) -> None:
    headers = {"Authorization": f"Bearer {anna.secret}"}
    answer = Client().post(LIST, {"email": "x@example.org"}, headers=headers)
    assert answer.status_code == 400


def test_only_the_hash_of_a_token_is_kept(anna: Voice) -> None:
    token = ApiToken.objects.get()
    assert anna.secret not in {str(value) for value in vars(token).values()}
    assert len(token.digest) == 64


def test_unknown_address_and_wrong_password_are_answered_alike(anna: Voice) -> None:
    wrong = Voice(None).post("/auth/token", credentials(password="wrong password wrong"))
    unknown = Voice(None).post("/auth/token", credentials("nobody@example.org"))
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "invalid_credentials"


def test_after_five_wrong_passwords_the_right_one_must_wait_too(anna: Voice) -> None:
    for _try in range(5):
        Voice(None).post("/auth/token", credentials(password="wrong password wrong"))
    answer = Voice(None).post("/auth/token", credentials())
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert int(answer["Retry-After"]) > 0


def test_an_unconfirmed_address_gets_no_token(db: None) -> None:
    UserFactory.create(email="new@example.org")
    answer = Voice(None).post("/auth/token", credentials("new@example.org"))
    assert (answer.status_code, answer.json()["code"]) == (403, "email_unverified")


def test_a_blocked_user_gets_no_token(anna: Voice) -> None:
    User.objects.filter(email="anna@example.org").update(is_active=False)
    answer = Voice(None).post("/auth/token", credentials())
    assert (answer.status_code, answer.json()["code"]) == (403, "user_blocked")


def test_with_a_second_factor_the_password_alone_is_not_enough(anna: Voice) -> None:
    Authenticator.objects.create(user=anna.user, type=Authenticator.Type.TOTP, data={})
    answer = Voice(None).post("/auth/token", credentials())
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")


def test_a_blocked_users_token_is_dead_at_the_next_request(anna: Voice, mary: Voice) -> None:
    assert anna.user is not None and mary.user is not None
    assert anna.get(LIST).status_code == 200
    toggle_active(user_id=anna.user.pk, actor=mary.user)
    assert anna.get(LIST).status_code == 401
    toggle_active(user_id=anna.user.pk, actor=mary.user)
    assert anna.get(LIST).status_code == 401  # it was revoked, not only held


def test_a_user_made_inactive_by_other_means_is_out_as_well(anna: Voice) -> None:
    User.objects.update(is_active=False)
    assert anna.get(LIST).status_code == 401


def test_a_token_ends_on_its_own(anna: Voice) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        assert anna.get(LIST).status_code == 401


def test_a_new_password_ends_all_tokens(anna: Voice) -> None:
    secret = Voice(None).post("/auth/token", credentials()).json()["access_token"]
    user = User.objects.get(email="anna@example.org")
    user.set_password("another long password")
    user.save()
    assert Voice(None, secret).get(LIST).status_code == 401
    assert anna.get(LIST).status_code == 401  # made on the page


def test_a_reading_token_changes_nothing(anna: Voice) -> None:
    assert anna.user is not None
    reader = voice_of(anna.user, ApiToken.Scope.READ)
    answer = reader.post(LIST, {"email": "new@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (403, "token_reads_only")
    assert reader.get(LIST).json()["items"] == []
    assert reader.delete("/auth/token").status_code == 204


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer vst_wrong", "Basic YTpi", "Bearer " + "x" * 5000]
)
def test_without_a_valid_token_there_is_nothing(anna: Voice, header: str) -> None:
    assert anna.user is not None
    client = Client()
    client.force_login(anna.user)  # a session does not fix a wrong token
    answer = client.get(LIST, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


def test_the_last_use_is_noted_once_a_minute(anna: Voice) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        anna.get(LIST)
        first = ApiToken.objects.get().last_used_at
        clock.shift(30)
        anna.get(LIST)
        assert ApiToken.objects.get().last_used_at == first
        clock.shift(31)
        anna.get(LIST)
        assert ApiToken.objects.get().last_used_at > first


def test_a_session_reads_and_changes_only_with_the_token_of_the_page(anna: Voice) -> None:
    assert anna.user is not None
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna.user)
    RecipientFactory.create(owner=anna.user)
    assert len(client.get(LIST).json()["items"]) == 1
    body = b'{"email": "new@example.org"}'
    refused = client.post(LIST, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    client.get("/recipients/")  # a page with a form sets the cookie
    csrf = client.cookies["csrftoken"].value
    headers = {"X-CSRFToken": csrf}
    made = client.post(LIST, body, content_type="application/json", headers=headers)
    assert made.status_code == 201


def test_a_token_needs_no_csrf_and_no_cookie(anna: Voice) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {anna.secret}"}
    body = b'{"email": "new@example.org"}'
    answer = client.post(LIST, body, content_type="application/json", headers=headers)
    assert answer.status_code == 201


def test_two_tokens_are_never_alike(anna: Voice) -> None:
    assert anna.user is not None
    made = {
        issue(
            owner=anna.user,
            name="x",
            scope="read",
            valid_for=timedelta(days=1),
            now=timezone.now(),
        ).secret
        for _number in range(50)
    }
    assert len(made) == 50 and all(len(secret) > 40 for secret in made)
