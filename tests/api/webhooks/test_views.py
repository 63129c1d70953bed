"""The pages of webhooks: the secret once, the log, and what was sent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.api.webhooks.models import Webhook, WebhookCall
from apps.api.webhooks.signing import secret_of
from tests.factories import WebhookCallFactory, WebhookFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db
LIST = "/profile/webhooks/"


def test_the_profile_leads_here_and_the_secret_is_shown_once(cast: Cast) -> None:
    client = cast.client("owner")
    assert f'href="{LIST}"' in client.get("/profile/").content.decode()
    answer = client.post(LIST, {"url": "https://crm.example.org/hooks", "runs": "on"})
    assert answer["Cache-Control"] == "no-store"
    webhook = Webhook.objects.get()
    assert (webhook.owner, webhook.deliveries, webhook.runs) == (cast.owner, False, True)
    secret = re.findall(r"whsec_[\w+/=]+", answer.content.decode())
    assert secret == [secret_of(webhook)]
    page = client.get(f"{LIST}{webhook.pk}/").content.decode()
    assert "whsec_" not in page and webhook.url in page
    rotated = client.post(f"{LIST}{webhook.pk}/rotate/").content.decode()
    assert "whsec_" in rotated and secret[0] not in rotated


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"url": "http://crm.example.org/", "runs": "on"}, "must begin with https://"),
        ({"url": "https://10.0.0.1/", "runs": "on"}, "not a public one"),
        ({"url": "https://crm.example.org/"}, "at least one kind of events"),
        ({"runs": "on"}, "required"),
    ],
)
def test_what_is_wrong_is_reported_in_the_form(cast: Cast, data: dict[str, str], text: str) -> None:
    assert text in cast.client("owner").post(LIST, data).content.decode()
    assert not Webhook.objects.exists()


def test_too_many_is_reported_in_the_form(cast: Cast) -> None:
    WebhookFactory.create_batch(5, owner=cast.owner)
    data = {"url": "https://crm.example.org/", "runs": "on"}
    page = cast.client("owner").post(LIST, data).content.decode()
    assert "You may have 5 webhooks at most." in page


def test_the_log_shows_answers_and_next_tries_and_sends_again(cast: Cast) -> None:
    webhook = WebhookFactory.create(owner=cast.owner)
    now = timezone.now()
    call = WebhookCallFactory.create(
        webhook=webhook,
        body='{"events": [{"id": "attempt-1", "data": {"address": "анна<b>"}}]}',
        tries=2,
        code=503,
        response="<script>down</script>",
        tried_at=now,
        next_try=now + timedelta(minutes=5),
    )
    client = cast.client("owner")
    page = client.get(f"{LIST}{webhook.pk}/").content.decode()
    assert "503" in page and "&lt;script&gt;down" in page and "<script>down" not in page
    sent = client.get(f"{LIST}calls/{call.pk}/").content.decode()
    assert "анна&lt;b&gt;" in sent
    client.post(f"{LIST}calls/{call.pk}/again/")
    assert WebhookCall.objects.get().tries == 0


def test_a_paused_one_goes_on(cast: Cast) -> None:
    webhook = WebhookFactory.create(owner=cast.owner, paused_at=timezone.now())
    call = WebhookCallFactory.create(webhook=webhook, tries=12, tried_at=timezone.now())
    client = cast.client("owner")
    page = client.get(f"{LIST}{webhook.pk}/").content.decode()
    assert "Nothing is lost" in page and f"{LIST}calls/{call.pk}/again/" in page
    client.post(f"{LIST}calls/{call.pk}/again/")
    webhook.refresh_from_db()
    assert webhook.paused_at is None


def test_a_manager_sees_and_is_offered_no_button(cast: Cast) -> None:
    call = WebhookCallFactory.create(webhook__owner=cast.owner)
    client = cast.client("manager")
    for url in (f"{LIST}{call.webhook_id}/", f"{LIST}calls/{call.pk}/"):
        assert "/again/" not in client.get(url).content.decode()


def test_it_is_deleted_after_a_question(cast: Cast) -> None:
    webhook = WebhookCallFactory.create(webhook__owner=cast.owner).webhook
    client = cast.client("owner")
    assert "its log is deleted" in client.get(f"{LIST}{webhook.pk}/delete/").content.decode()
    client.post(f"{LIST}{webhook.pk}/delete/")
    assert not Webhook.objects.exists() and not WebhookCall.objects.exists()


def test_managers_see_only_the_host_of_others_webhooks(cast: Cast) -> None:
    url = "https://user-part.example.org/hooks/s3cr3t?token=s3cr3t"
    webhook = WebhookFactory.create(owner=cast.owner, url=url)
    call = WebhookCallFactory.create(webhook=webhook, body="{}")
    for path in (f"{LIST}{webhook.pk}/", f"/profile/webhooks/calls/{call.pk}/"):
        assert "s3cr3t" in cast.client("owner").get(path).content.decode()
        page = cast.client("manager").get(path).content.decode()
        assert "s3cr3t" not in page and "user-part.example.org" in page
    for path in ("/api/webhooks/", f"/api/webhooks/{webhook.pk}/"):
        assert "s3cr3t" in cast.client("owner").get(path).content.decode()
        assert "s3cr3t" not in cast.client("manager").get(path).content.decode()


def test_staff_do_not_see_addresses_of_webhooks_in_the_admin(cast: Cast) -> None:
    WebhookFactory.create(owner=cast.owner)
    cast.manager.is_staff = True
    cast.manager.save()
    cast.manager.user_permissions.set(Permission.objects.filter(content_type__app_label="webhooks"))
    for model in ("webhook", "webhookcall", "reportedrun"):
        assert cast.client("manager").get(f"/admin/webhooks/{model}/").status_code == 403
