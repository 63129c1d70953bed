"""What is exported can be brought in again: by the same owner without effect, by another whole."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.translation import override

from apps.core.exports.tables import Form, table_response, write_table
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.pipeline import ImportReport
from apps.mailings.importing.profiles import recognised
from apps.mailings.models import Consent, Recipient, Subscription, Suppression, Tag
from apps.mailings.recipient_export import table_of, worded_table_of
from apps.mailings.services.importing.imports import (
    ImportOptions,
    import_recipients,
    profile_mapping,
)
from apps.users.models import User
from tests.factories import (
    MailingListFactory,
    RecipientFactory,
    SuppressionFactory,
    UserFactory,
)
from tests.mailings.importing.conftest import ImportRows

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

Trip = Callable[..., ImportReport]


@pytest.fixture
def people(owner: User) -> list[Recipient]:
    """What has been seen to come back as something else."""

    def person(
        tags: tuple[str, ...] = (), left: dict[str, str] | None = None, **fields: Any
    ) -> Any:
        plain = {"full_name": "", "time_zone": "", "source": "import"}
        made = RecipientFactory.create(owner=owner, **{**plain, **fields})
        made.tags.set([Tag.objects.get_or_create(owner=owner, name=name)[0] for name in tags])
        for channel, reason in (left or {}).items():
            address = {"email": made.email, "phone": made.phone}[channel]
            SuppressionFactory(owner=owner, channel=channel, address=address, reason=reason)
        return made

    return [
        person(("-old", "vip"), email="a@example.org", full_name="- Анна", comment="=важно",
               attributes={"город": "Уфа", "notes": "-5", "n1_взнос": "100"}),
        person(email="+vip@example.org", full_name="Б", attributes={"город": ";=1+1"}),
        person(email="c@example.org", left={"email": "unsubscribed"}),
        person(("a;b", 'x "y"', "'q", "a, b|c"), email="d@example.org", phone="79160000001",
               left={"email": "bounced", "phone": "blocked"}),
        person(email=None, phone="4721234567", time_zone="Europe/Oslo"),
        person(email=None, telegram_chat_id=-1001234567890, full_name="'-x"),
        person(email="k@почта.рф", comment="a\n=b\t-c", full_name="x;=y",
               attributes={"status": "unsubscribed", "email": "other@example.org", "имя": "И"}),
        person(email="e@example.org", phone="79160000002", left={"phone": "complained"}),
        person(email="f@example.org", language="en", attributes={"_1_взнос": "5"}),
        person(email="g@example.org", unmeasured=True),
    ]  # fmt: skip


@pytest.fixture
def trip(owner: User, tmp_path: Path) -> Trip:
    """Exports what the owner has and brings it in for somebody."""

    def trip(whose: User, form: Form = "csv", **options: Any) -> ImportReport:
        path = tmp_path / f"list.{form}"
        table = table_of(Recipient.objects.filter(owner=owner))
        with path.open("wb") as file:
            write_table(file, form=form, header=table.header, rows=table.rows)
        return import_recipients(
            source=path,
            owner=whose,
            options=ImportOptions(**options),
            rejects=tmp_path / "rejected.csv",
            now=timezone.now(),
        )

    return trip


def rows_of(whose: User) -> list[list[Any]]:
    """Everything of an export but the ids."""
    table = table_of(Recipient.objects.filter(owner=whose))
    return [list(table.header), *([*row[1:]] for row in table.rows)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_another_owner_gets_the_same_list(
    people: list[Recipient], owner: User, trip: Trip, form: Form
) -> None:
    other = UserFactory.create()
    report = trip(other, form)
    assert (report.added + report.suppressed, report.rejected, report.warned) == (len(people), 0, 0)
    theirs, mine = rows_of(other), rows_of(owner)
    if form == "xlsx":  # rows of a sheet are lines: what is read of a cell has one
        mine = [[" ".join(it.split()) if isinstance(it, str) else it for it in row] for row in mine]
    assert theirs == mine
    blocks = Suppression.objects.values_list("channel", "address", "reason")
    assert set(blocks.filter(owner=other)) == set(blocks.filter(owner=owner))
    assert not Recipient.objects.filter(owner=other, attributes__has_key="id").exists()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(("written", "read"), [("ru", "en"), ("en", "ru"), ("ru", "ru")])
def test_what_the_page_gives_comes_back_in_any_language(
    people: list[Recipient], owner: User, tmp_path: Path, form: Form, written: str, read: str
) -> None:
    RecipientFactory(owner=owner, email="gone@example.org", archived_at=timezone.now())
    path, other = tmp_path / f"list.{form}", UserFactory.create()
    with override(written):
        table = worded_table_of(Recipient.objects.filter(owner=owner))
        answer: Any = table_response(form=form, name="x", header=table.header, rows=table.rows)
        path.write_bytes(b"".join(answer.streaming_content))
        assert table.header[2] == ("Телефон" if written == "ru" else "Phone")
    with override(read):
        report = import_recipients(
            source=path,
            owner=other,
            options=ImportOptions(),
            rejects=None,
            now=timezone.now(),
        )
    assert (report.added + report.suppressed, report.warned) == (len(people), 0)
    assert report.reasons == {"archived": 1}
    theirs, mine = rows_of(other), rows_of(owner)[:-1]
    if form == "xlsx":
        mine = [[" ".join(it.split()) if isinstance(it, str) else it for it in row] for row in mine]
    assert theirs == mine
    blocks = Suppression.objects.values_list("channel", "address", "reason")
    assert set(blocks.filter(owner=other)) == set(blocks.filter(owner=owner))


def test_ones_own_list_stays_as_it_is(people: list[Recipient], owner: User, trip: Trip) -> None:
    before = rows_of(owner)
    report = trip(owner, update=True)
    assert (report.unchanged, report.rows) == (len(people), len(people))
    assert rows_of(owner) == before
    assert set(Tag.objects.values_list("name", flat=True)) >= {"-old", "vip", "a;b", "'q"}
    assert Tag.objects.filter(owner=owner).count() == 6


def test_nobody_of_the_archive_comes_back(owner: User, trip: Trip) -> None:
    RecipientFactory(owner=owner, email="gone@example.org", archived_at=timezone.now())
    RecipientFactory(owner=owner, email="here@example.org")
    other = UserFactory.create()
    report = trip(other)
    assert (report.added, report.reasons) == (1, {"archived": 1})
    assert Recipient.objects.get(owner=other).email == "here@example.org"


def test_the_command_writes_attributes_and_state(
    people: list[Recipient], owner: User, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    call_command("export_recipients", "--owner", owner.email, "--out", str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["email"]: row for row in csv.DictReader(file)}
    assert rows["a@example.org"]["город"] == "Уфа"
    assert rows["a@example.org"]["status"] == "subscribed"
    assert rows["c@example.org"]["status"] == "unsubscribed"
    assert rows["d@example.org"]["status"] == "email: bounced, phone: blocked"
    assert "'+vip@example.org" in rows


def test_a_text_that_looks_like_an_object_comes_back_as_a_text(owner: User, trip: Trip) -> None:
    kept = {"raw": '{"city": "Omsk"}', "city": "Perm"}
    RecipientFactory(owner=owner, email="a@example.org", attributes=kept)
    other = UserFactory.create()
    assert trip(other).added == 1
    assert Recipient.objects.get(owner=other).attributes == kept


def test_attributes_out_of_an_object_are_columns_of_the_export(
    import_rows: ImportRows, owner: User, trip: Trip
) -> None:
    import_rows('email,data\na@example.org,"{""city"": ""Омск"", ""phone"": ""нет""}"\n')
    other = UserFactory.create()
    assert trip(other).added == 1
    mine, theirs = Recipient.objects.order_by("pk")
    assert theirs.attributes == mine.attributes == {"city": "Омск", "phone": "нет"}


STATED = "Brought in from ourselves"


@pytest.fixture
def on_lists(owner: User) -> set[tuple[str, str, str]]:
    """Everybody who can stand on a list in another way: (email, list, status)."""
    titles = ("News", 'Offers, "weekly"', "[VIP]")
    lists = [MailingListFactory.create(owner=owner, title=title) for title in titles]
    said = {"source": "form", "said_at": timezone.now()}
    given = Consent.objects.create(owner=owner, act="given", **said)
    for number, status in enumerate(Subscription.Status.values):
        person = RecipientFactory.create(owner=owner, email=f"p{number}@example.org", source="x")
        for one in lists[: number % 3 + 1]:
            Subscription.objects.create(
                list=one,
                recipient=person,
                status=status,
                since=said["said_at"],
                ended_at=said["said_at"] if status in ("unsubscribed", "sunset") else None,
                consent=given if status == "subscribed" else None,
                by="form",
            )
    SuppressionFactory(owner=owner, address="p2@example.org", reason="unsubscribed")
    return standings_of(owner)


def standings_of(whose: User) -> set[tuple[str, str, str]]:
    rows = Subscription.objects.filter(list__owner=whose).select_related("recipient", "list")
    return {(str(row.recipient.email), row.list.title, row.status) for row in rows}


@pytest.mark.parametrize(("language", "delimiter"), [("ru", ";"), ("en", ",")])
def test_an_export_with_lists_comes_back_with_every_row_unchanged_and_no_status_lost(
    owner: User, on_lists: set[tuple[str, str, str]], tmp_path: Path, language: str, delimiter: str
) -> None:
    path, other = tmp_path / "list.csv", UserFactory.create()
    with override(language):
        table = worded_table_of(Recipient.objects.filter(owner=owner))
        answer: Any = table_response(form="csv", name="x", header=table.header, rows=table.rows)
        path.write_bytes(b"".join(answer.streaming_content))
    assert delimiter in path.read_text(encoding="utf-8-sig").splitlines()[0]
    known = profile_mapping(path, ReadOptions(), "auto")
    assert {"lists", "inactive_lists"} <= set(known.values())
    codes = table_of(Recipient.objects.filter(owner=owner)).header
    assert recognised(codes) == recognised(table.header) is not None

    def brought(whose: User, mapping: dict[str, str]) -> ImportReport:
        return import_recipients(
            source=path,
            owner=whose,
            options=ImportOptions(mapping=mapping, update=True, statement=STATED),
            rejects=None,
            now=timezone.now(),
        )

    for mapping in ({}, known):  # whether or not its lists are wanted
        report = brought(owner, mapping)
        assert (report.rows, report.unchanged) == (4, 4)
        assert standings_of(owner) == on_lists
    assert brought(other, known).rejected == 0
    assert standings_of(other) == on_lists
    assert Suppression.objects.get(owner=other).address == "p2@example.org"
    assert not any(person.attributes for person in Recipient.objects.all())
    assert brought(other, known).unchanged == 4
