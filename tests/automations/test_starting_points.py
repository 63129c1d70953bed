"""Each starting point is a draft that can be activated, with its messages, in both languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from apps.automations.models import Automation
from apps.automations.services.automations import activate
from apps.automations.services.preflight.checking import checked_outline
from apps.automations.starting_points.making import begin
from apps.automations.starting_points.points import POINTS
from apps.mailings.models import AttributeDefinition, Message, Segment
from apps.users.models import User
from tests.automations.views.test_pages import client_of
from tests.factories import MailingListFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner() -> User:
    user = UserFactory.create()
    MailingListFactory.create(owner=user)
    kind = AttributeDefinition.Kind.DATE
    AttributeDefinition.objects.create(owner=user, name="birthdate", kind=kind)
    return user


def findings(made: Automation) -> list[tuple[str, str]]:
    return [(one.step, one.text) for one in checked_outline(made).findings]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("slug", [one.slug for one in POINTS])
def test_it_is_complete_and_can_be_activated(slug: str, language: str, owner: User) -> None:
    with translation.override(language):
        made = begin(slug=slug, owner=owner, language=language)
        assert checked_outline(made).findings == []
    messages = Message.objects.filter(owner=owner)
    point = next(one for one in POINTS if one.slug == slug)
    assert messages.count() == len(point.letters)
    assert {one.language for one in messages} == {language}
    assert activate(automation=made, now=made.created_at).number == 1


def test_without_a_list_the_welcome_asks_for_one(owner: User) -> None:
    other = UserFactory.create()
    made = begin(slug="welcome", owner=other, language="fr")
    assert findings(made) == [("trigger", "Choose a list.")]
    assert {one.language for one in Message.objects.filter(owner=other)} == {"en"}
    confirm = begin(slug="confirm", owner=other, language="en")
    missing = [("trigger", "Choose a segment."), ("condition-1", "Choose a condition.")]
    assert findings(confirm) == missing


def test_the_birthday_is_looked_for_among_the_custom_fields(owner: User) -> None:
    made = begin(slug="birthday", owner=owner, language="en")
    assert made.draft["trigger"]["field"] == "birthdate"


def test_a_segment_is_made_once(owner: User) -> None:
    first = begin(slug="silent", owner=owner, language="en")
    second = begin(slug="silent", owner=owner, language="en")
    assert first.draft["trigger"] == second.draft["trigger"]
    assert Segment.objects.filter(owner=owner).count() == 1


def test_a_button_of_the_page_begins_one(owner: User) -> None:
    client = client_of(owner)
    answer = client.post("/automations/new/", {"point": "birthday"}, follow=True)
    assert "Send “Birthday" in answer.content.decode()
    assert client.post("/automations/new/", {"point": "nothing"}).status_code == 404
