"""The audit log: nobody changes it, and everybody who signs in or calls stands in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.audit.acts import Act
from apps.core.audit.log import record
from apps.mailings.services.privacy.erasing import erase_person
from apps.mailings.services.privacy.retention import count_old, remove_old
from apps.users.audit import AuditQuery, entries_asked_for
from apps.users.models import ApiToken, AuditEntry, AuditOpening, User
from tests.api.conftest import voice_of
from tests.factories import (
    ManagerFactory,
    RecipientFactory,
    SuppressionFactory,
    TagFactory,
    UserFactory,
    confirmed,
)
from tests.people import Cast

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def last(act: str) -> AuditEntry:
    found = AuditEntry.objects.filter(act=act).order_by("pk").last()
    assert found is not None, list(AuditEntry.objects.values_list("act", flat=True))
    return found


# --- append-only


def test_the_database_refuses_to_change_an_entry() -> None:
    TagFactory.create()
    wrong: list[dict[str, Any]] = [{"name": "nobody"}, {"changes": {}}, {"act": "deleted"}]
    for values in wrong:
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
            AuditEntry.objects.update(**values)


def test_the_database_refuses_to_delete_an_entry() -> None:
    TagFactory.create()
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.exists()


def test_an_erasure_empties_values_and_never_who_did_what() -> None:
    TagFactory.create()
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
        AuditOpening.objects.create(reason="erasure")
        AuditEntry.objects.update(name="nobody")
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
        AuditOpening.objects.create(reason="erasure")
        AuditEntry.objects.all().delete()


def test_a_user_who_is_deleted_stays_in_the_log() -> None:
    user = UserFactory.create(email="gone@example.org")
    pk = user.pk
    user.delete()
    assert AuditEntry.objects.filter(object_id=pk, object_name="gone@example.org").exists()


# --- what is kept for a time


def test_old_entries_are_removed_after_so_many_days(settings: LazySettings) -> None:
    TagFactory.create()
    count = AuditEntry.objects.count()
    settings.AUDIT_DAYS = 30
    later = timezone.now() + timedelta(days=31)
    assert count_old("audit", now=later) == count
    assert remove_old("audit", now=later) == count
    assert last("cleaned").count == count
    assert not AuditOpening.objects.exists()


def test_zero_days_keep_the_log_for_ever(settings: LazySettings) -> None:
    TagFactory.create()
    settings.AUDIT_DAYS = 0
    assert remove_old("audit", now=timezone.now() + timedelta(days=9999)) == 0
    assert AuditEntry.objects.exists()


def test_an_erased_person_is_in_no_entry() -> None:
    owner = UserFactory.create()
    anna = RecipientFactory.create(
        owner=owner, email="anna@example.com", full_name="Anna Smith", comment="friend of Bob"
    )
    anna.comment = "friend of Carl"
    anna.save()
    SuppressionFactory.create(owner=owner, address="anna@example.com")
    record(Act.TEST_SENT, details={"address": "anna@example.com"})
    with transaction.atomic():
        erase_person(anna, now=NOW)
    noted = str(list(AuditEntry.objects.values("object_name", "changes", "details")))
    for one in ("anna@", "Anna", "friend"):
        assert one not in noted
    assert last("erased").object_id == anna.pk
    about = AuditEntry.objects.filter(object_type="mailings.recipient", object_id=anna.pk)
    assert set(about.values_list("act", flat=True)) == {"created", "changed", "erased"}


# --- who


def test_a_page_acts_as_its_user(cast: Cast) -> None:
    client = cast.client("owner")
    agent = "Mozilla/5.0 Firefox/130.0"
    client.post(reverse("users:profile"), {"first_name": "Anna"}, headers={"user-agent": agent})
    entry = last("changed")
    assert (entry.kind, entry.user_id, entry.name) == ("user", cast.owner.pk, "anna@example.org")
    assert (entry.ip, entry.client) == ("127.0.0.1", "Firefox")
    assert entry.changes == {"first_name": ["", "Anna"]}


def test_a_manager_acts_as_one(cast: Cast) -> None:
    cast.client("manager").post(reverse("management:toggle_user", args=[cast.stranger.pk]))
    entry = last("changed")
    assert (entry.kind, entry.name) == ("manager", "mary@example.org")
    assert (entry.object_name, entry.changes) == ("bob@example.org", {"is_active": [True, False]})


@pytest.mark.parametrize(("scope", "kind"), [("write", "token"), ("agent", "agent")])
def test_a_program_acts_by_its_token(scope: str, kind: str) -> None:
    user = UserFactory.create()
    voice = voice_of(user, scope)
    assert voice.post("/api/tags/", {"name": "news"}).status_code == 201
    entry = AuditEntry.objects.get(object_type="mailings.tag", act="created")
    token = ApiToken.objects.get()
    assert (entry.kind, entry.user_id, entry.token_id) == (kind, user.pk, token.pk)


def test_every_call_of_an_agent_is_noted() -> None:
    voice = voice_of(UserFactory.create(), "agent")
    voice.get("/api/tags/")
    voice.delete("/api/tags/1/")
    calls = AuditEntry.objects.filter(act="agent_called").order_by("pk")
    assert calls[0].object_name == "GET /api/tags/"
    assert calls[0].details == {"status": 200}


def test_one_use_of_a_token_a_day_is_noted() -> None:
    voice = voice_of(UserFactory.create(), "read")
    for _ in range(3):
        voice.get("/api/tags/")
    assert AuditEntry.objects.filter(act="token_used").count() == 1
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(days=1))
    voice.get("/api/tags/")
    assert AuditEntry.objects.filter(act="token_used").count() == 2


# --- sign-ins


def test_signing_in_and_out_is_noted(client: Client) -> None:
    user = confirmed(User.objects.create_user("anna@example.org", "correct horse"))
    form = {"login": "anna@example.org", "password": "correct horse"}
    assert client.post(reverse("account_login"), form).status_code == 302
    entry = last("signed_in")
    assert (entry.user_id, entry.ip, entry.object_id) == (user.pk, "127.0.0.1", user.pk)
    client.post(reverse("account_logout"))
    assert last("signed_out").user_id == user.pk


@pytest.mark.parametrize("email", ["anna@example.org", "nobody@example.org"])
def test_a_failed_sign_in_is_noted_and_nothing_of_what_was_typed(
    email: str, client: Client
) -> None:
    user = confirmed(User.objects.create_user("anna@example.org", "correct horse"))
    client.post(reverse("account_login"), {"login": email, "password": "wrong words"})
    entry = last("sign_in_failed")
    assert (entry.kind, entry.user_id, entry.ip) == ("visitor", None, "127.0.0.1")
    assert entry.object_id == (user.pk if email == user.email else None)
    noted = str(list(AuditEntry.objects.values("name", "object_name", "changes", "details")))
    assert "nobody@" not in noted and "wrong words" not in noted


# --- who may read it


def test_only_managers_see_entries() -> None:
    TagFactory.create()
    asked = AuditQuery()
    assert not entries_asked_for(UserFactory.create(), asked).exists()
    assert entries_asked_for(ManagerFactory.create(), asked).exists()
