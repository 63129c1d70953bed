"""A letter of blocks goes out as any other message: compiled at its start, filled in for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.core.content.blocks.document import dump
from apps.delivery.engine.direct_send import send_test
from apps.delivery.engine.runs.control import replace_content
from apps.delivery.service import DispatchService
from apps.mailings.gallery.reading import Template, templates
from apps.mailings.models import Mailing, MediaFile, MediaRendition, Message, Run
from apps.mailings.services.languages.translations import LanguageUnknown
from apps.mailings.services.letters.bodies import LetterIncomplete
from apps.mailings.services.letters.reuse.brand import save_brand
from apps.mailings.services.letters.reuse.saved_blocks import SavedBlockService, keep_section
from apps.mailings.services.letters.translating import write_language
from apps.users.models import User
from tests.delivery.engine.runs.audience.test_condition_bits import letters, person, work
from tests.factories import MediaFileFactory, TagFactory, mailing_to
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, with_block

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def of_blocks(mailing: Mailing, **fields: Any) -> Message:
    """The mailing's message as a letter of blocks, its text for one tag only where one is given."""
    message = a_letter(mailing.owner)
    document: dict[str, Any] = message.document or {}
    if fields:
        text = next(
            block
            for section in document["body"]
            for column in section["columns"]
            for block in column["blocks"]
            if block["type"] == "text"
        )
        text.update(fields)
    message.document = document
    message.save()
    Mailing.objects.filter(pk=mailing.pk).update(message=message)
    return message


def launched(mailing: Mailing) -> Run:
    run_id = DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id
    return Run.objects.get(pk=run_id)


def test_each_gets_the_letter_with_their_name_and_the_parts_for_them(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    vip = TagFactory.create(owner=mailing.owner)
    rule = {"kind": "tag", "id": vip.pk}
    of_blocks(mailing, visibility={"match": "all", "rules": [rule]})
    anna = person(mailing, vip, full_name="Anna")
    boris = person(mailing, full_name="Boris")
    run = work(launched(mailing))
    found = letters(tmp_path)
    assert run.outcome == "success"
    assert "Hello, Anna!" in found[str(anna.email)] and "Hello" not in found[str(boris.email)]
    for html in found.values():
        assert "Spring news" in html and "1 Garden Street" in html
        assert html.count("/u/") >= 2, "to leave, and to change preferences"
        assert "{{" not in html and 'href=""' not in html


def test_a_letter_that_lacks_something_is_not_started() -> None:
    mailing = mailing_to(1)
    message = of_blocks(mailing)
    document: dict[str, Any] = message.document or {}
    document["body"][-1]["columns"][0]["blocks"] = []
    Message.objects.filter(pk=message.pk).update(document=document)
    with pytest.raises(LetterIncomplete) as refused:
        launched(mailing)
    assert refused.value.gap == "footer_missing"
    assert not Run.objects.exists()


def test_a_test_message_is_compiled_as_well(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    anna = person(mailing, full_name="Anna")
    message = of_blocks(mailing)
    send_test(
        message_id=message.pk, address="boss@example.org", account="email", recipient_id=anna.pk
    )
    assert "Hello, Anna!" in letters(tmp_path)["boss@example.org"]


def test_a_test_message_is_in_the_language_of_its_recipient_or_in_a_chosen_one(
    tmp_path: Path,
) -> None:
    mailing = mailing_to(0)
    anna = person(mailing, full_name="Anna", language="ru")
    message = of_blocks(mailing)
    Message.objects.filter(pk=message.pk).update(language="en")
    message.refresh_from_db()
    write_language(message, message.owner, "ru", {f"{id_of(message, 'heading')}.text": "Весна"})
    about: dict[str, Any] = {"message_id": message.pk, "account": "email", "recipient_id": anna.pk}
    send_test(**about, address="own@example.org")
    assert "Весна" in letters(tmp_path)["own@example.org"]
    send_test(**about, address="chosen@example.org", lang="en")
    assert "Spring news" in letters(tmp_path)["chosen@example.org"]
    with pytest.raises(LanguageUnknown):
        send_test(**about, address="none@example.org", lang="de")


def test_a_paused_run_goes_on_with_the_letter_as_it_is_now(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    anna = person(mailing, full_name="Anna")
    message = of_blocks(mailing)
    service, run = DispatchService(), launched(mailing)
    service.pause(mailing_id=mailing.pk)
    document: dict[str, Any] = message.document or {}
    document["body"][0]["columns"][0]["blocks"][0]["text"] = "Summer news"
    Message.objects.filter(pk=message.pk).update(document=document)
    replace_content(mailing.pk)
    service.resume(mailing_id=mailing.pk)
    work(run)
    assert "Summer news" in letters(tmp_path)[str(anna.email)]


def in_the_library(owner: User) -> MediaFile:
    """A picture with one file, that nobody opens."""
    media = MediaFileFactory.create(owner=owner)
    MediaRendition.objects.create(media=media, width=media.width, sha256="0" * 64, size=1)
    return media


@pytest.mark.parametrize("one", templates(), ids=lambda one: one.slug)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_letter_of_the_gallery_can_be_sent(
    tmp_path: Path, one: Template, language: str
) -> None:
    mailing = mailing_to(0)
    owner = mailing.owner
    library = {number: in_the_library(owner).pk for number in one.pictures()}
    anna = person(mailing, full_name="Anna")
    texts = one.texts[language]
    message = Message.objects.create(
        owner=owner,
        subject=texts.subject,
        preheader=texts.preheader,
        language=language,
        document=dump(one.document(language, library.__getitem__)),
    )
    Mailing.objects.filter(pk=mailing.pk).update(message=message)
    run = work(launched(mailing))
    assert (run.sent, run.failed) == (1, 0)
    html = letters(tmp_path)[str(anna.email)]
    assert f'lang="{language}"' in html and "{{" not in html
    assert html.count("/m/") >= len(library)


def test_a_run_sends_the_brand_and_the_blocks_that_it_was_launched_with(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    owner = mailing.owner
    block = keep_section(owner=owner, name="Offer", section=a_section("Until Friday"))
    theme = {"light": {"page": "#123456"}}
    save_brand(owner=owner, values={"theme": theme})
    with_block(of_blocks(mailing), block)
    anna = person(mailing, full_name="Anna")
    run = launched(mailing)
    SavedBlockService(owner).change(block, a_section("Until Sunday"))
    save_brand(owner=owner, values={"theme": {"light": {"page": "#654321"}}})
    assert run.content["made_of"] == {"brand": 1, "saved": {str(block.pk): 1}}
    work(run)
    sent = letters(tmp_path)[str(anna.email)]
    assert "Until Friday" in sent and "Until Sunday" not in sent
    assert "#123456" in sent and "#654321" not in sent
