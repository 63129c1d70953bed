"""The proof of work and the sealed token of a page."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.feedback.models import UsedChallenge
from apps.feedback.services.signups import proof
from apps.feedback.services.signups.alarms import is_flooded
from tests.feedback.signups import live_form, sign_up, solution_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "USUAL_WORK", 50)


def test_a_solved_challenge_is_good_once() -> None:
    now = timezone.now()
    solution = solution_of(proof.new_challenge(slug="abc", flood=False, now=now))
    assert proof.spend(solution, slug="abc", now=now)
    with pytest.raises(proof.ProofUsed):
        proof.spend(solution, slug="abc", now=now)
    assert UsedChallenge.objects.count() == 1


def test_a_challenge_is_for_its_form_and_its_time() -> None:
    now = timezone.now()
    of_another = solution_of(proof.new_challenge(slug="other", flood=False, now=now))
    assert not proof.spend(of_another, slug="abc", now=now)
    old = now - proof.ANSWERED_IN - timedelta(minutes=1)
    assert not proof.spend(
        solution_of(proof.new_challenge(slug="abc", flood=False, now=old)), slug="abc", now=now
    )
    assert not UsedChallenge.objects.exists()


@pytest.mark.parametrize(
    "solution",
    [
        "",
        "nonsense",
        "x" * 5000,
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"{}").decode(),
        base64.b64encode(json.dumps({"algorithm": "MD5"}).encode()).decode(),
        base64.b64encode(
            json.dumps(
                dict(algorithm="SHA-256", challenge="0", number="1", salt=7, signature=None)
            ).encode()
        ).decode(),
    ],
)
def test_nonsense_is_no_proof(solution: str) -> None:
    assert not proof.spend(solution, slug="abc", now=timezone.now())


def test_an_invented_number_is_no_proof() -> None:
    now = timezone.now()
    challenge = proof.new_challenge(slug="abc", flood=False, now=now)
    solved = json.loads(base64.b64decode(solution_of(challenge)))
    wrong = base64.b64encode(json.dumps({**solved, "number": solved["number"] + 1}).encode())
    assert not proof.spend(wrong.decode(), slug="abc", now=now)


def test_a_flood_makes_four_times_the_work() -> None:
    challenge = proof.new_challenge(slug="abc", flood=True, now=timezone.now())
    assert challenge["maxnumber"] == 4 * proof.USUAL_WORK


def test_sixty_sign_ups_in_an_hour_are_a_flood_for_a_quiet_form() -> None:
    form, now = live_form(), timezone.now()
    assert not is_flooded(form.pk, now)
    for number in range(60):
        sign_up(form, f"a{number}@example.org", now=now, ip=None, hold="disposable")
    assert is_flooded(form.pk, now + timedelta(seconds=1)) is False  # kept for a moment
    cache.clear()
    assert is_flooded(form.pk, now + timedelta(seconds=1))


def test_a_page_knows_its_form_its_version_and_its_age() -> None:
    now = timezone.now()
    token = proof.page_token(form_id=5, version_id=9, now=now)
    young = proof.open_token(token, form_id=5, now=now + timedelta(seconds=1))
    assert young == proof.PageToken(9, young=True)
    grown = proof.open_token(token, form_id=5, now=now + timedelta(hours=23))
    assert grown == proof.PageToken(9, young=False)
    assert proof.open_token(token, form_id=6, now=now) is None
    assert proof.open_token(f"{token}x", form_id=5, now=now) is None
    assert proof.open_token("", form_id=5, now=now) is None
    with pytest.raises(proof.FormStale):
        proof.open_token(token, form_id=5, now=now + timedelta(hours=25))
