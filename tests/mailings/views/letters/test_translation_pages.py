"""The pages of a message's languages, by forms alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Message
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters.draft_operations import act, draft_for
from tests.factories import MailingFactory, MessageFactory, RecipientFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(cast: Cast) -> Message:
    """A letter of blocks in Russian, and in English with nothing translated yet."""
    found = a_letter(cast.owner)
    Message.objects.filter(pk=found.pk).update(language="ru")
    client = cast.client("owner")
    answer = client.post(languages_url(found), {**state(found), "language": "en"})
    assert answer.status_code == 302
    found.refresh_from_db()
    return found


def languages_url(message: Message) -> str:
    return reverse("messages:translations", args=[message.pk])


def url(message: Message, code: str = "en") -> str:
    return reverse("messages:translation", args=[message.pk, code])


def state(message: Message) -> dict[str, Any]:
    """What the page knows of the message when it is made."""
    message = Message.objects.get(pk=message.pk)
    if message.document is None:
        return {"sequence": 0, "base_revision": message.revision}
    draft = draft_for(message, message.owner)
    return {"sequence": draft.sequence, "base_revision": draft.base_revision}


def texts(message: Message, code: str = "en") -> dict[str, str]:
    found = translations_of(Message.objects.get(pk=message.pk))[code]
    return {key: entry["text"] for key, entry in found.items()}


def test_a_language_is_begun_and_shown_text_by_text(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    assert "English" in client.get(languages_url(message)).content.decode()
    page = client.get(url(message)).content.decode()
    heading = f"{id_of(message, 'heading')}.text"
    assert "Spring news" in page and f'name="{heading}"' in page
    assert "texts are missing" in page and f'href="#text-{heading}"' in page
    assert 'lang="en"' in page


def test_what_is_typed_is_saved_and_what_was_not_touched_stays(
    cast: Cast, message: Message
) -> None:
    client, heading = cast.client("owner"), f"{id_of(message, 'heading')}.text"
    answer = client.post(url(message), {**state(message), "subject": "Spring", heading: "News"})
    assert answer.status_code == 302
    assert texts(message) == {"subject": "Spring", heading: "News"}
    revision = Message.objects.get(pk=message.pk).revision
    client.post(url(message), {**state(message), "subject": "Spring", heading: "News"})
    assert Message.objects.get(pk=message.pk).revision == revision


def test_same_as_in_the_message_by_one_button_and_for_all_links(
    cast: Cast, message: Message
) -> None:
    client, key = cast.client("owner"), f"{id_of(message, 'footer')}.company"
    answer = client.post(url(message), {**state(message), "same": key, "subject": "Spring"})
    assert answer["Location"] == f"{url(message)}#text-{key}"
    assert texts(message) == {"subject": "Spring", key: "Kofein"}
    assert (
        client.post(url(message), {**state(message), **texts(message), "alike": "all"}).status_code
        == 302
    )
    page = client.get(url(message)).content.decode()
    assert "Every text is translated." in page


def test_an_outdated_text_is_said_to_be_right_still(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    client.post(url(message), {**state(message), "subject": "Spring"})
    Message.objects.filter(pk=message.pk).update(subject="Лето")
    page = client.get(url(message)).content.decode()
    assert "Outdated" in page and "Still right" in page
    client.post(url(message), {**state(message), "subject": "Spring", "keep": "subject"})
    assert "Outdated" not in client.get(url(message)).content.decode()


def test_what_was_typed_is_shown_again_when_the_message_has_moved(
    cast: Cast, message: Message
) -> None:
    client, seen = cast.client("owner"), state(message)
    client.post(url(message), {**seen, "subject": "First"})
    answer = client.post(url(message), {**seen, "subject": "Second"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert 'value="Second"' in page and "changed elsewhere" in page
    assert texts(message) == {"subject": "First"}


def test_an_address_that_is_none_is_said_at_its_field(cast: Cast, message: Message) -> None:
    client, heading = cast.client("owner"), f"{id_of(message, 'heading')}.text"
    answer = client.post(url(message), {**state(message), heading: "x" * 400, "subject": "Kept"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="Kept"' in page and "invalid-feedback" in page
    assert texts(message) == {}


def test_a_draft_that_cannot_be_saved_keeps_the_translation(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    emptied = {"op": "letter", "field": "subject", "value": ""}
    act(writer_of(message), [emptied], now=timezone.now())
    draft = draft_for(message, cast.owner)
    heading = f"{id_of(message, 'heading')}.text"
    answer = client.post(url(message), {**state(message), heading: "News"})
    assert draft.subject == "" and answer.status_code == 422
    kept = draft_for(Message.objects.get(pk=message.pk), cast.owner)
    assert kept.translations["en"][heading]["text"] == "News"


def test_a_message_of_html_is_translated_too(cast: Cast) -> None:
    client = cast.client("owner")
    source = MessageFactory.create(owner=cast.owner, text="")
    given = {**state(source), "own": "Russian", "language": "german"}
    assert client.post(languages_url(source), given).status_code == 302
    assert Message.objects.get(pk=source.pk).language == "ru"
    page = client.get(url(source, "de")).content.decode()
    assert "HTML" in page and "letter-bar" not in page
    client.post(url(source, "de"), {**state(source), "html": "<p>Hallo</p>", "subject": "Neues"})
    assert "<p>Hallo</p>" in texts(source, "de")["html"]
    frame = reverse("messages:frame", args=[source.pk])
    assert "Hallo" in client.get(f"{frame}?language=de").content.decode()
    assert "Hallo" not in client.get(frame).content.decode()


def test_it_is_removed_after_a_question(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    remove = reverse("messages:translation_remove", args=[message.pk, "en"])
    assert "English" in client.get(remove).content.decode()
    assert client.post(remove).status_code == 302
    assert translations_of(Message.objects.get(pk=message.pk)) == {}
    assert client.get(remove).status_code == 404 == client.get(url(message)).status_code


def test_the_preview_shows_any_language_and_the_recipients_own(
    cast: Cast, message: Message
) -> None:
    client = cast.client("owner")
    client.post(
        url(message), {**state(message), f"{id_of(message, 'heading')}.text": "English news"}
    )
    RecipientFactory.create(owner=cast.owner, email="erna@example.org", language="en-gb")
    preview = client.get(
        reverse("messages:look", args=[message.pk]) + "?language=en"
    ).content.decode()
    assert "&amp;language=en" in preview and '<option value="ru"' in preview
    frame = reverse("messages:frame", args=[message.pk])
    assert "English news" in client.get(f"{frame}?language=en").content.decode()
    assert "English news" in client.get(f"{frame}?recipient=erna@").content.decode()
    assert "Spring news" in client.get(frame).content.decode()


def test_a_mailing_says_how_many_get_each_language(cast: Cast, message: Message) -> None:
    client = cast.client("owner")
    for language in ("en", "en-us", "ru", "de", ""):
        RecipientFactory.create(owner=cast.owner, language=language)
    mailing = MailingFactory.create(owner=cast.owner, message=message, other_languages="leave_out")
    shown = client.get(reverse("mailings:languages", args=[mailing.pk])).content.decode()
    assert "English" in shown and "2 recipients" in shown and "Other languages" in shown
    assert "texts are missing" in shown
    for page in ("mailings:detail", "mailings:review"):
        text = client.get(reverse(page, args=[mailing.pk])).content.decode()
        assert reverse("mailings:languages", args=[mailing.pk]) in text
    review = client.get(reverse("mailings:review", args=[mailing.pk])).content.decode()
    assert "The translation is not complete" in review


def test_a_mailing_in_one_language_says_nothing_of_it(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    client: Client = cast.client("owner")
    page = client.get(reverse("mailings:detail", args=[mailing.pk])).content.decode()
    assert reverse("mailings:languages", args=[mailing.pk]) not in page
    form = client.get(reverse("mailings:edit", args=[mailing.pk])).content.decode()
    assert "other_languages" not in form


def test_who_translates_is_asked_about_other_languages(cast: Cast, message: Message) -> None:
    mailing = MailingFactory.create(owner=cast.owner, message=message)
    client = cast.client("owner")
    form = client.get(reverse("mailings:edit", args=[mailing.pk])).content.decode()
    assert 'name="other_languages"' in form
