"""Custom fields: values are kept as their kind, from wherever they come."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.fields import fields_of
from apps.mailings.forms.recipients import RecipientForm
from apps.mailings.importing.bulk import Row, upsert_rows
from apps.mailings.importing.staging.tables import ImportJob
from apps.mailings.models import AttributeDefinition, Recipient, Segment
from apps.mailings.segments import ground_of, members
from apps.mailings.services.recipients import RecipientService
from apps.mailings.services.segmentation import attributes
from apps.mailings.services.segmentation.attributes import (
    AttributeInUse,
    AttributeMisfit,
    AttributeReading,
    AttributeService,
    AttributeUnfit,
    misfits_of,
    read_chunk,
)
from apps.users.models import User
from tests.factories import RecipientFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def owner() -> User:
    owner = UserFactory.create()
    for name, kind in (("age", "number"), ("vip", "bool"), ("born", "date"), ("city", "text")):
        AttributeDefinition.objects.create(owner=owner, name=name, kind=kind)
    return owner


GIVEN = {"age": "30", "vip": "да", "born": "01.02.1990", "city": "Омск", "new": "5"}
KEPT = {"age": 30, "vip": True, "born": "1990-02-01", "city": "Омск", "new": "5"}


def test_a_saved_recipient_has_values_of_their_kinds(owner: User) -> None:
    fresh = Recipient(owner=owner, email="a@example.org", attributes=dict(GIVEN))
    RecipientService(owner).save(fresh)
    assert Recipient.objects.get().attributes == KEPT
    assert AttributeDefinition.objects.get(owner=owner, name="new").kind == "text"


def test_a_value_that_does_not_fit_is_refused_and_an_old_one_stays(owner: User) -> None:
    row = RecipientFactory.create(owner=owner, attributes={"age": "many", "city": "Омск"})
    row.attributes = {"age": "many", "city": "Томск"}
    RecipientService(owner).save(row)
    row.attributes = {"age": "few"}
    with pytest.raises(AttributeMisfit, match="few"):
        RecipientService(owner).save(row)
    row.refresh_from_db()
    assert row.attributes == {"age": "many", "city": "Томск"}


def test_the_form_says_which_line_does_not_fit(owner: User) -> None:
    data = {"email": "a@example.org", "attribute_lines": "age: old\ncity: Омск"}
    form = RecipientForm(data, owner=owner)
    assert not form.is_valid()
    assert "old" in form.errors["attribute_lines"][0]
    form = RecipientForm(data | {"attribute_lines": "age: 30\nvip: no"}, owner=owner)
    assert form.is_valid()
    form.save()
    assert Recipient.objects.get().attributes == {"age": 30, "vip": False}


def test_rows_of_an_import_are_kept_as_their_kinds_and_misfits_as_text(owner: User) -> None:
    rows = [
        Row({"email": "a@example.org"}, GIVEN),  # type: ignore[dict-item]
        Row({"email": "b@example.org"}, {"age": "many", "city": "Омск"}),  # type: ignore[dict-item]
    ]
    upsert_rows(rows, ImportJob(owner_id=owner.pk, now=timezone.now()))
    found = dict(Recipient.objects.values_list("email", "attributes"))
    assert found == {
        "a@example.org": KEPT,
        "b@example.org": {"age": "many", "city": "Омск"},
    }
    assert AttributeDefinition.objects.filter(owner=owner, name="new").exists()


def test_messages_show_values_as_they_were_written(owner: User) -> None:
    row = RecipientFactory.create(owner=owner, attributes={"age": 30, "vip": True, "city": "Омск"})
    fields = fields_of(row)
    assert (fields["age"], fields["vip"], fields["attributes.city"]) == ("30", "true", "Омск")


def change(definition: AttributeDefinition, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(definition, name, value)
    AttributeService(definition.owner).save(definition)


def test_a_change_of_kind_reads_the_values_in_chunks_and_counts_the_misfits(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributes, "CHUNK", 2)
    for value in ("5", "7,5", "many", "", 9):
        RecipientFactory.create(owner=owner, attributes={"score": value})
    others = RecipientFactory.create(attributes={"score": "5"})
    score = AttributeDefinition.objects.create(owner=owner, name="score")
    change(score, kind="number")
    assert read_chunk(definition_id=score.pk, now=timezone.now())
    halfway = list(Recipient.objects.filter(owner=owner).order_by("pk"))
    assert [row.attributes["score"] for row in halfway] == [5, 7.5, "many", "", 9]
    AttributeReading().run(timezone.now(), lambda: False)
    score.refresh_from_db()
    assert (score.read_up_to, score.misfits) == (None, 2)
    misfits = misfits_of(score, ground_of(owner, timezone.now()))
    assert [row.attributes["score"] for row in misfits.order_by("pk")] == ["many", ""]
    others.refresh_from_db()
    assert others.attributes == {"score": "5"}


def test_reading_a_chunk_twice_changes_nothing(owner: User) -> None:
    RecipientFactory.create(owner=owner, attributes={"score": "5"})
    score = AttributeDefinition.objects.create(owner=owner, name="score")
    change(score, kind="number")
    for _again in range(2):
        AttributeDefinition.objects.filter(pk=score.pk).update(read_up_to=0)
        AttributeReading().run(timezone.now(), lambda: False)
        assert Recipient.objects.get().attributes == {"score": 5}


def test_a_closed_set_of_values_counts_the_others_as_misfits(owner: User) -> None:
    for value in ("basic", "pro", "gold"):
        RecipientFactory.create(owner=owner, attributes={"plan": value})
    plan = AttributeDefinition.objects.create(owner=owner, name="plan")
    change(plan, kind="choice", choices=["basic", "pro"])
    AttributeReading().run(timezone.now(), lambda: False)
    plan.refresh_from_db()
    assert plan.misfits == 1


def test_a_custom_field_that_a_segment_asks_for_stays_as_it_is(owner: User) -> None:
    age = AttributeDefinition.objects.get(owner=owner, name="age")
    node = {"field": "attribute", "name": "age", "op": "at_least", "value": 18}
    segment = Segment.objects.create(owner=owner, name="Adults", tree={"version": 1, "root": node})
    with pytest.raises(AttributeInUse, match="Adults"):
        change(age, kind="text")
    age.refresh_from_db()
    with pytest.raises(AttributeInUse):
        AttributeService(owner).remove(age, now=timezone.now())
    assert members(segment.tree, ground_of(owner, timezone.now())).count() == 0
    segment.archived_at = timezone.now()
    segment.save()
    assert AttributeService(owner).remove(age, now=timezone.now()) is False


@pytest.mark.parametrize("name", ["", "5th", "a-b", "имя человека", "x" * 51])
def test_a_name_that_no_template_can_use_is_refused(owner: User, name: str) -> None:
    with pytest.raises(AttributeUnfit):
        AttributeService(owner).save(AttributeDefinition(owner=owner, name=name))
