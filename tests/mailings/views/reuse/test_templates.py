"""The pages of templates: saved from a message, described, begun from, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailings.models import Message, MessageTemplate
from apps.mailings.models.content import content_of
from apps.mailings.services.letters.reuse.templates import About, make_template
from apps.users.models import User
from tests.factories import MessageFactory
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.views.letters.test_editor import do, seen, url
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def said(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def made(author: User, name: str = "Friday news", **more: Any) -> MessageTemplate:
    about = About(name, description="Every Friday", **more)
    return make_template(author=author, about=about, content=content_of(a_letter(author)))


def test_a_message_is_saved_as_template(cast: Cast, anna: Client) -> None:
    letter = a_letter(cast.owner)
    page = reverse("templates:save", args=[letter.pk])
    assert page in said(anna.get(reverse("messages:detail", args=[letter.pk])))
    assert "For everybody" not in said(anna.get(page))
    answer = anna.post(page, {"name": "Friday news", "category": "news", "for_all": "on"})
    template = MessageTemplate.objects.get()
    assert answer["Location"] == f"/templates/{template.pk}/"
    assert (template.owner, template.category) == (cast.owner, "news")
    again = anna.post(page, {"name": "Friday news"})
    assert again.status_code == 422 and "of this name" in said(again)
    plain = MessageFactory.create(owner=cast.owner)
    assert anna.get(reverse("templates:save", args=[plain.pk])).status_code == 404


def test_a_new_message_begins_with_it(cast: Cast, anna: Client) -> None:
    template = made(cast.owner)
    page = said(anna.get(reverse("messages:create")))
    assert "Friday news" in page and f"/templates/{template.pk}/frame/" in page
    answer = anna.post(reverse("messages:create"), {"form": "blocks", "own": template.pk})
    message = Message.objects.latest("pk")
    assert answer["Location"] == reverse("messages:edit", args=[message.pk])
    assert message.document == template.document


@pytest.mark.parametrize("own", ["999999", "x", "", "9" * 30])
def test_one_that_is_none_is_not_begun_with(own: str, anna: Client) -> None:
    answer = anna.post(reverse("messages:create"), {"form": "blocks", "own": own})
    assert answer.status_code == 404


def test_anothers_own_is_not_offered_and_one_for_everybody_is(cast: Cast) -> None:
    own, manager = made(cast.owner), cast.client("manager")
    of_all = made(User.objects.get(email=cast.manager.email), "For all", for_all=True)
    stranger = cast.client("stranger")
    page = said(stranger.get("/templates/"))
    assert "For all" in page and "Friday news" not in page
    values = {"form": "blocks", "own": own.pk}
    assert stranger.post(reverse("messages:create"), values).status_code == 404
    assert manager.post(reverse("messages:create"), values).status_code == 404
    assert (
        stranger.post(reverse("messages:create"), {**values, "own": of_all.pk}).status_code == 302
    )
    assert stranger.get(f"/templates/{of_all.pk}/").status_code == 200
    assert stranger.post(f"/templates/{of_all.pk}/", {"name": "x"}).status_code == 403
    assert stranger.post(f"/templates/{of_all.pk}/delete/").status_code == 403


def test_it_is_found_described_and_deleted(cast: Cast, anna: Client) -> None:
    template = made(cast.owner)
    assert "Friday news" in said(anna.get("/templates/?q=every"))
    assert "Friday news" not in said(anna.get("/templates/?q=none"))
    page = f"/templates/{template.pk}/"
    assert "Spring news" in said(anna.get(f"{page}frame/"))
    anna.post(page, {"name": "Monday news", "description": "", "category": "shop"})
    template.refresh_from_db()
    assert (template.name, template.category) == ("Monday news", "shop")
    assert anna.post(page, {"name": ""}).status_code == 422
    assert "stay as they are" in said(anna.get(f"{page}delete/"))
    assert anna.post(f"{page}delete/")["Location"] == "/templates/"
    assert not MessageTemplate.objects.exists()


def test_it_is_edited_like_a_message(cast: Cast, anna: Client) -> None:
    template = made(cast.owner)
    answer = anna.post(f"/templates/{template.pk}/content/")
    message = Message.objects.latest("pk")
    assert answer["Location"] == url("edit", message)
    page = said(anna.get(url("edit", message)))
    assert "Edit template" in page and "Save and create mailing" not in page
    heading = id_of(message, "heading")
    do(cast, message, {"op": "set", "id": heading, "field": "text", "value": "Summer news"})
    answer = anna.post(url("edit", message), {**seen(message), "subject": "", "name": "Summer"})
    assert anna.get(answer["Location"])["Location"] == f"/templates/{template.pk}/"
    template.refresh_from_db()
    assert (template.name, template.subject, template.revision) == ("Summer", "", 2)
    assert "Summer news" in said(anna.get(f"/templates/{template.pk}/frame/"))
