"""Signing in by an OpenID Connect provider: the whole flow against a provider of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.conf import LazySettings, settings
from django.core import mail
from django.test import Client
from pytest_mock import MockerFixture

from apps.users.models import User
from tests.factories import PASSWORD, ManagerFactory, UserFactory, asked_again, confirmed

pytestmark = pytest.mark.django_db

START = "/accounts/oidc/company/login/"


@dataclass
class Provider:
    """Discovery, token and userinfo of an identity provider, with one person behind it."""

    person: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    url: str = ""
    nonce: str = ""

    def answer(self, path: str, body: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/token":
            self.asked.append(parse_qs(body))
            claims = {"iss": self.url, "aud": "vestnik", "nonce": self.nonce, **self.person}
            token = jwt.encode(claims, "x" * 32, algorithm="HS256")
            return {"access_token": "a", "token_type": "Bearer", "id_token": token}
        return self.person


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[Provider]:
    found = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.dumps(found.answer(self.path, self.rfile.read(length).decode()))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "OAUTH_PKCE_ENABLED": True,
                "APPS": [
                    {
                        "provider_id": "company",
                        "name": "Company",
                        "client_id": "vestnik",
                        "secret": "s",
                        "settings": {"server_url": found.url},
                    }
                ],
            }
        }
        yield found
        server.shutdown()


def come_back(client: Client, provider: Provider, start: str = START, **person: Any) -> Any:
    """Press the button, be recognised by the provider, and follow the way back."""
    provider.person = {"sub": "42", **person}
    to_provider = client.post(start)["Location"]
    assert to_provider.startswith(f"{provider.url}/authorize?")
    asked = parse_qs(urlsplit(to_provider).query)
    assert asked["code_challenge_method"] == ["S256"]
    provider.nonce = asked["nonce"][0]
    answer = {"code": "c", "state": asked["state"][0]}
    return client.get(f"{START}callback/", answer, follow=True)


def test_the_button_stands_on_the_sign_in_page(provider: Provider, client: Client) -> None:
    assert START in client.get("/accounts/login/").content.decode()


def test_without_a_provider_there_is_no_button(client: Client) -> None:
    assert "oidc" not in client.get("/accounts/login/").content.decode()
    assert client.get(START).status_code == 404


def test_a_confirmed_address_signs_in_to_the_account_that_has_it(
    provider: Provider, client: Client
) -> None:
    user = confirmed(UserFactory.create(email="anna@example.org"))

    come_back(client, provider, email="Anna@example.org", email_verified=True)

    assert client.get("/profile/").context["user"] == user
    assert provider.asked[0]["code_verifier"]
    assert User.objects.count() == 1


def test_an_address_that_nobody_confirmed_opens_nobodys_account(
    provider: Provider, client: Client
) -> None:
    confirmed(UserFactory.create(email="anna@example.org"))

    come_back(client, provider, email="anna@example.org", email_verified=False)

    assert client.get("/profile/").status_code == 302


def test_a_newcomer_gets_an_account_without_any_rights(provider: Provider, client: Client) -> None:
    come_back(
        client,
        provider,
        email="new@example.org",
        email_verified=True,
        is_superuser=True,
        is_staff=True,
        groups=["Managers"],
        role="manager",
    )

    user = User.objects.get(email="new@example.org")
    assert not (user.is_superuser or user.is_staff or user.sees_all)
    assert client.get("/profile/").status_code == 200
    assert mail.outbox == []


def test_a_blocked_user_stays_outside(provider: Provider, client: Client) -> None:
    confirmed(UserFactory.create(email="anna@example.org", is_active=False))

    come_back(client, provider, email="anna@example.org", email_verified=True)

    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    "claim", ["false", "False", "0", "no", "TRUE ", "yes", 1, [True], {}, None]
)
def test_what_is_not_plainly_true_confirms_nothing(
    provider: Provider, client: Client, claim: Any
) -> None:
    confirmed(UserFactory.create(email="anna@example.org"))
    come_back(client, provider, email="anna@example.org", email_verified=claim)
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize("claim", [True, "true"])
def test_true_confirms_as_truth_or_as_text(provider: Provider, client: Client, claim: Any) -> None:
    confirmed(UserFactory.create(email="anna@example.org"))
    come_back(client, provider, email="anna@example.org", email_verified=claim)
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize("who", ["superuser", "staff", "manager"])
def test_rights_are_not_to_be_had_by_an_address(
    provider: Provider, client: Client, who: str
) -> None:
    if who == "manager":
        user = ManagerFactory.create(email="boss@example.org")
    else:
        facts = {"is_superuser": who == "superuser", "is_staff": True}
        user = UserFactory.create(email="boss@example.org", **facts)
    confirmed(user)
    page = come_back(client, provider, email="Boss@example.org", email_verified=True)
    assert client.get("/profile/").status_code == 302
    assert b"Sign in with your password first" in page.content
    assert User.objects.count() == 1


def test_a_superuser_connects_the_other_sign_in_from_inside(
    provider: Provider, client: Client
) -> None:
    boss = User.objects.create_superuser("boss@example.org", PASSWORD)
    client.force_login(boss)
    asked_again(client, boss)
    come_back(client, provider, start=f"{START}?process=connect", email="boss@example.org")
    client.logout()
    come_back(client, provider, email="boss@example.org", email_verified=False)
    assert client.get("/profile/").context["user"] == boss


@pytest.mark.parametrize("nonce", ["another", "", None])
def test_an_answer_to_another_request_is_not_taken(
    provider: Provider, client: Client, nonce: str | None
) -> None:
    confirmed(UserFactory.create(email="anna@example.org"))
    page = come_back(client, provider, email="anna@example.org", email_verified=True, nonce=nonce)
    assert client.get("/profile/").status_code == 302
    assert b"did not work" in page.content


def test_a_visitor_adds_nothing_to_the_request(provider: Provider, client: Client) -> None:
    path = f"{START}?auth_params=nonce%3Dmine%26prompt%3Dnone&scope=everything"
    asked = parse_qs(urlsplit(client.post(path)["Location"]).query)
    assert asked["nonce"] != ["mine"] and "prompt" not in asked
    assert "everything" not in asked["scope"][0]


@pytest.mark.parametrize("how", ["away", "nonsense", "half"])
def test_a_provider_that_is_away_is_a_sentence_above_the_password_form(
    how: str, provider: Provider, client: Client, mocker: MockerFixture
) -> None:
    if how == "away":
        settings_of(provider)["server_url"] = "http://127.0.0.1:9"
    else:
        answer = {} if how == "half" else "nonsense"
        mocker.patch.object(Provider, "answer", return_value=answer)
    page = client.post(START, follow=True)
    assert page.status_code == 200
    assert b"does not answer" in page.content and b'name="password"' in page.content


def settings_of(provider: Provider) -> dict[str, Any]:
    apps: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    found: dict[str, Any] = apps[0]["settings"]
    return found


def test_newcomers_by_the_provider_wait_as_well(
    provider: Provider, client: Client, settings: LazySettings
) -> None:
    settings.SIGN_UP = "approved"
    page = come_back(client, provider, email="new@example.org", email_verified=True)
    assert b"be used now" in page.content
    assert client.get("/profile/").status_code == 302
    settings.SIGN_UP = "closed"
    come_back(Client(), provider, sub="43", email="newer@example.org", email_verified=True)
    assert not User.objects.filter(email="newer@example.org").exists()
