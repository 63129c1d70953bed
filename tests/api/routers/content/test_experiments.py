"""`/api/mailings/{id}/experiment/`: set, read, chosen and removed by a program."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Mailing, RunExperiment
from tests.api.conftest import Voice
from tests.factories import MailingFactory, RunFactory

pytestmark = pytest.mark.django_db

FIGURES = [{"count": 10, "events": 5, "best": 0.5, "low": 0.2, "high": 0.8}] * 2


@pytest.fixture
def mailing(anna: Voice) -> Mailing:
    return MailingFactory.create(owner=anna.user)


def body(answer: Any) -> Any:
    return answer.json()


def test_it_is_set_read_and_removed(anna: Voice, mailing: Mailing) -> None:
    place = f"/api/mailings/{mailing.pk}/experiment/"
    assert anna.get(place).status_code == 404
    variants = [{"subject": "B"}, {"preheader": "C"}, {"hour": 0}]
    made = body(anna.put(place, {"variants": variants, "share": 30}))
    found = [(one["letter"], one["subject"], one["hour"]) for one in made["variants"]]
    assert found == [("B", "B", None), ("C", "", None), ("D", "", 0)]
    assert (made["share"], made["metric"], made["result"]) == (30, "clicks", None)
    assert body(anna.get(place)) == made
    assert anna.delete(place).status_code == 204
    assert anna.delete(place).status_code == 404


@pytest.mark.parametrize(
    "given",
    [{"variants": [{}]}, {"variants": [{"subject": "B"}] * 5}, {"variants": [{"hour": 24}]}],
)
def test_what_cannot_be_tried_is_refused(
    anna: Voice, mailing: Mailing, given: dict[str, Any]
) -> None:
    assert anna.put(f"/api/mailings/{mailing.pk}/experiment/", given).status_code == 422


def test_a_program_chooses_when_it_is_asked(anna: Voice, mailing: Mailing) -> None:
    place = f"/api/mailings/{mailing.pk}/experiment/"
    anna.put(place, {"variants": [{"subject": "B"}], "if_undecided": "ask"})
    run = RunFactory.create(mailing=mailing, state="paused", reason="experiment_undecided")
    row = RunExperiment.objects.create(
        run=run, variants=[{"subject": "A"}, {"subject": "B"}], if_undecided="ask"
    )
    refused = anna.post(f"{place}choose/", {"variant": 2})
    assert (refused.status_code, body(refused)["code"]) == (409, "experiment_not_asked")
    RunExperiment.objects.filter(pk=row.pk).update(judged_at=timezone.now(), figures=FIGURES)
    assert body(anna.get(place))["result"]["asked"] is True
    chosen = body(anna.post(f"{place}choose/", {"variant": 2}))["result"]
    assert (chosen["chosen"], chosen["by"], chosen["asked"]) == ("B", "person", False)
    assert chosen["variants"][0]["best"] == 0.5
