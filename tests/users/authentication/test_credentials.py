"""Who sends a request is proved by its headers alone, before any of its body is read."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from apps.users.authentication.credentials import is_signed_in
from tests.api.conftest import voice_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_session_proves_it() -> None:
    client = Client()
    assert not is_signed_in({})
    client.force_login(UserFactory.create())
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert is_signed_in({"COOKIE": f"{settings.SESSION_COOKIE_NAME}={key}"})
    assert not is_signed_in({"COOKIE": f"{settings.SESSION_COOKIE_NAME}={key}x"})


def test_so_does_a_token() -> None:
    secret = voice_of(UserFactory.create()).secret
    assert is_signed_in({"AUTHORIZATION": f"Bearer {secret}"})
    assert not is_signed_in({"AUTHORIZATION": f"Bearer {secret}x"})
