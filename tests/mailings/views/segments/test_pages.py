"""The pages of segments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Segment
from apps.mailings.segments import ground_of, members
from tests.factories import (
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    SuppressionFactory,
    TagFactory,
)
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


def test_the_filters_of_the_list_become_conditions_that_find_the_same_people(cast: Cast) -> None:
    tag, one_list = TagFactory.create(owner=cast.owner), MailingListFactory.create(owner=cast.owner)
    names = ("Ольга Омская", "Омский Пётр", "Омск без метки", "Пермь")
    people = [RecipientFactory.create(owner=cast.owner, full_name=name) for name in names]
    for person in people[:2] + people[3:]:
        person.tags.add(tag)
    SuppressionFactory(owner=cast.owner, address=people[1].email)
    one = segment(cast)
    client = cast.client("owner")

    def found(query: str) -> tuple[set[str], set[str]]:
        """Whom the list shows, and whom the builder finds that it leads to."""
        rows = client.get(f"/recipients/?{query}").context["rows"]
        page = client.get(f"/segments/new/?{query}").context
        tree = json.loads(page["json"])
        ground = ground_of(cast.owner, timezone.now())
        return (
            {row.recipient.email for row in rows},
            {str(person.email) for person in members(tree, ground)},
        )

    for query, count in (
        (f"q=омск&tag={tag.pk}", 1),
        (f"tag={tag.pk}&state=suppressed", 1),
        (f"q={people[2].email}&state=all", 1),
        (f"segment={one.pk}&state=all", 3),
        (f"list={one_list.pk}&tag={tag.pk}", 0),
        ("operator=916", 0),
    ):
        listed, described = found(query)
        assert listed == described and len(listed) == count, query
    odd = client.get("/segments/new/?tag=x&list=-1&segment=999&added_by=y&operator=%00&q=%00")
    assert odd.status_code == 200
    page = client.get(f"/recipients/?tag={tag.pk}").content.decode()
    assert f'href="/segments/new/?tag={tag.pk}"' in page
    assert "/segments/new/" not in client.get("/recipients/").content.decode()


def test_no_segment_is_made_of_people_whom_no_condition_finds(cast: Cast) -> None:
    """It would hold everybody."""
    tag, client = TagFactory.create(owner=cast.owner), cast.client("owner")
    fresh = client.get("/segments/new/").context.get("json")
    for state in ("unconfirmed", "archived"):
        for query in (f"state={state}", f"state={state}&tag={tag.pk}"):
            page = client.get(f"/recipients/?{query}").content.decode()
            assert "/segments/new/" not in page, query
            assert client.get(f"/segments/new/?{query}").context.get("json") == fresh, query


def test_conditions_are_copied_from_a_segment_of_ones_own(cast: Cast) -> None:
    mine = segment(cast)
    theirs = segment(cast, owner=cast.stranger, name="Not yours")
    client = cast.client("owner")
    assert "Not yours" not in client.get("/segments/new/").content.decode()
    other = CITY | {"r.0.value": "пермь"}
    page = press(client, "copy", other | {"copy_from": str(mine.pk)})
    assert 'value="пермь"' in page and 'name="r.1.field"' in page and 'value="омск"' in page
    assert "омск" not in press(client, "copy", other | {"copy_from": str(theirs.pk)})
    fresh = {"name": "", "r.kind": "all", "r.0.kind": "test", "r.0.field": "email", "r.0.op": "is"}
    page = press(client, "copy", fresh | {"copy_from": str(mine.pk)})
    assert 'value="омск"' in page and 'name="r.1.field"' not in page
    group = {
        "any": [{"field": "email", "op": "known"}, {"field": "phone", "op": "starts", "value": "7"}]
    }
    mine.tree = {"version": 1, "root": group}
    mine.save()
    page = press(client, "copy", other | {"copy_from": str(mine.pk)})
    assert 'name="r.1.0.field"' in page and 'name="r.1.1.field"' in page
