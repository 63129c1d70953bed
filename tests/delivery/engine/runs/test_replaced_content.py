"""An edit during a pause reaches who was not written to yet, and who got what is known."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from apps.core.errors import ContentRefused, Refused
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Run
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import assert_equation
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def half_sent(declare: Declare, clock: ShiftedClock) -> tuple[DispatchService, Mailing, Run]:
    """A run of six of whom three have their letter; paused."""
    declare(per_minute=3)
    clock.to_whole_hour()
    mailing = mailing_to(6)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    service.work_until(launched.run_id, threading.Event())
    service.pause(mailing_id=mailing.pk)
    return service, mailing, Run.objects.get(pk=launched.run_id)


def subjects(directory: Path) -> list[str]:
    letters = [file.read_bytes() for file in (directory / "outbox").glob("*.eml")]
    found = [message_from_bytes(letter, policy=policy.default)["Subject"] for letter in letters]
    return sorted("new" if "Другое" in subject else "old" for subject in found)


def test_the_rest_gets_the_edited_message(
    declare: Declare, clock: ShiftedClock, tmp_path: Path
) -> None:
    service, mailing, run = half_sent(declare, clock)
    mailing.message.subject = "Другое для {{ full_name }}"
    mailing.message.save()

    assert service.replace_content(mailing_id=mailing.pk) == 3
    clock.forward(minutes=2)
    service.resume(mailing_id=mailing.pk)
    service.work_until(run.pk, threading.Event())

    run.refresh_from_db()
    assert run.outcome == "success"
    assert subjects(tmp_path) == ["new"] * 3 + ["old"] * 3
    versions = Delivery.objects.filter(run=run).order_by("id")
    assert list(versions.values_list("content_version", flat=True)) == [1, 1, 1, 2, 2, 2]
    assert run.contents.get().content["subject"].startswith("Новости")
    assert_equation(run)


def test_without_an_edit_there_is_nothing_to_replace(declare: Declare, clock: ShiftedClock) -> None:
    service, mailing, _run = half_sent(declare, clock)
    with pytest.raises(Refused):
        service.replace_content(mailing_id=mailing.pk)


def test_only_a_paused_run_can_be_given_another_content() -> None:
    mailing = mailing_to(2)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    with pytest.raises(Refused) as caught:
        service.replace_content(mailing_id=mailing.pk)
    assert caught.value.code == "wrong_state"


def test_a_content_that_cannot_be_sent_changes_nothing(
    declare: Declare, clock: ShiftedClock
) -> None:
    service, mailing, run = half_sent(declare, clock)
    mailing.message.html = "{% for x in y %}"
    mailing.message.save()
    with pytest.raises(ContentRefused):
        service.replace_content(mailing_id=mailing.pk)
    run.refresh_from_db()
    assert (run.content_version, run.contents.count()) == (1, 0)
