"""What may be done to the files of a message while a run is collecting them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from apps.delivery.service import DispatchService
from apps.mailings.models import FileArchive, Mailing, PersonalFile, Run, RunFiles
from apps.mailings.services.personal_files.editing import FilesInUse, remove_file
from tests.delivery.engine.staging.invoices import archive_of, invoice_mailing, own_store, pdf

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]

OLD, NEW = {"a-0.pdf": pdf(0)}, {"a-0.pdf": pdf(1)}


def launched(mailing: Mailing) -> Run:
    found = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    return Run.objects.get(pk=found.run_id)


def test_while_a_run_collects_its_files_none_goes_and_one_can_be_added(own_store: Path) -> None:
    mailing, file = invoice_mailing(1)
    archive_of(file, OLD)
    launched(mailing)
    with pytest.raises(FilesInUse):
        remove_file(file=file)
    with pytest.raises(FilesInUse):
        archive_of(file, NEW)
    assert PersonalFile.objects.count() == FileArchive.objects.count() == 1
    archive_of(file, NEW, add=True)
    assert FileArchive.objects.count() == 2


def test_what_was_not_brought_before_the_start_can_be_brought_after_it() -> None:
    mailing, file = invoice_mailing(1)
    launched(mailing)
    archive_of(file, OLD)
    assert FileArchive.objects.count() == 1


@pytest.mark.parametrize("over", ["collected", "done"])
def test_a_run_that_collects_no_more_refuses_nothing(over: str) -> None:
    mailing, file = invoice_mailing(1)
    archive_of(file, OLD)
    run = launched(mailing)
    if over == "collected":
        RunFiles.objects.filter(run=run).update(staged_at=timezone.now())
    else:
        ended = {"state": Run.State.DONE, "outcome": "stopped", "finished_at": timezone.now()}
        Run.objects.filter(pk=run.pk).update(**ended)
    archive_of(file, NEW)
    remove_file(file=file)
    assert not PersonalFile.objects.exists()
