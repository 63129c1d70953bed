"""The check of the files that each recipient gets for itself."""

from __future__ import annotations

import pytest

from apps.delivery.preflight.running import ask
from apps.mailings.models import PersonalFile
from tests.delivery.engine.staging.invoices import archive_of, invoice_mailing, own_store, pdf
from tests.delivery.preflight.faults import looked_at, results, said
from tests.factories import MailingFactory

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


def test_the_missing_are_named_and_counted() -> None:
    mailing, file = invoice_mailing(8)
    archive_of(file, {**{f"a-{n}.pdf": pdf(n) for n in range(5)}, "a-5.pdf": b"<html>"})
    found = looked_at(mailing)
    assert results(found)["files"] == "fail"
    about = "“Счёт {{ invoice }}.pdf”"
    assert said(found, "files") == [
        ("fail", f"{about} is missing for 2 of 8: Счёт A-6.pdf, Счёт A-7.pdf."),
        ("fail", f"{about} can’t be sent to 1 of 8: Счёт A-5.pdf."),
    ]
    archive_of(file, {f"a-{n}.pdf": pdf(n) for n in range(8)})
    again = looked_at(mailing)
    assert said(again, "files") == [("pass", f"Everybody has {about}.")]


def test_an_optional_one_is_a_warning_and_an_address_is_not_asked() -> None:
    mailing, file = invoice_mailing(1, required=False)
    PersonalFile.objects.create(
        message=mailing.message, name="b.pdf", source="url", origin="https://f.test/b.pdf"
    )
    found = looked_at(mailing)
    assert [result for result, _text in said(found, "files")] == ["warn", "unchecked"]


def test_a_mailing_without_such_files_passes() -> None:
    mailing = MailingFactory.create()
    assert said(looked_at(mailing), "files") == [("pass", "There are no files for each recipient.")]


def test_a_new_archive_makes_a_preflight_outdated() -> None:
    from apps.delivery.engine.runs.preflights import finished_for

    mailing, file = invoice_mailing(1)
    archive_of(file, {"a-0.pdf": pdf(0)})
    found = looked_at(mailing)
    assert finished_for(mailing) == found
    archive_of(file, {"a-1.pdf": pdf(1)}, add=True)
    assert finished_for(mailing) is None
    assert ask(mailing, asked_by=None).pk != found.pk
