"""How an account is kept by whose it is: a session alone does not take it over."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.users.authentication import account_mails
from apps.users.models import ApiToken, User
from apps.users.tokens import issue
from tests.factories import PASSWORD, UserFactory, asked_again, confirmed

pytestmark = pytest.mark.django_db
OTHER = "another long horse staple"


@pytest.fixture
def anna() -> User:
    return confirmed(UserFactory.create(email="anna@example.org"))


@pytest.fixture
def hers(anna: User) -> Client:
    """Anna's browser, signed in by the page."""
    client = Client()
    client.post("/accounts/login/", {"login": anna.email, "password": PASSWORD})
    return client


def token_of(user: User) -> str:
    valid_for = timedelta(days=365)
    made = issue(owner=user, name="t", scope="read", valid_for=valid_for, now=timezone.now())
    return made.secret


def opens(secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/tags/", headers=headers).status_code == 200


# --- tokens


def by_the_page(user: User, client: Client) -> None:
    fields = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    client.post("/accounts/password/change/", fields)


def by_a_mail(user: User, client: Client) -> None:
    Client().post("/accounts/password/reset/", {"email": user.email})
    link = next(word for word in str(mail.outbox[-1].body).split() if "/reset/key/" in word)
    visitor = Client()
    form = visitor.get(link, follow=True).redirect_chain[-1][0]
    visitor.post(form, {"password1": OTHER, "password2": OTHER})


def at_the_console(user: User, client: Client) -> None:
    fresh = User.objects.get(pk=user.pk)
    fresh.set_password(OTHER)
    fresh.save()


def taken_away(user: User, client: Client) -> None:
    fresh = User.objects.get(pk=user.pk)
    fresh.set_unusable_password()
    fresh.save(update_fields=["password"])


def by_an_admin(user: User, client: Client) -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss@example.org", PASSWORD))
    fields = {"password1": OTHER, "password2": OTHER, "usable_password": "true"}
    boss.post(f"/admin/users/user/{user.pk}/password/", fields)


@pytest.mark.parametrize("route", [by_the_page, by_a_mail, at_the_console, taken_away, by_an_admin])
def test_every_token_ends_with_the_password(route: Any, anna: User, hers: Client) -> None:
    secret = token_of(anna)
    assert opens(secret)
    route(anna, hers)
    assert not User.objects.get(pk=anna.pk).check_password(PASSWORD)
    assert not opens(secret)


def test_a_hash_that_is_made_anew_ends_no_token(anna: User, settings: LazySettings) -> None:
    secret = token_of(anna)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    Client().post("/accounts/login/", {"login": anna.email, "password": PASSWORD})
    assert User.objects.get(pk=anna.pk).password.startswith("pbkdf2")
    assert opens(secret)


def test_a_token_costs_the_password_and_its_owner_is_notified(anna: User, hers: Client) -> None:
    fields = {"name": "thief", "scope": "write", "days": "365"}
    asked = hers.post("/profile/tokens/", fields)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists() and mail.outbox == []
    made = hers.post(asked["Location"], {"password": PASSWORD})
    assert b"vst_" in made.content  # what was typed is not typed again
    (log_of,) = mail.outbox
    assert log_of.to == ["anna@example.org"] and "thief" in log_of.body


# --- addresses


@pytest.mark.parametrize("action", ["add", "primary", "remove"])
def test_a_session_alone_changes_no_address(action: str, anna: User, hers: Client) -> None:
    EmailAddress.objects.create(user=anna, email="second@example.org", verified=True)
    before = list(EmailAddress.objects.order_by("pk").values_list("email", "primary"))
    email = "stranger@example.org" if action == "add" else "second@example.org"
    answer = hers.post("/accounts/email/", {f"action_{action}": "", "email": email})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert list(EmailAddress.objects.order_by("pk").values_list("email", "primary")) == before


@pytest.mark.parametrize(
    ("action", "text"),
    [("add", "stranger@example.org"), ("primary", "second@example.org"), ("remove", "second")],
)
def test_the_address_of_before_hears_of_every_change(
    action: str, text: str, anna: User, hers: Client
) -> None:
    EmailAddress.objects.create(user=anna, email="second@example.org", verified=True)
    asked_again(hers, anna)
    email = "stranger@example.org" if action == "add" else "second@example.org"
    hers.post("/accounts/email/", {f"action_{action}": "", "email": email})
    log_of = [one for one in mail.outbox if one.to == ["anna@example.org"]]
    assert len(log_of) == 1 and text in log_of[0].body


def test_the_owner_hears_of_a_new_password(anna: User, hers: Client) -> None:
    by_the_page(anna, hers)
    assert [one.to for one in mail.outbox] == [["anna@example.org"]]


# --- the username follows (U1)


def change(user: User, email: str, route: str) -> None:
    fresh = User.objects.get(pk=user.pk)
    fresh.email = email
    if route == "save":
        fresh.save()
    elif route == "some fields":
        fresh.save(update_fields=["email"])
    elif route == "update":
        User.objects.filter(pk=user.pk).update(email=email)
    else:
        address = EmailAddress.objects.create(user=user, email=email, verified=True)
        address.set_as_primary()


@pytest.mark.parametrize("route", ["save", "some fields", "update", "the page"])
def test_the_username_follows_the_email_and_the_old_one_is_free(route: str, anna: User) -> None:
    change(anna, "Anna.New@Example.org", route)
    fresh = User.objects.get(pk=anna.pk)
    assert fresh.username == fresh.email == "anna.new@example.org"
    EmailAddress.objects.filter(email="anna@example.org").delete()
    fields = {"email": "anna@example.org", "password1": OTHER, "password2": OTHER}
    assert Client().post("/accounts/signup/", fields).status_code == 302
    assert User.objects.get(email="anna@example.org").username == "anna@example.org"


def test_an_address_that_an_admin_gives_is_the_one_to_sign_in_by(anna: User) -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss@example.org", PASSWORD))
    page = boss.get(f"/admin/users/user/{anna.pk}/change/")
    form = page.context["adminform"].form
    fields = {name: form[name].value() or "" for name in form.fields if name != "avatar"}
    fields = {name: value for name, value in fields.items() if value not in (False, [], "")}
    boss.post(f"/admin/users/user/{anna.pk}/change/", {**fields, "email": "given@example.org"})
    tried = {
        name: Client().post("/accounts/login/", {"login": name, "password": PASSWORD})
        for name in ("given@example.org", "anna@example.org")
    }
    assert [one.status_code for one in tried.values()] == [302, 200]


def test_a_superuser_of_the_console_can_sign_in() -> None:
    call_command("createsuperuser", "--noinput", "--email", "boss@example.org")
    boss = User.objects.get(email="boss@example.org")
    boss.set_password(PASSWORD)
    boss.save()
    assert EmailAddress.objects.get(user=boss).verified
    tried = Client().post("/accounts/login/", {"login": "boss@example.org", "password": PASSWORD})
    assert tried["Location"] == "/"


# --- mails to strangers


def test_nobody_without_an_account_gets_a_mail_to_reset_a_password() -> None:
    for n in range(8):
        Client().post("/accounts/password/reset/", {"email": f"stranger{n}@example.net"})
    assert mail.outbox == []


def test_one_mail_to_reset_a_password_in_five_minutes_however_often_asked(anna: User) -> None:
    def ask(email: str) -> list[int]:
        return [
            Client().post("/accounts/password/reset/", {"email": email}).status_code
            for _ in range(3)
        ]

    # A stranger learns nothing from it: an address without an account is answered alike.
    assert ask("anna@example.org") == ask("nobody@example.org") == [302, 429, 429]
    assert len(mail.outbox) == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert ask("anna@example.org")[0] == 302
    assert len(mail.outbox) == 2


def test_one_mail_to_confirm_an_address_in_a_day(anna: User) -> None:
    for email in ("victim@example.org", "anna@example.org"):
        mail.outbox.clear()
        for _ in range(5):
            fields = {"email": email, "password1": OTHER, "password2": OTHER}
            assert Client().post("/accounts/signup/", fields).status_code == 302
        assert len(mail.outbox) == 1


def test_a_link_to_reset_is_good_for_an_hour(anna: User) -> None:
    Client().post("/accounts/password/reset/", {"email": anna.email})
    link = next(word for word in str(mail.outbox[-1].body).split() if "/reset/key/" in word)
    for minutes, good in ((59, True), (61, False)):
        # Django counts in the zone of the machine here: a moment without a zone leaves it alone.
        with time_machine.travel(time.time() + minutes * 60):
            page = Client().get(link, follow=True)
        assert (b"password1" in page.content) is good


def test_mails_over_the_network_are_sent_behind_the_request(
    anna: User, settings: LazySettings, mocker: MockerFixture
) -> None:
    settings.EMAIL_BACKEND = "apps.delivery.email_backend.SiteMailBackend"
    submit = mocker.patch.object(account_mails._senders, "submit")
    Client().post("/accounts/password/reset/", {"email": anna.email})
    assert submit.call_args.args[1].to == [anna.email]


def test_a_mail_server_that_is_away_is_asked_again(mocker: MockerFixture) -> None:
    letter = mocker.Mock()
    letter.send.side_effect = [OSError("away"), 1]
    mocker.patch("time.sleep")
    assert account_mails._sent(letter)
    letter.send.side_effect = OSError("away")
    assert not account_mails._sent(letter)
