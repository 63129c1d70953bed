"""Transactional messages: nowhere among the mailings, and found wherever one looks for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Delivery, Mailing, Recipient, RunContent
from apps.mailings.services.reach import audience_of
from apps.reports.selectors.dashboard import needing_a_person
from apps.users.models import User
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    MessageFactory,
    RunFactory,
)
from tests.people import Cast

pytestmark = pytest.mark.django_db
NAME = "Your receipt"
SECRET = "https://news.example/p/secret-token/"
NOTE = "Its link works for the recipient alone and is not shown."


@pytest.fixture
def single(cast: Cast) -> Delivery:
    """One of Anna's that was sent, with its attempt."""
    message = cast.mailing.message
    mailing = MailingFactory.create(
        owner=cast.owner,
        kind="transactional",
        name=NAME,
        message=message,
        everyone=False,
        status="completed",
        fields={"full_name": "<b>Anna the First</b>"},
    )
    mailing.recipients.add(cast.delivery.recipient)
    run = RunFactory.create(mailing=mailing, urgent=True, state="done", sent=1)
    run.content["fields"] = mailing.fields
    run.save()
    delivery = DeliveryFactory.create(run=run, recipient=cast.delivery.recipient, state="sent")
    AttemptFactory.create(delivery=delivery)
    return delivery


def page(cast: Cast, name: str, *args: Any, role: str = "owner") -> str:
    found = cast.client(role).get(reverse(name, args=args))
    assert found.status_code == 200
    text: str = found.content.decode()
    return text


@pytest.mark.parametrize("role", ["owner", "manager"])
@pytest.mark.parametrize("name", ["mailings:list", "reports:list", "delivery:queue", "home"])
def test_it_is_in_no_list_of_mailings(cast: Cast, single: Delivery, name: str, role: str) -> None:
    open_run = RunFactory.create(
        mailing__kind="transactional", mailing__name=NAME, mailing__owner=cast.owner, urgent=True
    )
    text = page(cast, name, role=role)
    assert cast.mailing.name in text
    assert NAME not in text
    assert open_run.mailing.name == NAME


def test_its_message_counts_and_names_the_mailings_alone(cast: Cast, single: Delivery) -> None:
    assert NAME not in page(cast, "messages:detail", cast.mailing.message_id)
    shown = cast.client("owner").get(reverse("messages:list")).context
    used = [row.used for row in shown["page"].rows if row.pk == cast.mailing.message_id]
    assert used == [1]


def test_it_is_in_the_attempts_and_in_its_recipients_history(cast: Cast, single: Delivery) -> None:
    assert NAME in page(cast, "attempts:list")
    assert NAME in page(cast, "recipients:detail", single.recipient_id)


def test_the_reports_count_it(cast: Cast, single: Delivery) -> None:
    context = cast.client("owner").get(reverse("reports:list")).context
    totals = context["totals"]
    assert (totals.mailings, totals.transactional, totals.figures.sent) == (1, 1, 7)
    assert [line.mailing for line in context["lines"]] == [cast.mailing]
    assert "Transactional messages" in page(cast, "reports:list")


def test_its_own_page_opens_by_its_id_and_offers_no_edit(cast: Cast, single: Delivery) -> None:
    pk = single.run.mailing_id
    text = page(cast, "mailings:detail", pk)
    assert "transactional message" in text
    edit = reverse("mailings:edit", args=[pk])
    assert edit not in text
    assert cast.client("owner").get(edit).status_code == 404
    page(cast, "delivery:panel", pk)
    page(cast, "reports:mailing", pk)
    page(cast, "mailings:run", pk, 1)


def test_what_was_sent_is_shown_with_the_fields_it_was_sent_with(
    cast: Cast, single: Delivery
) -> None:
    text = page(cast, "mailings:letter", single.run.mailing_id, 1, single.pk)
    assert "&lt;b&gt;Anna the First&lt;/b&gt;" in text
    assert "<b>Anna the First" not in text


def test_the_queue_says_how_many_are_being_sent(cast: Cast) -> None:
    for count in (1, 2):
        RunFactory.create(mailing__owner=cast.owner, mailing__kind="transactional", urgent=True)
        text = "1 transactional message" if count == 1 else "2 transactional messages"
        assert text in page(cast, "delivery:queue")
    assert "transactional message" not in page(cast, "delivery:queue", role="stranger")
    active = cast.client("owner").get("/queue/poll/").json()["active"]
    assert [run["mailing_id"] for run in active] == [cast.mailing.pk]


def test_only_what_nobody_knows_needs_a_person(cast: Cast, single: Delivery) -> None:
    run = single.run
    run.outcome, run.failed, run.sent = "failed", 1, 0
    run.save()
    assert run not in needing_a_person(cast.owner)
    run.outcome, run.failed, run.unknown = "partial", 0, 1
    run.save()
    assert run in needing_a_person(cast.owner)


def test_a_copy_of_it_is_a_mailing_without_its_fields(cast: Cast, single: Delivery) -> None:
    pk = single.run.mailing_id
    cast.client("owner").post(reverse("mailings:duplicate", args=[pk]))
    copy = Mailing.objects.latest("pk")
    assert (copy.kind, copy.fields) == ("mailing", {})
    assert list(audience_of(copy).people()) == [single.recipient]
    assert copy.starts_at > timezone.now()


def test_a_mailing_can_have_no_fields_that_would_go_to_everybody(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Mailing.objects.filter(pk=cast.mailing.pk).update(fields={"full_name": "Anna"})


def test_the_figures_of_the_home_page_are_not_forgotten_for_it(cast: Cast) -> None:
    before = cast.client("owner").get("/").context["figures"]
    Recipient.objects.bulk_create([Recipient(owner=cast.owner, email="bulk@example.org")])
    MailingFactory.create(owner=cast.owner, kind="transactional", message=cast.mailing.message)
    assert cast.client("owner").get("/").context["figures"] == before


def with_a_link(cast: Cast, purpose: str) -> Delivery:
    """A letter of one field, which it was given."""
    place = "{{ link_url }}"
    message = MessageFactory.create(
        owner=cast.owner, subject="Yours", text=place, html=f'<p><a href="{place}">Go</a></p>'
    )
    mailing: Any = MailingFactory.create(
        owner=cast.owner,
        kind="transactional",
        message=message,
        everyone=False,
        status="completed",
        purpose=purpose,
        fields={"link_url": SECRET},
    )
    run = RunFactory.create(mailing=mailing, urgent=True, state="done", sent=1)
    run.content["fields"] = mailing.fields
    run.save()
    RunContent.objects.create(run=run, version=0, content=run.content)
    return DeliveryFactory.create(run=run, recipient=cast.delivery.recipient, state="sent")


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_the_link_of_a_confirmation_is_its_recipients_alone(cast: Cast, role: str) -> None:
    row = with_a_link(cast, "confirmation")
    where = (row.run.mailing_id, row.run.number, row.pk)
    letter = page(cast, "mailings:letter", *where, role=role)
    assert "Go" in letter and "•••" in letter
    assert "secret-token" not in letter
    assert NOTE in page(cast, "mailings:delivery", *where, role=role)


def test_what_a_message_of_another_purpose_was_given_is_shown(cast: Cast) -> None:
    row = with_a_link(cast, "service")
    where = (row.run.mailing_id, row.run.number, row.pk)
    assert SECRET in page(cast, "mailings:letter", *where)
    assert NOTE not in page(cast, "mailings:delivery", *where)


@pytest.mark.parametrize(("purpose", "shown"), [("confirmation", False), ("service", True)])
def test_the_admin_does_not_show_it_either(cast: Cast, purpose: str, shown: bool) -> None:
    row, root = with_a_link(cast, purpose), Client()
    root.force_login(User.objects.create_superuser("root@example.org", "x"))
    for name, pk in (
        ("mailing", row.run.mailing_id),
        ("run", row.run_id),
        ("runcontent", row.run.contents.get().pk),
    ):
        text = root.get(reverse(f"admin:mailings_{name}_change", args=[pk])).content.decode()
        assert "link_url" in text
        assert ("secret-token" in text) is shown
