"""A letter that takes long fails alone, and holds neither its account nor the lease."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from apps.core.content.template_language import RenderRefused, TemplateFailed
from apps.core.content.time_budget import look_at_the_clock
from apps.core.contracts import Claimed, Letter
from apps.delivery.engine.render import filled, render
from apps.mailings.models import Attempt, Delivery
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MessageFactory, mailing_to

pytestmark = pytest.mark.engine


class Slow:
    """Writes a letter in so many seconds; the third takes for ever."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def fill(self, claimed: Claimed) -> Letter:
        until = time.thread_time() + (60 if claimed.delivery_id == 3 else self.seconds)
        while time.thread_time() < until:
            look_at_the_clock()
        return Letter(claimed.delivery_id, "", claimed.address, b"")


def claimed(count: int) -> list[Claimed]:
    return [Claimed(number, number, f"a{number}@example.org", 1) for number in range(count)]


@pytest.fixture
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.delivery.engine.render.MAX_SECONDS", 0.02)


@pytest.mark.usefixtures("little_time")
def test_a_letter_without_end_fails_alone() -> None:
    done = render(Slow(0), claimed(5), seconds=60)
    assert [letter.delivery_id for letter in done.letters] == [0, 1, 2, 4]
    (refused,) = done.rejected
    assert refused.delivery_id == 3
    assert refused.response.startswith("@template_failed ")
    assert done.left == []


def test_writing_ends_in_time_for_the_next_beat() -> None:
    done = render(Slow(0.02), claimed(3), seconds=0.01)
    assert len(done.letters) == 1
    assert [one.delivery_id for one in done.left] == [1, 2]


@pytest.mark.usefixtures("little_time")
def test_a_test_letter_has_the_same_time() -> None:
    with pytest.raises(TemplateFailed):
        filled(Slow(0), Claimed(3, 3, "a@example.org", 1))
    assert issubclass(TemplateFailed, RenderRefused)


@pytest.mark.django_db(transaction=True)
def test_a_run_of_slow_letters_keeps_its_lease_and_reaches_everybody(
    mocker: MockerFixture, tmp_path: Path
) -> None:
    """Each spell is over after one letter: claimed ones wait for the next, and none is lost."""
    clock = mocker.Mock(monotonic=mocker.Mock(side_effect=itertools.count()))
    mocker.patch("apps.delivery.engine.render.time", clock)
    mailing = mailing_to(7)
    run = send(mailing)
    assert (run.sent, run.outcome) == (7, "success")
    assert_equation(run)
    assert Attempt.objects.filter(delivery__run=run).count() == 7
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 7


@pytest.mark.django_db(transaction=True)
def test_a_value_that_makes_a_letter_endless_harms_nobody_else() -> None:
    html = (
        "{% for i in (1..attributes.n) %}{% for j in (1..20) %}"
        + "<b></b>" * 100
        + "{% endfor %}{% endfor %}<p>x</p>"
    )
    mailing = mailing_to(3, message=MessageFactory.create(text="", html=html))
    greedy = mailing.owner.recipients.first()
    greedy.attributes = {"n": "90"}
    greedy.save()
    run = send(mailing)
    assert (run.sent, run.failed) == (2, 1)
    failed = Delivery.objects.get(run=run, state="failed")
    assert failed.recipient_id == greedy.pk
