"""What the migration makes of accounts of before."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.db import connection
from django.utils import timezone

from apps.users.models import ApiToken, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
migration = import_module("apps.users.migrations.0006_mended_accounts")


def test_usernames_follow_even_where_one_name_is_anothers_address() -> None:
    vera, boris = UserFactory.create(email="x@a.org"), UserFactory.create(email="y@a.org")
    right = UserFactory.create(email="z@a.org")
    with connection.cursor() as cursor:
        for name, pk in (("w", vera.pk), ("x@a.org", boris.pk)):
            cursor.execute("UPDATE users_user SET username = %s WHERE id = %s", [name, pk])
    migration.usernames_follow(apps, None)
    found = dict(User.objects.values_list("pk", "username"))
    assert found == {vera.pk: "x@a.org", boris.pk: "y@a.org", right.pk: "z@a.org"}


def test_secrets_are_sealed_and_can_be_opened_again() -> None:
    user = UserFactory.create()
    rows = [
        Authenticator.objects.create(user=user, type="totp", data={"secret": "PLAINAAA"}),
        Authenticator.objects.create(
            user=user,
            type="recovery_codes",
            data={"seed": "abc", "used_mask": 3, "migrated_codes": ["first-code", "second-code"]},
        ),
    ]
    before = [row.data for row in rows]
    migration.seal(apps, None)
    stored = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert not [word for word in ("PLAIN", "'abc'", "first-code", "second-code") if word in stored]
    assert Authenticator.objects.get(type="recovery_codes").data["used_mask"] == 3
    assert not TOTP(Authenticator.objects.get(type="totp")).validate_code("000000")
    migration.unseal(apps, None)
    assert [Authenticator.objects.get(pk=row.pk).data for row in rows] == before


class _Rows:
    """``ApiToken`` as it was: with the mark of the password that a token was given for."""

    def __init__(self, marks: dict[int, str]) -> None:
        self.marks = marks

    def get_model(self, app: str, model: str) -> _Rows:
        return self

    @property
    def objects(self) -> _Rows:
        return self

    def filter(self, **lookup: object) -> object:
        if "pk" in lookup:
            return ApiToken.objects.filter(**lookup)
        return self

    def exclude(self, **lookup: object) -> _Rows:
        return self

    def select_related(self, name: str) -> _Rows:
        return self

    def iterator(self) -> list[ApiToken]:
        found = list(ApiToken.objects.select_related("owner"))
        for token in found:
            token.password_mark = self.marks[token.pk]  # type: ignore[attr-defined]
        return found


def test_a_token_that_died_with_its_password_stays_dead() -> None:
    owner, now = UserFactory.create(), timezone.now()
    living, dead = (
        ApiToken.objects.create(
            owner=owner, digest=name, created_at=now, expires_at=now + timedelta(days=1)
        )
        for name in ("living", "dead")
    )
    marks = {living.pk: owner.get_session_auth_hash(), dead.pk: "of another password"}
    migration.dead_tokens_stay_dead(_Rows(marks), None)
    assert ApiToken.objects.get(digest="living").revoked_at is None
    assert ApiToken.objects.get(digest="dead").revoked_at is not None
