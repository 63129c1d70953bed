"""List-Id, Feedback-ID and Precedence: the same in every letter of a run, and from run to run."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.delivery.engine.bulk_headers import feedback_sender
from apps.delivery.service import DispatchService
from apps.mailings.models import PublicArchive, Sender
from apps.mailings.services.publishing.archive import publish
from config.account_settings import AccountSettings
from tests.delivery.engine.runs.audience.test_audience_rule import on, person, to_lists
from tests.delivery.engine.runs.test_transactional import single, work
from tests.delivery.engine.workers import send
from tests.factories import MessageFactory, RecipientFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _accounts(settings: LazySettings) -> None:
    fields = {"kind": "outbox", "from_email": "robot@mail.example.org"}
    settings.ACCOUNTS = {"email": AccountSettings.model_validate(fields)}
    settings.SITE_URL = "https://mail.example.org"


def letters(settings: LazySettings) -> list[EmailMessage]:
    files = sorted(Path(settings.OUTBOX_DIR).glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_the_letters_of_a_run_and_of_the_next_one_are_of_one_list(settings: LazySettings) -> None:
    mailing = mailing_to(2)
    send(mailing)
    DispatchService().reset(mailing_id=mailing.pk)
    send(mailing)
    found = letters(settings)
    assert len(found) == 4
    assert {one["List-Id"] for one in found} == {f"<owner-{mailing.owner_id}.mail.example.org>"}
    expected = f"mailing-{mailing.pk}:owner-{mailing.owner_id}:marketing:{feedback_sender()}"
    assert {one["Feedback-ID"] for one in found} == {expected}
    assert {one["Precedence"] for one in found} == {"bulk"}


def test_a_list_names_the_letters_by_what_stays_when_it_is_renamed(settings: LazySettings) -> None:
    mailing, (newsletter, _other) = to_lists("News", "Offers")
    on(newsletter, person(mailing))
    send(mailing)
    newsletter.title = newsletter.slug = "other"
    newsletter.save()
    DispatchService().reset(mailing_id=mailing.pk)
    send(mailing)
    ids = {one["List-Id"] for one in letters(settings)}
    assert ids == {f"<list-{newsletter.pk}.mail.example.org>"}


def test_the_list_is_of_the_domain_that_people_see_in_from(settings: LazySettings) -> None:
    mailing = mailing_to(1)
    mailing.sender = Sender.objects.create(
        owner=mailing.owner, address="news@почта.рф", confirmed_at=timezone.now()
    )
    mailing.save()
    send(mailing)
    (letter,) = letters(settings)
    assert letter["List-Id"] == f"<owner-{mailing.owner_id}.xn--80a1acny.xn--p1ai>"


def test_a_transactional_message_is_of_no_list_and_grouped_by_its_message(
    settings: LazySettings,
) -> None:
    message = MessageFactory.create()
    for address in ("anna@example.org", "boris@example.org"):
        work(single(message, RecipientFactory.create(owner=message.owner, email=address)))
    found = letters(settings)
    assert not any("List-Id" in one or "Precedence" in one for one in found)
    (feedback_id,) = {one["Feedback-ID"] for one in found}
    assert feedback_id.startswith(f"message-{message.pk}:owner-{message.owner_id}:transactional:")


def test_what_gmail_groups_by_has_its_form_and_names_nobody(settings: LazySettings) -> None:
    """At most four fields, the last of them 5 to 15 characters and the same everywhere."""
    mailing = mailing_to(1)
    send(mailing)
    (letter,) = letters(settings)
    fields = letter["Feedback-ID"].split(":")
    assert len(fields) == 4
    assert re.fullmatch(r"[a-z0-9]{5,15}", fields[3])
    assert mailing.owner.email not in letter["Feedback-ID"]
    before = feedback_sender()
    settings.SITE_URL = "https://other.example.org"
    assert feedback_sender() != before


def test_a_replaced_content_keeps_them(settings: LazySettings) -> None:
    mailing = mailing_to(1)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    run = mailing.runs.get(pk=launched.run_id)
    run.state, run.reason = "paused", "paused_by_user"
    run.save()
    kept = run.content["headers"]
    mailing.message.subject = "Другое"
    mailing.message.save()
    service.replace_content(mailing_id=mailing.pk)
    run.refresh_from_db()
    assert run.content["headers"] == kept


def test_a_public_mailing_names_its_archive(settings: LazySettings) -> None:
    mailing = mailing_to(1)
    publish(mailing)
    send(mailing)
    (letter,) = letters(settings)
    slug = PublicArchive.objects.get(owner=mailing.owner).slug
    assert letter["List-Archive"] == f"<https://mail.example.org/archive/{slug}/>"


def test_the_links_of_a_run_have_what_its_mailing_adds_to_them(settings: LazySettings) -> None:
    mailing = mailing_to(1, name="Spring", utm={"source": "news", "term": "{{ full_name }}"})
    mailing.message.html = (
        "<a href='https://e.org/#x'>Shop</a><a href='{{ unsubscribe_url }}'>Leave</a>"
    )
    mailing.message.text = "Shop: https://e.org/\n"
    mailing.message.save()
    send(mailing)
    (letter,) = letters(settings)
    text, html = (part.get_content() for part in letter.iter_parts())
    assert "https://e.org/?utm_source=news&amp;utm_campaign=spring&amp;utm_term=" in html
    assert "#x'>Shop" in html and html.count("utm_source") == 1
    assert "https://e.org/?utm_source=news&utm_campaign=spring&utm_term=" in text
