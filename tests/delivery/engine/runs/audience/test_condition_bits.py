"""What a letter's conditions ask of people is answered once, at the freeze, and kept."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.runs.queue import next_run
from apps.delivery.service import DispatchService
from apps.mailings.attribute_values import define
from apps.mailings.ledger import freeze
from apps.mailings.models import Delivery, Mailing, Recipient, Run, Segment, Tag
from apps.mailings.rules import (
    ConditionGone,
    ConditionsChanged,
    asking,
    asking_no_more,
    bits_of_one,
)
from tests.delivery.engine.workers import MortalWorker, assert_equation
from tests.factories import RecipientFactory, TagFactory, UserFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

KAZAN = {
    "version": 1,
    "root": {"all": [{"field": "attribute", "name": "city", "op": "is", "value": "Kazan"}]},
}


def row(kind: str, pk: int, op: str = "is") -> dict[str, Any]:
    return {"kind": kind, "id": pk, "op": op}


def blocks(*rules: dict[str, Any], shown: str = "part") -> dict[str, Any]:
    """A letter with a part for each of these: ``part0``, ``part1``, ..."""
    parts = [{"if": at, "parts": [f"<p>{shown}{at}</p>"]} for at in range(len(rules))]
    return {
        "text": [f"Hello {shown}s\n", *parts],
        "html": ["<h1>Hello</h1>", *parts],
        "conditions": [{"match": "all", "rules": [rule]} for rule in rules],
    }


def launched(mailing: Mailing, content: dict[str, Any]) -> Run:
    """A run whose message is made of blocks, before its audience is frozen."""
    run_id = DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id
    run = Run.objects.get(pk=run_id)
    run.content = asking({**run.content, **content}, mailing.owner_id)
    run.save(update_fields=["content"])
    return run


def frozen(mailing: Mailing, content: dict[str, Any]) -> Run:
    run = launched(mailing, content)
    freeze_audience(run.pk)
    assert next_run(mailing.account) == run.pk
    run.refresh_from_db()
    return run


def segment(mailing: Mailing, tree: dict[str, Any] = KAZAN) -> Segment:
    define(mailing.owner_id, ["city"], {})
    return Segment.objects.create(owner=mailing.owner, name=f"S{tree!s:.50}", tree=tree)


def person(mailing: Mailing, *tags: Tag, **fields: Any) -> Recipient:
    found: Recipient = RecipientFactory.create(owner=mailing.owner, **fields)
    found.tags.add(*tags)
    return found


def bits(run: Run) -> dict[int, int]:
    rows = Delivery.objects.filter(run=run)
    return dict(rows.values_list("recipient_id", "condition_bits"))


def letters(directory: Path) -> dict[str, str]:
    """The HTML of each letter by its address."""
    found: dict[str, str] = {}
    for file in (directory / "outbox").glob("*.eml"):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = message.get_body(("html",))
        assert body is not None
        found[str(message["To"]).rpartition("<")[2].rstrip(">")] = body.get_content().strip()
    return found


def work(run: Run) -> Run:
    DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    return run


def test_each_gets_the_parts_that_are_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 2)
    mailing = mailing_to(0)
    vip, other = TagFactory.create_batch(2, owner=mailing.owner)
    people = {
        person(mailing, vip, attributes={"city": "Kazan"}): 0b101,
        person(mailing, other): 0b010,
        person(mailing, vip, other): 0b011,
        person(mailing, attributes={"city": "Omsk"}): 0,
        person(mailing, attributes={"city": "Kazan"}): 0b100,
    }
    asked = [row("tag", vip.pk), row("tag", other.pk), row("segment", segment(mailing).pk)]
    run = frozen(mailing, blocks(*asked))
    assert bits(run) == {one.pk: expected for one, expected in people.items()}
    assert work(run).sent == len(people)
    assert_equation(run)
    assert letters(tmp_path) == {
        one.email: "<h1>Hello</h1>"
        + "".join(f"<p>part{at}</p>" for at in range(3) if expected >> at & 1)
        for one, expected in people.items()
    }


def test_a_letter_that_is_tried_again_is_the_same_letter(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    vip = TagFactory.create(owner=mailing.owner)
    anna, boris = person(mailing, vip), person(mailing)
    run = frozen(mailing, blocks(row("tag", vip.pk), row("tag", vip.pk, "is_not")))
    anna.tags.clear()
    boris.tags.add(vip)
    worker = MortalWorker(run, tmp_path)
    first = {one.recipient_id: one.condition_bits for one in worker.claims(5)}
    worker.dies()
    Delivery.objects.filter(run=run).update(state="pending", not_before=timezone.now(), tries=1)
    Run.objects.filter(pk=run.pk).update(pending=2, sending=0)
    worker = MortalWorker(run, tmp_path)
    again = {one.recipient_id: one.condition_bits for one in worker.claims(5)}
    worker.dies()
    assert first == again == {anna.pk: 1, boris.pk: 0}


def test_a_segment_is_asked_with_the_conditions_of_the_launch() -> None:
    mailing = mailing_to(0)
    anna = person(mailing, attributes={"city": "Kazan"})
    kazan = segment(mailing)
    run = launched(mailing, blocks(row("segment", kazan.pk)))
    Segment.objects.filter(pk=kazan.pk).update(tree={}, archived_at=timezone.now())
    freeze_audience(run.pk)
    assert bits(run) == {anna.pk: 1}


def test_who_joins_a_frozen_run_is_asked_too() -> None:
    mailing = mailing_to(1)
    vip = TagFactory.create(owner=mailing.owner)
    run = frozen(mailing, blocks(row("tag", vip.pk), row("segment", segment(mailing).pk)))
    for one, expected in {
        person(mailing, vip, attributes={"city": "Kazan"}): 0b11,
        person(mailing, attributes={"city": "Kazan"}): 0b10,
        person(mailing): 0,
    }.items():
        added = DispatchService().add_recipient(mailing_id=mailing.pk, recipient_id=one.pk)
        assert Delivery.objects.get(pk=added).condition_bits == expected
    assert_equation(run)


def test_a_message_that_asks_nothing_writes_no_bits() -> None:
    mailing = mailing_to(2)
    run_id = DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id
    with CaptureQueriesContext(connection) as queries:
        freeze_audience(run_id)
    inserts = [one["sql"] for one in queries if "INSERT INTO mailings_delivery" in one["sql"]]
    assert inserts and not any("condition_bits" in sql for sql in inserts)
    assert set(bits(Run.objects.get(pk=run_id)).values()) == {0}


def test_62_tags_fit_into_a_delivery() -> None:
    mailing = mailing_to(0)
    tags = TagFactory.create_batch(62, owner=mailing.owner)
    anna, boris, vera = person(mailing, *tags), person(mailing, tags[-1]), person(mailing)
    run = frozen(mailing, blocks(*(row("tag", tag.pk) for tag in tags)))
    assert bits(run) == {anna.pk: 2**62 - 1, boris.pk: 1 << 61, vera.pk: 0}


@pytest.mark.parametrize("kind", ["tag", "segment", "archived"])
def test_what_the_owner_does_not_have_cannot_be_asked(kind: str) -> None:
    mailing = mailing_to(1)
    stranger = UserFactory.create()
    if kind == "tag":
        asked = row("tag", TagFactory.create(owner=stranger).pk)
    elif kind == "segment":
        foreign = Segment.objects.create(owner=stranger, name="S", tree=KAZAN)
        asked = row("segment", foreign.pk)
    else:
        gone = segment(mailing)
        Segment.objects.filter(pk=gone.pk).update(archived_at=timezone.now())
        asked = row("segment", gone.pk)
    with pytest.raises(ConditionGone):
        asking(blocks(asked), mailing.owner_id)


def test_a_frozen_run_takes_a_content_that_asks_no_more() -> None:
    mailing = mailing_to(0)
    one, two, three = TagFactory.create_batch(3, owner=mailing.owner)
    old = asking(blocks(row("tag", one.pk), row("tag", two.pk)), mailing.owner_id)
    fewer = asking_no_more(blocks(row("tag", two.pk)), old)
    assert fewer["asked"] == old["asked"]
    assert "asked" not in asking_no_more(blocks(), blocks())
    with pytest.raises(ConditionsChanged):
        asking_no_more(blocks(row("tag", three.pk)), old)


def test_a_test_letter_asks_about_the_person_who_lends_the_fields() -> None:
    mailing = mailing_to(0)
    vip = TagFactory.create(owner=mailing.owner)
    content = blocks(row("tag", vip.pk), row("segment", segment(mailing).pk))
    anna = person(mailing, vip, attributes={"city": "Kazan"})
    now = timezone.now()
    assert bits_of_one(anna, content, now) == 0b11
    assert bits_of_one(person(mailing), content, now) == 0
    assert bits_of_one(Recipient(owner=mailing.owner), content, now) == 0
    assert bits_of_one(anna, {"text": "", "html": ""}, now) == 0


def test_a_list_field_is_repeated_in_the_letter(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    bought = [{"name": "Tea", "price": 120}, {"name": "<Cake>", "price": 99.5}, {"name": "Jam"}]
    anna = person(mailing, attributes={"orders": bought})
    boris = person(mailing, attributes={"orders": []})
    each = {
        "each": "orders",
        "limit": 10,
        "parts": [
            "<p>",
            {"placeholder": "{{ item.name }}"},
            ": ",
            {"placeholder": "{{ item.price | default: '-' }}"},
            "</p>",
        ],
        "empty": ["<p>none</p>"],
    }
    content = {"text": ["Hello"], "html": ["<h1>", {"placeholder": "{{ orders }}"}, "</h1>", each]}
    work(frozen(mailing, {**content, "conditions": []}))
    assert letters(tmp_path) == {
        anna.email: "<h1>3</h1><p>Tea: 120</p><p>&lt;Cake&gt;: 99.5</p><p>Jam: -</p>",
        boris.email: "<h1></h1><p>none</p>",
    }


def test_the_page_of_a_delivery_shows_the_letter_that_was_sent(client: Client) -> None:
    mailing = mailing_to(0)
    vip = TagFactory.create(owner=mailing.owner)
    anna = person(mailing, vip, attributes={"orders": [{"name": "Tea"}]})
    content = blocks(row("tag", vip.pk), row("tag", vip.pk, "is_not"))
    each = {"each": "orders", "limit": 5, "parts": [{"placeholder": "{{ item.name }}"}]}
    run = work(frozen(mailing, {**content, "html": [*content["html"], each]}))
    anna.tags.clear()
    client.force_login(mailing.owner)
    delivery = Delivery.objects.get(run=run)
    page = client.get(reverse("mailings:letter", args=[mailing.pk, run.number, delivery.pk]))
    shown = page.content.decode()
    assert "<p>part0</p>" in shown and "part1" not in shown and "Tea" in shown


def test_a_run_of_before_goes_on(tmp_path: Path) -> None:
    """Its snapshot has sources and no word of conditions."""
    mailing = mailing_to(2)
    run = frozen(
        mailing, {"text": "Hi {{ full_name }}", "html": "<b>{% if full_name %}x{% endif %}</b>"}
    )
    assert "asked" not in run.content
    assert work(run).sent == 2
    assert set(letters(tmp_path).values()) == {"<b>x</b>"}
