"""Frequency rules, rules for inactive subscribers and senders, as a program sees them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.models import FrequencyRule, Sender, SunsetCase, SunsetPolicy
from tests.api.conftest import Voice
from tests.factories import MailingListFactory, RecipientFactory, UserFactory

pytestmark = pytest.mark.django_db
RULES = "/api/frequency-rules/"
SUNSET = "/api/sunset/"


def test_rules_are_replaced_as_a_whole(anna: Voice) -> None:
    two = [{"messages": 2, "days": 7}, {"messages": 1, "days": 1, "channel": "phone"}]
    body = anna.put(RULES, {"rules": two}).json()
    assert [rule["days"] for rule in body["rules"]] == [7, 1]
    anna.put(RULES, {"rules": two[:1]})
    assert [rule["messages"] for rule in anna.get(RULES).json()["items"]] == [2]
    twice = anna.put(RULES, {"rules": [two[0], two[0]]})
    assert (twice.status_code, twice.json()["code"]) == (409, "frequency_refused")
    assert anna.put(RULES, {"rules": two * 2}).status_code == 422
    assert FrequencyRule.objects.count() == 1


def test_the_figures_are_ones_own(anna: Voice) -> None:
    RecipientFactory.create(owner=anna.user)
    RecipientFactory.create()
    body = anna.get(f"{RULES}figures/").json()
    assert body == {"people": [1, 0, 0, 0, 0, 0], "waiting": 0, "first_at": None, "skipped": 0}


def test_a_sunset_goes_its_way(anna: Voice) -> None:
    mailing_list = MailingListFactory.create(owner=anna.user)
    made = anna.post(SUNSET, {"list": mailing_list.pk, "action": "end"}).json()
    one = f"{SUNSET}{made['id']}/"
    person = RecipientFactory.create(owner=anna.user)
    policy = SunsetPolicy.objects.get()
    SunsetCase.objects.create(policy=policy, recipient=person)
    assert anna.get(one).json()["figures"]["found"] == 1
    too_early = anna.post(f"{one}asked/")
    assert (too_early.status_code, too_early.json()["code"]) == (409, "sunset_wrong_state")
    assert anna.post(f"{one}approve/").json() == {"count": 1}
    assert anna.post(f"{one}asked/").json() == {"count": 1}
    (case,) = anna.get(f"{one}cases/?state=asked").json()["items"]
    assert (case["recipient"], case["state"]) == (person.pk, "asked")
    SunsetCase.objects.update(state="ended", settled_at=timezone.now())
    assert anna.post(f"{one}undo/").json() == {"count": 1}
    found = anna.get(one).json()["figures"]
    assert found == {"found": 1, "waiting": 0, "kept": 0, "ended": 0, "undone": 1}
    anna.delete(one)
    assert anna.get(SUNSET).json()["items"] == [] and anna.get(one).json()["archived_at"]


def test_a_sunset_is_for_a_list_of_ones_own(anna: Voice) -> None:
    for other in (MailingListFactory.create().pk, 999_999):
        assert anna.post(SUNSET, {"list": other}).status_code == 422
    assert not SunsetPolicy.objects.exists()


def test_senders_are_ones_own_and_the_shared(anna: Voice) -> None:
    assert anna.user is not None
    mine = Sender.objects.create(owner=anna.user, address="news@example.org")
    shared = Sender.objects.create(owner=UserFactory.create(), address="all@a.org", shared=True)
    Sender.objects.create(owner=UserFactory.create(), address="theirs@example.org")
    found = anna.get("/api/senders/").json()["items"]
    assert {row["id"] for row in found} == {mine.pk, shared.pk}
    assert anna.get(f"/api/senders/{shared.pk}/").json()["address"] == "all@a.org"
