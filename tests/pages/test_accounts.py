"""Signing up, confirming the address, signing in and out, a new password; who may oversee."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from apps.users.models import MANAGERS, User
from apps.users.selectors import overseers
from tests.factories import PASSWORD, ManagerFactory, UserFactory, confirmed
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def link_in_the_last_mail() -> str:
    found = re.search(r"http://testserver(/accounts/\S+)", str(mail.outbox[-1].body))
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
def test_a_wrong_password_is_told_on_the_page(password: str) -> None:
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
    assert re.search(r'<a href="/mailings/" class="here" aria-current="page">', page)
    assert page.count('aria-current="page"') == 1
