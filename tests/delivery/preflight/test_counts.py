"""The figures are exact: those of a slow count in Python, one person at a time."""

from __future__ import annotations

import random

import pytest
from django.conf import LazySettings

from apps.core.content.program.conditions import Condition, Rule
from apps.delivery.preflight.checks.placeholders import PlaceholderCheck
from apps.delivery.preflight.letter import Letter, Written
from apps.mailings.models import Mailing, Recipient, Suppression, Tag
from apps.mailings.services.reach import audience_of
from tests.delivery.preflight.faults import looked_at, said, tools
from tests.factories import MailingFactory, RecipientFactory

pytestmark = pytest.mark.django_db

PEOPLE = 3_000
CITIES: tuple[object, ...] = ("Tver", "", None, "Kazan", [])


@pytest.fixture(autouse=True)
def _english(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def mailing() -> Mailing:
    """Some archived, some suppressed, some without an address, half of them outside the tag."""
    chance = random.Random(7)
    mailing = MailingFactory.create(everyone=False)
    tag = Tag.objects.create(owner=mailing.owner, name="some")
    mailing.filter_tags.add(tag)
    people = []
    for number in range(PEOPLE):
        city = chance.choice(CITIES)
        email = f"p{number}@example.org" if chance.random() < 0.9 else None
        person = Recipient(
            owner=mailing.owner,
            email=email,
            phone=None if email and chance.random() < 0.5 else f"7916{number:07d}",
            full_name=chance.choice(["", "Anna"]),
            attributes={"points": 5} if city is None else {"city": city},
        )
        people.append(person)
    rows = Recipient.objects.bulk_create(people)
    Recipient.tags.through.objects.bulk_create(
        Recipient.tags.through(recipient=row, tag=tag) for row in rows[::2]
    )
    Suppression.objects.bulk_create(
        Suppression(owner=mailing.owner, channel="email", address=row.email, reason="manual")
        for row in rows[::7]
        if row.email
    )
    RecipientFactory.create(email="other@example.org", attributes={})
    return mailing


def slowly(mailing: Mailing) -> list[Recipient]:
    """Who would get it, found one by one."""
    stopped = set(Suppression.objects.values_list("address", flat=True))
    tagged = Recipient.objects.filter(tags__in=mailing.filter_tags.all(), archived_at=None)
    return [one for one in tagged if one.email and one.email not in stopped]


def test_the_missing_data_of_everybody_who_gets_it(mailing: Mailing) -> None:
    names = ["full_name", "phone", "city", "attributes.city", "points", "nickname"]
    total, lacking = audience_of(mailing).lacking(["email"], names)
    people = slowly(mailing)
    assert total == len(people) > 1_000
    assert lacking == {
        "full_name": sum(not one.full_name for one in people),
        "phone": sum(not one.phone for one in people),
        "city": sum(not one.attributes.get("city") for one in people),
        "attributes.city": sum(not one.attributes.get("city") for one in people),
        "points": sum("points" not in one.attributes for one in people),
        "nickname": len(people),
    }


def test_many_people_are_counted_window_by_window_and_come_to_the_same(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = audience_of(mailing).lacking(["email"], ["city"])
    monkeypatch.setattr("apps.mailings.services.reach.WINDOW", 700)
    monkeypatch.setattr("apps.mailings.services.reach.Audience.is_large", True)
    assert audience_of(mailing).lacking(["email"], ["city"]) == whole


def test_the_rows_say_these_figures(mailing: Mailing) -> None:
    mailing.message.subject = "{{ nickname }}!"
    mailing.message.text = '{{ city | default: "you" }} {{ full_name }} {{ unsubscribe_url }}'
    mailing.message.html = "{% if points %}<p>{{ points }}</p>{% endif %}"
    mailing.message.html += "<a href='{{ unsubscribe_url }}'>x</a>"
    mailing.message.save()
    people, found = slowly(mailing), looked_at(mailing)
    total = f"{len(people):,}"
    cities = f"{sum(not one.attributes.get('city') for one in people):,}"
    names = f"{sum(not one.full_name for one in people):,}"
    points = f"{sum('points' not in one.attributes for one in people):,}"
    fallback, nothing = "the message provides for that.", "they see nothing there."
    assert said(found, "placeholders") == [
        ("pass", f"Without “city”: {cities} of {total}; {fallback}"),
        ("warn", f"Without “full_name”: {names} of {total}; {nothing}"),
        ("fail", "No recipient has “nickname”."),
        ("pass", f"Without “points”: {points} of {total}; {fallback}"),
    ]
    audience = dict((sentence, result) for result, sentence in said(found, "audience"))
    assert audience[f"Recipients: {total} of 1,500."] == "pass"
    addressless = Recipient.objects.filter(tags__isnull=False, email=None).count()
    assert f"Left out, No address: {addressless}." in audience
    assert f"Left out, Address suppressed: {1_500 - addressless - len(people)}." in audience


def test_what_only_some_see_is_counted_among_those_who_see_it(mailing: Mailing) -> None:
    tag = Tag.objects.create(owner=mailing.owner, name="clients")
    people = slowly(mailing)
    for person in people[::3]:
        person.tags.add(tag)
    of_tag = Condition((Rule("tag", "is", id=tag.pk),))
    of_city = Condition((Rule("field", "is", "city", value="Tver"),))
    letter = Letter(mailing)
    names = frozenset({"full_name"})
    vars(letter)["html"] = [
        Written("{{ full_name }}", (of_tag, of_city), True, names),
        Written("{{ points }}", (of_city,), True, frozenset({"points"})),
    ]
    vars(letter)["text"] = []
    mailing.message.subject = "News"
    seen = [one for one in people[::3] if one.attributes.get("city") == "Tver"]
    of_tver = sum(one.attributes.get("city") == "Tver" for one in people)
    nameless = sum(not one.full_name for one in seen)
    assert 0 < nameless < len(seen) < of_tver
    found = [(one.result, one.sentence) for one in PlaceholderCheck().run(letter, tools(), 30.0)]
    nothing = "they see nothing there."
    assert found == [
        ("warn", f"Without “full_name”: {nameless} of {len(seen)}; {nothing}"),
        ("fail", "No recipient has “points”."),
    ]
