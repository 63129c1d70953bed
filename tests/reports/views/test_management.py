"""The managers' pages: users and what they send, what a block stops, and the installation."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.delivery.models import LimitWindow
from apps.users.models import User
from apps.users.tokens import issue
from tests.factories import AttemptFactory, MailingFactory, RunFactory, UserFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def rows(cast: Cast, **params: Any) -> list[Any]:
    page = cast.client("manager").get(reverse("management:users"), params)
    return list(page.context["rows"])


def sent_by(email: str, **fields: Any) -> User:
    """A user who has sent so much, a moment ago unless said otherwise."""
    owner = UserFactory.create(email=email)
    fields = {"state": "done", "started_at": timezone.now()} | fields
    RunFactory.create(mailing=MailingFactory.create(owner=owner), **fields)
    return owner


def test_what_a_user_sends_is_counted_with_its_rates(cast: Cast) -> None:
    owner = sent_by("sends@example.org", sent=90, delivered=5, bounced=5, failed=7, complaints=1)
    month = {"started_at": timezone.now() - timedelta(days=20), "state": "done"}
    RunFactory.create(mailing=MailingFactory.create(owner=owner), sent=100, **month)
    long_ago = {"started_at": timezone.now() - timedelta(days=40), "state": "done"}
    RunFactory.create(mailing=MailingFactory.create(owner=owner), sent=1000, **long_ago)
    (row,) = rows(cast, q="sends@")
    assert (row.sending.today, row.sending.sent) == (100, 200)
    assert (row.sending.bounce_rate, row.sending.complaint_rate) == (2.5, 0.5)


@pytest.mark.parametrize(
    "name", ["mailings", "recipients", "today", "sent", "bounces", "complaints", "email"]
)
def test_users_are_sorted_by_every_figure(cast: Cast, name: str) -> None:
    sent_by("a@sort.example", sent=10, bounced=1, complaints=0)
    b = sent_by("b@sort.example", sent=100, bounced=50, complaints=20)
    MailingFactory.create(owner=b)
    emails = [row.user.email for row in rows(cast, q="@sort.example", sort=f"-{name}")]
    assert emails == ["b@sort.example", "a@sort.example"]
    if name != "recipients":  # neither has any
        turned = [row.user.email for row in rows(cast, q="@sort.example", sort=name)]
        assert turned == ["a@sort.example", "b@sort.example"]


def test_the_page_of_a_user_shows_limits_and_what_goes_on(
    cast: Cast, settings: LazySettings
) -> None:
    settings.LIMIT_PER_USER_DAY = 500
    tomorrow = timezone.now() + timedelta(days=1)
    MailingFactory.create(
        owner=cast.owner, starts_at=tomorrow, ends_at=tomorrow + timedelta(days=1)
    )
    issue(owner=cast.owner, name="x", scope="read", valid_for=timedelta(1), now=timezone.now())
    page = cast.client("manager").get(reverse("management:user", args=[cast.owner.pk]))
    activity = page.context["activity"]
    assert (activity.running, activity.scheduled, activity.tokens) == (1, 1, 1)
    assert (page.context["daily"].used, page.context["daily"].limit) == (0, 500)
    assert cast.mailing.name in page.content.decode()
    assert LimitWindow.objects.count() == 0
    assert cast.client("manager").get(reverse("management:user", args=[2**62])).status_code == 404


def test_a_block_asks_says_what_stops_and_can_be_undone(cast: Cast) -> None:
    manager = cast.client("manager")
    question = manager.get(reverse("management:block_user", args=[cast.owner.pk]))
    assert question.context["stopping"].running == 1
    assert "1 active run" in question.content.decode()
    toggle = reverse("management:toggle_user", args=[cast.owner.pk])
    answer = manager.post(toggle, {"page": "1"}, follow=True)
    assert answer.redirect_chain == [(reverse("management:user", args=[cast.owner.pk]), 302)]
    (message,) = answer.context["messages"]
    assert message.extra_tags == toggle
    assert manager.get(reverse("management:block_user", args=[cast.owner.pk])).status_code == 403
    manager.post(toggle)
    assert User.objects.get(pk=cast.owner.pk).is_active


def test_nobody_is_asked_about_blocking_who_may_not_be_blocked(cast: Cast) -> None:
    for user in (cast.manager, UserFactory.create(is_superuser=True)):
        url = reverse("management:block_user", args=[user.pk])
        assert cast.client("manager").get(url).status_code == 403


def test_the_page_of_the_installation_shows_the_doctors_lines(cast: Cast) -> None:
    page = cast.client("manager").get(reverse("management:system"))
    text = page.content.decode()
    subjects = {one.subject for one in page.context["findings"]}
    assert {"settings", "database", "migrations", "scheduler"} <= subjects
    assert "account email" not in subjects, "no server is asked unless somebody wants it"
    levels = [one.level.value for one in page.context["findings"]]
    assert levels == sorted(levels, key=["wrong", "advice", "ok"].index)
    assert "Python" in text and "0.1.0" in text


def test_accounts_and_domains_are_asked_on_demand(cast: Cast) -> None:
    page = cast.client("manager").get(reverse("management:system"), {"all": "1"})
    assert "account email" in {one.subject for one in page.context["findings"]}


def test_the_figures_of_each_user_are_exported(cast: Cast) -> None:
    sent_by("far@example.org", sent=4, bounced=1, failed=1, unknown=2)
    url = reverse("management:reports_by_user", args=["csv"])
    answer: Any = cast.client("manager").get(url)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    by_user = {row["User"]: row for row in csv.DictReader(io.StringIO(text))}
    row = by_user["far@example.org"]
    assert (row["Audience"], row["Sent"], row["Not delivered"]) == ("8", "5", "2")
    assert row["Delivery rate"] == "50.0"
    assert cast.client("owner").get(url).status_code == 403


@pytest.mark.parametrize("name", ["sent", "bounced", "failed", "skipped", "unknown", "rate"])
def test_reports_are_sorted_by_every_figure(name: str) -> None:
    owner = UserFactory.create()
    low = MailingFactory.create(owner=owner)
    high = MailingFactory.create(owner=owner)
    bad = {"bounced": 1, "failed": 1, "suppressed": 1, "unknown": 1}
    RunFactory.create(mailing=low, sent=1, started_at=timezone.now(), **bad)
    more = {key: value + 1 for key, value in bad.items()}
    RunFactory.create(mailing=high, sent=900, started_at=timezone.now(), **more)
    client = Client()
    client.force_login(owner)
    today = timezone.localdate().isoformat()
    for params in ({}, {"since": today}):
        if name == "skipped" and params:
            continue  # only what was tried on these days is counted
        for word, first in ((f"-{name}", high), (name, low)):
            page = client.get(reverse("reports:list"), {"sort": word, **params})
            assert page.context["lines"][0].mailing == first, (word, params)


@pytest.mark.parametrize("name", ["management:reports", "management:attempts"])
def test_users_are_suggested_where_one_is_asked_for(cast: Cast, name: str) -> None:
    AttemptFactory.create(delivery=cast.delivery)
    page = cast.client("manager").get(reverse(name)).content.decode()
    assert page.count('list="people"') == 1
    assert f'<option value="{cast.owner.email}">' in page
