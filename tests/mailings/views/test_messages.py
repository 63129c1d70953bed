"""Messages on pages: written, previewed safely, versioned, and never lost between two writers."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.content.hints import hints
from apps.core.content.preview import preview
from apps.mailings.models import Message, MessageDraft, MessageVersion
from tests.factories import MailingFactory, MessageFactory, RecipientFactory
from tests.markup import dense
from tests.people import Cast

pytestmark = pytest.mark.django_db

CONTENT = {"subject": "Весна", "html": "<p>Здравствуйте</p>", "text": ""}


def write(cast: Cast, message: Message | None, *, base: int = 0, **content: str) -> Any:
    args = [message.pk] if message else []
    url = reverse("messages:edit" if message else "messages:create", args=args)
    return cast.client("owner").post(url, {**CONTENT, **content, "base_revision": base})


def test_every_save_leaves_a_version(cast: Cast) -> None:
    write(cast, None)
    message = Message.objects.get(subject="Весна")
    assert message.owner == cast.owner
    write(cast, message, base=1, subject="Лето")
    message.refresh_from_db()
    assert (message.subject, message.revision) == ("Лето", 2)
    assert list(message.versions.values_list("number", "subject")) == [(2, "Лето"), (1, "Весна")]


def test_a_saved_message_can_be_made_a_mailing_in_one_click(cast: Cast) -> None:
    answer = write(cast, None, then="mailing")
    message = Message.objects.get(subject="Весна")
    assert answer["Location"] == f"{reverse('mailings:create')}?message={message.pk}"
    assert write(cast, message, base=1)["Location"] == reverse("messages:detail", args=[message.pk])


def test_an_older_version_can_be_made_the_newest(cast: Cast) -> None:
    write(cast, None)
    message = Message.objects.get(subject="Весна")
    write(cast, message, base=1, subject="Лето")
    url = reverse("messages:version", args=[message.pk, 1])
    assert cast.client("owner").get(url).status_code == 200
    cast.client("owner").post(url)
    message.refresh_from_db()
    assert (message.subject, message.revision, message.versions.count()) == ("Весна", 3, 3)


def test_of_two_tabs_the_second_is_asked_and_loses_nothing(cast: Cast) -> None:
    message = MessageFactory.create(owner=cast.owner)
    assert write(cast, message, base=1, subject="Первая").status_code == 302
    asked = write(cast, message, base=1, subject="Вторая")
    page = asked.content.decode()
    assert asked.status_code == 409
    assert "Первая" in page and "Вторая" in page
    message.refresh_from_db()
    assert message.subject == "Первая"
    base = int(asked.context["form"]["base_revision"].value())
    assert write(cast, message, base=base, subject="Вторая").status_code == 302
    message.refresh_from_db()
    assert message.subject == "Вторая"
    assert MessageVersion.objects.filter(message=message, subject="Первая").exists()


def test_code_in_braces_is_put_right_and_html_stays_as_it_was_written(cast: Cast) -> None:
    html = "<p style='color: red'>10&nbsp;кг, {{&nbsp;full_name&nbsp;}}! <b>x</b></p>"
    write(cast, None, html=html)
    message = Message.objects.get(subject="Весна")
    assert message.html == "<p style='color: red'>10&nbsp;кг, {{ full_name }}! <b>x</b></p>"


def test_a_text_is_written_without_a_field_for_html(cast: Cast) -> None:
    client, url = cast.client("owner"), f"{reverse('messages:create')}?form=text"
    form = client.get(url).context["form"]
    assert form["html"].is_hidden and "unsubscribe_url" in form["text"].value()
    client.post(url, {"subject": "Plain", "html": "", "text": "Hi", "base_revision": 0})
    message = Message.objects.get(subject="Plain")
    assert (message.form, message.html) == ("text", "")
    edit = reverse("messages:edit", args=[message.pk])
    assert client.get(edit).context["form"]["html"].is_hidden


def test_a_preview_of_what_is_nested_without_end_is_refused_at_once(cast: Cast) -> None:
    answer = typed(cast, html="<ul><li>" * 24_800 + "x")
    assert "preview" not in answer.context
    assert "200" in answer.context["refusal"]


def test_what_cannot_be_sent_is_refused_in_the_form(cast: Cast) -> None:
    answer = write(cast, None, html="{% if %}")
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Message.objects.filter(subject="Весна").exists()


def typed(cast: Cast, role: str = "owner", **fields: Any) -> Any:
    return cast.client(role).post(reverse("messages:preview"), {**CONTENT, **fields})


def test_the_preview_is_filled_in_with_ones_own_recipient(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, email="petr@example.org", full_name="Пётр")
    RecipientFactory.create(owner=cast.stranger, email="zzz@example.org", full_name="Чужой")
    html = "<p>{{ full_name }}</p>"
    assert "Пётр" in typed(cast, html=html, recipient="petr@").content.decode()
    assert "Чужой" not in typed(cast, html=html, recipient="zzz@").content.decode()
    assert "template" not in typed(cast, html="{% if %}").context.get("preview", "")


def test_a_preview_runs_nothing_and_reaches_nothing(cast: Cast) -> None:
    answer = typed(cast, html="<p onclick='x()'>a</p><script>alert(1)</script><form></form>")
    page = answer.content.decode()
    for part in ("<script", "onclick", "<form"):
        assert part not in page
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script-src" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_a_value_from_a_recipient_is_escaped_in_the_preview() -> None:
    shown = preview("Hi {{ a }}", "", "<p>{{ a }}</p>", {"a": "<b>x</b>"})
    assert shown.html == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    assert shown.text.strip() == "<b>x</b>"


def test_what_was_typed_is_kept_and_offered_again(cast: Cast) -> None:
    message = MessageFactory.create(owner=cast.owner)
    typed(cast, message=message.pk, base_revision=1, subject="Недописанное")
    draft = MessageDraft.objects.get(owner=cast.owner, message=message)
    assert draft.subject == "Недописанное"
    url = reverse("messages:edit", args=[message.pk])
    page = cast.client("owner").get(url)
    assert page.context["draft"] == draft
    again = cast.client("owner").get(url, {"draft": "1"})
    assert again.context["form"]["subject"].value() == "Недописанное"
    cast.client("owner").post(reverse("messages:discard", args=[message.pk]))
    assert not MessageDraft.objects.exists()


def test_a_save_forgets_the_draft(cast: Cast) -> None:
    typed(cast, subject="Черновик")
    assert MessageDraft.objects.filter(message=None).exists()
    write(cast, None)
    assert not MessageDraft.objects.exists()


def test_nobody_keeps_a_draft_of_somebody_elses_message(cast: Cast) -> None:
    message = MessageFactory.create(owner=cast.owner)
    assert typed(cast, role="stranger", message=message.pk).status_code == 404
    assert typed(cast, role="manager", message=message.pk).status_code == 403


def test_a_message_in_use_is_archived_and_a_copy_is_ones_own(cast: Cast) -> None:
    message = MailingFactory.create(owner=cast.owner).message
    cast.client("owner").post(reverse("messages:duplicate", args=[message.pk]))
    copy = Message.objects.exclude(pk=message.pk).get(
        owner=cast.owner, html=message.html, pk__gt=message.pk
    )
    cast.client("owner").post(reverse("messages:delete", args=[message.pk]))
    message.refresh_from_db()
    assert message.archived_at is not None
    cast.client("owner").post(reverse("messages:delete", args=[copy.pk]))
    assert not Message.objects.filter(pk=copy.pk).exists()


def test_the_list_finds_by_subject_in_any_case(cast: Cast) -> None:
    MessageFactory.create(owner=cast.owner, subject="Осенние Скидки")
    page = cast.client("owner").get(reverse("messages:list"), {"q": "скидки"})
    assert [row.subject for row in page.context["page"].rows] == ["Осенние Скидки"]


def test_the_list_shows_how_each_begins_its_status_and_its_last_use(cast: Cast) -> None:
    bare = MessageFactory.create(owner=cast.owner, text="", html="")
    page = cast.client("owner").get(reverse("messages:list"))
    rows = {row.pk: (row, beginning) for row, beginning in page.context["rows"]}
    used, beginning = rows[cast.mailing.message_id]
    assert used.last_used == cast.run.created_at and beginning
    assert rows[bare.pk][1] == ""
    html = MessageFactory.create(
        owner=cast.owner, text="", html="<style>p {}</style><p>Hi <b>x</b></p>"
    )
    page = cast.client("owner").get(reverse("messages:list"), {"sort": "-updated"})
    (row, beginning), *_rest = page.context["rows"]
    assert (row, beginning) == (html, "Hi x")


def test_what_was_typed_and_not_saved_is_a_status_of_ones_own(cast: Cast) -> None:
    message = cast.mailing.message
    MessageDraft.objects.create(owner=cast.owner, message=message, subject="typed")
    assert "Unsaved draft" in cast.client("owner").get(reverse("messages:list")).content.decode()
    assert "Unsaved" not in cast.client("manager").get(reverse("messages:list")).content.decode()


@pytest.mark.parametrize(
    ("html", "text", "inserted"),
    [
        ("<p>Hi</p>", "", "html"),
        ("<html><body><p>Hi</p></body></html>", "Hi", "both"),
        ("", "Hi", "text"),
    ],
)
def test_a_missing_link_is_inserted_by_its_suggestion(
    cast: Cast, html: str, text: str, inserted: str
) -> None:
    message = MessageFactory.create(owner=cast.owner, html=html, text=text)
    url = reverse("messages:detail", args=[message.pk])
    assert not cast.client("owner").get(url).context["complete"]
    cast.client("owner").post(reverse("messages:fix", args=[message.pk]), {"fix": "unsubscribe"})
    message.refresh_from_db()
    assert ("unsubscribe_url" in message.html) == (inserted != "text")
    assert ("unsubscribe_url" in message.text) == (inserted != "html")
    assert message.revision == 2 and message.html.count("</body>") == html.count("</body>")
    assert cast.client("owner").get(url).context["complete"]


def test_simple_html_is_saved_on_a_sheet_and_edited_without_it(cast: Cast) -> None:
    write(cast, None, html="<p>Hi</p>")
    message = Message.objects.get(subject="Весна")
    assert "max-width:600px" in message.html
    form = cast.client("owner").get(reverse("messages:edit", args=[message.pk])).context["form"]
    assert form["html"].value() == "<p>Hi</p>"


def test_a_new_message_ends_with_a_link_to_unsubscribe_unless_it_is_a_plain_text(
    cast: Cast,
) -> None:
    url = f"{reverse('messages:create')}?form=html"
    form = cast.client("owner").get(url).context["form"]
    begun = form["html"].value()
    assert "unsubscribe_url" in begun
    write(cast, None, html=begun, text="Only text")
    assert Message.objects.get(subject="Весна").html == ""


def test_a_sample_for_the_preview_is_found_by_its_beginning(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, email="zoe@example.org", full_name="Зоя")
    RecipientFactory.create(owner=cast.stranger, email="zoe@secret.org")
    page = cast.client("owner").get(reverse("messages:samples"), {"recipient": "zoe"})
    text = page.content.decode()
    assert "zoe@example.org" in text and "secret" not in text


GOOD = "<p>" + "слово " * 30 + "<a href='{{ unsubscribe_url }}'>-</a></p>"


@pytest.mark.parametrize(
    ("subject", "text", "html", "word"),
    [
        ("x" * 90, "t", GOOD, "long"),
        ("СКИДКИ ТОЛЬКО СЕГОДНЯ", "t", GOOD, "capitals"),
        ("a", "t", "<p>hello</p>", "unsubscribe"),
        ("a", "t", GOOD + "x" * 110_000, "102 kB"),
        ("a", "{{ unsubscribe_url }}", "<img src='a' alt='b'>", "images"),
        ("a", "t", GOOD + "<img src='a'>", "alt"),
        ("a", "", GOOD, "plain-text"),
        ("a", "t", GOOD + "<a href='example.org'>-</a>", "does not work"),
        ("a", "t", GOOD + "<a href='http://example.org'>-</a>", "not https"),
        ("a {{ town }}", "t", GOOD, "town"),
    ],
)
def test_what_may_go_wrong_is_said_beforehand(
    subject: str, text: str, html: str, word: str
) -> None:
    found = hints(subject, text, html, known=["full_name", "unsubscribe_url"])
    assert len(found) == 1 and word in found[0].text


def test_a_good_message_gets_no_hints_and_a_broken_one_no_crash() -> None:
    link = GOOD + "<a href='https://example.org/'>-</a><a href='mailto:a@b.c'>-</a>"
    assert hints("Новости", "t", link, known=["unsubscribe_url"]) == []
    assert hints("Новости {% if %}", "t", link, known=["unsubscribe_url"]) == []


def test_an_archived_message_has_a_filter_and_can_be_read_and_restored(cast: Cast) -> None:
    message = cast.mailing.message
    url = reverse("messages:detail", args=[message.pk])
    client = cast.client("owner")
    assert "Archive…</a>" in dense(client.get(url).content.decode())
    assert "Archive</button>" in dense(client.get(f"{url}delete/").content.decode())
    client.post(f"{url}delete/")
    assert message.subject not in client.get("/messages/").content.decode()
    assert message.subject in client.get("/messages/", {"state": "archived"}).content.decode()
    page = client.get(url).content.decode()
    assert f'action="{url}restore/"' in page and f"{url}edit/" not in page
    assert client.get(f"{url}frame/").status_code == 200
    assert client.get(f"{url}edit/").status_code == 404
    client.post(f"{url}restore/")
    assert message.subject in client.get("/messages/").content.decode()


def test_the_message_of_a_confirmation_stays_as_the_product_wrote_it(cast: Cast) -> None:
    message = cast.mailing.message
    Message.objects.filter(pk=message.pk).update(archived_at=timezone.now())
    MailingFactory.create(
        owner=cast.owner, message=message, kind="transactional", purpose="confirmation"
    )
    url = reverse("messages:detail", args=[message.pk])
    client = cast.client("owner")
    assert "restore/" not in client.get(url).content.decode()
    assert client.post(f"{url}restore/").status_code == 404
    message.refresh_from_db()
    assert message.archived_at is not None


def test_the_preheader_of_html_is_written_beside_the_subject_and_kept(cast: Cast) -> None:
    write(cast, None, preheader="Что нового")
    message = Message.objects.get(subject="Весна")
    assert message.preheader == "Что нового"
    typed(cast, message=message.pk, base_revision=1, subject="Весна", preheader="Недописанн")
    url = reverse("messages:edit", args=[message.pk])
    form = cast.client("owner").get(url, {"draft": "1"}).context["form"]
    assert form["preheader"].value() == "Недописанн"
    write(cast, message, base=1, preheader="Что ещё нового")
    message.refresh_from_db()
    assert message.preheader == "Что ещё нового"


def test_a_text_keeps_the_preheader_that_it_has_no_place_for(cast: Cast) -> None:
    message = MessageFactory.create(owner=cast.owner, html="", text="Hello", preheader="New")
    url = reverse("messages:edit", args=[message.pk])
    form = cast.client("owner").get(url).context["form"]
    assert form["preheader"].is_hidden and form["preheader"].value() == "New"
