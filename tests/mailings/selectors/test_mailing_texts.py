"""Whom a mailing is for and whom it waits for, in words; where its letters go, in figures."""

from __future__ import annotations

import pytest

from apps.mailings.selectors.mailings import audience_text, queue_places
from apps.reports.selectors.mailing_report import domain_rows
from apps.reports.selectors.statistics import DOMAINS_SHOWN, by_domain, worst_first
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db


def test_of_very_many_tags_the_first_are_named_and_the_others_counted() -> None:
    mailing = MailingFactory.create(everyone=False)
    names = [f"tag-{number:02}" for number in range(32)]
    mailing.filter_tags.set(TagFactory.create(owner=mailing.owner, name=name) for name in names)
    assert audience_text(mailing) == [f"Tags: {', '.join(names[:30])}", "and 2 more tags"]


def test_a_queued_run_says_whom_it_waits_for_and_names_nobody_elses_mailing() -> None:
    ahead = RunFactory.create(mailing__name="Winter", state="processing")
    mine = RunFactory.create(mailing__owner=ahead.mailing.owner, state="queued")
    foreign = RunFactory.create(state="queued")
    alone = RunFactory.create(mailing__account="spare", state="queued")
    turns = queue_places([ahead, mine, foreign, alone])
    assert turns == {
        mine.pk: f"Queued behind “Winter” (id:{ahead.mailing_id}) on account email.",
        foreign.pk: "Queued behind another user's mailing on account email: users take turns.",
    }


def test_when_nothing_is_queued_nobody_waits() -> None:
    assert queue_places([RunFactory.create(state="processing")]) == {}


def test_the_largest_domains_have_a_line_each_and_the_others_one_together() -> None:
    run = RunFactory.create()

    def delivered(domain: str, count: int, state: str) -> None:
        for number in range(count):
            email = f"{state}{number}@{domain}"
            recipient = RecipientFactory.create(owner=run.mailing.owner, email=email)
            DeliveryFactory.create(run=run, recipient=recipient, state=state)

    delivered("large.example.org", 3, "sent")
    delivered("large.example.org", 1, "failed")
    delivered("waiting.example.org", 1, "pending")
    for number in range(DOMAINS_SHOWN + 1):
        delivered(f"small{number}.example.org", 1, "failed" if number else "sent")
    lines = by_domain(run)
    assert lines[0] == ("large.example.org", {"sent": 3, "failed": 1})
    assert len(lines) == DOMAINS_SHOWN + 1 and lines[-1] == ("", {"failed": 2})
    rows = worst_first(domain_rows(None, lines, measured=False))
    assert sum(row.figures.sent for row in rows) == 4
    assert sum(row.figures.failed for row in rows) == DOMAINS_SHOWN + 1
    assert [row.figures.rate for row in rows[-3:]] == [75.0, 100.0, 0.0]
    assert rows[-1].domain == "", "the others stand last"


def test_an_audience_is_said_whole() -> None:
    mailing = MailingFactory.create(everyone=False, exclude_mailed_days=7)
    mailing.lists.add(MailingListFactory.create(owner=mailing.owner, title="News"))
    mailing.exclude_tags.add(TagFactory.create(owner=mailing.owner, name="vip"))
    assert audience_text(mailing) == ["list “News”", "but not: tag “vip”, mailed in 7 days"]
