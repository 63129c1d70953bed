"""The pages of segments."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailings.models import Segment
from tests.factories import MailingFactory, RecipientFactory
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db
CITY = {
    "name": "From Omsk",
    "r.kind": "all",
    "r.0.kind": "test",
    "r.0.field": "full_name",
    "r.0.op": "contains",
    "r.0.value": "омск",
}


def segment(cast: Cast, **fields: Any) -> Segment:
    node = {"field": "full_name", "op": "contains", "value": "омск"}
    given = {
        "owner": cast.owner,
        "name": "From Omsk",
        "tree": {"version": 1, "root": {"all": [node]}},
    }
    return Segment.objects.create(**given | fields)


def press(client: Client, act: str, data: dict[str, Any], **more: Any) -> str:
    return client.post("/segments/new/", data | {"act": act}, **more).content.decode()


def test_a_segment_is_made_by_buttons_alone(cast: Cast) -> None:
    client = cast.client("owner")
    page = press(client, "add:r", CITY)
    assert 'name="r.1.field"' in page and 'value="омск"' in page and "<html" in page
    answer = client.post("/segments/new/", CITY | {"act": "save"})
    saved = Segment.objects.get()
    assert answer.headers["Location"] == reverse("segments:detail", args=[saved.pk])
    assert saved.tree["root"]["all"][0]["value"] == "омск"


def test_htmx_gets_the_form_alone_and_is_sent_on_after_saving(cast: Cast) -> None:
    client = cast.client("owner")
    page = press(client, "group:r", CITY, headers=HTMX)
    assert page.strip().startswith("<form") and 'name="r.1.0.field"' in page
    answer = client.post("/segments/new/", CITY | {"act": "save"}, headers=HTMX)
    assert answer.headers["HX-Redirect"].startswith("/segments/")


def test_what_is_wrong_is_said_beside_it_and_nothing_is_saved(cast: Cast) -> None:
    page = press(cast.client("owner"), "save", CITY | {"r.0.value": ""})
    assert "does not fit" in page
    assert not Segment.objects.exists()
    page = press(cast.client("owner"), "save", CITY | {"name": ""})
    assert 'role="alert"' in page and not Segment.objects.exists()


def test_it_counts_shows_members_and_explains(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, full_name="Иван Омский", email="ivan@example.org")
    RecipientFactory.create(owner=cast.owner, full_name="Пётр", email="petr@example.org")
    page = press(cast.client("owner"), "show", CITY)
    assert "1 recipient" in page and "Иван Омский" in page and "Пётр" not in page
    page = press(cast.client("owner"), "why", CITY | {"why_address": "petr@example.org"})
    assert "is not in the segment" in page
    page = press(cast.client("owner"), "why", CITY | {"why_address": "nobody@example.org"})
    assert "No recipient of yours" in page


def test_a_name_is_taken_once(cast: Cast) -> None:
    segment(cast)
    page = press(cast.client("owner"), "save", CITY | {"name": "from omsk"})
    assert "already have a segment" in page


def test_the_page_of_a_segment_says_whom_it_describes(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, full_name="Иван Омский")
    one = segment(cast)
    page = cast.client("manager").get(f"/segments/{one.pk}/").content.decode()
    assert "name contains “омск”" in page and "Иван Омский" in page and "/edit/" not in page
    page = cast.client("owner").get(f"/segments/{one.pk}/?why_address=Иван").content.decode()
    assert "/edit/" in page
    table = cast.client("owner").get(f"/segments/{one.pk}/export/csv/").getvalue().decode()
    assert table.count("\n") == 2 and "Иван Омский" in table


def test_it_is_archived_unless_a_mailing_waits_for_it(cast: Cast) -> None:
    one = segment(cast)
    mailing = MailingFactory.create(owner=cast.owner, name="Waiting")
    mailing.segments.add(one)
    client = cast.client("owner")
    page = client.post(f"/segments/{one.pk}/archive/", follow=True).content.decode()
    assert "Waiting" in page
    one.refresh_from_db()
    assert one.archived_at is None
    mailing.segments.clear()
    client.post(f"/segments/{one.pk}/archive/")
    one.refresh_from_db()
    assert one.archived_at is not None
    assert one.name in client.get("/segments/?state=archived").content.decode()
    client.post(f"/segments/{one.pk}/restore/")
    one.refresh_from_db()
    assert one.archived_at is None


def test_a_tree_is_changed_on_its_page(cast: Cast) -> None:
    one = segment(cast)
    client = cast.client("owner")
    assert 'value="омск"' in client.get(f"/segments/{one.pk}/edit/").content.decode()
    client.post(f"/segments/{one.pk}/edit/", CITY | {"r.0.not": "1", "act": "save"})
    one.refresh_from_db()
    assert "not" in one.tree["root"]["all"][0]


def test_twelve_conditions_in_three_groups_are_made_with_script_off(cast: Cast) -> None:
    """Only what the page itself offers is sent: its fields, and one button at a time."""
    client, data = cast.client("owner"), {"name": "Twelve", "r.kind": "all", "r.0.kind": "test"}
    data |= {"r.0.field": "email", "r.0.op": "known"}
    for group in (1, 2, 3):
        press(client, "group:r", data)
        data |= {f"r.{group}.kind": "any"}
        for at in range(4 if group < 3 else 3):
            if at:
                press(client, f"add:r.{group}", data)
            path = f"r.{group}.{at}"
            data |= {f"{path}.kind": "test", f"{path}.field": "full_name"}
            data |= {f"{path}.op": "contains", f"{path}.value": f"name {group} {at}"}
    assert client.post("/segments/new/", data | {"act": "save"}).status_code == 302
    root = Segment.objects.get().tree["root"]
    assert [len(one.get("any", [1])) for one in root["all"]] == [1, 4, 4, 3]
