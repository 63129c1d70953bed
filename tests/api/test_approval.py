"""A program reads approvals and waits for them; it gives none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from apps.api.urls import api
from apps.mailings.models import Approval, Mailing, Run
from apps.users.models import User
from apps.users.tokens import issue
from tests.delivery.engine.runs.approvals.approved import READ_AGAIN, approve
from tests.factories import mailing_to

pytestmark = pytest.mark.django_db


def call(user: User, method: str, url: str) -> Any:
    day, now = timedelta(days=1), timezone.now()
    issued = issue(owner=user, name="t", scope="write", valid_for=day, now=now)
    return getattr(Client(), method)(url, headers={"Authorization": f"Bearer {issued.secret}"})


def test_a_start_answers_that_it_waits_and_goes_on_when_it_is_approved(
    settings: LazySettings,
) -> None:
    settings.APPROVAL, settings.ZEAL_ALLOWLIST = "always", READ_AGAIN
    mailing = mailing_to(1)
    url = f"/api/mailings/{mailing.pk}/"
    answer = call(mailing.owner, "post", f"{url}start/")
    assert (answer.status_code, answer.json()["waiting"]) == (202, "approval")
    found = call(mailing.owner, "get", f"{url}approval/").json()
    assert (found["state"], found["needed"], found["outdated"]) == ("waiting", True, False)
    assert call(mailing.owner, "get", url).json()["reason"] == "approval"
    kept = approve(mailing)
    assert call(mailing.owner, "post", f"{url}start/").status_code == 200
    found = call(mailing.owner, "get", f"{url}approval/").json()
    assert (found["state"], found["run"]) == ("approved", 1)
    assert found["decided_by"] == kept.decided_by.email
    assert Run.objects.count() == 1


def test_where_nobody_was_asked_there_is_none() -> None:
    mailing: Mailing = mailing_to(1)
    found = call(mailing.owner, "get", f"/api/mailings/{mailing.pk}/approval/").json()
    assert (found["state"], found["needed"]) == ("none", False)
    assert not Approval.objects.exists()


def test_no_route_approves() -> None:
    paths = api.get_openapi_schema()["paths"]
    named = {path: set(verbs) for path, verbs in paths.items() if "approval" in path}
    assert list(named.values()) == [{"get"}]
