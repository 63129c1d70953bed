"""The managers' page of the audit log, its export, and the API's list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.users.models import ApiToken, AuditEntry
from tests.api.conftest import voice_of
from tests.factories import TagFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db
URL = reverse("management:audit")


def test_a_manager_reads_who_changed_what(cast: Cast) -> None:
    cast.client("owner").post(reverse("users:profile"), {"first_name": "Annushka"})
    page = cast.client("manager").get(URL).content.decode()
    assert "anna@example.org" in page and "Annushka" in page and "127.0.0.1" in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("user=anna@example.org", "Annushka", "news-tag"),
        ("user=nobody@example.org", "", "Annushka"),
        ("object_type=mailings.tag", "news-tag", "Annushka"),
        ("act=changed", "Annushka", "news-tag"),
        ("kind=system&act=created", "news-tag", "Annushka"),
        ("since=2999-01-01", "", "Annushka"),
        ("until=1990-01-01", "", "Annushka"),
    ],
)
def test_the_log_is_filtered(query: str, shown: str, hidden: str, cast: Cast) -> None:
    TagFactory.create(name="news-tag")
    cast.client("owner").post(reverse("users:profile"), {"first_name": "Annushka"})
    page = cast.client("manager").get(f"{URL}?{query}").content.decode()
    results = page[page.index('id="results"') :]
    assert shown in results and hidden not in results


def test_values_are_said_as_people_read_them(cast: Cast) -> None:
    mailing = cast.mailing
    mailing.channel, mailing.is_active = "telegram", False
    mailing.starts_at = datetime(2031, 5, 6, 12, 30, tzinfo=UTC)
    mailing.ends_at = datetime(2031, 5, 7, 12, 30, tzinfo=UTC)
    mailing.save()
    page = cast.client("manager").get(f"{URL}?object_type=mailings.mailing&act=changed")
    text = page.content.decode()
    assert "Email → Telegram" in text and "yes → no" in text
    assert "2031-05-06T12:30" not in text and "2031" in text


def test_an_objects_entries_are_one_link_away(cast: Cast) -> None:
    first, second = TagFactory.create(name="first-tag"), TagFactory.create(name="second-tag")
    query = f"?object_type=mailings.tag&object_id={first.pk}"
    page = cast.client("manager").get(URL + query).content.decode()
    assert "first-tag" in page and second.name not in page


def test_an_export_holds_what_the_filters_find_and_is_noted_itself(cast: Cast) -> None:
    TagFactory.create(name="news-tag")
    url = reverse("management:audit_export", args=["csv"])
    response = cast.client("manager").get(f"{url}?object_type=mailings.tag")
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert "news-tag" in text and "anna@example.org" not in text
    entry = AuditEntry.objects.get(act="exported")
    assert (entry.name, entry.object_name) == ("mary@example.org", "audit")
    assert entry.details == {"form": "csv", "asked": "object_type=mailings.tag"}


def test_the_api_lists_it_for_managers(cast: Cast) -> None:
    tag = TagFactory.create(name="news-tag")
    query = f"object_type=mailings.tag&object_id={tag.pk}&since=2020-01-01T00:00:00Z"
    found = voice_of(cast.manager, "read").get(f"/api/audit/?{query}").json()
    assert [one["object_name"] for one in found["items"]] == ["news-tag"]
    assert found["items"][0]["changes"]["name"] == [None, "news-tag"]


def test_no_agent_reads_it(cast: Cast) -> None:
    voice = voice_of(cast.manager, ApiToken.Scope.AGENT)
    assert voice.get("/api/audit/").status_code == 403


def test_a_user_page_links_to_what_the_user_did(cast: Cast) -> None:
    page = cast.client("manager").get(reverse("management:user", args=[cast.owner.pk]))
    assert f"{URL}?user=anna%40example.org" in page.content.decode()
