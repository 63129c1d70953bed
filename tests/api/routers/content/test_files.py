"""Files that programs give, with a message to one and before the start of a mailing."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64encode

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.delivery.service import service
from apps.mailings.models import FileArchiveEntry, Mailing, Message, PersonalFile, Run, RunFiles
from tests.api.conftest import Voice
from tests.delivery.engine.staging.invoices import own_store, pdf, sent_files, uploaded, zipped
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, RunFactory

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


def encoded(data: bytes) -> str:
    return b64encode(data).decode()


@pytest.fixture
def invoice(anna: Voice) -> Message:
    return MessageFactory.create(owner=anna.user)


def with_file(message: Message, **fields: object) -> PersonalFile:
    about = {"name": "Invoice.pdf", "source": "api", **fields}
    return PersonalFile.objects.create(message=message, **about)


def test_a_message_to_one_takes_its_file_along(
    anna: Voice, invoice: Message, settings: LazySettings
) -> None:
    with_file(invoice)
    body = {"message": invoice.pk, "email": "anna@example.org"}
    files = [{"name": "A-17.pdf", "content": encoded(pdf(17))}]
    answer = anna.post("/api/send", {**body, "files": files})
    assert answer.status_code == 202, answer.json()
    service.work_until(answer.json()["run"], threading.Event())
    digest = hashlib.sha256(pdf(17)).hexdigest()
    assert sent_files(settings.OUTBOX_DIR) == {"anna@example.org": [("A-17.pdf", digest)]}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], "file_missing"),
        ([{"name": "A.pdf", "content": encoded(b"<html>")}], "file_refused"),
        ([{"name": "A.pdf", "content": "no base64!"}], "invalid"),
        ([{"name": "A.pdf", "content": encoded(pdf(1))}] * 2, "file_not_wanted"),
    ],
)
def test_what_could_not_be_sent_is_refused_at_once_and_nothing_is_kept(
    anna: Voice, invoice: Message, files: list[dict[str, str]], code: str
) -> None:
    with_file(invoice)
    body = {"message": invoice.pk, "email": "anna@example.org", "files": files}
    answer = anna.post("/api/send", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Mailing.objects.exists()
    assert not FileArchiveEntry.objects.exists()


def test_a_message_without_such_files_takes_none(anna: Voice, invoice: Message) -> None:
    files = [{"name": "A.pdf", "content": encoded(pdf(1))}]
    body = {"message": invoice.pk, "email": "anna@example.org", "files": files}
    answer = anna.post("/api/send", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_not_wanted")


def test_files_are_given_one_by_one_before_the_start(
    anna: Voice, invoice: Message, settings: LazySettings
) -> None:
    file = with_file(invoice)
    mailing = MailingFactory.create(owner=anna.user, message=invoice)
    people = RecipientFactory.create_batch(2, owner=anna.user)
    for number, person in enumerate(people):
        given = {"name": f"{number}.pdf", "content": encoded(pdf(number))}
        path = f"/api/mailings/{mailing.pk}/files/{person.pk}/"
        for _twice in range(2):
            answer = anna.put(path, given)
        assert answer.status_code == 200, answer.json()
        assert answer.json()["file"] == file.pk
    launched = service.launch(mailing_id=mailing.pk, trigger="api")
    service.work_until(launched.run_id, threading.Event())
    assert Run.objects.get().sent == 2
    found = sent_files(settings.OUTBOX_DIR)
    assert found == {
        person.email: [(f"{number}.pdf", hashlib.sha256(pdf(number)).hexdigest())]
        for number, person in enumerate(people)
    }


def test_a_message_gets_its_files_and_an_archive(anna: Voice, invoice: Message) -> None:
    path = f"/api/messages/{invoice.pk}/files/"
    made = anna.post(path, {"name": "Счёт {{ n }}.pdf", "origin": "{{ n }}.pdf"})
    assert made.status_code == 201, made.json()
    archive = uploaded(zipped({"1.pdf": pdf(1), "2.txt": b"\x00"}))
    answer = Client().post(
        f"{path}{made.json()['id']}/archive/",
        {"file": archive},
        headers={"Authorization": f"Bearer {anna.secret}"},
    )
    assert answer.status_code == 202, answer.json()
    assert answer.json()["files"] == 2
    codes = FileArchiveEntry.objects.order_by("name").values_list("code", flat=True)
    assert list(codes) == ["", "file_refused"]
    assert [one["id"] for one in anna.get(path).json()] == [made.json()["id"]]
    for bad in ({"name": "{{ n"}, {"name": "a.pdf", "source": "url"}):
        assert anna.post(path, bad).status_code == 422
    assert anna.delete(f"{path}{made.json()['id']}/").status_code == 204
    assert anna.get(path).json() == []


def test_a_file_that_a_run_is_collecting_stays(anna: Voice, invoice: Message) -> None:
    file = with_file(invoice, source="archive")
    mailing = MailingFactory.create(owner=anna.user, message=invoice)
    run = RunFactory.create(mailing=mailing, state=Run.State.PREPARING)
    RunFiles.objects.create(run=run, wanted=[])
    answer = anna.delete(f"/api/messages/{invoice.pk}/files/{file.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "files_in_use")
