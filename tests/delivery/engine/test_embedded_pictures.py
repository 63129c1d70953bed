"""A picture that a block carries goes inside the email, and is loaded wherever there is none."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from django.test import Client

from apps.core.site import site_url
from apps.delivery.accounts import declared
from apps.delivery.engine.render import compile_run
from apps.delivery.engine.runs.preflights import fingerprint_of
from apps.delivery.preflight.check import Tools
from apps.delivery.preflight.checks.content import ContentCheck
from apps.delivery.preflight.findings import Result
from apps.delivery.preflight.letter import Letter
from apps.delivery.service import DispatchService
from apps.mailings.ledger import dialect
from apps.mailings.links import view_url
from apps.mailings.media import files
from apps.mailings.media.embedding import EmbedTooLarge
from apps.mailings.models import Delivery, Mailing, MediaFile, MediaRendition, Run
from tests.core.content.letters import to
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.runs.audience.test_condition_bits import person, work
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
def mailing() -> Mailing:
    made = mailing_to(0)
    person(made, full_name="Anna")
    return made


@pytest.fixture
def media(mailing: Mailing) -> MediaFile:
    """The picture that the mailing's message carries."""
    made = picture_of(mailing.owner, jpeg(1600, 800))
    message = with_picture(a_letter(mailing.owner), made.pk)
    document: dict[str, Any] = message.document or {}
    document["body"][0]["columns"][0]["blocks"][-1]["picture"]["embed"] = True
    message.save()
    Mailing.objects.filter(pk=mailing.pk).update(message=message)
    return made


def launched(mailing: Mailing) -> Run:
    run_id = DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id
    return Run.objects.get(pk=run_id)


def email_in(directory: Path) -> EmailMessage:
    (file,) = (directory / "outbox").glob("*.eml")
    return message_from_bytes(file.read_bytes(), policy=policy.default)


def test_it_is_in_the_email_and_its_page_loads_it(
    mailing: Mailing, media: MediaFile, tmp_path: Path
) -> None:
    work(launched(mailing))
    email = email_in(tmp_path)
    (picture,) = (one for one in email.walk() if one.get_content_maintype() == "image")
    body = email.get_body(("html",))
    assert body is not None
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in body.get_content()
    row = media.renditions.get(width=1200)
    assert picture.get_payload(decode=True) == files.content_of(row)
    path = view_url(Delivery.objects.get().pk).removeprefix(site_url())
    page = Client().get(path).content.decode()
    assert "cid:" not in page and f"{media.token}/1200.jpg" in page


def test_a_picture_whose_file_is_lost_is_loaded(mailing: Mailing, media: MediaFile) -> None:
    run = launched(mailing)
    files.delete([files.name_of(media, row.sha256) for row in media.renditions.all()])
    body = compile_run(run, declared("email"), dialect.database_now()).fill(to()).body
    assert b"multipart/related" not in body and b"cid:" not in body
    assert media.token.encode() in body.replace(b"=\r\n", b"")


def test_an_account_that_takes_letters_apart_loads_it(
    mailing: Mailing, media: MediaFile, declare: Declare
) -> None:
    declare("console", kind="backend", url="django.core.mail.backends.locmem.EmailBackend")
    run = launched(mailing)
    compiled: Any = compile_run(run, declared("console"), dialect.database_now())
    body = compiled.fill(to()).body
    assert b"multipart/related" not in body and b"cid:" not in body


def test_more_than_a_mailbox_should_bear_is_refused(mailing: Mailing, media: MediaFile) -> None:
    MediaRendition.objects.filter(media=media).update(size=500_001)
    with pytest.raises(EmbedTooLarge) as refused:
        launched(mailing)
    assert "501 kB" in str(refused.value) and not Run.objects.exists()


def test_a_preflight_says_so_before(mailing: Mailing, media: MediaFile) -> None:
    before = fingerprint_of(mailing)
    MediaRendition.objects.filter(media=media).update(size=500_001)
    mailing.refresh_from_db()
    assert fingerprint_of(mailing) != before
    (row,) = ContentCheck().run(Letter(mailing), cast(Tools, None), 1)
    assert row.result == Result.FAIL and "501 kB" in row.sentence
