"""What went wrong, reported without a log: grouped, counted, with what comes next and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from apps.mailings.models import Delivery, Run
from apps.mailings.selectors import failures
from apps.mailings.selectors.failures import failures_of, gist, reasons_of
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory
from tests.markup import dense
from tests.people import HTMX, Cast

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
    ("text", "kept"),
    [
        ("5.1.1 <anna@example.org>: no such user", "550 5.1.1 …: no such user"),
        ("queued as 4F1A21B7C9", "550 queued as …"),
        ("5.7.1 Greylisted, try after 300 seconds", "550 5.7.1 Greylisted, try after 300 seconds"),
        ("", "550"),
    ],
)
def test_a_reply_is_known_again_whatever_address_and_number_it_names(text: str, kept: str) -> None:
    assert gist(550, text) == kept


def test_replies_are_grouped_and_each_says_what_comes_next(run: Run) -> None:
    fill(run)
    wrong(run, state="failed", code=550, response="Nein danke")
    found = {failure.reason: failure for failure in failures_of(run)}
    assert found["mailbox_missing"].count == 2
    assert found["mailbox_missing"].reply == "550 5.1.1 …: no such user (in reply to RCPT, id …)"
    assert found["mailbox_missing"].next_step == "Check the address."
    assert "the button above" in found["other"].next_step
    assert "Your decision is needed" in found["outcome_unknown"].next_step


def test_who_was_deferred_is_reported_with_the_time_of_the_next_try(run: Run) -> None:
    now = timezone.now()
    later = now + timedelta(minutes=7)
    for at in (later, later + timedelta(minutes=9)):
        wrong(run, tries=1, not_before=at, code=450, response="4.2.1 try again later")
    wrong(run, tries=1, not_before=later, code=452, response="4.2.2 over quota")
    failure, full = failures_of(run)
    assert (failure.state, failure.reason, failure.count) == ("pending", "try_later", 2)
    assert (full.reason, full.count) == ("mailbox_full", 1)
    assert failure.reply == "450 4.2.1 try again later"
    assert f"{timezone.localtime(later):%H:%M}" in failure.next_step


def test_a_report_counts_every_one_and_sums_up_the_rest(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(run)
    monkeypatch.setattr(failures, "REASONS_SHOWN", 1)
    first, rest = reasons_of(run)
    assert (first.count, rest.count) == (2, 2)
    assert first.count + rest.count == run.failed + run.unknown + run.bounced


def test_the_list_of_mailings_counts_the_problems_and_leads_to_them(cast: Cast, run: Run) -> None:
    fill(run)
    page = dense(cast.client("owner").get(reverse("mailings:list")).content.decode())
    assert f'<a href="/mailings/{run.mailing_id}/#failures-title">4</a>' in page


def test_the_report_of_a_mailing_groups_the_reasons(cast: Cast, run: Run) -> None:
    fill(run)
    page = cast.client("owner").get(reverse("reports:mailing", args=[run.mailing_id]))
    assert [reason.count for reason in page.context["counted"].reasons] == [2, 1, 1]
    assert "mailbox full" in page.content.decode()


def test_the_reports_show_what_was_sent_by_day(cast: Cast, run: Run) -> None:
    Run.objects.update(started_at=timezone.now())
    page = cast.client("owner").get(reverse("reports:list"))
    assert [(sent, failed) for _day, sent, failed in page.context["days"]][-1] == (7, 3)
    filtered = cast.client("owner").get(reverse("reports:list"), {"status": "completed"})
    assert filtered.context["days"] == []


def test_the_link_of_a_reason_shows_only_those(cast: Cast, run: Run) -> None:
    fill(run)
    page = cast.client("owner").get(reverse("mailings:detail", args=[run.mailing_id]))
    link = "?state=failed&amp;reason=mailbox_missing"
    url = reverse("mailings:run", args=[run.mailing_id, run.number])
    assert f"{url}{link}" in page.content.decode()
    shown = cast.client("owner").get(url, {"state": "failed", "reason": "mailbox_missing"})
    assert {row.code for row in shown.context["page"].rows} == {550}
    assert len(shown.context["page"].rows) == 2
    assert "reason=mailbox_missing" in shown.context["keep"]
    assert "Mailbox doesn’t exist" in shown.content.decode()
    everything = cast.client("owner").get(url, {"state": "failed", "reason": "nonsense"})
    assert len(everything.context["page"].rows) == 3
    export = reverse("mailings:run_export", args=[run.mailing_id, run.number, "csv"])
    answer: Any = cast.client("owner").get(export, {"reason": "mailbox_full"})
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 2


@pytest.mark.parametrize(("first", "second"), [("ru", "en"), ("en", "ru")])
def test_a_kept_report_is_in_the_language_of_its_reader(
    cast: Cast, run: Run, first: str, second: str
) -> None:
    fill(run)
    url = reverse("reports:mailing", args=[run.mailing_id])
    panel = reverse("delivery:panel", args=[run.mailing_id])
    client = cast.client("owner")
    for language in (first, second):
        client.cookies["django_language"] = language
        page = dense(client.get(url).content.decode())
        part = client.get(panel, headers=HTMX).content.decode()
        other = "ru" if language == "en" else "en"
        with translation.override(language):
            labels = {str(Delivery.State(name).label) for name in ("failed", "unknown")}
        with translation.override(other):
            foreign = {str(Delivery.State(name).label) for name in ("failed", "unknown")}
        rows = page.partition('id="reasons-title"')[2].partition("</section>")[0]
        assert all(f'muted">{word}</span>' in rows for word in labels)
        assert not any(f'muted">{word}</span>' in rows for word in foreign)
        assert any(f"</i>{word}</span>" in part for word in labels)
