"""The first page and its figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.cache.dashboard import forget_figures
from apps.delivery.models import Heartbeat
from apps.mailings.models import Recipient
from apps.reports.selectors.dashboard import Figures
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
)
from tests.people import Cast

pytestmark = pytest.mark.django_db


def home(cast: Cast, role: str) -> Any:
    return cast.client(role).get("/")


def figures(cast: Cast, role: str) -> Figures:
    found = home(cast, role).context["figures"]
    assert isinstance(found, Figures)
    return found


def test_strangers_see_a_landing_page_with_the_two_ways_in(cast: Cast) -> None:
    page = home(cast, "anonymous").content.decode()
    assert "/accounts/login/" in page and "/accounts/signup/" in page


def test_everybody_sees_own_figures_and_a_manager_all(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.stranger, email=cast.delivery.address)  # known to both
    MailingFactory.create(owner=cast.stranger)
    assert figures(cast, "owner") == Figures(mailings=1, running=1, recipients=1)
    assert figures(cast, "stranger") == Figures(mailings=1, running=0, recipients=1)
    assert figures(cast, "manager") == Figures(mailings=2, running=1, recipients=1)


def test_an_address_of_any_kind_counts_once(cast: Cast) -> None:
    for number in (79161234567, 79161234568):
        Recipient.objects.create(owner=cast.owner, phone=str(number))
        Recipient.objects.create(owner=cast.stranger, phone=str(number))
    Recipient.objects.create(owner=cast.owner, telegram_chat_id=7)
    assert figures(cast, "owner").recipients == 4
    assert figures(cast, "manager").recipients == 4


def test_figures_are_kept_and_forgotten_when_rows_change(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    assert figures(cast, "owner").mailings == 1
    Recipient.objects.bulk_create([Recipient(owner=cast.owner, email="bulk@example.org")])
    assert figures(cast, "owner").recipients == 1  # a bulk write is not heard of
    forget_figures(cast.owner.pk)
    assert figures(cast, "owner").recipients == 2
    mailing = MailingFactory.create(owner=cast.owner)
    assert figures(cast, "owner").mailings == 2
    assert figures(cast, "manager").mailings == 2
    mailing.delete()
    assert figures(cast, "owner").mailings == 1
    assert figures(cast, "manager").mailings == 1


def test_the_scheduler_is_shown_when_it_has_run(cast: Cast) -> None:
    assert "never" in home(cast, "owner").content.decode()
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now())
    assert "never" not in home(cast, "owner").content.decode()


def test_what_needs_a_person_is_named(cast: Cast) -> None:
    failed = RunFactory.create(mailing__owner=cast.owner, state="done", outcome="failed", failed=3)
    RunFactory.create(mailing__owner=cast.owner, state="done", outcome="success", sent=3)
    old = RunFactory.create(mailing__owner=cast.owner, state="done", outcome="failed", failed=3)
    old.mailing.current_run = 2  # has been reset since
    old.mailing.save()
    failed_runs = home(cast, "owner").context["failed_runs"]
    assert [run.pk for run, _ in failed_runs] == [failed.pk, cast.run.pk]
    assert "unknown outcome" in failed_runs[1][1]
    assert home(cast, "stranger").context["failed_runs"] == []


def test_what_comes_next_is_named(cast: Cast) -> None:
    soon = timezone.now() + timedelta(hours=1)
    later = MailingFactory.create(owner=cast.owner, starts_at=soon + timedelta(hours=1))
    first = MailingFactory.create(owner=cast.owner, starts_at=soon)
    assert list(home(cast, "owner").context["coming"]) == [first, later]


def test_a_newcomer_is_led_to_the_first_mailing(cast: Cast) -> None:
    newcomer = UserFactory.create()
    client = Client()
    client.force_login(newcomer)

    def steps() -> list[tuple[str, bool]]:
        return [(step.url_name, step.done) for step in client.get("/").context["steps"]]

    assert [done for _url, done in steps()] == [False, False, False]
    page = client.get("/").content.decode()
    assert 'href="/recipients/import/"' in page and 'href="/mailings/new/"' not in page
    RecipientFactory.create(owner=newcomer)
    MessageFactory.create(owner=newcomer)
    assert [done for _url, done in steps()] == [True, True, False]
    assert 'href="/mailings/new/"' in client.get("/").content.decode()
    MailingFactory.create(owner=newcomer)
    assert steps() == []


def test_who_oversees_is_not_led_by_the_hand(cast: Cast) -> None:
    assert home(cast, "manager").context["steps"] == []
