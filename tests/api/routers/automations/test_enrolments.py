"""Whom programs let try again, pass over a step or leave, and where one recipient is."""

from __future__ import annotations

import pytest

from apps.automations.models import Enrolment
from tests.api.conftest import Voice
from tests.api.routers.automations.test_automations import URL, user_of
from tests.automations.stage import Stage, staged, waiting
from tests.factories import RecipientFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(anna: Voice) -> Stage:
    """Three who have failed at a wait for a date that they do not have."""
    stage = staged(waiting("date", field="birthday"), waiting(seconds=60), owner=user_of(anna))
    stage.enrolled(3)
    stage.turn()
    assert stage.states() == {"failed": 3}
    return stage


def test_the_failed_try_again_or_pass_over_their_step(anna: Voice, failed: Stage) -> None:
    url = f"{URL}{failed.automation.pk}/enrolments/"
    one, *_others = Enrolment.objects.values_list("pk", flat=True)
    assert anna.post(f"{url}retry/", {"enrolments": [one]}).json() == {"count": 1}
    assert failed.states() == {"failed": 2, "waiting": 1}
    assert anna.post(f"{url}skip/", {"step": "date"}).json() == {"count": 2}
    failed.assert_equation()
    assert anna.get(f"{url}?step=date&did=on").json()["count"] == 2
    assert anna.post(f"{url}retry/", {"state": "failed"}).json()["code"] == "not_enrolled"
    assert anna.post(f"{url}retry/", {}).status_code == 422


def test_several_are_removed_at_once(anna: Voice, bob: Voice, failed: Stage) -> None:
    url = f"{URL}{failed.automation.pk}/enrolments/remove/"
    assert bob.post(url, {"state": "failed"}).status_code == 404
    assert anna.post(url, {"state": "failed", "step": "wait"}).json() == {"count": 0}
    assert anna.post(url, {"state": "failed"}).json() == {"count": 3}
    assert set(Enrolment.objects.values_list("reason", flat=True)) == {"removed"}


def test_everybody_with_a_tag_is_brought_in(anna: Voice, failed: Stage) -> None:
    tag = TagFactory.create(owner=failed.owner, name="vip")
    persons = RecipientFactory.create_batch(2, owner=failed.owner)
    tag.recipients.add(*persons)
    url = f"{URL}{failed.automation.pk}/enrol/"
    assert anna.post(url, {"tag": "vip"}).json() == {"entered": 2, "kept_out": 0}
    assert anna.post(url, {"tag": "vip"}).json() == {"entered": 0, "kept_out": 2}
    assert anna.post(url, {"tag": TagFactory.create().name}).status_code == 404
    path = f"/api/recipients/{persons[0].pk}/automations/"
    (row,) = anna.get(path).json()["items"]
    assert (row["automation"], row["state"]) == (failed.automation.pk, "waiting")
