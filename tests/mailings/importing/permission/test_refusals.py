"""“Do not measure me” in a file: it is taken, and no file takes it back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.fields import Target
from apps.mailings.importing.bulk import Row
from apps.mailings.importing.statuses import is_yes
from apps.mailings.models import Recipient
from apps.mailings.services.importing.imports import ImportOptions, upsert_recipients
from apps.users.models import User
from tests.factories import MailingListFactory, RecipientFactory
from tests.mailings.importing.conftest import ImportRows

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def refused(owner: User) -> set[str]:
    return {str(one.email) for one in Recipient.objects.filter(owner=owner, unmeasured=True)}


@pytest.mark.parametrize("value", ["yes", "да", "1", "TRUE", "2024-01-31", "on"])
def test_whatever_is_no_no_is_a_refusal(value: str) -> None:
    assert is_yes(value)


@pytest.mark.parametrize("value", ["", " ", "no", "Нет", "0", "false", "—"])
def test_and_nothing_is_none(value: str) -> None:
    assert not is_yes(value)


@pytest.mark.parametrize("header", ["unmeasured", "Не измерять", "do not track"])
def test_new_people_come_with_their_refusals(
    import_rows: ImportRows, owner: User, header: str
) -> None:
    report = import_rows(f"email,{header}\na@example.org,yes\nb@example.org,no\nc@example.org,\n")
    assert report.added == 3 and refused(owner) == {"a@example.org"}


def test_a_known_person_refuses_whether_or_not_the_rest_changes(
    import_rows: ImportRows, owner: User
) -> None:
    RecipientFactory.create(owner=owner, email="a@example.org", full_name="Anna")
    RecipientFactory.create(owner=owner, email="b@example.org", full_name="Boris")
    source = "email,name,unmeasured\na@example.org,Anna,yes\nb@example.org,Boris,no\n"
    dry = import_rows(source, update=True, dry_run=True)
    assert (dry.updated, dry.unchanged) == (1, 1) and not refused(owner)
    report = import_rows(source, update=True)
    assert (report.updated, report.unchanged) == (1, 1) and refused(owner) == {"a@example.org"}
    assert import_rows(source, update=True).unchanged == 2


def test_who_is_only_put_on_a_list_refuses_as_well(import_rows: ImportRows, owner: User) -> None:
    RecipientFactory.create(owner=owner, email="a@example.org")
    chosen = MailingListFactory.create(owner=owner)
    options = {"list_id": chosen.pk, "statement": "asked in the shop"}
    import_rows("email,unmeasured\na@example.org,yes\nb@example.org,yes\n", **options)
    assert refused(owner) == {"a@example.org", "b@example.org"}


@pytest.mark.parametrize(
    "source",
    ["email,name\na@example.org,Anna\n", "email,name,unmeasured\na@example.org,Anna,no\n"],
    ids=["without the column", "with a no"],
)
def test_no_file_takes_a_refusal_back(import_rows: ImportRows, owner: User, source: str) -> None:
    RecipientFactory.create(owner=owner, email="a@example.org", unmeasured=True)
    assert import_rows(source, update=True).updated == 1
    assert refused(owner) == {"a@example.org"}


def test_rows_of_a_program_refuse_and_take_nothing_back(owner: User) -> None:
    RecipientFactory.create(owner=owner, email="a@example.org", unmeasured=True)
    said = {"a@example.org": "False", "b@example.org": "True", "c@example.org": ""}
    upsert_recipients(
        rows=[Row({Target.EMAIL: one, Target.UNMEASURED: it}) for one, it in said.items()],
        owner=owner,
        options=ImportOptions(update=True),
        now=timezone.now(),
    )
    assert refused(owner) == {"a@example.org", "b@example.org"}
