"""Who may have an account, how long a session lasts, what the log knows, and who has rights."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import LazySettings
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.users.models import Notification, User
from tests.factories import PASSWORD, ManagerFactory, UserFactory, asked_again, confirmed

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


def by_the_page(user: User, client: Client) -> None:
    fields = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    client.post("/accounts/password/change/", fields)


def by_a_mail(user: User, client: Client) -> None:
    Client().post("/accounts/password/reset/", {"email": user.email})
    link = next(word for word in str(mail.outbox[-1].body).split() if "/reset/key/" in word)
    visitor = Client()
    form = visitor.get(link, follow=True).redirect_chain[-1][0]
    visitor.post(form, {"password1": OTHER, "password2": OTHER})


# --- who may have an account


def sign_up(email: str = "new@example.org") -> Any:
    fields = {"email": email, "password1": OTHER, "password2": OTHER}
    return Client().post("/accounts/signup/", fields)


def confirm() -> None:
    link = next(word for word in str(mail.outbox[-1].body).split() if "/confirm-email/" in word)
    Client().post(link)


def tried(email: str = "new@example.org") -> Any:
    return Client().post("/accounts/login/", {"login": email, "password": OTHER}, follow=True)


def test_a_new_user_waits_until_somebody_approves(settings: LazySettings) -> None:
    settings.SIGN_UP = "approved"
    mary = ManagerFactory.create(email="mary@example.org")
    sign_up()
    confirm()
    assert b"be used now" in tried().content
    body = {"email": "new@example.org", "password": OTHER}
    answer = Client().post("/auth/token", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "approval_awaited")
    notification = Notification.objects.get(owner=mary)
    assert notification.code == "user_waits"

    manager = Client()
    manager.force_login(mary)
    assert b"new@example.org" in manager.get("/notices/").content
    page = manager.get("/management/users/?status=waiting")
    assert b"new@example.org" in page.content and b"Approve" in page.content
    manager.post(f"/management/users/{User.objects.get(email='new@example.org').pk}/toggle/")
    assert tried().redirect_chain[0][0] == "/"


def test_who_waits_confirms_the_address_first(settings: LazySettings) -> None:
    settings.SIGN_UP = "approved"
    answer = sign_up()
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not Notification.objects.exists()


@pytest.mark.parametrize(("mode", "landing"), [("open", "/"), ("approved", "/accounts/inactive/")])
def test_confirming_in_the_same_browser_signs_in_who_may(
    settings: LazySettings, mode: str, landing: str
) -> None:
    settings.SIGN_UP = mode
    browser = Client()
    fields = {"email": "new@example.org", "password1": OTHER, "password2": OTHER}
    browser.post("/accounts/signup/", fields)
    link = next(word for word in str(mail.outbox[-1].body).split() if "/confirm-email/" in word)
    assert browser.post(link)["Location"] == landing
    assert browser.get("/recipients/").status_code == (200 if mode == "open" else 302)


def test_closed_means_closed(settings: LazySettings) -> None:
    settings.SIGN_UP = "closed"
    assert b"closed" in Client().get("/accounts/signup/").content
    sign_up()
    assert not User.objects.exists() and mail.outbox == []


def test_open_means_that_an_address_is_enough(settings: LazySettings) -> None:
    settings.SIGN_UP = "open"
    sign_up()
    confirm()
    assert tried().redirect_chain[0][0] == "/"


# --- sessions


def test_a_session_that_nobody_uses_ends(hers: Client, settings: LazySettings) -> None:
    settings.SESSION_IDLE_SECONDS = 3600
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=50)):
        assert hers.get("/profile/").status_code == 200
    with time_machine.travel(now + timedelta(minutes=100)):
        assert hers.get("/profile/").status_code == 200
    with time_machine.travel(now + timedelta(minutes=165)):
        assert hers.get("/profile/").status_code == 302


def test_a_page_that_asks_on_its_own_keeps_no_session_alive(
    hers: Client, settings: LazySettings
) -> None:
    settings.SESSION_IDLE_SECONDS = 3600
    now = timezone.now()
    for minutes in (20, 40, 59):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            hers.get("/notices/", headers={"HX-Request": "true"})
    with time_machine.travel(now + timedelta(minutes=61)):
        assert hers.get("/profile/").status_code == 302


def test_no_session_lasts_for_ever(hers: Client) -> None:
    now = timezone.now()
    for hours in range(6, 14 * 24, 6):
        with time_machine.travel(now + timedelta(hours=hours)):
            assert hers.get("/profile/").status_code == 200
    with time_machine.travel(now + timedelta(days=14, hours=1)):
        assert hers.get("/profile/").status_code == 302


# --- the second factor


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30)))


def test_the_secrets_of_the_second_factor_are_sealed(anna: User, settings: LazySettings) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(anna, secret)
    codes = RecoveryCodes.activate(anna).get_unused_codes()
    stored = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored and "gAAAA" in stored
    rows = {row.type: row for row in Authenticator.objects.all()}
    assert TOTP(rows["totp"]).validate_code(code_of(secret))
    # A new key, and the old one among those of before.
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert RecoveryCodes(rows["recovery_codes"]).get_unused_codes() == codes
    # Without the old one nothing opens, and nothing breaks.
    settings.SECRET_KEY_FALLBACKS = []
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert not TOTP(rows["totp"]).validate_code(code_of(secret))


# --- the log


@pytest.fixture
def log_of(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    caplog.set_level(logging.INFO)

    def lines() -> list[dict[str, Any]]:
        return [record.msg for record in caplog.records if isinstance(record.msg, dict)]

    yield lines


def test_the_log_knows_who_signed_in_or_tried(anna: User, log_of: Any) -> None:
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.post("/accounts/login/", {"login": "anna@example.org", "password": "wrong"})
    client.post("/accounts/login/", {"login": "anna@example.org", "password": PASSWORD})
    by_the_page(anna, client)
    asked_again(client, anna)
    for action, email in (("add", "b@example.org"), ("remove", "b@example.org")):
        client.post("/accounts/email/", {f"action_{action}": "", "email": email})
    client.post("/accounts/logout/")
    for _ in range(11):
        client.post("/accounts/login/", {"login": "anna@example.org", "password": "wrong"})
    lines = {line["event"]: line for line in log_of()}
    wanted = {
        "sign_in_failed",
        "sign_in",
        "password_changed",
        "address_added",
        "address_removed",
        "sign_out",
        "sign_in_locked",
    }
    assert wanted <= set(lines)
    assert {lines[event]["ip"] for event in wanted} == {"203.0.113.9"}
    assert lines["sign_in"]["user_id"] == anna.pk
    assert "anna@" not in repr([lines[event] for event in wanted])


def test_the_log_knows_of_the_second_factor_and_of_a_reset(
    anna: User, hers: Client, log_of: Any, django_capture_on_commit_callbacks: Any
) -> None:
    asked_again(hers, anna)
    page = hers.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        hers.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    hers.post("/accounts/2fa/totp/deactivate/")
    by_a_mail(anna, hers)
    events = [line["event"] for line in log_of()]
    assert {"second_factor_on", "second_factor_off", "password_reset"} <= set(events)


# --- rights

STAFF_WITH = [
    ("users", "user"),
    ("auth", "group"),
    ("account", "emailaddress"),
    ("mfa", "authenticator"),
    ("socialaccount", "socialaccount"),
    ("socialaccount", "socialapp"),
    ("socialaccount", "socialtoken"),
]


@pytest.mark.parametrize(("app", "model"), STAFF_WITH)
def test_staff_do_not_raise_themselves(app: str, model: str, anna: User) -> None:
    staff = UserFactory.create(email="staff@example.org", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label=app))
    client = Client()
    client.force_login(staff)
    place = f"/admin/{app}/{model}/"
    assert client.get(place).status_code == 200  # they may look
    assert client.get(f"{place}add/").status_code == 403
    assert client.post(f"{place}add/", {"is_superuser": "on"}).status_code == 403
    if model == "user":
        for path in (f"{staff.pk}/change/", f"{anna.pk}/password/", f"{anna.pk}/delete/"):
            answer = client.post(place + path, {"is_superuser": "on", "email": staff.email})
            assert answer.status_code == 403
        assert not User.objects.filter(is_superuser=True).exists()
