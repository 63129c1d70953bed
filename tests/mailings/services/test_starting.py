"""Manual starts are counted in one place, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.core.http.throttle import PERIOD, TooOften, count_test
from apps.core.slots import planner
from apps.mailings.models import Mailing, Trigger
from apps.mailings.services import starting
from apps.users.models import User
from tests.api.conftest import voice_of
from tests.factories import MailingFactory, RecipientFactory, RunFactory, UserFactory, confirmed
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db

MOST = 10


@pytest.fixture
def owner() -> User:
    return confirmed(UserFactory.create())


@pytest.fixture
def dispatched() -> Iterator[RecordingDispatcher]:
    fake = RecordingDispatcher()
    with dispatching(fake):
        yield fake


def use_up(owner: User) -> None:
    for mailing in MailingFactory.create_batch(MOST, owner=owner):
        starting.start(mailing_id=mailing.pk, trigger=Trigger.MANUAL)


@pytest.mark.parametrize("verb", ["start", "reset", "retry-failed", "send-remaining"])
def test_the_api_answers_429_and_when_it_can_be_done_again(
    owner: User, dispatched: RecordingDispatcher, verb: str
) -> None:
    use_up(owner)
    one_more = MailingFactory.create(owner=owner)
    answer = voice_of(owner).post(f"/api/mailings/{one_more.pk}/{verb}/")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_often")
    assert 0 < int(answer["Retry-After"]) <= PERIOD
    assert len(dispatched.calls) == MOST


@pytest.mark.parametrize(
    "text",
    [
        ["mailing", "start"],
        ["mailing", "reset"],
        ["mailing", "retry-failed"],
        ["mailing", "send-remaining"],
        ["mailing", "set-status", Mailing.Status.RUNNING],
        ["send_mailing"],
    ],
)
def test_a_command_leaves_with_2_and_says_why(
    owner: User,
    dispatched: RecordingDispatcher,
    text: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_up(owner)
    one_more = MailingFactory.create(owner=owner)
    place = 2 if text[0] == "mailing" else 1
    with pytest.raises(SystemExit) as left:
        call_command(*text[:place], str(one_more.pk), *text[place:])
    assert left.value.code == 2
    assert "[too_often]" in capsys.readouterr().err
    assert len(dispatched.calls) == MOST


def test_a_status_changed_on_the_page_is_counted_with_the_starts_of_the_api(
    owner: User, dispatched: RecordingDispatcher
) -> None:
    voice = voice_of(owner)
    for mailing in MailingFactory.create_batch(MOST, owner=owner):
        assert voice.post(f"/api/mailings/{mailing.pk}/start/").status_code == 200
    with pytest.raises(TooOften):
        starting.change_status(mailing_id=mailing.pk, status="running", actor="anna")


def test_another_users_starts_are_not_counted(owner: User, dispatched: RecordingDispatcher) -> None:
    use_up(owner)
    theirs = MailingFactory.create()
    assert starting.start(mailing_id=theirs.pk, trigger=Trigger.API).created


def test_who_joins_a_run_is_not_counted(owner: User) -> None:
    run = RunFactory.create(mailing__owner=owner)
    for _click in range(MOST + 1):
        assert not starting.start(mailing_id=run.mailing_id, trigger=Trigger.API).created


def test_what_starts_by_its_plan_is_not_counted(owner: User) -> None:
    RecipientFactory.create(owner=owner)
    MailingFactory.create_batch(MOST + 1, owner=owner)
    assert len(planner.value.dispatch_due()) == MOST + 1


def test_the_test_of_an_account_is_counted_with_the_tests_of_messages(
    owner: User, client: Client, settings: LazySettings
) -> None:
    owner.is_superuser = True
    owner.save()
    client.force_login(owner)
    for _test in range(5):
        count_test(owner.pk)
    answer = client.post(reverse("sending:test", args=["email"]), follow=True)
    assert "too often" in answer.content.decode()
    assert not settings.OUTBOX_DIR.exists()
