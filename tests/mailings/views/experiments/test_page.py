"""The page of a mailing's experiment: planned, changed, removed and chosen; without a script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.mailings.models import Experiment, Mailing, Run, RunExperiment
from apps.mailings.services.mailings import duplicate_mailing
from tests.factories import MailingFactory, MessageFactory, RunFactory, VariantFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db

FORM = {
    "metric": "clicks",
    "goal": "",
    "share": "20",
    "wait_minutes": "240",
    "if_undecided": "ask",
    "subject_2": "Другая тема",
}
FIGURES = [
    {"count": 1000, "events": 50, "best": 0.03, "low": 0.038, "high": 0.065},
    {"count": 1000, "events": 70, "best": 0.97, "low": 0.056, "high": 0.088},
]


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


@pytest.fixture
def mailing(cast: Cast) -> Mailing:
    return MailingFactory.create(owner=cast.owner)


def place(mailing: Mailing) -> str:
    return f"/mailings/{mailing.pk}/experiment/"


def page(client: Client, mailing: Mailing) -> str:
    return client.get(place(mailing)).content.decode()


def run_of(mailing: Mailing, **fields: Any) -> Run:
    """A run that waits for its experiment."""
    run = RunFactory.create(
        mailing=mailing,
        state="paused",
        reason="experiment_undecided",
        frozen_at=timezone.now(),
    )
    variants = [{"subject": "Первая"}, {"subject": "Другая"}]
    RunExperiment.objects.create(run=run, variants=variants, **fields)
    return run


def test_it_is_planned_changed_and_removed(anna: Client, mailing: Mailing) -> None:
    assert anna.post(place(mailing), FORM).status_code == 302
    experiment = Experiment.objects.get(mailing=mailing)
    assert (experiment.share, experiment.if_undecided) == (20, "ask")
    assert [one.subject for one in experiment.variants.all()] == ["Другая тема"]
    assert "Другая тема" in page(anna, mailing)

    other = MessageFactory.create(owner=mailing.owner)
    anna.post(place(mailing), {**FORM, "share": "50", "message_4": other.pk})
    experiment.refresh_from_db()
    variants = experiment.variants.values_list("number", "subject", "message")
    assert experiment.share == 50
    assert list(variants) == [(2, "Другая тема", None), (3, "", other.pk)]

    anna.post(place(mailing), {"act": "remove"})
    assert not Experiment.objects.exists()


def test_a_variant_may_differ_in_nothing_but_its_hour(anna: Client, mailing: Mailing) -> None:
    anna.post(place(mailing), {**FORM, "subject_2": "", "hour_2": "0", "hour_3": "18"})
    experiment = Experiment.objects.get(mailing=mailing)
    assert [one.hour for one in experiment.variants.all()] == [0, 18]
    shown = page(anna, mailing)
    assert '<option value="18" selected>18:00</option>' in shown
    assert '<option value="0" selected>00:00</option>' in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject_2": ""},
        {"share": "9"},
        {"wait_minutes": "7"},
        {"metric": "goal"},
        {"message_2": "999999"},
        {"hour_2": "24"},
    ],
)
def test_what_cannot_be_tried_is_said_and_not_kept(
    anna: Client, mailing: Mailing, wrong: dict[str, str]
) -> None:
    answer = anna.post(place(mailing), {**FORM, **wrong})
    assert answer.status_code == 200
    assert not Experiment.objects.exists()


def test_another_users_message_is_not_offered(anna: Client, mailing: Mailing) -> None:
    answer = anna.post(place(mailing), {**FORM, "message_2": MessageFactory.create().pk})
    assert answer.status_code == 200
    assert not Experiment.objects.exists()


def test_while_it_is_sent_nothing_is_changed(anna: Client, mailing: Mailing) -> None:
    run_of(mailing)
    anna.post(place(mailing), FORM)
    assert not Experiment.objects.exists()
    assert "subject_2" not in page(anna, mailing)


def test_the_one_who_is_asked_chooses(anna: Client, cast: Cast, mailing: Mailing) -> None:
    run = run_of(mailing, judged_at=timezone.now(), figures=FIGURES, if_undecided="ask")
    shown = page(anna, mailing)
    assert 'value="choose"' in shown and "97" in shown
    assert 'value="choose"' not in page(cast.client("manager"), mailing)

    anna.post(place(mailing), {"act": "choose", "variant": "2"})
    row = RunExperiment.objects.get(run=run)
    assert (row.chosen, row.by, row.person) == (2, "person", cast.owner.email)
    run.refresh_from_db()
    assert run.state == "queued"
    assert 'value="choose"' not in page(anna, mailing)


def test_the_winner_is_said_with_its_probability(anna: Client, mailing: Mailing) -> None:
    now = timezone.now()
    chosen = {"winner": 2, "chosen": 2, "by": "figures", "decided_at": now}
    run_of(mailing, judged_at=now, figures=FIGURES, **chosen)
    anna.cookies["django_language"] = "en"
    assert "B is better with 97 % probability." in page(anna, mailing)


def test_a_copy_of_the_mailing_tries_the_same(mailing: Mailing) -> None:
    VariantFactory.create(experiment__mailing=mailing, experiment__share=35)
    copy = duplicate_mailing(mailing=mailing, now=timezone.now())
    assert copy.experiment.share == 35
    assert [one.subject for one in copy.experiment.variants.all()] == ["Другая тема"]
    assert mailing.experiment.pk != copy.experiment.pk
