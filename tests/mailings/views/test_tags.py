"""Tags are renamed, merged and deleted; the recipients and the mailings keep what they had."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.mailings.models import Mailing, RecipientTag, Tag
from apps.users.form_submissions.keys import FIELD, new_key
from tests.browser_form import opened
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    TagFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def act(client: Client, tag: Tag, **data: object) -> int:
    return client.post(f"/recipients/tags/{tag.pk}/", data, follow=True).status_code


def test_a_tag_gets_another_name_unless_it_is_taken(client: Client) -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    TagFactory.create(owner=owner, name="taken")
    client.force_login(owner)

    act(client, tag, act="rename", name="  new   name ")
    act(client, tag, act="rename", name="taken")
    act(client, tag, act="rename", name=" ")

    tag.refresh_from_db()
    assert tag.name == "new name"


def test_two_tags_become_one(client: Client) -> None:
    owner = UserFactory.create()
    tag, into = TagFactory.create_batch(2, owner=owner)
    both, one = RecipientFactory.create_batch(2, owner=owner)
    for recipient, tags in ((both, (tag, into)), (one, (tag,))):
        for each in tags:
            RecipientTag.objects.create(recipient=recipient, tag=each)
    mailing = MailingFactory.create(owner=owner, everyone=False)
    mailing.filter_tags.add(tag)
    client.force_login(owner)

    act(client, tag, act="merge", into=into.pk)

    assert set(into.recipients.all()) == {both, one}
    assert list(mailing.filter_tags.all()) == [into]
    assert not Tag.objects.filter(pk=tag.pk).exists()


def test_a_tag_is_never_merged_into_somebody_elses(client: Client) -> None:
    tag, foreign = TagFactory.create(), TagFactory.create()
    client.force_login(tag.owner)
    assert act(client, tag, act="merge", into=foreign.pk) == 404
    assert act(client, tag, act="merge", into=tag.pk) == 200
    assert Tag.objects.filter(pk=tag.pk).exists()


def test_a_deleted_tag_leaves_the_recipients(client: Client) -> None:
    tag = TagFactory.create()
    recipient = RecipientFactory.create(owner=tag.owner)
    RecipientTag.objects.create(recipient=recipient, tag=tag)
    client.force_login(tag.owner)
    act(client, tag, act="delete")
    recipient.refresh_from_db()
    assert not recipient.tags.exists()


MANY = 5000


@pytest.fixture
def many(client: Client) -> list[Tag]:
    owner = UserFactory.create()
    client.force_login(owner)
    rows = [Tag(owner=owner, name=f"tag number {n:05d} with a long name") for n in range(MANY)]
    return Tag.objects.bulk_create(rows)


@pytest.mark.parametrize("url", ["/recipients/tags/", "/mailings/new/", "/recipients/"])
def test_a_page_stays_small_with_thousands_of_tags(
    client: Client, many: list[Tag], url: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert answer.status_code == 200
    assert len(answer.content) < 300_000
    # No query brings thousands of tags, and none is asked for every one of them.
    assert len(queries) < 30
    lists = [query["sql"] for query in queries if 'FROM "mailings_tag"' in query["sql"]]
    assert lists and all("LIMIT" in sql or "COUNT(" in sql for sql in lists)


def test_tags_come_page_by_page_and_are_found_by_name(client: Client, many: list[Tag]) -> None:
    first = client.get("/recipients/tags/").context["page"]
    second = client.get("/recipients/tags/", {"page": "2"}).context["page"]
    assert first.rows[-1].name < second.rows[0].name
    assert (first.previous, first.next, second.previous) == (
        "",
        "page=2&sort=name",
        "page=1&sort=name",
    )
    last = client.get("/recipients/tags/", {"page": str(MANY // 50)}).context["page"]
    assert last.next == "" and last.rows[-1] == many[-1]
    (found,) = client.get("/recipients/tags/", {"q": "NUMBER 04321"}).context["page"].rows
    assert found == many[4321]


def test_a_search_in_the_form_offers_a_few(client: Client, many: list[Tag]) -> None:
    page = client.get("/recipients/tags/suggestions/", {"tag_search": "number 000"})
    assert page.content.decode().count("data-add-tag") == 20
    assert client.get("/recipients/tags/suggestions/").content.strip() == b""


def mailing_data(owner_id: int, **data: object) -> dict[str, object]:
    message = MessageFactory.create(owner_id=owner_id)
    return {
        "name": "Cities",
        "message": message.pk,
        "channel": "email",
        "account": "email",
        "starts_at_0": "01.03.2029",
        "starts_at_1": "10:00",
        "ends_at_0": "02.03.2029",
        "ends_at_1": "10:00",
        "priority": 100,
        **data,
    }


@pytest.mark.parametrize("by", ["ticks", "names"])
def test_thousands_of_tags_are_chosen_and_kept_by_an_edit(
    client: Client, many: list[Tag], by: str
) -> None:
    chosen = many[:1500]
    given: dict[str, object] = {"filter_tags": [tag.pk for tag in chosen]}
    if by == "names":
        given = {"tag_names": "\n".join(tag.name for tag in chosen)}
    answer = client.post("/mailings/new/", mailing_data(many[0].owner_id, **given))
    assert answer.status_code == 302
    mailing = Mailing.objects.get(name="Cities")
    assert mailing.filter_tags.count() == 1500
    url = f"/mailings/{mailing.pk}/edit/"
    assert client.post(url, {**opened(client, url), "name": "Renamed"}).status_code == 302
    mailing.refresh_from_db()
    assert (mailing.name, mailing.filter_tags.count()) == ("Renamed", 1500)
    assert len(client.get(f"/mailings/{mailing.pk}/").content) < 300_000


def test_a_name_that_is_no_tag_is_refused_at_its_field(client: Client, many: list[Tag]) -> None:
    data = mailing_data(many[0].owner_id, tag_names="nothing of the kind")
    assert "tag_names" in client.post("/mailings/new/", data).context["form"].errors


def test_too_many_fields_are_a_sentence(client: Client, many: list[Tag]) -> None:
    answer = client.post("/recipients/bulk/", {"act": "tag", "ids": list(range(20_000))})
    assert answer.status_code == 400
    assert "too large" in answer.content.decode()


def test_a_tag_is_made_on_its_page_once(client: Client) -> None:
    owner = UserFactory.create()
    client.force_login(owner)
    key = new_key(owner.pk)
    for _click in range(2):
        client.post("/recipients/tags/", {"name": "vip", FIELD: key})
    assert Tag.objects.filter(owner=owner, name="vip").count() == 1


def test_a_tag_that_was_renamed_meanwhile_is_not_renamed_again(client: Client) -> None:
    tag = TagFactory.create(name="seen")
    client.force_login(tag.owner)
    act(client, tag, act="rename", name="theirs", was="seen")
    act(client, tag, act="rename", name="mine", was="seen")
    tag.refresh_from_db()
    assert tag.name == "theirs"


def test_two_tags_become_one_by_name(client: Client) -> None:
    owner = UserFactory.create()
    tag, into = TagFactory.create_batch(2, owner=owner)
    client.force_login(owner)
    act(client, tag, act="merge", into_name=into.name)
    assert list(Tag.objects.filter(owner=owner)) == [into]
