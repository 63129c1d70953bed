"""The cast of the API's tests: the same people as on the pages, each with a token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.users.models import ApiToken, User
from apps.users.tokens import issue
from tests.factories import ManagerFactory, UserFactory, confirmed


@dataclass
class Voice:
    """A program that calls the API in somebody's name."""

    user: User | None
    secret: str = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer of Django's client; ``headers`` with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            named["Authorization"] = f"Bearer {self.secret}"
        data = b"" if body is None else json.dumps(body).encode()
        client = Client(raise_request_exception=False)
        return client.generic(method, path, data, content_type="application/json", headers=named)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("DELETE", path, **headers)


def voice_of(user: User, scope: str = ApiToken.Scope.WRITE) -> Voice:
    """This user with a new token."""
    issued = issue(
        owner=user, name="test", scope=scope, valid_for=timedelta(days=1), now=timezone.now()
    )
    return Voice(user, issued.secret)


@pytest.fixture
def anna(db: None) -> Voice:
    return voice_of(confirmed(UserFactory.create(email="anna@example.org")))


@pytest.fixture
def bob(db: None) -> Voice:
    return voice_of(UserFactory.create(email="bob@example.org"))


@pytest.fixture
def mary(db: None) -> Voice:
    return voice_of(ManagerFactory.create(email="mary@example.org"))


@pytest.fixture
def nobody(db: None) -> Voice:
    return Voice(None)
