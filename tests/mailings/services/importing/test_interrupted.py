"""An import whose process has ended is carried out after all, or says that it was not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing import page_imports
from apps.mailings.services.importing.interrupted import InterruptedImports
from tests.factories import UserFactory
from tests.people import lie_in

pytestmark = pytest.mark.django_db
Found = Callable[..., RecipientImport]
State = RecipientImport.State


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Found:
    """An import of one person in this state, that long after its last change or sign of life."""
    lie_in(tmp_path / "files", monkeypatch)
    owner = UserFactory.create()

    def found(state: str, silence: timedelta) -> RecipientImport:
        row = RecipientImport(owner=owner, source="a.csv", state=state)
        row.mapping = {"email": "email"}
        row.file.save("a.csv", ContentFile(b"email\nanna@example.org\n"))
        since = timezone.now() - silence
        RecipientImport.objects.filter(pk=row.pk).update(beat_at=since, updated_at=since)
        return row

    return found


def judged(row: RecipientImport) -> RecipientImport:
    InterruptedImports().run(timezone.now(), lambda: False)
    row.refresh_from_db()
    return row


def test_what_a_process_that_has_ended_left_queued_is_carried_out(found: Found) -> None:
    row = judged(found(State.QUEUED, timedelta(minutes=3)))
    assert (row.state, row.added) == (State.DONE, 1)


def test_what_has_just_been_queued_is_left_to_the_process_that_took_it(found: Found) -> None:
    assert judged(found(State.QUEUED, timedelta(minutes=1))).state == State.QUEUED


def test_what_is_queued_behind_a_living_import_waits_for_it(found: Found) -> None:
    found(State.RUNNING, timedelta(minutes=1))
    assert judged(found(State.QUEUED, timedelta(minutes=9))).state == State.QUEUED


@pytest.mark.parametrize("state", [State.RUNNING, State.READING])
def test_an_import_without_a_sign_of_life_has_failed_and_says_so(found: Found, state: str) -> None:
    row = judged(found(state, timedelta(hours=2)))
    assert (row.state, row.error_code) == (State.FAILED, "import_interrupted")
    assert row.error and row.can_start


def test_it_can_be_started_again_and_nobody_comes_in_twice(found: Found) -> None:
    row = found(State.RUNNING, timedelta(hours=2))
    Recipient.objects.create(owner=row.owner, email="anna@example.org")  # it had come so far
    judged(row)
    page_imports.start(found=row, mapping=row.mapping, options={}, now=timezone.now())
    page_imports.carry_out(row.pk)
    row.refresh_from_db()
    assert row.state == State.DONE
    assert Recipient.objects.count() == 1


def test_an_import_that_is_at_work_is_left_alone(found: Found) -> None:
    assert judged(found(State.RUNNING, timedelta(minutes=5))).state == State.RUNNING


def test_a_running_import_gives_signs_of_life(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = found(State.QUEUED, timedelta(minutes=3))
    before = timezone.now()
    seen: list[RecipientImport] = []

    def looks(**given: object) -> None:
        seen.append(RecipientImport.objects.get(pk=row.pk))
        raise RuntimeError

    monkeypatch.setattr(page_imports, "import_recipients", looks)
    page_imports.carry_out(row.pk)
    assert seen[0].state == State.RUNNING and seen[0].beat_at >= before
