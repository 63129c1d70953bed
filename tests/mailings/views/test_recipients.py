"""Recipients on pages: found, written down, changed, tagged, taken away, archived."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from apps.mailings.models import Recipient, RecipientImport, Suppression
from tests.factories import RecipientFactory, SuppressionFactory, TagFactory
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db

LIST = reverse("recipients:list")


def post(cast: Cast, role: str, name: str, *args: Any, **fields: Any) -> Any:
    return cast.client(role).post(reverse(f"recipients:{name}", args=args), fields)


def shown(cast: Cast, role: str = "owner", **params: Any) -> str:
    return str(cast.client(role).get(LIST, params, headers=HTMX).content.decode())


def test_a_new_recipient_is_ones_own_whatever_the_form_says(cast: Cast) -> None:
    answer = post(
        cast,
        "owner",
        "create",
        email="New@Example.ORG",
        phone="8 (916) 123-45-67",
        time_zone="Asia/Omsk",
        tag_list="клуб, Москва, клуб",
        attribute_lines="city: Омск\nлюбимая_книга: Идиот",
        owner=cast.stranger.pk,
    )
    recipient = Recipient.objects.get(email="new@example.org")
    assert answer.status_code == 302
    assert recipient.owner == cast.owner
    assert (recipient.phone, recipient.operator_code) == ("79161234567", "916")
    assert recipient.attributes == {"city": "Омск", "любимая_книга": "Идиот"}
    assert {tag.name for tag in recipient.tags.all()} == {"клуб", "Москва"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12345"),
        ("time_zone", "Mars/Olympus"),
        ("attribute_lines", "no colon"),
        ("attribute_lines", "1st: x"),
        ("email", "nobody"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(cast: Cast, field: str, value: str) -> None:
    fields = {"email": "a@example.org", field: value}
    answer = post(cast, "owner", "create", **fields)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors


def test_an_address_is_taken_once_per_owner(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, email="same@example.org")
    assert post(cast, "owner", "create", email="same@example.org").status_code == 200
    assert post(cast, "stranger", "create", email="same@example.org").status_code == 302


def test_a_change_shows_what_is_stored_and_keeps_the_owner(cast: Cast) -> None:
    recipient = RecipientFactory.create(owner=cast.owner, attributes={"city": "Тула"})
    recipient.tags.add(TagFactory.create(owner=cast.owner, name="клуб"))
    url = reverse("recipients:edit", args=[recipient.pk])
    form = cast.client("owner").get(url).context["form"]
    assert (form["tag_list"].value(), form["attribute_lines"].value()) == ("клуб", "city: Тула")
    cast.client("owner").post(url, {"email": recipient.email, "full_name": "Новое имя"})
    recipient.refresh_from_db()
    assert (recipient.full_name, recipient.attributes, recipient.owner) == (
        "Новое имя",
        {},
        cast.owner,
    )
    assert not recipient.tags.exists()


def test_it_is_found_by_the_beginning_of_an_address_and_by_any_part_of_a_name(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, email="zoe@example.org", full_name="Зоя ИВАНОВА")
    assert "zoe@" in shown(cast, q="ZOE@")
    assert "zoe@" in shown(cast, q="иванова")
    assert "zoe@" not in shown(cast, q="петрова")


def test_the_filters_by_tag_operator_and_state(cast: Cast) -> None:
    tagged = RecipientFactory.create(owner=cast.owner, email="tag@example.org", phone="79161234567")
    tag = TagFactory.create(owner=cast.owner)
    tagged.tags.add(tag)
    RecipientFactory.create(owner=cast.owner, email="gone@example.org")
    SuppressionFactory.create(owner=cast.owner, address="gone@example.org")
    assert "tag@" in shown(cast, tag=tag.pk) and "gone@" not in shown(cast, tag=tag.pk)
    assert "tag@" in shown(cast, operator="916") and "gone@" not in shown(cast, operator="916")
    assert "gone@" in shown(cast, state="suppressed")
    assert "tag@" not in shown(cast, state="suppressed")
    assert "tag@" not in shown(cast, tag="nonsense")


@pytest.mark.parametrize(
    ("channel", "address"),
    [("email", "zoe@example.org"), ("phone", "79161234567"), ("telegram", "-1001234567890")],
)
def test_every_kind_of_address_is_seen_to_be_suppressed(
    cast: Cast, channel: str, address: str
) -> None:
    recipient = RecipientFactory.create(
        owner=cast.owner,
        email="zoe@example.org",
        phone="79161234567",
        telegram_chat_id=-1001234567890,
    )
    for one in ("email", "phone", "telegram"):  # the same characters, of another kind or owner
        owner = cast.stranger if one == channel else cast.owner
        SuppressionFactory.create(owner=owner, channel=one, address=address)
    assert "zoe@" not in shown(cast, state="suppressed")
    SuppressionFactory.create(owner=cast.owner, channel=channel, address=address)
    assert "zoe@" in shown(cast, state="suppressed")
    assert "tone-warn" in shown(cast, q="zoe@", state="all")
    assert address in page_of(cast, recipient)


def page_of(cast: Cast, recipient: Recipient, role: str = "owner") -> str:
    url = reverse("recipients:detail", args=[recipient.pk])
    return str(cast.client(role).get(url).content.decode())


@pytest.mark.parametrize("channel", ["email", "phone", "telegram"])
def test_an_address_is_suppressed_manually_and_written_to_again(cast: Cast, channel: str) -> None:
    recipient = RecipientFactory.create(owner=cast.owner, phone="79161234567", telegram_chat_id=77)
    post(cast, "owner", "suppress", recipient.pk, channel=channel)
    post(cast, "owner", "suppress", recipient.pk, channel=channel)
    row = Suppression.objects.get()
    address = {"email": recipient.email, "phone": "79161234567", "telegram": "77"}[channel]
    assert (row.owner, row.channel, row.address, row.reason) == (
        cast.owner,
        channel,
        address,
        "blocked",
    )
    assert "recipients:lift" not in page_of(cast, recipient)
    url = reverse("recipients:lift", args=[recipient.pk, row.pk])
    assert url in page_of(cast, recipient)
    assert url not in page_of(cast, recipient, "manager")
    cast.client("owner").post(url)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("unsubscribed", "Only they can subscribe again"),
        ("complained", "complained about spam"),
        ("bounced", "bounced"),
    ],
)
def test_what_speaks_against_lifting_is_said_first(cast: Cast, reason: str, text: str) -> None:
    recipient = RecipientFactory.create(owner=cast.owner)
    row = SuppressionFactory.create(owner=cast.owner, address=recipient.email, reason=reason)
    url = reverse("recipients:lift", args=[recipient.pk, row.pk])
    assert text in cast.client("owner").get(url).content.decode()


def test_only_ones_own_suppression_of_this_recipient_is_lifted(cast: Cast) -> None:
    recipient = RecipientFactory.create(owner=cast.owner)
    other = SuppressionFactory.create(owner=cast.owner, address="other@example.org")
    theirs = SuppressionFactory.create(owner=cast.stranger, address=recipient.email)
    for row in (other, theirs):
        url = reverse("recipients:lift", args=[recipient.pk, row.pk])
        assert cast.client("owner").post(url).status_code == 404
    assert Suppression.objects.count() == 2
    assert post(cast, "owner", "suppress", recipient.pk, channel="phone").status_code == 404
    assert post(cast, "owner", "suppress", recipient.pk, channel="owl").status_code == 404


def test_who_was_written_to_is_archived_and_can_be_restored(cast: Cast) -> None:
    known = cast.delivery.recipient
    post(cast, "owner", "delete", known.pk)
    known.refresh_from_db()
    assert known.archived_at is not None
    assert str(known.email) in shown(cast, state="archived")
    post(cast, "owner", "restore", known.pk)
    known.refresh_from_db()
    assert known.archived_at is None
    fresh = RecipientFactory.create(owner=cast.owner)
    post(cast, "owner", "delete", fresh.pk)
    assert not Recipient.objects.filter(pk=fresh.pk).exists()


def test_an_act_on_many_touches_only_ones_own(cast: Cast) -> None:
    mine = RecipientFactory.create_batch(3, owner=cast.owner)
    other = RecipientFactory.create(owner=cast.stranger)
    ids = [row.pk for row in [*mine, other]]
    post(cast, "owner", "bulk", act="tag", tag_name="весна", ids=ids)
    assert Recipient.objects.filter(tags__name="весна").count() == 3
    post(cast, "owner", "bulk", act="untag", tag_name="весна", ids=ids[:1])
    assert Recipient.objects.filter(tags__name="весна").count() == 2
    post(cast, "owner", "bulk", act="delete", ids=ids)
    assert Recipient.objects.filter(pk__in=ids).get() == other


def test_an_act_on_all_that_were_found_follows_the_filter(cast: Cast) -> None:
    RecipientFactory.create_batch(3, owner=cast.owner, full_name="Найденный")
    RecipientFactory.create(owner=cast.owner, full_name="Другой")
    post(cast, "owner", "bulk", act="tag", tag_name="все", scope="all", q="найденный")
    assert Recipient.objects.filter(tags__name="все").count() == 3


def test_a_manager_cannot_act_on_what_others_own(cast: Cast) -> None:
    row = RecipientFactory.create(owner=cast.owner)
    post(cast, "manager", "bulk", act="delete", ids=[row.pk])
    assert Recipient.objects.filter(pk=row.pk).exists()
    assert cast.owner.email in shown(cast, role="manager")


def test_whom_an_import_added_can_be_shown(cast: Cast) -> None:
    found = RecipientImport.objects.create(owner=cast.owner, source="clients.csv")
    theirs = RecipientImport.objects.create(owner=cast.stranger, source="secret.csv")
    RecipientFactory.create(owner=cast.owner, email="zoe@example.org", added_by=found)
    RecipientFactory.create(owner=cast.owner, email="ann@example.org")
    text = shown(cast, added_by=found.pk)
    assert "zoe@" in text and "ann@" not in text and "clients.csv" in text
    assert "secret.csv" not in shown(cast, added_by=theirs.pk)


def test_the_selected_are_archived_not_deleted_and_exported(cast: Cast) -> None:
    mine = RecipientFactory.create(owner=cast.owner)
    theirs = RecipientFactory.create(owner=cast.stranger)
    ids = [mine.pk, theirs.pk]
    url = reverse("recipients:bulk")
    answer: Any = cast.client("owner").post(url, {"act": "export", "ids": ids})
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.active is not None
    assert [row[1] for row in book.active.iter_rows(values_only=True)] == ["Email", mine.email]
    cast.client("owner").post(url, {"act": "archive", "ids": ids})
    archived = Recipient.objects.exclude(archived_at=None)
    assert list(archived) == [mine]


def test_an_export_holds_ones_own_and_no_formula(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, full_name="=cmd|'/c calc'!A1")
    RecipientFactory.create(owner=cast.stranger, full_name="Чужой")
    answer = cast.client("owner").get(reverse("recipients:export", args=["csv"]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert "'=cmd|'/c calc'!A1" in {cell for row in rows for cell in row.values()}
    assert "Чужой" not in text
    answer = cast.client("owner").get(reverse("recipients:export", args=["xlsx"]))
    whole: Any = answer
    book = load_workbook(io.BytesIO(b"".join(whole.streaming_content)))
    assert book.active is not None and book.active["A1"].value == "ID"
    assert cast.client("owner").get("/recipients/export/exe/").status_code == 404


def test_the_page_of_a_recipient_shows_its_history_and_why_it_is_suppressed(cast: Cast) -> None:
    known = cast.delivery.recipient
    SuppressionFactory.create(owner=cast.owner, address=known.email, reason="bounced")
    page = cast.client("owner").get(reverse("recipients:detail", args=[known.pk])).content.decode()
    assert cast.mailing.name in page
    assert "bounces" in page


@pytest.mark.parametrize("number", [str(2**63), "9" * 20, "9" * 5000, "-1", "²", "٣", "1.0", ""])
@pytest.mark.parametrize("act", ["tag", "untag", "delete", "restore"])
def test_an_id_that_no_row_can_have_is_nobodys(cast: Cast, act: str, number: str) -> None:
    values = {"act": act, "tag_name": "x", "ids": [number, number]}
    assert cast.client("owner").post("/recipients/bulk/", values).status_code == 302


@pytest.mark.parametrize("number", [str(2**63), "9" * 20, "9" * 5000])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/mailings/new/", "filter_tags"),
        ("/mailings/new/", "message"),
        ("/recipients/tags/", "into"),
        ("/notices/read/", "notification"),
    ],
)
def test_no_form_breaks_on_such_an_id(cast: Cast, path: str, name: str, number: str) -> None:
    assert cast.client("owner").post(path, {name: number}).status_code < 500
    assert cast.client("owner").get("/recipients/", {"tag": number}).status_code == 200


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({"email": "R0@Example.org"}, ("r0@example.org", None)),
        ({"email": "k@xn--80a1acny.xn--p1ai"}, ("k@почта.рф", None)),
        ({"email": "иван@example.org"}, ("иван@example.org", None)),
        ({"phone": "8 (916) 000-00-01"}, (None, "79160000001")),
        ({"phone": "+47 21 23 45 67"}, (None, "4721234567")),
    ],
)
def test_the_page_stores_what_the_import_stores(
    cast: Cast, typed: dict[str, str], stored: tuple[str | None, str | None]
) -> None:
    client = cast.client("owner")
    assert client.post("/recipients/new/", typed).status_code == 302
    made = Recipient.objects.latest("pk")
    assert (made.email, made.phone) == stored
    # What the form shows of it is understood when it is saved again.
    form = client.get(f"/recipients/{made.pk}/edit/").context["form"]
    shown = {name: form[name].value() or "" for name in form.fields}
    assert client.post(f"/recipients/{made.pk}/edit/", shown).status_code == 302
    made.refresh_from_db()
    assert (made.email, made.phone) == stored


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "аnna@example.org"},
        {"email": "a@[127.0.0.1]"},
        {"phone": "+7916000006"},
        {"phone": "(212) 555-0100"},
        {"email": "a@example.org", "time_zone": "Mars"},
    ],
)
def test_the_page_refuses_what_the_import_refuses(cast: Cast, typed: dict[str, str]) -> None:
    before = Recipient.objects.count()
    answer = cast.client("owner").post("/recipients/new/", typed)
    assert set(answer.context["form"].errors) <= set(typed) and answer.context["form"].errors
    assert Recipient.objects.count() == before


def test_the_states_separate_active_suppressed_and_archived(cast: Cast) -> None:
    Recipient.objects.all().delete()
    active, stopped, away = RecipientFactory.create_batch(3, owner=cast.owner)
    Suppression.objects.create(owner=cast.owner, channel="email", address=str(stopped.email))
    Recipient.objects.filter(pk=away.pk).update(archived_at=timezone.now())
    client = cast.client("owner")

    def shown(**params: str) -> set[int]:
        return {row.pk for row in client.get("/recipients/", params).context["page"].rows}

    expected = {"": {active.pk}, "suppressed": {stopped.pk}, "archived": {away.pk}}
    expected["all"] = {active.pk, stopped.pk, away.pk}
    assert {state: shown(state=state) for state in expected} == expected
    assert shown(q="anna") == {active.pk} and shown(q="anna", state="suppressed") == {stopped.pk}
    assert client.get("/recipients/", {"q": "anna"}).context["found"].count == 1
    assert shown(q=str(stopped.email)) == set()
    nobody = client.get("/recipients/", {"q": str(stopped.email)}).content.decode()
    assert "&amp;state=all" in nobody and shown(q=str(stopped.email), state="all") == {stopped.pk}


def test_many_are_suppressed_and_lifted_at_once_but_not_against_their_will(cast: Cast) -> None:
    mine = RecipientFactory.create_batch(3, owner=cast.owner)
    Recipient.objects.filter(pk=mine[0].pk).update(phone="79161234567")
    theirs = RecipientFactory.create(owner=cast.stranger)
    Suppression.objects.create(
        owner=cast.owner, channel="email", address=str(mine[2].email), reason="unsubscribed"
    )
    ids = [row.pk for row in (*mine, theirs)]
    client, url = cast.client("owner"), "/recipients/bulk/"
    page = client.post(url, {"act": "suppress", "ids": ids}, follow=True).content.decode()
    assert "Suppressed addresses: 3." in page
    stops = Suppression.objects.filter(owner=cast.owner)
    assert set(stops.values_list("channel", "address", "reason")) == {
        ("email", mine[0].email, "blocked"),
        ("phone", "79161234567", "blocked"),
        ("email", mine[1].email, "blocked"),
        ("email", mine[2].email, "unsubscribed"),
    }
    assert not Suppression.objects.filter(owner=cast.stranger).exists()
    body = {"act": "lift", "scope": "all", "state": "suppressed"}
    page = client.post(url, body, follow=True).content.decode()
    assert "Unsuppressed addresses: 3." in page and "Still suppressed" in page
    assert [stop.reason for stop in stops] == ["unsubscribed"]
