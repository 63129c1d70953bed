"""``PREFLIGHT`` says what a start asks for; what was found is kept with the run."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.core.errors import Refused
from apps.delivery.engine.runs.preflights import PreflightFailed, PreflightNeeded
from apps.delivery.models import Preflight
from apps.delivery.service import service
from apps.mailings.models import Mailing, Run, Trigger
from tests.delivery.preflight.faults import looked_at
from tests.factories import RecipientFactory, mailing_to

pytestmark = pytest.mark.django_db


def launch(mailing: Mailing) -> None:
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)


def a_failing_one() -> Mailing:
    mailing = mailing_to(1)
    mailing.message.html, mailing.message.text = "<p>There is no link here.</p>", "None"
    mailing.message.save()
    return mailing


def test_offered_asks_for_nothing() -> None:
    launch(a_failing_one())
    assert Run.objects.count() == 1


def test_required_wants_one_of_the_mailing_as_it_is(settings: LazySettings) -> None:
    settings.PREFLIGHT = "required"
    mailing = a_failing_one()
    with pytest.raises(PreflightNeeded):
        launch(mailing)
    looked_at(mailing)
    mailing.message.subject = "Changed since"
    mailing.message.save()
    with pytest.raises(PreflightNeeded):
        launch(mailing)
    assert not Run.objects.exists()
    looked_at(Mailing.objects.get(pk=mailing.pk))
    launch(mailing)
    assert Run.objects.count() == 1


def test_other_parameters_of_its_links_are_another_mailing(settings: LazySettings) -> None:
    settings.PREFLIGHT = "required"
    mailing = mailing_to(1, utm={"source": "news"})
    looked_at(mailing)
    Mailing.objects.filter(pk=mailing.pk).update(utm={"source": "news", "medium": "email"})
    with pytest.raises(PreflightNeeded):
        launch(mailing)
    looked_at(Mailing.objects.get(pk=mailing.pk))
    launch(mailing)
    assert Run.objects.count() == 1


def test_one_that_is_under_way_says_nothing_yet(settings: LazySettings) -> None:
    settings.PREFLIGHT = "required"
    mailing = mailing_to(1)
    kept = looked_at(mailing)
    Preflight.objects.filter(pk=kept.pk).update(state="running")
    with pytest.raises(PreflightNeeded):
        launch(mailing)


def test_clean_wants_one_without_a_fail(settings: LazySettings) -> None:
    settings.PREFLIGHT = "clean"
    mailing = a_failing_one()
    looked_at(mailing)
    with pytest.raises(PreflightFailed):
        launch(mailing)
    mailing.message.text = "Unsubscribe: {{ unsubscribe_url }}"
    mailing.message.html = ""
    mailing.message.save()
    looked_at(Mailing.objects.get(pk=mailing.pk))
    launch(mailing)
    assert Run.objects.count() == 1


def test_the_scheduler_is_refused_like_everybody_and_says_why(settings: LazySettings) -> None:
    settings.PREFLIGHT = "required"
    mailing = mailing_to(1)
    service.dispatch_due()
    mailing.refresh_from_db()
    assert mailing.start_refusal["code"] == "preflight_needed"


@pytest.mark.parametrize(
    "fields", [{"kind": "transactional"}, {"purpose": "confirmation"}], ids=lambda one: str(one)
)
def test_messages_to_one_are_asked_for_nothing(
    fields: dict[str, str], settings: LazySettings
) -> None:
    settings.PREFLIGHT = "clean"
    mailing = mailing_to(0, everyone=False, **fields)
    mailing.recipients.add(RecipientFactory.create(owner=mailing.owner))
    try:
        launch(mailing)
    except Refused as refusal:
        assert not refusal.code.startswith("preflight")


def test_a_run_keeps_what_it_was_started_with() -> None:
    mailing = mailing_to(1)
    kept = looked_at(mailing)
    launch(mailing)
    kept.refresh_from_db()
    assert kept.run == Run.objects.get()
    looked_at(mailing)
    assert Preflight.objects.count() == 2, "a new one replaces none that a run has kept"


def test_a_second_run_of_the_same_gets_its_own_copy() -> None:
    mailing = mailing_to(1)
    looked_at(mailing)
    launch(mailing)
    Run.objects.update(state="done", pending=0)
    Mailing.objects.update(current_run=2, status="created")
    launch(mailing)
    assert [one.run.number for one in Preflight.objects.order_by("pk") if one.run] == [1, 2]


def test_an_outdated_one_is_kept_with_no_run() -> None:
    mailing = mailing_to(1)
    kept = looked_at(mailing)
    mailing.message.subject = "Changed since"
    mailing.message.save()
    launch(mailing)
    kept.refresh_from_db()
    assert kept.run is None
