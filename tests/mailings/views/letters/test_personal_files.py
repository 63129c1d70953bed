"""The pages of a message's files for each recipient."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.responses.stored import coded
from apps.mailings.models import (
    DeliveryFile,
    FileArchive,
    Message,
    PersonalFile,
    Run,
    RunFiles,
)
from apps.mailings.personal_files.store import keep
from apps.mailings.services.messages import duplicate_message
from tests.delivery.engine.staging.invoices import pdf, uploaded, zipped
from tests.factories import DeliveryFactory, MailingFactory, MessageFactory, RunFactory, UserFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(cast: Cast) -> Message:
    return MessageFactory.create(owner=cast.owner)


def shown(client: Client, message: Message) -> str:
    return client.get(reverse("messages:personal_files", args=[message.pk])).content.decode()


def test_an_empty_page_says_what_it_is_for(cast: Cast, message: Message) -> None:
    page = shown(cast.client("owner"), message)
    assert "No files for each recipient" in page
    assert reverse("messages:personal_file_add", args=[message.pk]) in page
    assert "Add file" not in shown(cast.client("manager"), message)


def test_a_file_is_added_filled_from_a_zip_and_removed(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    fields = {"name": "Invoice {{ number }}.pdf", "source": "archive", "required": "on"}
    answer = client.post(reverse("messages:personal_file_add", args=[message.pk]), fields)
    assert answer.status_code == 302
    file = PersonalFile.objects.get()
    assert (file.message, file.required, file.origin) == (message, True, "")
    place = reverse("messages:personal_archive", args=[message.pk, file.pk])
    archive = uploaded(zipped({"1.pdf": pdf(1), "2.pdf": b"<html>"}))
    assert client.post(place, {"archive": archive, "how": "replace"}).status_code == 302
    page = shown(client, message)
    assert "2 files" in page
    assert "1 can’t be sent." in page
    assert "2.pdf" in page
    page = client.post(place, {"archive": uploaded(b"no zip")}, follow=True).content.decode()
    assert "This is not a ZIP archive" in page
    assert FileArchive.objects.count() == 1
    assert "Choose a ZIP archive." in client.post(place, follow=True).content.decode()
    client.post(reverse("messages:personal_file_remove", args=[message.pk, file.pk]))
    assert not PersonalFile.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "{{ number", "source": "archive"}, "name"),
        ({"name": "a.pdf", "source": "url", "origin": ""}, "origin"),
        ({"name": "a.pdf", "source": "url", "origin": "ftp://f.test/a.pdf"}, "origin"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_said_beside_its_field(
    cast: Cast, message: Message, fields: dict[str, str], field: str
) -> None:
    place = reverse("messages:personal_file_add", args=[message.pk])
    answer = cast.client("owner").post(place, fields)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not PersonalFile.objects.exists()


def test_a_message_has_five_of_them_at_most(cast: Cast, message: Message) -> None:
    for number in range(5):
        PersonalFile.objects.create(message=message, name=f"{number}.pdf")
    place = reverse("messages:personal_file_add", args=[message.pk])
    answer = cast.client("owner").post(place, {"name": "6.pdf", "source": "archive"})
    assert "five files" in answer.content.decode()
    assert PersonalFile.objects.count() == 5


def test_a_file_that_a_mailing_is_collecting_stays_and_the_page_says_why(
    cast: Cast, message: Message
) -> None:
    file = PersonalFile.objects.create(message=message, name="a.pdf")
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=cast.owner, message=message), state=Run.State.PREPARING
    )
    RunFiles.objects.create(run=run, wanted=[])
    place = reverse("messages:personal_file_remove", args=[message.pk, file.pk])
    page = cast.client("owner").post(place, follow=True).content.decode()
    assert "still collecting these files" in page
    assert PersonalFile.objects.exists()


def test_a_copy_of_a_message_asks_for_the_same_files(cast: Cast, message: Message) -> None:
    PersonalFile.objects.create(message=message, name="a.pdf", required=False)
    copy = duplicate_message(message=message, author=cast.owner)
    assert copy.personal_files.get().name == "a.pdf"


def test_the_page_of_a_delivery_shows_its_files_and_only_the_owner_opens_one(cast: Cast) -> None:
    delivery = cast.delivery
    DeliveryFile.objects.create(
        run=delivery.run,
        delivery=delivery,
        number=0,
        name="Счёт.pdf",
        content_type="application/pdf",
        state="ready",
        size=len(pdf(1)),
        sha256=keep(pdf(1)),
        changed_at=timezone.now(),
    )
    where = [cast.mailing.pk, delivery.run.number, delivery.pk]
    page, file = reverse("mailings:delivery", args=where), reverse(
        "mailings:delivery_file", args=[*where, 0]
    )
    assert file in cast.client("owner").get(page).content.decode()
    seen = cast.client("manager").get(page).content.decode()
    assert "Счёт.pdf" in seen
    assert file not in seen
    answer = cast.client("owner").get(file)
    assert answer.content == pdf(1)
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"


def test_the_page_of_a_mailing_says_how_far_its_files_are() -> None:
    owner = UserFactory.create()
    mailing = MailingFactory.create(owner=owner)
    PersonalFile.objects.create(message=mailing.message, name="a.pdf", source="api")
    detail = coded("files_count", 4312, 10_000)
    run = RunFactory.create(
        mailing=mailing,
        state=Run.State.PREPARING,
        reason="files",
        reason_detail=detail,
        pending=3,
    )
    DeliveryFactory.create(run=run)
    client = Client()
    client.force_login(owner)
    page = client.get(reverse("mailings:detail", args=[mailing.pk])).content.decode()
    assert "Files: 4 312 of 10 000." in page.replace("\xa0", " ").replace(",", " ")
    assert "given by a program: 0" in page
