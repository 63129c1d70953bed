"""One recipient is played through by a clock of one's own; nothing is sent or written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.conf import LazySettings

from apps.automations.definition.parts import Definition
from apps.automations.models import Enrolment
from apps.automations.trying.play import CLICKS, NOTHING, OPENS, Play
from apps.mailings.models import Delivery, Mailing, Recipient, RecipientTag
from tests.automations.stage import automation, definition, leaving, letter, tagging, waiting
from tests.automations.views.test_pages import client_of, page
from tests.factories import (
    ManagerFactory,
    RecipientFactory,
    SuppressionFactory,
    TagFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


def played(
    person: Recipient, *steps: dict[str, Any], reaction: str = NOTHING, **rules: Any
) -> list[tuple[str, str, timedelta]]:
    """Step, reason and when, from noon on."""
    owner = person.owner
    made = automation(owner, definition(*steps, **rules))
    play = Play(made, Definition.model_validate(made.draft), person, NOON, reaction)
    return [(one.key, one.reason, one.at - NOON) for one in play.run()]


@pytest.fixture
def person() -> Recipient:
    return RecipientFactory.create(time_zone="Europe/Moscow", email="anna@example.org")


def welcome(person: Recipient) -> list[dict[str, Any]]:
    """Welcome, wait 2 days, if not opened send again, else tag."""
    tag = TagFactory.create(owner=person.owner)
    return [
        letter(person.owner, "welcome"),
        waiting(seconds=2 * 86_400),
        {"key": "read", "kind": "condition", "did": "opened", "letter": "welcome",
         "otherwise": "again"},
        tagging(tag) | {"next": ""},
        letter(person.owner, "again"),
    ]  # fmt: skip


def test_who_does_not_open_gets_it_again_and_who_does_the_tag(person: Recipient) -> None:
    days = timedelta(days=2)
    steps = welcome(person)
    assert played(person, *steps) == [
        ("welcome", "Would be sent", timedelta()),
        ("wait", "Waits", timedelta()),
        ("read", "No", days),
        ("again", "Would be sent", days),
        ("", "Finished", days),
    ]
    assert [key for key, _reason, _at in played(person, *steps, reaction=OPENS)][-2:] == ["tag", ""]
    assert not Enrolment.objects.exists() and not Delivery.objects.exists()
    assert not Mailing.objects.exists() and not RecipientTag.objects.exists()


def test_waits_are_by_the_clock_of_the_recipient(person: Recipient) -> None:
    nine = waiting("nine", at="09:00")
    assert played(person, nine, waiting("zero", seconds=0)) == [
        ("nine", "Waits", timedelta()),
        ("zero", "There is nothing to wait for", timedelta(hours=18)),
        ("", "Finished", timedelta(hours=18)),
    ]
    found = played(person, waiting("date", field="birthday"), leaving("never"))
    assert found == [("date", "Fails: the date is missing", timedelta())]


def test_a_letter_waits_for_the_hours_of_the_day(person: Recipient) -> None:
    hours = {"local_from": "10:00", "local_to": "14:00"}
    found = played(person, letter(person.owner, **hours), waiting("w", seconds=0))
    assert found[0][2] == timedelta(hours=19)  # 15:00 in Moscow is too late
    night = {"local_from": "22:00", "local_to": "16:00"}
    assert played(person, letter(person.owner, **night))[0][2] == timedelta()


def test_where_no_zone_is_known_the_hours_are_those_by_which_it_is_sent(
    person: Recipient, settings: LazySettings
) -> None:
    """The owner's zone holds for waits; claims know the recipient's and the installation's."""
    step = letter(person.owner, local_from="04:00", local_to="05:00")
    person.owner.time_zone = "Asia/Vladivostok"
    person.time_zone = settings.TIME_ZONE
    there = played(person, step)
    person.time_zone = ""
    assert played(person, step) == there
    person.time_zone = "Asia/Vladivostok"
    assert played(person, step) != there


@pytest.mark.parametrize(
    ("until", "reaction", "expected"),
    [
        ({"did": "opened", "letter": "letter"}, OPENS, ("It happened", timedelta(hours=1))),
        ({"did": "clicked", "letter": "letter"}, OPENS, ("Time is up", timedelta(days=1))),
        ({"did": "clicked", "letter": "letter"}, CLICKS, ("It happened", timedelta(hours=1))),
        ({"event": "paid"}, CLICKS, ("Time is up", timedelta(days=1))),
    ],
)
def test_what_people_do_is_assumed(
    until: dict[str, Any], reaction: str, expected: tuple[str, timedelta], person: Recipient
) -> None:
    steps = [letter(person.owner), waiting(seconds=86_400, until=until)]
    found = played(person, *steps, reaction=reaction)
    assert (found[1][1], found[2][2]) == expected


def test_a_tag_that_is_there_ends_the_wait_at_once(person: Recipient) -> None:
    tag = TagFactory.create(owner=person.owner)
    RecipientTag.objects.create(recipient=person, tag=tag)
    found = played(person, waiting(seconds=86_400, until={"tag": tag.pk}))
    assert found[0][1:] == ("It happened", timedelta())


def test_conditions_on_fields_are_asked_of_the_database(person: Recipient) -> None:
    tree = {"version": 1, "root": {"all": [{"field": "email", "op": "known"}]}}
    asked = {"key": "c", "kind": "condition", "tree": tree, "otherwise": ""}
    split = {"key": "s", "kind": "split", "shares": [{"share": 50}, {"share": 50}]}
    found = played(person, asked, split, leaving(reason="done"))
    assert [reason for _key, reason, _at in found] == ["Yes", found[1][1], "done"]
    assert found[1][1] in ("Branch 1", "Branch 2")


def test_who_would_leave_leaves(person: Recipient) -> None:
    steps = welcome(person)
    SuppressionFactory.create(owner=person.owner, address=person.email, reason="hard_bounce")
    assert played(person, *steps) == [("welcome", "Leaves: suppressed", timedelta())]
    loop = [waiting("a", seconds=3600), waiting("b", seconds=3600) | {"next": "a"}]
    found = played(RecipientFactory.create(), *loop)
    assert len(found) == 201 and found[-1][1] == "Leaves: limit of steps"


def test_the_page_plays_and_says_what_it_cannot(person: Recipient) -> None:
    made = automation(person.owner, definition(*welcome(person)))
    client, url = client_of(person.owner), f"/automations/{made.pk}/try/"
    assert 'value="anna@example.org"' in page(client, url)
    asked = {"start_0": "01.06.2026", "start_1": "15:00", "reaction": "opens"}
    shown = page(client, url, address="anna@", **asked)
    assert "Would be sent" in shown and "Would be done" in shown and "Finished" in shown
    assert "No recipient has this address." in page(client, url, address="nobody@", **asked)
    assert "Play" in page(client, url, address="", **asked)
    made.draft["steps"][0].pop("message")
    made.save()
    shown = page(client, url, address="anna@", **asked)
    assert "The draft cannot be played yet:" in shown and "Choose a message." in shown
    assert client_of(ManagerFactory.create()).get(url).status_code == 200
    assert client_of(UserFactory.create()).get(url).status_code == 404
