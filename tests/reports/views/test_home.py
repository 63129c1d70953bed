"""The first page and its figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.cache.dashboard import forget_figures
from apps.delivery.models import Heartbeat
from apps.mailings.models import Recipient, SendingPause, Suppression
from apps.reports.selectors import dashboard
from apps.reports.selectors.dashboard import Changes, Figures
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
)
from tests.people import HTMX, Cast

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


def test_managers_alone_see_when_the_scheduler_has_checked_last(cast: Cast) -> None:
    assert "never" in home(cast, "manager").content.decode()
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now())
    page = home(cast, "manager").content.decode()
    assert "Scheduler: last check" in page and "never" not in page
    assert "Scheduler" not in home(cast, "owner").content.decode()


def test_what_needs_a_person_is_named(cast: Cast) -> None:
    failed = RunFactory.create(mailing__owner=cast.owner, state="done", outcome="failed", failed=3)
    RunFactory.create(mailing__owner=cast.owner, state="done", outcome="success", sent=3)
    old = RunFactory.create(mailing__owner=cast.owner, state="done", outcome="failed", failed=3)
    old.mailing.current_run = 2  # has been reset since
    old.mailing.save()
    failed_runs = home(cast, "owner").context["failed_runs"]
    assert [run.pk for run, _ in failed_runs] == [failed.pk, cast.run.pk]
    assert "Outcome unknown" in failed_runs[1][1]
    assert home(cast, "stranger").context["failed_runs"] == []


def test_a_missed_start_and_a_pause_need_a_person_too(cast: Cast) -> None:
    now = timezone.now()
    MailingFactory.create(
        owner=cast.owner,
        name="Late news",
        starts_at=now - timedelta(hours=2),
        scheduled_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=2),
    )
    SendingPause.objects.create(owner=cast.owner, reason="bounce_rate", began_at=now)
    labels = [concern.label for concern in home(cast, "owner").context["concerns"]]
    assert labels == ["Sending is paused", "Late news"]
    concerns = home(cast, "manager").context["concerns"]
    assert [concern.label for concern in concerns] == [cast.owner.email, "Late news"]
    assert concerns[1].owner == cast.owner.email
    assert home(cast, "stranger").context["concerns"] == []


def test_the_last_mailing_stands_first_with_its_sum(cast: Cast) -> None:
    now = timezone.now()
    done = {"state": "done", "outcome": "partial", "finished_at": now}
    last = RunFactory.create(mailing__owner=cast.owner, audience=61, sent=57, failed=4, **done)
    RunFactory.create(mailing__owner=cast.stranger, sent=1, audience=1, **done)
    answer = home(cast, "owner")
    assert answer.context["last"] == last
    assert "57 of 61 sent" in answer.content.decode()
    assert "93.4" in answer.content.decode()


def test_what_became_of_the_recipients_lately(cast: Cast) -> None:
    for address, reason in (("a@x.org", "unsubscribed"), ("b@x.org", "bounced")):
        Suppression.objects.create(owner=cast.owner, address=address, reason=reason)
    old = RecipientFactory.create(owner=cast.owner)
    Recipient.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=20))
    found = home(cast, "owner").context["changes"]
    assert found == Changes(added=1, unsubscribed=1, bounced=1, suppressed=2)
    assert home(cast, "stranger").context["changes"] == Changes(0, 0, 0, 0)


def test_figures_that_take_long_come_after_the_page(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "COUNTED", 0)
    page = home(cast, "owner")
    assert page.context["figures"] is None and 'hx-get="/figures/"' in page.content.decode()
    part = cast.client("owner").get("/figures/", headers=HTMX)
    assert part.context["figures"] == Figures(mailings=1, running=1, recipients=1)
    assert "<html" not in part.content.decode()
    assert "<html" in cast.client("owner").get("/figures/").content.decode()
    assert figures(cast, "owner").recipients == 1  # they are kept now


def test_managers_see_who_sends_most_today(cast: Cast) -> None:
    RunFactory.create(mailing__owner=cast.owner, sent=5, bounced=2, started_at=timezone.now())
    RunFactory.create(mailing__owner=cast.stranger, sent=9, started_at=timezone.now())
    senders = home(cast, "manager").context["senders"]
    assert [(sender.email, sender.sent) for sender in senders] == [
        (cast.owner.email, 13),  # six of them by the run that all tests begin with
        (cast.stranger.email, 9),
    ]
    assert home(cast, "owner").context["senders"] == []


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
    for url in ("/recipients/import/", "/messages/new/", "/mailings/new/"):  # none is shut
        assert f'href="{url}"' in page
    RecipientFactory.create(owner=newcomer)
    MessageFactory.create(owner=newcomer)
    assert [done for _url, done in steps()] == [True, True, False]
    assert 'href="/mailings/new/"' in client.get("/").content.decode()
    MailingFactory.create(owner=newcomer)
    assert steps() == []


def test_who_oversees_is_not_led_by_the_hand(cast: Cast) -> None:
    assert home(cast, "manager").context["steps"] == []
