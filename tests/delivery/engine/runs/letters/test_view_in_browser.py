"""The link to view a letter in a browser: who gets one, and what it opens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.core.site import site_url
from apps.delivery.engine.direct_send import send_test
from apps.delivery.engine.runs.control import replace_content
from apps.delivery.service import DispatchService
from apps.mailings.links import delivery_viewed, view_url
from apps.mailings.models import Delivery, Mailing, Message, Run
from tests.delivery.engine.runs.audience.test_condition_bits import letters, person, work
from tests.delivery.engine.runs.letters.test_letters_of_blocks import launched, of_blocks
from tests.factories import TagFactory, mailing_to
from tests.mailings.services.letters.letters import a_letter

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

LINK = re.compile(rf"{re.escape(site_url())}(/v/[\w-]{{32}}/)")


def with_blocks(message: Message, *kinds: dict[str, Any]) -> None:
    """Add these to the first column, and the link to the footer."""
    document: dict[str, Any] = message.document or {}
    document["body"][0]["columns"][0]["blocks"] += list(kinds)
    document["body"][-1]["columns"][0]["blocks"][-1]["view_link"] = True
    Message.objects.filter(pk=message.pk).update(document=document)


def link_in(letter: str) -> str:
    found: set[str] = set(LINK.findall(letter))
    assert len(found) == 1
    return found.pop()


def test_each_link_opens_the_letter_that_was_sent_to_its_reader(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    vip = TagFactory.create(owner=mailing.owner)
    rule = {"kind": "tag", "id": vip.pk}
    with_blocks(of_blocks(mailing, visibility={"match": "all", "rules": [rule]}))
    anna = person(mailing, vip, full_name="Anna")
    boris = person(mailing, full_name="Boris")
    run = work(launched(mailing))
    vip.recipients.clear()  # what was shown was settled at the freeze
    found = letters(tmp_path)
    pages = {
        who: Client().get(link_in(found[str(who.email)])).content.decode() for who in (anna, boris)
    }
    assert "Hello, Anna!" in pages[anna] and "Hello" not in pages[boris]
    for who, page in pages.items():
        assert "Spring news" in page and "/u/" not in page
        own = Delivery.objects.get(run=run, recipient=who)
        assert view_url(own.pk, run.pk, 1) in page
        assert view_url(own.pk, run.pk, 1) in found[str(who.email)]


def test_a_letter_with_a_code_leads_nowhere(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    anna = person(mailing, full_name="Anna")
    code = {"type": "code", "id": "codecode01", "value": "{{ full_name }}"}
    with_blocks(of_blocks(mailing), code)
    run = work(launched(mailing))
    assert "/v/" not in letters(tmp_path)[str(anna.email)]
    delivery = Delivery.objects.get(run=run)
    assert run.content["view_page"] is False
    assert Client().get(view_url(delivery.pk).removeprefix(site_url())).status_code == 404


def test_a_code_within_a_repeat_hides_it_as_well() -> None:
    mailing = mailing_to(1)
    code = {"type": "code", "id": "codecode01", "value": "{{ item.code }}"}
    repeat = {"type": "repeat", "id": "repeat0001", "source": "codes", "blocks": [code]}
    with_blocks(of_blocks(mailing), repeat)
    assert launched(mailing).content["view_page"] is False


def test_an_edit_in_a_pause_may_bring_a_code(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    anna = person(mailing, full_name="Anna")
    message = of_blocks(mailing)
    with_blocks(message)
    service, run = DispatchService(), launched(mailing)
    service.pause(mailing_id=mailing.pk)
    with_blocks(
        Message.objects.get(pk=message.pk), {"type": "code", "id": "codecode01", "value": "A-1"}
    )
    replace_content(mailing.pk)
    service.resume(mailing_id=mailing.pk)
    work(run)
    assert "/v/" not in letters(tmp_path)[str(anna.email)]


@pytest.mark.parametrize("purpose", ["marketing", "confirmation"])
def test_a_confirmation_has_no_link(tmp_path: Path, purpose: str) -> None:
    mailing = mailing_to(0)
    anna = person(mailing)
    html = "<p>Words</p><a href='{{ view_url }}'>View</a><a href='{{ unsubscribe_url }}'>-</a>"
    Message.objects.filter(pk=mailing.message_id).update(html=html)
    Mailing.objects.filter(pk=mailing.pk).update(purpose=purpose)
    run = launched(mailing)
    service = DispatchService()
    service.pause(mailing_id=mailing.pk)
    Message.objects.filter(pk=mailing.message_id).update(subject="Edited")
    replace_content(mailing.pk)
    service.resume(mailing_id=mailing.pk)
    work(Run.objects.get(pk=run.pk))
    letter = letters(tmp_path)[str(anna.email)]
    assert bool(LINK.search(letter)) == (purpose == "marketing")


def test_a_test_message_shows_where_the_link_stands(tmp_path: Path) -> None:
    mailing = mailing_to(1)
    message = a_letter(mailing.owner)
    with_blocks(message)
    send_test(message_id=message.pk, address="boss@example.org", account="email")
    link = link_in(letters(tmp_path)["boss@example.org"])
    assert delivery_viewed(link.split("/")[2]) == 0
    assert Client().get(link).status_code == 410
