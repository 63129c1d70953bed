"""No more of the recipients' files at a time than memory is meant to hold."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.core.contracts import Claimed
from apps.delivery.engine.worker import file_gate
from apps.delivery.engine.worker.file_gate import FileGate
from apps.mailings.ledger import runs
from apps.mailings.ledger.claim import Claim
from apps.mailings.models import Delivery, DeliveryFile, Run
from tests.factories import DeliveryFactory, RunFactory

pytestmark = pytest.mark.django_db(transaction=True)


def claimed(run: Run, sizes: list[int]) -> list[Claimed]:
    found = []
    for size in sizes:
        row = DeliveryFactory.create(run=run, state="sending", token=1)
        DeliveryFile.objects.create(
            run=run, delivery=row, number=0, name="a.pdf", state="ready", size=size,
            sha256="0" * 64, changed_at=run.created_at,
        )  # fmt: skip
        found.append(Claimed(row.pk, row.recipient_id, row.address, 1))
    return found


def passed(gate: FileGate, run: Run, wanted: list[Claimed]) -> Claim:
    with transaction.atomic():
        locked = runs.lock(run.pk)
        assert locked is not None
        found = Claim(claimed=wanted)
        gate.with_files(locked, found)
        runs.write_counts(locked)
    return found


def test_what_is_too_much_at_once_goes_back_and_is_due_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(file_gate, "IN_FLIGHT", 100)
    run = RunFactory.create(sending=5)
    gate = FileGate([{"required": True}])
    found = passed(gate, run, claimed(run, [40, 40, 40, 200, 20]))
    assert [one.files[0].size for one in found.claimed] == [40, 40, 20]
    assert found.waiting == 2
    run.refresh_from_db()
    assert (run.sending, run.pending) == (3, 2)
    assert Delivery.objects.filter(run=run, state="pending", response="").count() == 2
    assert gate.room(10) == 0
    gate.settled([one.delivery_id for one in found.claimed])
    assert gate.room(10) == 3


def test_one_alone_passes_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_gate, "IN_FLIGHT", 100)
    run = RunFactory.create(sending=1)
    gate = FileGate([{"required": True}])
    assert len(passed(gate, run, claimed(run, [500])).claimed) == 1
    gate.settled([one.pk for one in Delivery.objects.all()])
    assert gate.room(50) == 1


def test_who_lacks_a_file_that_must_be_there_waits_with_a_reason_and_a_time() -> None:
    run = RunFactory.create(sending=2)
    rows = claimed(run, [1, 1])
    DeliveryFile.objects.filter(delivery_id=rows[0].delivery_id).update(state="failed")
    strict = passed(FileGate([{"required": True}]), run, rows)
    assert [one.delivery_id for one in strict.claimed] == [rows[1].delivery_id]
    waits = Delivery.objects.get(pk=rows[0].delivery_id)
    assert (waits.state, waits.response) == ("pending", "@files_wait")
    assert waits.not_before is not None
    Delivery.objects.filter(pk=waits.pk).update(state="sending", response="", not_before=None)
    Run.objects.filter(pk=run.pk).update(sending=2, pending=0)
    mild = passed(FileGate([{"required": False}]), run, rows)
    assert [len(one.files) for one in mild.claimed] == [0, 1]
