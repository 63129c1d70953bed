"""Files from an archive: the right one for everybody, and nobody without the one that must be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.staging import stager
from apps.delivery.engine.staging.stager import stage, stage_all
from apps.delivery.service import DispatchService
from apps.mailings.failure_reasons import explain
from apps.mailings.models import Attempt, Delivery, DeliveryFile, Recipient, Run, RunFiles
from apps.mailings.personal_files.archives import MAX_FILE
from apps.mailings.wait_reasons import reason_text
from tests.delivery.engine.staging.invoices import (
    archive_of,
    invoice_mailing,
    own_store,
    pdf,
    sent_files,
)
from tests.delivery.engine.workers import assert_equation, send

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


def never() -> bool:
    return False


def invoices(count: int, *, missing: int, large: int) -> dict[str, bytes]:
    """Of so many recipients; the last ones have none, and those before them one too large."""
    files = {f"a-{number}.pdf": pdf(number) for number in range(count - missing)}
    for number in range(count - missing - large, count - missing):
        files[f"a-{number}.pdf"] = pdf(number, MAX_FILE + 1)
    return files


def test_everybody_gets_the_right_file_or_fails_with_the_reason_before_the_first_leaves(
    settings: LazySettings, request: pytest.FixtureRequest
) -> None:
    count = int(request.config.getoption("--invoices"))
    missing, large = count * 3 // 200 or 1, count // 400 or 1
    mailing, file = invoice_mailing(count)
    archive_of(file, invoices(count, missing=missing, large=large))
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert not freeze_audience(launched.run_id)
    run = Run.objects.get(pk=launched.run_id)
    assert (run.state, run.reason, run.frozen_at) == ("preparing", "files", None)

    assert stage_all(never)
    run.refresh_from_db()
    assert (run.state, run.reason, run.failed) == ("queued", "", missing + large)
    assert sent_files(settings.OUTBOX_DIR) == {}
    why = [explain(row) for row in Delivery.objects.filter(run=run, state="failed")]
    reasons = [one.reason for one in why if one is not None]
    assert reasons.count("file_missing") == missing
    assert reasons.count("file_too_large") == large
    assert any(f"Счёт A-{count - 1}.pdf" in one.text for one in why if one is not None)
    assert Attempt.objects.filter(mailing=mailing, status="failure").count() == missing + large

    run = send(mailing)
    assert (run.state, run.outcome, run.sent) == ("done", "partial", count - missing - large)
    assert_equation(run)
    found = sent_files(settings.OUTBOX_DIR)
    people = Recipient.objects.filter(owner=mailing.owner)
    expected = {
        one.email: [(f"Счёт A-{number}.pdf", hashlib.sha256(pdf(number)).hexdigest())]
        for one in people
        if (number := int(str(one.attributes["invoice"])[2:])) < count - missing - large
    }
    assert found == expected


def test_a_small_run_does_not_wait_for_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stager, "CHUNK", 2)
    monkeypatch.setattr(stager, "CHUNKS", 2)
    runs = []
    for count in (9, 2):
        mailing, file = invoice_mailing(count)
        archive_of(file, invoices(count, missing=1, large=0))
        launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        freeze_audience(launched.run_id)
        runs.append(launched.run_id)
    large, small = runs
    assert stager.runs_to_stage() == runs, "the oldest first"
    assert stage(large, never).more
    assert stage(small, never).woken
    assert DeliveryFile.objects.filter(run_id=large).count() == 4
    assert stage_all(never)
    states = Run.objects.order_by("pk").values_list("state", "failed", "pending")
    assert list(states) == [("queued", 1, 8), ("queued", 1, 1)]


def test_a_run_says_how_far_its_files_are() -> None:
    mailing, file = invoice_mailing(3)
    archive_of(file, invoices(3, missing=1, large=0))
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    files = RunFiles.objects.get(run_id=launched.run_id)
    assert (files.settled, files.total) == (0, 3)
    held = Run.objects.get(pk=launched.run_id)
    assert reason_text(held) == "waiting for the recipients’ files (0 of 3)"
    stage_all(never)
    files.refresh_from_db()
    assert (files.settled, files.total, files.staged_at is None) == (3, 3, False)


def test_who_lacks_an_optional_file_goes_without(settings: LazySettings) -> None:
    mailing, file = invoice_mailing(3, required=False)
    archive_of(file, invoices(3, missing=1, large=1))
    run = send(mailing)
    assert (run.outcome, run.sent) == ("success", 3)
    assert sorted(map(len, sent_files(settings.OUTBOX_DIR).values())) == [0, 0, 1]


def test_the_missing_are_tried_again_and_nobody_gets_it_twice(settings: LazySettings) -> None:
    mailing, file = invoice_mailing(4)
    archive_of(file, invoices(4, missing=2, large=0))
    service = DispatchService()
    run = send(mailing, service)
    assert (run.sent, run.failed, run.state) == (2, 2, "done")
    archive_of(file, {"A-2.pdf": pdf(2)}, add=True)
    assert service.retry_failed(mailing_id=mailing.pk) == 2
    run = send_on(run)
    # The gate has sent them back, with a reason and a time: their files are brought first.
    assert (run.state, run.reason, run.pending) == ("deferred", "files", 2)
    assert run.deferred_until is not None
    assert stage_all(never)
    run.refresh_from_db()
    assert (run.state, run.failed, run.pending) == ("queued", 1, 1)
    run = send_on(run)
    assert (run.state, run.sent, run.failed) == ("done", 3, 1)
    assert_equation(run)
    assert len(sent_files(settings.OUTBOX_DIR)) == 3


def test_the_missing_are_tried_again_while_the_run_is_prepared() -> None:
    mailing, file = invoice_mailing(3)
    archive_of(file, invoices(3, missing=1, large=0))
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    service.pause(mailing_id=mailing.pk)
    assert not stage_all(never)
    service.resume(mailing_id=mailing.pk)
    assert not freeze_audience(launched.run_id)
    held = Run.objects.get(pk=launched.run_id)
    assert (held.state, held.reason) == ("preparing", "files")
    archive_of(file, {"a-2.pdf": pdf(2)}, add=True)
    assert stage_all(never)
    run = Run.objects.get(pk=launched.run_id)
    assert (run.state, run.failed, run.pending) == ("queued", 0, 3)


def test_a_run_that_is_stopped_while_its_files_are_brought_sends_nothing() -> None:
    mailing, file = invoice_mailing(3)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    service.stop(mailing_id=mailing.pk)
    stage_all(never)
    run = Run.objects.get(pk=launched.run_id)
    assert (run.state, run.outcome, run.cancelled) == ("done", "cancelled", 3)
    assert DeliveryFile.objects.count() == 0


def test_a_recipient_who_is_added_later_waits_for_the_file(settings: LazySettings) -> None:
    mailing, file = invoice_mailing(2)
    archive_of(file, invoices(3, missing=0, large=0))
    service = DispatchService()
    run = send(mailing, service)
    late = Recipient.objects.create(
        owner=mailing.owner, email="late@example.org", attributes={"invoice": "A-2"}
    )
    service.add_recipient(mailing_id=mailing.pk, recipient_id=late.pk)
    assert send_on(run).reason == "files"
    assert stage_all(never)
    assert send_on(run).sent == 3
    digest = hashlib.sha256(pdf(2)).hexdigest()
    assert sent_files(settings.OUTBOX_DIR)["late@example.org"] == [("Счёт A-2.pdf", digest)]


def test_a_file_that_is_gone_from_the_disk_fails_its_letter_alone(
    settings: LazySettings, tmp_path: Path
) -> None:
    from apps.mailings.personal_files.store import path_of

    mailing, file = invoice_mailing(2)
    archive_of(file, invoices(2, missing=0, large=0))
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    stage_all(never)
    first = DeliveryFile.objects.order_by("pk")[0]
    path_of(first.sha256).unlink()
    run = send(mailing)
    assert (run.sent, run.failed) == (1, 1)
    assert Delivery.objects.get(pk=first.delivery_id).response.startswith("@file_missing")


def send_on(run: Run) -> Run:
    """Let a worker have the run once more."""
    import threading

    DispatchService().work_until(run.pk, threading.Event())
    return Run.objects.get(pk=run.pk)
