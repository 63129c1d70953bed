"""The people of an automation: found by step and state, tried again, passed on, removed."""

from __future__ import annotations

import re

import pytest

from apps.automations.models import Enrolment
from apps.mailings.models import Recipient, Run
from tests.automations.stage import Stage, letter, staged, tagging, waiting
from tests.automations.views.test_pages import client_of, page
from tests.factories import ManagerFactory, RecipientFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed() -> Stage:
    """Two who have no date and a third one with it, who waits."""
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    until = waiting("until", field="birthday", days=0)
    made = staged(tagging(tag), until, waiting("rest", seconds=3600), owner=owner)
    made.enrolled(2)
    made.enrol(made.person(attributes={"birthday": "2090-01-31"}, email="anna@kofein.example"))
    made.turn(seconds=1)
    return made


def ids(stage: Stage, state: str) -> list[int]:
    rows = Enrolment.objects.filter(automation=stage.automation, state=state)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def test_people_are_found_by_state_step_and_what_they_did(failed: Stage) -> None:
    client, url = client_of(failed.owner), f"/automations/{failed.automation.pk}/people/"
    shown = page(client, url)
    assert shown.count('name="ids"') == 3
    assert "the date is missing" in shown and "Wait 1 hour" in shown
    for params, count in (
        ({"state": "failed"}, 2),
        ({"state": "inside"}, 3),
        ({"state": "nonsense"}, 3),
        ({"step": "until", "did": "here"}, 3),
        ({"step": "until", "did": "came"}, 3),
        ({"step": "tag", "did": "came"}, 3),
        ({"step": "tag", "did": "on"}, 3),
        ({"step": "tag", "did": "left"}, 0),
        ({"version": "1"}, 3),
        ({"version": "2"}, 0),
        ({"q": "anna@kofein"}, 1),
    ):
        assert page(client, url, **params).count('name="ids"') == count, params
    assert "Nobody fits these filters." in page(client, url, state="unknown")


def test_letters_lead_to_those_who_got_them() -> None:
    owner = UserFactory.create()
    made = staged(letter(owner), waiting(seconds=3600), owner=owner)
    made.enrolled(2)
    made.turn(seconds=1)
    first = made.letters()[0]
    first.state = "sent"
    first.save()
    Run.objects.filter(pk=first.run_id).update(pending=1, sent=1)
    client, pk = client_of(owner), made.automation.pk
    url = f"/automations/{pk}/people/"
    assert page(client, url, step="letter", did="sent").count('name="ids"') == 1
    assert page(client, url, step="letter", did="opened").count('name="ids"') == 0
    assert re.search(r'did=sent">sent <b ?>1</b>', page(client, f"/automations/{pk}/"))


def test_the_failed_try_again_or_pass_over_their_step(failed: Stage) -> None:
    client, url = client_of(failed.owner), f"/automations/{failed.automation.pk}/people/act/"
    first, second = ids(failed, "failed")
    people = Recipient.objects.filter(enrolments=first)
    people.update(attributes={"birthday": "2090-05-05"})
    answer = client.post(url, {"act": "retry", "ids": [first], "state": "failed"})
    assert answer["Location"] == f"/automations/{failed.automation.pk}/people/?state=failed"
    failed.turn(seconds=1)
    assert failed.states() == {"waiting": 2, "failed": 1}
    client.post(url, {"act": "skip", "scope": "all", "state": "failed"})
    failed.assert_equation()
    assert failed.at(Recipient.objects.get(enrolments=second)) == "rest"
    client.post(url, {"act": "skip", "ids": [first]})
    assert "Nobody has failed here." in page(client, f"/automations/{failed.automation.pk}/people/")


def test_people_are_removed_and_counted_at_their_step(failed: Stage) -> None:
    client, pk = client_of(failed.owner), failed.automation.pk
    foreign = staged(waiting(seconds=60))
    foreign.enrolled(1)
    other = Enrolment.objects.get(automation=foreign.automation).pk
    data = {"act": "remove", "ids": [*ids(failed, "failed"), other]}
    client.post(f"/automations/{pk}/people/act/", data)
    failed.assert_equation()
    assert failed.states() == {"left": 2, "waiting": 1} and foreign.states() == {"waiting": 1}
    shown = page(client, f"/automations/{pk}/")
    assert "removed manually: 2" in shown
    assert 'step=until&amp;did=left">left <b>2</b>' in shown
    assert page(client, f"/automations/{pk}/people/", step="until", did="left").count("ids") == 2


def test_people_can_be_exported(failed: Stage) -> None:
    answer = client_of(failed.owner).get(
        f"/automations/{failed.automation.pk}/people/export/csv/", {"state": "failed"}
    )
    assert b"".join(answer.streaming_content).count(b"no_date") == 2  # type: ignore[attr-defined]


def test_a_manager_sees_people_and_does_nothing_to_them(failed: Stage) -> None:
    client = client_of(ManagerFactory.create())
    url = f"/automations/{failed.automation.pk}/people/"
    shown = page(client, url)
    assert 'name="ids"' not in shown and "the date is missing" in shown
    assert client.post(f"{url}act/", {"act": "remove"}).status_code == 403


def test_the_page_of_a_recipient_says_where_and_what_next(failed: Stage) -> None:
    client = client_of(failed.owner)
    person = Recipient.objects.get(email="anna@kofein.example")
    assert f"/recipients/{person.pk}/automations/" in page(client, f"/recipients/{person.pk}/")
    url = f"/recipients/{person.pk}/automations/"
    shown = page(client, url)
    assert "Wait until the date in “birthday”" in shown and "Next: Wait 1 hour" in shown
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert part.split()[0] == "<section"
    (enrolment,) = ids(failed, "waiting")
    data = {"act": "remove", "ids": enrolment, "recipient": person.pk}
    answer = client.post(f"/automations/{failed.automation.pk}/people/act/", data)
    assert answer["Location"] == url
    shown = page(client, url)
    assert "removed manually" in shown and 'value="remove"' not in shown
    nobody = RecipientFactory.create(owner=failed.owner)
    assert "in no automation" in page(client, f"/recipients/{nobody.pk}/automations/")


def test_people_are_let_in_by_address_and_by_tag(failed: Stage) -> None:
    client, pk = client_of(failed.owner), failed.automation.pk
    url = f"/automations/{pk}/people/"
    one = failed.person(email="late@example.org")
    tagged = failed.person()
    tag = TagFactory.create(owner=failed.owner, name="late")
    tagged.tags.add(tag)
    foreign = RecipientFactory.create(email="late2@example.org")
    assert "Add people" in page(client, url) and ">late</option>" in page(client, url)
    client.post(f"{url}add/", {"address": "late@example.org"})
    client.post(f"{url}add/", {"tag": tag.pk})
    client.post(f"{url}add/", {"address": "late2@example.org"})
    client.post(f"{url}add/", {"address": "late@example.org"})
    assert "0 recipients came in." in page(client, url)
    inside = Enrolment.objects.filter(recipient__in=[one, tagged, foreign])
    assert {entry.recipient for entry in inside} == {one, tagged}
    client.post(f"/automations/{pk}/act/stop/")
    client.post(f"{url}add/", {"tag": tag.pk})
    shown = page(client, url)
    assert "nobody comes in" in shown and "Add people" not in shown
