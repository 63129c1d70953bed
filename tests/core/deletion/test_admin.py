"""The admin deletes for good, with the whole history: for superusers, counted, and logged."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.urls import reverse
from structlog.testing import capture_logs

from apps.core.deletion.cascade import Cascade
from apps.mailings.models import Attempt, Delivery, Mailing, Message, Recipient, Run, Tag
from apps.users.models import AuditEntry, User
from tests.access.rows import rows
from tests.factories import ManagerFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


@pytest.fixture
def attempt() -> Attempt:
    """One of two attempts with everything around it; what was sent is over."""
    rows(2)
    Run.objects.update(state="done", outcome="success")
    return Attempt.objects.order_by("pk")[0]


def row_of(model: type[models.Model], attempt: Attempt) -> Any:
    found: dict[type[models.Model], Any] = {
        User: attempt.mailing.owner,
        Mailing: attempt.mailing,
        Message: attempt.mailing.message,
        Recipient: attempt.recipient,
    }
    return found[model]


def url_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_delete", args=[row.pk])


def everything() -> dict[str, int]:
    """The rows of every model but those that note who deleted."""
    noted = {LogEntry, AuditEntry}
    found = {model: model._base_manager.count() for model in apps.get_models()}
    return {
        model._meta.label: found[model] for model in found if found[model] and model not in noted
    }


@pytest.mark.parametrize("model", [User, Mailing, Message, Recipient], ids=lambda model: str(model))
def test_what_has_a_history_is_deleted_with_it(
    model: type[models.Model], root: Client, attempt: Attempt
) -> None:
    row, before = row_of(model, attempt), everything()
    page = root.get(url_of(row))
    counted = dict(page.context["model_count"])
    assert page.context["perms_lacking"] == set() and page.context["protected"] == []
    assert counted["attempts"] == counted["deliveries"] == 1
    with capture_logs() as logs:
        assert root.post(url_of(row), {"post": "yes"}).status_code == 302
    after = everything()
    gone = sum(before.values()) - sum(after.values())
    assert gone == sum(counted.values())
    assert not model._base_manager.filter(pk=row.pk).exists()
    assert not Attempt.objects.filter(pk=attempt.pk).exists()
    assert Attempt.objects.count() == Delivery.objects.count() == 1
    (line,) = [line for line in logs if line["event"] == "deleted_for_good"]
    assert (line["ids"], line["rows"], line["model"]) == ([row.pk], gone, model._meta.label)


def test_several_are_deleted_at_once(root: Client, attempt: Attempt) -> None:
    ids = list(Mailing.objects.values_list("pk", flat=True))
    body = {"action": "delete_selected", "_selected_action": ids}
    url = reverse("admin:mailings_mailing_changelist")
    page = root.post(url, body)
    assert dict(page.context["model_count"])["attempts"] == 2
    root.post(url, {**body, "post": "yes"})
    assert not Mailing.objects.exists() and not Attempt.objects.exists()


@pytest.mark.parametrize("model", [User, Mailing, Message, Recipient], ids=lambda model: str(model))
def test_what_is_being_sent_is_stopped_first(
    model: type[models.Model], root: Client, attempt: Attempt
) -> None:
    Run.objects.filter(mailing=attempt.mailing).update(state="processing", outcome="")
    row, before = row_of(model, attempt), everything()
    page = root.get(url_of(row))
    (text,) = page.context["protected"]
    assert attempt.mailing.name in text
    root.post(url_of(row), {"post": "yes"})
    assert everything() == before


def test_who_deletes_stays(root: Client) -> None:
    me = User.objects.get(email="root@example.org")
    root.post(url_of(me), {"post": "yes"})
    assert User.objects.filter(pk=me.pk).exists()


def test_a_manager_with_rights_in_the_admin_deletes_no_history(attempt: Attempt) -> None:
    manager = ManagerFactory.create(is_staff=True)
    client = Client()
    client.force_login(manager)
    assert client.get(url_of(attempt.mailing)).status_code == 403
    assert Attempt.objects.count() == 2


def test_it_takes_as_many_statements_for_many_rows(django_assert_num_queries: Any) -> None:
    owner = UserFactory.create()
    Tag.objects.bulk_create(Tag(owner=owner, name=f"t{number}") for number in range(300))
    with django_assert_num_queries(len(_statements(owner))):
        Cascade(User.objects.filter(pk=owner.pk)).delete()
    assert not Tag.objects.exists()


def _statements(owner: User) -> list[Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    lonely = UserFactory.create()
    with CaptureQueriesContext(connection) as seen:
        Cascade(User.objects.filter(pk=lonely.pk)).delete()
    return list(seen.captured_queries)
