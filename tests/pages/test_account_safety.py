"""How an account is kept by whose it is: a session alone does not take it over."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import LazySettings
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.users import mails
from apps.users.models import ApiToken, Notice, User
from apps.users.tokens import issue
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


@pytest.mark.parametrize("way", [by_the_page, by_a_mail, at_the_console, taken_away, by_an_admin])
def test_every_token_ends_with_the_password(way: Any, anna: User, hers: Client) -> None:
    secret = token_of(anna)
    assert opens(secret)
    way(anna, hers)
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


def test_a_token_costs_the_password_and_its_owner_is_told(anna: User, hers: Client) -> None:
    fields = {"name": "thief", "scope": "write", "days": "365"}
    asked = hers.post("/profile/tokens/", fields)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists() and mail.outbox == []
    made = hers.post(asked["Location"], {"password": PASSWORD})
    assert b"vst_" in made.content  # what was typed is not typed again
    (told,) = mail.outbox
    assert told.to == ["anna@example.org"] and "thief" in told.body


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
    ("action", "words"),
    [("add", "stranger@example.org"), ("primary", "second@example.org"), ("remove", "second")],
)
def test_the_address_of_before_hears_of_every_change(
    action: str, words: str, anna: User, hers: Client
) -> None:
    EmailAddress.objects.create(user=anna, email="second@example.org", verified=True)
    asked_again(hers, anna)
    email = "stranger@example.org" if action == "add" else "second@example.org"
    hers.post("/accounts/email/", {f"action_{action}": "", "email": email})
    told = [one for one in mail.outbox if one.to == ["anna@example.org"]]
    assert len(told) == 1 and words in told[0].body


def test_the_owner_hears_of_a_new_password(anna: User, hers: Client) -> None:
    by_the_page(anna, hers)
    assert [one.to for one in mail.outbox] == [["anna@example.org"]]


# --- the username follows (U1)


def change(user: User, email: str, way: str) -> None:
    fresh = User.objects.get(pk=user.pk)
    fresh.email = email
    if way == "save":
        fresh.save()
    elif way == "some fields":
        fresh.save(update_fields=["email"])
    elif way == "update":
        User.objects.filter(pk=user.pk).update(email=email)
    else:
        address = EmailAddress.objects.create(user=user, email=email, verified=True)
        address.set_as_primary()


@pytest.mark.parametrize("way", ["save", "some fields", "update", "the page"])
def test_the_username_follows_the_email_and_the_old_one_is_free(way: str, anna: User) -> None:
    change(anna, "Anna.New@Example.org", way)
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


def test_one_mail_to_reset_a_password_in_five_minutes_whoever_asks(anna: User) -> None:
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
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    submit = mocker.patch.object(mails._senders, "submit")
    Client().post("/accounts/password/reset/", {"email": anna.email})
    assert submit.call_args.args[1].to == [anna.email]


def test_a_mail_server_that_is_away_is_asked_again(mocker: MockerFixture) -> None:
    letter = mocker.Mock()
    letter.send.side_effect = [OSError("away"), 1]
    mocker.patch("time.sleep")
    assert mails._sent(letter)
    letter.send.side_effect = OSError("away")
    assert not mails._sent(letter)


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
    notice = Notice.objects.get(owner=mary)
    assert notice.code == "user_waits"

    manager = Client()
    manager.force_login(mary)
    assert b"new@example.org" in manager.get("/notices/").content
    page = manager.get("/management/users/?status=waiting")
    assert b"new@example.org" in page.content and b"Approve" in page.content
    manager.post(f"/management/users/{User.objects.get(email='new@example.org').pk}/toggle/")
    assert tried().redirect_chain[0][0] == "/"


def test_whoever_waits_confirms_the_address_first(settings: LazySettings) -> None:
    settings.SIGN_UP = "approved"
    answer = sign_up()
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not Notice.objects.exists()


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


def test_a_page_that_asks_by_itself_keeps_no_session_alive(
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
def told(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    caplog.set_level(logging.INFO)

    def lines() -> list[dict[str, Any]]:
        return [record.msg for record in caplog.records if isinstance(record.msg, dict)]

    yield lines


def test_the_log_knows_who_signed_in_or_tried(anna: User, told: Any) -> None:
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
    lines = {line["event"]: line for line in told()}
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
    anna: User, hers: Client, told: Any, django_capture_on_commit_callbacks: Any
) -> None:
    asked_again(hers, anna)
    page = hers.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        hers.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    hers.post("/accounts/2fa/totp/deactivate/")
    by_a_mail(anna, hers)
    events = [line["event"] for line in told()]
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
