"""The files of a letter's pictures are made before anything waits for the start."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.delivery.engine.runs.control import replace_content
from apps.delivery.engine.runs.launch import check_launch
from apps.delivery.service import DispatchService
from apps.mailings.media import decoding
from apps.mailings.models import Mailing, MediaFile, Message, Run
from apps.mailings.services.transactional import TransactionalMessage, send_transactional
from tests.delivery.engine.runs.audience.test_condition_bits import person
from tests.factories import mailing_to
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import jpeg
from tests.mailings.services.letters.letters import a_letter
from tests.mailings.services.letters.test_bodies import with_picture

__all__ = ["picture_files"]  # a fixture

pytestmark = [
    pytest.mark.engine,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("picture_files"),
]


@pytest.fixture
def made(mocker: MockerFixture) -> list[bool]:
    """For each picture that is decoded: whether a transaction was open."""
    found: list[bool] = []
    decoded = decoding.decoded

    def seen(*args: Any, **kwargs: Any) -> Any:
        found.append(connection.in_atomic_block)
        return decoded(*args, **kwargs)

    mocker.patch.object(decoding, "decoded", side_effect=seen)
    return found


def shown(mailing: Mailing) -> tuple[Message, MediaFile]:
    """The mailing's message as a letter with a picture that is wider than it is shown."""
    media = picture_of(mailing.owner, jpeg(1600, 800))
    message = with_picture(a_letter(mailing.owner), media.pk)
    message.save()
    Mailing.objects.filter(pk=mailing.pk).update(message=message)
    return message, media


def test_a_start_has_them_made_outside_of_its_transaction(made: list[bool]) -> None:
    mailing = mailing_to(1)
    _message, media = shown(mailing)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert made == [False]
    html = str(Run.objects.get(pk=launched.run_id).content["html"])
    assert f"{media.token}/1200.jpg" in html


def test_what_is_judged_before_a_start_is_what_the_start_sends(made: list[bool]) -> None:
    mailing = mailing_to(1)
    shown(mailing)
    check_launch(mailing_id=mailing.pk, early=True)
    assert made == [False]
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert made == [False]


def test_so_has_a_message_to_one_recipient(made: list[bool]) -> None:
    mailing = mailing_to(0)
    message, media = shown(mailing)
    request = TransactionalMessage(message, person(mailing), "email", "email")
    sent = send_transactional(message_request=request, trigger="api")
    assert made == [False]
    assert f"{media.token}/1200.jpg" in str(Run.objects.get(pk=sent.run_id).content["html"])


def test_so_has_a_content_that_takes_the_place_of_another(made: list[bool]) -> None:
    mailing = mailing_to(1)
    run_id = DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id
    now = timezone.now()
    Run.objects.filter(pk=run_id).update(state=Run.State.PAUSED, started_at=now)
    _message, media = shown(mailing)
    replace_content(mailing.pk)
    assert made == [False]
    assert f"{media.token}/1200.jpg" in str(Run.objects.get(pk=run_id).content["html"])
