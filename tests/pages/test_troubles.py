"""What went wrong, told without a log: grouped, counted, with what comes next and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings import troubles
from apps.mailings.models import Run
from apps.mailings.troubles import gist, reasons_of, troubles_of
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(cast: Cast) -> Run:
    mailing = MailingFactory.create(owner=cast.owner)
    return RunFactory.create(mailing=mailing, pending=2, sent=1, failed=3, unknown=1)


def wrong(run: Run, **fields: Any) -> None:
    recipient = RecipientFactory.create(owner=run.mailing.owner)
    DeliveryFactory.create(run=run, recipient=recipient, **fields)


def fill(run: Run) -> None:
    for name in ("a", "b"):
        reply = f"5.1.1 <{name}@example.org>: no such user (in reply to RCPT, id 4F{name}21B7C9)"
        wrong(run, state="failed", code=550, response=reply)
    wrong(run, state="failed", code=552, response="5.2.2 mailbox full")
    wrong(run, state="unknown", response="timed out after the final dot")


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("5.1.1 <anna@example.org>: no such user", "550 5.1.1 …: no such user"),
        ("queued as 4F1A21B7C9", "550 queued as …"),
        ("5.7.1 Greylisted, try after 300 seconds", "550 5.7.1 Greylisted, try after 300 seconds"),
        ("", "550"),
    ],
)
def test_a_reply_is_known_again_whatever_address_and_number_it_names(words: str, kept: str) -> None:
    assert gist(550, words) == kept


def test_replies_are_grouped_and_each_says_what_comes_next(run: Run) -> None:
    fill(run)
    now = timezone.now()
    found = {trouble.reply: trouble for trouble in troubles_of(run, now)}
    assert found["550 5.1.1 …: no such user (in reply to RCPT, id …)"].count == 2
    assert "the button above" in found["552 5.2.2 mailbox full"].next_step
    assert "until you decide" in found["timed out after the final dot"].next_step


def test_who_was_put_off_is_told_with_the_time_of_the_next_try(run: Run) -> None:
    now = timezone.now()
    later = now + timedelta(minutes=7)
    for at in (later, later + timedelta(minutes=9)):
        wrong(run, tries=1, not_before=at, code=450, response="4.2.1 try again later")
    trouble = troubles_of(run, now)[0]
    assert (trouble.state, trouble.count, trouble.reply) == (
        "pending",
        2,
        "450 4.2.1 try again later",
    )
    assert f"{timezone.localtime(later):%H:%M}" in trouble.next_step


def test_a_report_counts_every_one_and_sums_up_the_rest(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(run)
    monkeypatch.setattr(troubles, "REASONS_SHOWN", 1)
    first, rest = reasons_of(run)
    assert (first.count, rest.count) == (2, 2)
    assert first.count + rest.count == run.failed + run.unknown + run.refused


def test_the_list_of_mailings_tells_the_error_itself(cast: Cast, run: Run) -> None:
    fill(run)
    page = cast.client("owner").get(reverse("mailings:list")).content.decode()
    assert "Refused: 3." in page and "Unknown: 1." in page
    assert "timed out after the final dot" in page
    assert page.count("tile-error") == 1 + 1  # the cast's own run has an unknown one


def test_the_report_of_a_mailing_groups_the_reasons(cast: Cast, run: Run) -> None:
    fill(run)
    page = cast.client("owner").get(reverse("reports:mailing", args=[run.mailing_id]))
    assert [reason.count for reason in page.context["reasons"]] == [2, 1, 1]
    assert "mailbox full" in page.content.decode()


def test_the_reports_show_the_outcome_by_mailing(cast: Cast, run: Run) -> None:
    page = cast.client("owner").get(reverse("reports:list"))
    assert page.context["chart"] == [
        (f"{cast.mailing.name} (id:{cast.mailing.pk})", 6, 1),
        (f"{run.mailing.name} (id:{run.mailing_id})", 1, 4),
    ]
