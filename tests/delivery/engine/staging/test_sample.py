"""A test to oneself brings the files that the recipient would get."""

from __future__ import annotations

import hashlib

import pytest
from django.conf import LazySettings

from apps.core.contracts import Verdict
from apps.core.errors import Refused
from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing, PersonalFile, Recipient
from tests.delivery.engine.staging.invoices import (
    archive_of,
    invoice_mailing,
    own_store,
    pdf,
    sent_files,
)

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


def tried(mailing: Mailing, person: Recipient) -> Verdict:
    outcome = DispatchService().send_test(
        message_id=mailing.message_id,
        address="me@example.org",
        account="email",
        recipient_id=person.pk,
    )
    return outcome.verdict


def test_a_test_has_the_files_of_the_recipient_whose_data_it_shows(
    settings: LazySettings,
) -> None:
    mailing, file = invoice_mailing(2)
    PersonalFile.objects.create(message=mailing.message, name="b.pdf", source="api")
    archive_of(file, {"a-0.pdf": pdf(0), "a-1.pdf": pdf(1)})
    first = Recipient.objects.order_by("pk")[0]
    assert tried(mailing, first) is Verdict.SENT
    digest = hashlib.sha256(pdf(0)).hexdigest()
    assert sent_files(settings.OUTBOX_DIR) == {"me@example.org": [("Счёт A-0.pdf", digest)]}


@pytest.mark.parametrize(
    ("content", "code"), [({}, "file_missing"), ({"a-0.pdf": b"<html>"}, "file_refused")]
)
def test_without_a_file_that_must_be_there_it_is_refused(
    content: dict[str, bytes], code: str, settings: LazySettings
) -> None:
    mailing, file = invoice_mailing(1)
    archive_of(file, {"other.pdf": pdf(9), **content})
    person = Recipient.objects.get()
    with pytest.raises(Refused, match="Счёт A-0.pdf") as found:
        tried(mailing, person)
    assert found.value.code == code
    PersonalFile.objects.update(required=False)
    assert tried(mailing, person) is Verdict.SENT
    assert sent_files(settings.OUTBOX_DIR) == {"me@example.org": []}
