"""Signing up, confirming the address, signing in and out, a new password; who may oversee."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.users.models import MANAGERS, User
from apps.users.selectors import overseers
from tests.factories import PASSWORD, ManagerFactory, RecipientFactory, UserFactory, confirmed
from tests.people import Cast

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def link_in_the_last_mail() -> str:
    found = re.search(rf"{settings.SITE_URL}(/accounts/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found.group(1)


def test_signing_up_needs_the_confirmation_of_the_address() -> None:
    client = Client()
    form = {"email": "Nina@Example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form)["Location"] == "/accounts/confirm-email/"
    user = User.objects.get()
    assert user.email == user.username == "nina@example.org"
    assert user.password != PASSWORD
    assert sign_in(client, user.email)["Location"] == "/accounts/confirm-email/"
    page = client.get(link_in_the_last_mail()).content.decode()
    assert "nina@example.org" in page and "btn-primary" in page
    client.post(link_in_the_last_mail())
    assert sign_in(Client(), user.email)["Location"] == "/"


def test_signing_in_and_out() -> None:
    user, client = confirmed(UserFactory.create()), Client()
    assert sign_in(client, user.email)["Location"] == "/"
    assert user.email in client.get("/").content.decode()
    assert client.get("/accounts/logout/").status_code == 200  # asks, changes nothing
    assert client.get("/queue/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/queue/").status_code == 302


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_reported_on_the_page(password: str) -> None:
    user = confirmed(UserFactory.create())
    response = sign_in(Client(), user.email, password)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert "alert-danger" in response.content.decode() or "is-invalid" in response.content.decode()


def test_a_blocked_user_cannot_sign_in() -> None:
    user = confirmed(UserFactory.create(is_active=False))
    client = Client()
    assert sign_in(client, user.email)["Location"] == "/accounts/inactive/"
    assert client.get("/queue/").status_code == 302


def test_a_forgotten_password_is_renewed_by_mail() -> None:
    user, client = confirmed(UserFactory.create()), Client()
    client.post("/accounts/password/reset/", {"email": user.email})
    step = client.get(link_in_the_last_mail(), follow=True)
    new = "another horse battery staple"
    url = step.redirect_chain[-1][0]
    client.post(url, {"password1": new, "password2": new})
    assert sign_in(Client(), user.email, new)["Location"] == "/"


def test_nobody_learns_from_a_reset_whether_an_address_is_known() -> None:
    known = confirmed(UserFactory.create())
    answers = [
        Client().post("/accounts/password/reset/", {"email": email})["Location"]
        for email in (known.email, "nobody@example.org")
    ]
    assert answers[0] == answers[1]


def test_the_admin_is_behind_the_same_sign_in(cast: Cast) -> None:
    location = Client().get("/admin/login/?next=/admin/")["Location"]
    assert location.startswith("/accounts/login/")
    assert cast.client("manager").get("/admin/").status_code == 302


def test_the_migration_has_made_the_managers() -> None:
    group = Group.objects.get(name=MANAGERS)
    rights = set(group.permissions.values_list("content_type__app_label", "codename"))
    assert rights == {
        ("users", "view_all_data"),
        ("users", "block_user"),
        ("mailings", "toggle_mailing"),
        ("mailings", "lift_complaint"),
        ("mailings", "block_domain"),
        ("mailings", "publish_templates"),
        ("automations", "toggle_automation"),
    }
    user = UserFactory.create()
    user.groups.add(group)
    assert user.sees_all


def test_overseers_are_managers_and_superusers_blocked_or_not() -> None:
    UserFactory.create()
    manager = ManagerFactory.create(is_active=False)
    root = UserFactory.create(is_superuser=True)
    assert set(overseers()) == {manager, root}


def test_the_language_is_the_browsers_and_can_be_switched() -> None:
    client = Client(headers={"Accept-Language": "ru,en;q=0.5"})
    assert "Войти" in client.get("/").content.decode()
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert response["Location"] == "/"
    page = client.get("/").content.decode()
    assert "Sign in" in page and '<html lang="en">' in page


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_the_navigation_lights_the_section(cast: Cast, role: str) -> None:
    page = cast.client(role).get("/mailings/").content.decode()
    navigations = re.findall(r'<nav class="(?:sections|menu-sheet)".*?</nav>', page, re.DOTALL)
    assert len(navigations) == 2  # beside each other, and in the menu of phones
    for navigation in navigations:
        assert re.search(r'<a href="/mailings/" class="here" aria-current="page">', navigation)
        assert navigation.count('aria-current="page"') == 1


def signed_in(user: User) -> Client:
    client = Client()
    assert sign_in(client, user.email)["Location"] == "/"
    return client


def test_who_guesses_passwords_is_held_up_before_anything_is_hashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user, client = confirmed(UserFactory.create()), Client()
    answers = [sign_in(client, user.email, f"wrong {n}").status_code for n in range(12)]
    hashed: list[object] = []
    monkeypatch.setattr(User, "check_password", lambda *args: hashed.append(args))

    last = sign_in(client, user.email)

    assert answers[0] == 200
    assert last.status_code in (200, 429) and not hashed
    assert client.get("/profile/").status_code == 302


def test_a_new_password_ends_all_other_sessions() -> None:
    user = confirmed(UserFactory.create())
    here, elsewhere = signed_in(user), signed_in(user)
    new = "another horse battery staple"

    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert here.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302


def test_a_reset_ends_all_sessions() -> None:
    user = confirmed(UserFactory.create())
    elsewhere, client = signed_in(user), Client()
    client.post("/accounts/password/reset/", {"email": user.email})
    step = client.get(link_in_the_last_mail(), follow=True)
    new = "another horse battery staple"
    client.post(step.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert elsewhere.get("/profile/").status_code == 302


def test_a_reset_does_not_get_round_the_second_factor() -> None:
    user, client = confirmed(UserFactory.create()), Client()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "A" * 32})
    client.post("/accounts/password/reset/", {"email": user.email})
    step = client.get(link_in_the_last_mail(), follow=True)
    new = "another horse battery staple"
    client.post(step.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert sign_in(client, user.email, new)["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/profile/").status_code == 302


def test_signing_up_gives_nobody_a_role() -> None:
    form = {"email": "nina@example.org", "password1": PASSWORD, "password2": PASSWORD}
    rights = {"is_superuser": "1", "is_staff": "1", "groups": "1", "role": "manager"}
    Client().post("/accounts/signup/", {**form, **rights})
    user = User.objects.get()
    assert not (user.is_superuser or user.is_staff or user.groups.exists() or user.sees_all)


def test_a_link_is_good_for_a_day_and_can_be_sent_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    form = {"email": "nina@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    old = link_in_the_last_mail()
    assert settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS == 1
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        client.post(old)
        assert not EmailAddress.objects.get().verified
        cache.clear()  # a day has passed for the limits as well
        sign_in(Client(), "nina@example.org")  # the unconfirmed are sent a new link
        assert link_in_the_last_mail() != old
        client.post(link_in_the_last_mail())
    assert EmailAddress.objects.get().verified


NINA = {"email": "nina@example.org", "password1": PASSWORD, "password2": PASSWORD}
OTHER = "another horse battery staple"


def in_days(days: float) -> time_machine.travel:
    cache.clear()  # so much later for the limits as well
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)


def test_an_expired_sign_up_does_not_lock_the_address() -> None:
    """Who signed up first never confirmed: the next one begins anew, with an own password."""
    Client().post("/accounts/signup/", NINA)
    squatter = User.objects.get()
    with in_days(1.1):
        client = Client()
        client.post("/accounts/signup/", {**NINA, "password1": OTHER, "password2": OTHER})
        client.post(link_in_the_last_mail())
        assert sign_in(Client(), "nina@example.org", OTHER)["Location"] == "/"
        assert sign_in(Client(), "nina@example.org", PASSWORD).status_code == 200
    assert not User.objects.filter(pk=squatter.pk).exists()


def test_a_sign_up_that_still_runs_is_not_taken_over() -> None:
    Client().post("/accounts/signup/", NINA)
    first = User.objects.get()
    with in_days(0.9):
        Client().post("/accounts/signup/", {**NINA, "password1": OTHER, "password2": OTHER})
    assert User.objects.get() == first
    assert first.check_password(PASSWORD)


@pytest.mark.parametrize(
    "what", ["confirmed", "staff", "manager", "blocked", "owns", "made_manually"]
)
def test_an_account_that_means_something_is_never_forgotten(what: str) -> None:
    Client().post("/accounts/signup/", NINA)
    user = User.objects.get()
    if what == "confirmed":
        EmailAddress.objects.update(verified=True)
    elif what == "manager":
        user.groups.add(Group.objects.get(name=MANAGERS))
    elif what == "owns":
        RecipientFactory.create(owner=user)
    elif what == "made_manually":
        EmailAddress.objects.all().delete()
    else:
        User.objects.update(is_staff=what == "staff", is_active=what != "blocked")
    with in_days(30):
        Client().post("/accounts/signup/", {**NINA, "password1": OTHER, "password2": OTHER})
    assert User.objects.get() == user


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_a_mail_links_to_the_site_whatever_the_request_calls_it(settings: Any, header: str) -> None:
    """The host of a request is a stranger's word: a key must not be sent to it."""
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], "https://mail.example.org"
    user = confirmed(UserFactory.create())
    forged = {header: "evil.example"}
    Client(headers=forged).post("/accounts/password/reset/", {"email": user.email})
    Client(headers=forged).post("/accounts/signup/", NINA)
    Client(headers=forged).post("/accounts/signup/", {**NINA, "email": user.email})
    assert len(mail.outbox) == 3
    for sent in mail.outbox:
        text = f"{sent.subject}\n{sent.body}"
        assert "https://mail.example.org/accounts/" in text
        assert "evil" not in text and "testserver" not in text


def test_an_unknown_host_is_not_answered() -> None:
    assert Client(headers={"Host": "evil.example"}).get("/accounts/login/").status_code == 400


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:1"])
def test_the_way_on_after_signing_in_stays_here(target: str) -> None:
    user = confirmed(UserFactory.create())
    form = {"login": user.email, "password": PASSWORD, "next": target}
    assert Client().post("/accounts/login/", form)["Location"] == "/"


def test_who_is_blocked_is_out_of_every_session_at_the_next_request() -> None:
    user = confirmed(UserFactory.create())
    sessions = [signed_in(user) for _ in range(3)]
    manager = Client()
    manager.force_login(ManagerFactory.create())
    manager.post(f"/management/users/{user.pk}/toggle/")
    assert [client.get("/profile/").status_code for client in sessions] == [302] * 3
