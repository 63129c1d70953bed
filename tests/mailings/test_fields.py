"""Every form, file and API knows the fields of the one list."""

from __future__ import annotations

from collections.abc import Container

import pytest

from apps.api.schemas.recipients import BulkRow, RecipientIn, RecipientOut
from apps.mailings.fields import RECIPIENT_FIELDS, SAYINGS, RecipientField, Target, fields_of
from apps.mailings.forms.recipients import RecipientForm
from apps.mailings.importing.columns import map_columns
from apps.mailings.models import Recipient
from apps.mailings.models.audience import ADDRESS
from apps.mailings.recipient_export import table_of
from tests.factories import RecipientFactory

EVERY_FIELD = pytest.mark.parametrize("field", RECIPIENT_FIELDS, ids=lambda field: field.name)
KEPT = [field for field in RECIPIENT_FIELDS if field.target is not Target.STATUS]


def test_each_target_is_one_field() -> None:
    assert [*(field.target for field in RECIPIENT_FIELDS), *SAYINGS] == list(Target)
    assert {field.name for field in RECIPIENT_FIELDS if field.is_address} == set(ADDRESS.values())


@pytest.mark.parametrize("field", KEPT, ids=lambda field: field.name)
def test_a_program_gives_and_gets_it(field: RecipientField) -> None:
    listed: list[Container[str]] = [
        RecipientIn.model_fields,
        RecipientOut.model_fields,
        BulkRow.model_fields,
    ]
    assert all(field.name in one for one in listed)


@EVERY_FIELD
def test_an_import_knows_it_by_each_of_its_names(field: RecipientField) -> None:
    assert field.target in field.aliases.split()
    for alias in field.aliases.split():
        columns = map_columns(["email", alias], {"#1": "email", "#2": field.target})
        assert columns.fields[field.target] == ([0, 1] if field.target == "email" else [1])


@pytest.mark.django_db
def test_a_form_an_export_and_a_template_have_it() -> None:
    anna = RecipientFactory.create(time_zone="Asia/Omsk", phone="79161234567")
    form = RecipientForm(instance=anna, owner=anna.owner)
    header = table_of(Recipient.objects.all()).header
    for field in RECIPIENT_FIELDS:
        assert field.in_export == (field.name in header)
        assert field.in_template == (field.name in fields_of(anna))
        assert (field.name in form.fields) == (field.is_address or field.is_text)
