"""`/archive/`: public mailings, filled in for nobody, gone at once when they are withdrawn."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from pytest_mock import MockerFixture

from apps.core.errors import DomainError
from apps.feedback.services import archive as service
from apps.mailings.models import Mailing, PublicArchive, Recipient, Run
from apps.mailings.services.publishing.archive import publish, withdraw
from apps.users.models import User
from tests.factories import MailingFactory, RunFactory, UserFactory
from tests.feedback.views.test_letter_page import BLOCKS, HTML

pytestmark = pytest.mark.django_db
CLOCK = "apps.feedback.services.archive.time.monotonic"

PERSONAL = {
    "subject": "News for {{ full_name | default: 'you' }}",
    "text": "Hello, {{ full_name }}\nUnsubscribe: {{ unsubscribe_url }}\nAll: https://e.org/",
    "html": "<p>Hello, {{ full_name | default: 'friend' }}!</p>"
    "{% if vip %}<p>secret</p>{% else %}<p>for all</p>{% endif %}"
    "<a href='https://e.org/?id={{ id }}'>Shop</a><a href='{{ mine }}'>Mine</a>"
    "<a href='{{ unsubscribe_url }}' style='color:red'>Unsubscribe</a> &nbsp;·&nbsp; "
    "<a href='{{ preferences_url }}'>Preferences</a> &nbsp;·&nbsp; "
    "<a href='{{ view_url }}'>View</a>",
    "utm": {"source": "news"},
}


def issue(content: dict[str, Any], owner: User | None = None, **fields: Any) -> Mailing:
    """A public mailing that was sent."""
    made = MailingFactory.create(**({"owner": owner} if owner else {}), **fields)
    RunFactory.create(mailing=made, content=content)
    return publish(made)


def archive_of(mailing: Mailing) -> str:
    return f"/archive/{PublicArchive.objects.get(owner=mailing.owner).slug}/"


def url_of(mailing: Mailing) -> str:
    return f"{archive_of(mailing)}{mailing.slug}/"


def page(url: str) -> str:
    response = Client().get(url)
    assert response.status_code == 200
    return response.content.decode()


def status(url: str) -> int:
    return Client().get(url).status_code


# --- what is shown


def test_a_letter_is_filled_in_for_nobody() -> None:
    Recipient.objects.update(full_name="Anna")
    shown = page(url_of(issue(PERSONAL)))
    assert "<title>News for you</title>" in shown and "<p>Hello, friend!</p>" in shown
    assert "for all" in shown and "secret" not in shown
    assert '<a href="https://e.org/?id=">Shop</a>' in shown and "<a>Mine</a>" in shown


def test_no_link_by_which_anybody_acts_is_left() -> None:
    shown = page(url_of(issue(PERSONAL)))
    for word in ("Unsubscribe", "Preferences", ">View", "personal.invalid", "·", "/u/", "/v/"):
        assert word not in shown


def test_parts_with_a_condition_and_repeats_are_left_out() -> None:
    blocks: dict[str, Any] = BLOCKS
    repeated = {"each": "g", "limit": 2, "parts": ["x"], "empty": ["<p>none</p>"]}
    content = {**blocks, "html": [*blocks["html"][:-1], repeated, "</body></html>"]}
    shown = page(url_of(issue(content)))
    assert "<h1>Hello</h1>" in shown and "<p>none</p>" in shown and '<html lang="de">' in shown
    assert "for members" not in shown and "for guests" not in shown and "<i>" not in shown


def test_of_a_text_the_lines_with_personal_links_are_left_out() -> None:
    shown = page(url_of(issue({**PERSONAL, "html": ""})))
    assert "Hello, \nAll:" in shown and '<a href="https://e.org/">' in shown


def test_what_was_sent_is_shown_and_of_several_runs_the_newest() -> None:
    mailing = issue({**HTML, "html": "<p>first</p>"})
    mailing.runs.update(state=Run.State.DONE)
    Mailing.objects.filter(pk=mailing.pk).update(current_run=2)
    assert "first" in page(url_of(mailing))
    RunFactory.create(mailing=mailing, number=2, content={**HTML, "html": "<p>second</p>"})
    assert "second" in page(url_of(mailing))


def test_it_has_the_policy_of_a_letter_in_the_browser_and_may_be_found() -> None:
    response = Client().get(url_of(issue(HTML)))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script" not in policy
    assert "no-store" in response["Cache-Control"] and response["Referrer-Policy"] == "no-referrer"
    assert b"noindex" not in response.content and "X-Robots-Tag" not in response


def test_it_is_laid_out_once_in_a_while(mocker: MockerFixture) -> None:
    laid_out = mocker.spy(service, "preview_program")
    clock = mocker.patch(CLOCK, return_value=60_000_000.0)
    mailing = issue({**HTML, "html": "<p>asked for often</p>"})
    assert [page(url_of(mailing)).count("asked for often") for _ in range(3)] == [1, 1, 1]
    assert laid_out.call_count == 1
    clock.return_value += 60
    page(url_of(mailing))
    assert laid_out.call_count == 2
    withdraw(mailing)
    assert status(url_of(mailing)) == 404


def test_what_cannot_be_shown_is_not_tried_at_every_call(mocker: MockerFixture) -> None:
    mocker.patch(CLOCK, return_value=60_000_000.0)
    tried = mocker.patch.object(service, "preview_program", side_effect=DomainError("no"))
    mailing = issue({**HTML, "html": "<p>never shown</p>"})
    assert [status(url_of(mailing)) for _ in range(3)] == [404, 404, 404]
    assert tried.call_count == 1


# --- what is not


def test_a_mailing_that_has_not_started_or_is_not_public_is_not_shown() -> None:
    waits = publish(MailingFactory.create())
    assert status(url_of(waits)) == 404 and status(archive_of(waits)) == 200
    sent = issue(HTML, waits.owner)
    other = MailingFactory.create(owner=waits.owner, slug="other")
    RunFactory.create(mailing=other, content=HTML)
    assert status(url_of(sent)) == 200 and status(url_of(other)) == 404


def test_a_withdrawn_one_is_gone_at_once_and_comes_back_under_its_name() -> None:
    mailing = issue(HTML)
    address = url_of(mailing)
    withdraw(mailing)
    assert status(address) == 404 and "News for" not in page(archive_of(mailing))
    assert url_of(publish(mailing)) == address and status(address) == 200


@pytest.mark.parametrize("change", [{"archived_at": "2026-01-01T00:00Z"}, {"slug": "x"}])
def test_a_deleted_one_is_not_shown(change: dict[str, Any]) -> None:
    mailing = issue(HTML)
    Mailing.objects.filter(pk=mailing.pk).update(**change)
    assert status(url_of(mailing)) == 404


def test_nothing_of_a_blocked_owner_is_shown() -> None:
    mailing = issue(HTML)
    User.objects.filter(pk=mailing.owner_id).update(is_active=False)
    for address in (url_of(mailing), archive_of(mailing), f"{archive_of(mailing)}feed.xml"):
        assert status(address) == 404


@pytest.mark.parametrize("content", [{**BLOCKS, "view_page": False}, {**HTML, "view_page": False}])
def test_codes_and_confirmations_are_not_shown(content: dict[str, Any]) -> None:
    mailing = issue(content)
    assert status(url_of(mailing)) == 404 and mailing.slug not in page(archive_of(mailing))


def test_what_cannot_be_filled_in_for_nobody_is_not_shown() -> None:
    assert status(url_of(issue({**HTML, "html": "{% for %}"}))) == 404


@pytest.mark.parametrize(
    "address", ["/archive/nobody/", "/archive/nobody/feed.xml", "/archive/a/b/"]
)
def test_what_is_not_there_is_a_404(address: str) -> None:
    assert status(address) == 404


def test_another_owners_mailing_is_not_in_it() -> None:
    mine, other = issue(HTML, slug="same"), issue(HTML, slug="same")
    assert url_of(mine) != url_of(other)
    PublicArchive.objects.filter(owner=other.owner).update(title="Other")
    assert "Other" not in page(archive_of(mine)) and status(url_of(mine)) == 200
    Mailing.objects.filter(pk=other.pk).update(slug="theirs")
    assert status(f"{archive_of(mine)}theirs/") == 404


# --- the list and the feed


def test_the_list_is_the_newest_first_a_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ON_A_PAGE", 2)
    monkeypatch.setattr("apps.feedback.views.archive.ON_A_PAGE", 2)
    owner = UserFactory.create()
    sent = [issue({**HTML, "subject": f"Issue {number}"}, owner) for number in range(3)]
    first = page(archive_of(sent[0]))
    assert first.index("Issue 2") < first.index("Issue 1") and "Issue 0" not in first
    run = Run.objects.get(mailing=sent[1])
    assert f"?before={run.pk}" in first
    older = page(f"{archive_of(sent[0])}?before={run.pk}")
    assert "Issue 0" in older and "Issue 1" not in older
    assert "Issue 2" in page(f"{archive_of(sent[0])}?before=nonsense")


def test_its_title_is_the_owners_or_that_of_the_usual_sender() -> None:
    mailing = issue(HTML)
    row = PublicArchive.objects.get(owner=mailing.owner)
    found = service.archive_at(row.slug)
    assert found is not None and f"<h1>{found.title}</h1>" in page(archive_of(mailing))
    PublicArchive.objects.update(title="News <b>of</b> Kofein")
    assert "<h1>News &lt;b&gt;of&lt;/b&gt; Kofein</h1>" in page(archive_of(mailing))


def test_the_feed_says_the_same_with_whole_addresses() -> None:
    mailing = issue({**HTML, "subject": "A & <b>"})
    response = Client().get(f"{archive_of(mailing)}feed.xml")
    assert response["Content-Type"].startswith("application/rss+xml")
    item = ElementTree.fromstring(response.content).find("channel/item")
    assert item is not None and item.findtext("title") == "A & <b>"
    address = item.findtext("link") or ""
    assert address.startswith("http") and address.endswith(url_of(mailing))
    withdraw(mailing)
    assert b"<item>" not in Client().get(f"{archive_of(mailing)}feed.xml").content


def test_looking_changes_and_counts_nothing(django_assert_num_queries: Any) -> None:
    mailing = issue(HTML)
    address = url_of(mailing)
    with django_assert_num_queries(3):
        page(address)
