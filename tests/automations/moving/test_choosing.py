"""Condition, split, exit, act, and who leaves before the next step."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.automations.models import Enrolment
from apps.mailings.models import (
    AttributeDefinition,
    Consent,
    Delivery,
    MailingList,
    Recipient,
    RecipientTag,
    Run,
    Subscription,
)
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe, unsubscribe
from tests.automations.stage import (
    automation,
    definition,
    leaving,
    letter,
    staged,
    tagging,
    waiting,
)
from tests.factories import MailingListFactory, SuppressionFactory, TagFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def tree(**condition: Any) -> dict[str, Any]:
    return {"version": 1, "root": {"all": [condition]}}


def acting(act: str, key: str = "act", **fields: Any) -> dict[str, Any]:
    return {"kind": "act", "key": key, "act": act, **fields}


def test_a_condition_of_a_segment_divides_them() -> None:
    known = tree(field="full_name", op="is", value="Erna")
    choice = {"kind": "condition", "key": "if", "tree": known, "otherwise": "no"}
    stage = staged(choice, leaving("yes"), leaving("no"))
    erna, other = stage.person(full_name="Erna"), stage.person()
    stage.enrol(erna, other)
    stage.turn()
    assert stage.paths(erna) == ["if:next", "yes:end"]
    assert stage.paths(other) == ["if:otherwise", "no:end"]


@pytest.mark.parametrize(("did", "state"), [("sent", "sent"), ("bounced", "bounced")])
def test_a_condition_asks_what_became_of_a_letter(did: str, state: str) -> None:
    owner = UserFactory.create()
    asked = {"kind": "condition", "key": "if", "did": did, "letter": "letter", "otherwise": "no"}
    steps = [letter(owner), waiting(seconds=60), asked, leaving("yes"), leaving("no")]
    stage = staged(*steps, owner=owner)
    one, two = stage.enrolled(2)
    stage.turn()
    found = next(row for row in stage.letters() if row.recipient_id == one.pk)
    Delivery.objects.filter(pk=found.pk).update(state=state)
    Run.objects.filter(pk=found.run_id).update(pending=1, **{state: 1})
    stage.turn(minutes=1)
    assert stage.paths(one)[-1] == "yes:end"
    assert stage.paths(two)[-1] == "no:end"


def test_a_split_is_by_share_and_the_same_person_goes_the_same_way() -> None:
    shares = [{"share": 20, "next": "a"}, {"share": 80, "next": "b"}]
    stage = staged(
        {"kind": "split", "key": "split", "shares": shares},
        leaving("a"),
        leaving("b"),
        reentry={"kind": "finished"},
    )
    persons = stage.enrolled(60)
    stage.turn()
    first = {one.pk: stage.paths(one)[0] for one in persons}
    assert 3 <= Counter(first.values())["split:1"] <= 24
    stage.enrol(*persons)
    stage.turn()
    assert {one.pk: stage.paths(one)[2] for one in persons} == first


def test_tags_are_added_and_removed() -> None:
    owner = UserFactory.create()
    old, new = TagFactory.create_batch(2, owner=owner)
    stage = staged(tagging(new), tagging(old, "off", act="remove_tag"), owner=owner)
    one = stage.person()
    RecipientTag.objects.create(recipient=one, tag=old)
    stage.enrol(one)
    stage.turn()
    assert [tag.pk for tag in one.tags.all()] == [new.pk]


def test_what_does_not_exist_any_more_fails_with_the_reason() -> None:
    owner = UserFactory.create()
    tag, joined = TagFactory.create(owner=owner), MailingListFactory.create(owner=owner)
    other = automation(owner, definition(leaving()))
    acts = [
        tagging(tag),
        acting("subscribe", list=joined.pk, statement="They asked."),
        acting("unsubscribe", list=joined.pk),
        acting("enrol", automation=other.pk),
    ]
    stages = [staged(one, owner=owner) for one in acts]
    tag.delete()
    MailingList.objects.update(archived_at=timezone.now())
    for stage in stages:
        (one,) = stage.enrolled()
        stage.turn()
        assert stage.at(one) == "failed not_there"


def said(now: Any = None) -> Evidence:
    moment = now or timezone.now()
    return Evidence(source=Consent.Source.FORM, by_person=True, said_at=moment)


def test_lists_are_joined_with_a_consent_and_left() -> None:
    owner = UserFactory.create()
    joined, old = MailingListFactory.create_batch(2, owner=owner)
    stage = staged(
        acting("subscribe", "on", list=joined.pk, statement="They asked."),
        acting("unsubscribe", "off", list=old.pk),
        owner=owner,
    )
    one, left = stage.persons(2)
    for person in (one, left):
        subscribe(recipient=person, lists=[old], evidence=said(), now=stage.now)
    subscribe(recipient=left, lists=[joined], evidence=said(), now=stage.now)
    unsubscribe(recipient=left, lists=[joined], evidence=said(), now=stage.now)
    stage.enrol(one, left)
    stage.turn()
    status = dict(Subscription.objects.filter(recipient=one).values_list("list_id", "status"))
    assert status == {joined.pk: "subscribed", old.pk: "unsubscribed"}
    consent = Subscription.objects.get(recipient=one, list=joined).consent
    assert consent is not None
    assert (consent.act, consent.actor) == ("stated", f"automation {stage.automation.pk}")
    assert stage.at(left) == "failed subscription_ended"


def test_custom_fields_are_set_as_their_kind() -> None:
    owner = UserFactory.create()
    AttributeDefinition.objects.create(owner=owner, name="level", kind="number")
    stage = staged(
        acting("set_attribute", "a", name="level", value="3"),
        acting("set_attribute", "b", name="free", value="text"),
        owner=owner,
    )
    one = stage.person(attributes={"city": "Omsk"})
    stage.enrol(one)
    stage.turn()
    one.refresh_from_db()
    assert one.attributes == {"city": "Omsk", "level": 3, "free": "text"}


def test_another_automation_takes_them_in() -> None:
    owner = UserFactory.create()
    other = staged(waiting(seconds=3600), owner=owner)
    stage = staged(acting("enrol", automation=other.automation.pk), owner=owner)
    (one,) = stage.enrolled()
    stage.turn()
    assert other.at(one) == "wait"
    other.assert_equation()


def test_who_is_archived_leaves_at_the_next_step() -> None:
    stage = staged(acting("archive"), waiting(seconds=60))
    (one,) = stage.enrolled()
    stage.turn()
    assert stage.at(one) == "left archived"


def test_who_has_reached_the_goal_leaves() -> None:
    goal = tree(field="full_name", op="is", value="Erna")
    stage = staged(waiting(seconds=60), leaving(), exits={"goal": goal})
    (one,) = stage.enrolled()
    stage.turn()
    Recipient.objects.filter(pk=one.pk).update(full_name="Erna")
    stage.turn(minutes=1)
    assert stage.at(one) == "left goal"


def test_who_leaves_the_list_of_the_trigger_leaves() -> None:
    owner = UserFactory.create()
    joined = MailingListFactory.create(owner=owner)
    stage = staged(
        waiting(seconds=60), owner=owner, trigger={"kind": "subscribed", "list": joined.pk}
    )
    one = stage.person()
    subscribe(recipient=one, lists=[joined], evidence=said(), now=stage.now)
    stage.enrol(one)
    stage.turn()
    assert stage.at(one) == "wait"
    unsubscribe(recipient=one, lists=[joined], evidence=said(), now=stage.now)
    stage.turn(minutes=1)
    assert stage.at(one) == "left unsubscribed"


def test_unsubscribed_and_suppressed_are_two_reasons_and_another_channel_counts() -> None:
    owner = UserFactory.create()
    stage = staged(waiting(seconds=0), letter(owner), owner=owner)
    gone, bounced = stage.persons(2)
    SuppressionFactory.create(owner=owner, address=gone.email, reason="unsubscribed")
    SuppressionFactory.create(owner=owner, address=bounced.email, reason="bounced")
    stage.enrol(gone, bounced)
    stage.turn()
    assert stage.at(gone) == "left unsubscribed"
    assert stage.at(bounced) == "left suppressed"


def test_an_erased_person_is_a_figure_only() -> None:
    stage = staged(waiting(seconds=60))
    one, two, three = stage.enrolled(3)
    stage.turn()
    one.delete()
    stage.turn()
    assert stage.version.left_erased == 1
    assert Enrolment.objects.get(reason="erased").recipient_id is None
    Recipient.objects.filter(pk=two.pk).update(owner=UserFactory.create())  # no longer theirs
    stage.turn(minutes=1)
    assert stage.at(two) == "left erased"
    assert stage.at(three) == "finished "
    assert stage.now > timezone.now() - timedelta(hours=1)
