"""A pull is an import like any other: with its sum, its lists, its right to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.core.slots import background_jobs
from apps.delivery.doctor.findings import Level
from apps.delivery.doctor.sources import look_at_sources
from apps.mailings.importing.sources.declaration import Declaration
from apps.mailings.models import MailingList, Recipient, RecipientImport, Subscription, Suppression
from apps.mailings.services.importing import page_imports
from apps.users.models import Notification, User
from tests.mailings.importing.sources.listmonk import TOKEN, USER, Listmonk, subscriber
from tests.people import Cast, lie_in

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

NIGHT = datetime(2026, 11, 30, 1, 30, tzinfo=UTC)  # half past four in Moscow
STATED = "Signed up in the shop"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lie_in(tmp_path / "files", monkeypatch)
    monkeypatch.setattr(page_imports, "in_background", lambda act, number: act(number))
    cache.clear()


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("boss@example.org", "x")


@pytest.fixture
def listmonk() -> Iterator[Listmonk]:
    with Listmonk() as server:
        yield server


Declare = Callable[..., None]


@pytest.fixture
def declare(settings: Any) -> Declare:
    """Puts one source into ``.env``, as it were."""

    def declare(**fields: Any) -> None:
        whose = {"owner": "boss@example.org", **fields}
        settings.SOURCES = {fields["name"]: Declaration(**whose)}

    return declare


@pytest.fixture
def shop(declare: Declare, tmp_path: Path) -> Callable[..., None]:
    """A shop's database with these customers, as the source ``shop``."""
    path = tmp_path / "shop.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE customers (email text, name text)")
    made.close()
    fields = {"tag": "shop", "missing_tag": "not in shop"}

    def shop(*emails: str, **more: Any) -> None:
        with sqlite3.connect(path) as made:
            made.execute("DELETE FROM customers")
            made.executemany("INSERT INTO customers VALUES (?, 'N')", [[one] for one in emails])
        made.close()
        query = "SELECT email, name FROM customers ORDER BY email"
        url = f"sqlite:///{path}"
        declare(**{"name": "shop", "kind": "sql", "url": url, "query": query, **fields, **more})

    return shop


def pulled(*args: str) -> RecipientImport:
    call_command("import_recipients", "--source", *args)
    return RecipientImport.objects.latest("pk")


def standing(email: str) -> dict[str, str]:
    rows = Subscription.objects.filter(recipient__email=email)
    return dict(rows.values_list("list__title", "status"))


def tagged(name: str) -> list[str]:
    rows = Recipient.objects.filter(tags__name=name).order_by("email")
    return [str(email) for email in rows.values_list("email", flat=True)]


def test_listmonk_moves_in_with_lists_and_statuses_and_again_without_a_change(
    owner: User, listmonk: Listmonk, declare: Declare
) -> None:
    declare(name="old", kind="listmonk", url=listmonk.url, user=USER, token=TOKEN, local=True)
    found = pulled("old", "--owner", owner.email, "--statement", STATED)
    figures = (found.total_rows, found.added, found.suppressed, found.rejected)
    assert (found.state, found.pulled_from, *figures) == ("done", "old", 5, 4, 1, 0)
    assert standing("p1@example.org") == {"News": "subscribed", "Offers, weekly": "subscribed"}
    assert standing("p2@example.org") == {"News": "unconfirmed"}
    assert standing("p3@example.org") == {"News": "unsubscribed", "Offers, weekly": "subscribed"}
    assert standing("p5@example.org") == {}
    assert not MailingList.objects.exclude(visibility="private").exists()
    assert Suppression.objects.get(address="p4@example.org").reason == "blocked"
    person = Subscription.objects.get(recipient__email="p1@example.org", list__title="News")
    assert person.since.year == 2024 and person.consent is not None
    assert person.consent.statement == STATED
    assert person.recipient.attributes == {"city": "Омск"}
    again = pulled("old", "--owner", owner.email, "--statement", STATED)
    assert (again.total_rows, again.unchanged) == (5, 5)


def test_who_left_here_is_not_brought_back_by_a_pull(
    owner: User, listmonk: Listmonk, declare: Declare
) -> None:
    declare(name="old", kind="listmonk", url=listmonk.url, user=USER, token=TOKEN, local=True)
    pulled("old", "--owner", owner.email, "--statement", STATED)
    Subscription.objects.filter(list__title="News", status="subscribed").update(
        status="unsubscribed", ended_at=NIGHT
    )
    listmonk.people = [subscriber(1, news="confirmed"), subscriber(2, news="confirmed")]
    found = pulled("old", "--owner", owner.email, "--statement", STATED)
    assert standing("p1@example.org")["News"] == "unsubscribed"
    assert standing("p2@example.org")["News"] == "unconfirmed"  # only the person confirms
    assert (found.kept, found.unchanged) == (2, 2)


def test_without_a_statement_nobody_comes_onto_a_list(
    owner: User, listmonk: Listmonk, declare: Declare
) -> None:
    declare(name="old", kind="listmonk", url=listmonk.url, user=USER, token=TOKEN, local=True)
    with pytest.raises(CommandError, match="agreed"):
        pulled("old", "--owner", owner.email)
    failed = RecipientImport.objects.get()
    assert (failed.state, failed.error_code) == ("failed", "statement_missing")
    assert not Recipient.objects.exists()


def test_who_is_missing_from_a_pull_gets_a_tag_until_they_are_there_again(
    owner: User, shop: Callable[..., None]
) -> None:
    shop("a@example.org", "b@example.org")
    first = pulled("shop")
    assert (first.added, first.owner) == (2, owner)
    Recipient.objects.create(owner=owner, email="other@example.org")
    shop("b@example.org", "c@example.org")
    second = pulled("shop")
    assert (second.added, second.unchanged, second.options["missing"]) == (1, 1, 1)
    assert tagged("not in shop") == ["a@example.org"]
    assert Recipient.objects.filter(archived_at=None).count() == 4  # nobody is removed
    shop("a@example.org", "b@example.org", "c@example.org")
    third = pulled("shop")
    assert (third.updated, third.unchanged, third.options["missing"]) == (1, 2, 0)
    assert tagged("not in shop") == []


def test_a_trial_and_an_empty_source_tag_nobody(owner: User, shop: Callable[..., None]) -> None:
    shop("a@example.org", "b@example.org")
    pulled("shop")
    shop("b@example.org")
    trial = pulled("shop", "--dry-run")
    assert (trial.dry_run, trial.unchanged, trial.options["missing"]) == (True, 1, 1)
    shop()
    with pytest.raises(CommandError, match="no rows"):
        pulled("shop")
    assert RecipientImport.objects.latest("pk").error_code == "source_refused"
    assert tagged("not in shop") == []


def test_a_pull_comes_onto_the_list_that_is_named(owner: User, shop: Callable[..., None]) -> None:
    MailingList.objects.create(owner=owner, title="News")
    shop("a@example.org", list="News", statement=STATED)
    pulled("shop")
    assert standing("a@example.org") == {"News": "subscribed"}
    with pytest.raises(CommandError, match="no list"):
        pulled("shop", "--list", "Nobody's")
    assert RecipientImport.objects.count() == 1  # nothing was read in vain


def test_every_night_it_is_pulled_once(owner: User, shop: Callable[..., None]) -> None:
    shop("a@example.org", hour=4)
    job = next(one for one in background_jobs if one.name == "nightly_pulls")
    for moment in (NIGHT - timedelta(hours=1), NIGHT, NIGHT + timedelta(hours=3)):
        job.run(moment, lambda: False)
        cache.clear()  # as another process
    assert [(one.night, one.added) for one in RecipientImport.objects.all()] == [(NIGHT.date(), 1)]
    job.run(NIGHT + timedelta(days=1), lambda: False)
    assert RecipientImport.objects.latest("pk").unchanged == 1


@pytest.mark.parametrize(
    ("state", "minutes"), [("reading", 6), ("uploaded", 181), ("queued", 181), ("running", 181)]
)
def test_a_night_whose_process_ended_is_tried_once_more(
    owner: User, shop: Callable[..., None], state: str, minutes: int
) -> None:
    shop("a@example.org", hour=4)
    lost = RecipientImport.objects.create(
        owner=owner, source="shop", pulled_from="shop", night=NIGHT.date(), state=state
    )
    cache.set(f"pull:shop:{NIGHT.date()}", 1)  # by the process that has ended
    RecipientImport.objects.filter(pk=lost.pk).update(updated_at=NIGHT)
    job = next(one for one in background_jobs if one.name == "nightly_pulls")
    for later, count in ((minutes - 2, 1), (minutes, 2)):  # at first it may still be at work
        job.run(NIGHT + timedelta(minutes=later), lambda: False)
        assert RecipientImport.objects.count() == count
    lost.refresh_from_db()
    assert (lost.state, lost.error_code) == ("failed", "source_refused")


def test_the_owner_is_notified_of_a_night_that_failed(
    owner: User, shop: Callable[..., None]
) -> None:
    shop("a@example.org", hour=4, query="SELECT nothing FROM nowhere")
    job = next(one for one in background_jobs if one.name == "nightly_pulls")
    for _again in range(2):
        job.run(NIGHT, lambda: False)
    failed = RecipientImport.objects.get()
    assert (failed.state, failed.error_code) == ("failed", "source_refused")
    notice = Notification.objects.get(owner=owner)
    assert (notice.code, notice.facts["import"]) == ("pull_failed", failed.pk)


def test_the_owner_is_notified_of_a_night_that_broke(
    owner: User, shop: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_given: Any) -> None:
        raise RuntimeError("broken")

    shop("a@example.org", hour=4)
    monkeypatch.setattr(page_imports, "import_recipients", broken)
    job = next(one for one in background_jobs if one.name == "nightly_pulls")
    job.run(NIGHT, lambda: False)
    notice = Notification.objects.get(owner=owner)
    assert (notice.code, notice.facts["import"]) == (
        "pull_failed",
        RecipientImport.objects.get().pk,
    )


def test_a_page_offers_the_sources_that_are_for_this_user_by_name_alone(
    cast: Cast, shop: Callable[..., None], django_capture_on_commit_callbacks: Any
) -> None:
    shop("a@example.org", users=frozenset({cast.owner.email}), mapping={"name": "comment"})
    client, url = cast.client("owner"), reverse("imports:start")
    page = client.get(url).content.decode()
    assert '<option value="shop">' in page and "SELECT" not in page and "sqlite" not in page
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, {"source": "shop"})
    found = RecipientImport.objects.get(owner=cast.owner)
    assert answer.headers["Location"] == reverse("imports:detail", args=[found.pk])
    form = client.get(answer.headers["Location"]).context["form"]
    assert [field.value() for field in form.columns()] == ["email", "comment"]
    assert form["update"].value() is True
    stranger = cast.client("stranger")
    assert "shop" not in stranger.get(url).content.decode()
    assert stranger.post(url, {"source": "shop"}).status_code == 422
    assert RecipientImport.objects.count() == 1


def test_doctor_has_a_line_for_each_source(owner: User, shop: Callable[..., None]) -> None:
    shop("a@example.org")
    assert [one.level for one in look_at_sources()] == [Level.OK]
    shop("a@example.org", query="SELECT hunter2 FROM nowhere")
    [wrong] = look_at_sources()
    assert wrong.level is Level.WRONG and "hunter2" not in wrong.words
    for unfit in ({"owner": "nobody@example.org"}, {"list": "Nobody's"}, {"users": {"x@y.org"}}):
        shop("a@example.org", **unfit)
        assert [one.level for one in look_at_sources()] == [Level.WRONG], unfit
