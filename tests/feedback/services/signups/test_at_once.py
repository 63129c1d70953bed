"""Many sign-ups at the same moment, and a process that dies between the form and its email."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from apps.feedback.models import Signup
from apps.feedback.services.signups import proof, windows
from apps.feedback.services.signups.confirm import confirm
from apps.feedback.services.signups.receive import Visitor
from apps.mailings.models import Consent, Delivery, Mailing, Recipient, SignupForm
from tests.feedback.signups import assert_sum, live_form, sign_up, solution_of

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

THREADS = 6


def at_once(act: object, count: int) -> list[object]:
    """Call it so many times, in threads with connections of their own."""

    def one(number: int) -> object:
        try:
            return act(number)  # type: ignore[operator]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(count)))


def test_one_address_at_the_same_moment_is_one_email() -> None:
    form = live_form()
    at_once(lambda _number: sign_up(SignupForm.objects.get(pk=form.pk)), 24)
    assert Delivery.objects.count() == Recipient.objects.count() == 1
    assert assert_sum(form).received == 1


def test_a_limit_lets_in_as_many_as_it_says_and_not_one_more() -> None:
    now, limit = timezone.now(), windows.Limit("test", "x", 7, 60)
    answers = at_once(lambda _number: windows.take([(limit, "k")], now=now), 40)
    assert answers.count(None) == 7
    assert windows.used(limit, "k", now=now) == 7


def test_one_proof_lets_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "USUAL_WORK", 50)
    now = timezone.now()
    solution = solution_of(proof.new_challenge(slug="abc", flood=False, now=now))

    def hand_in(_number: int) -> bool:
        try:
            return proof.spend(solution, slug="abc", now=now)
        except proof.ProofUsed:
            return False

    assert at_once(hand_in, 12).count(True) == 1


def test_confirming_twice_at_the_same_moment_is_one_confirmation() -> None:
    form = live_form()
    signup = sign_up(form)
    at_once(lambda _number: confirm(signup=signup, visitor=Visitor(), now=timezone.now()), 6)
    assert Consent.objects.filter(act="confirmed").count() == 1
    assert assert_sum(form).confirmed == 1


CHILD = """
import sys
import django
from django.conf import settings
django.setup()
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = sys.argv[1]
from django.utils import timezone
from apps.mailings.models import SignupForm
from tests.feedback.signups import sign_up
form = SignupForm.objects.get()
print("ready", flush=True)
for number in range(10_000):
    sign_up(form, f"a{number}@example.org", ip=None, proved=True)
"""


@pytest.mark.faults
def test_a_killed_process_leaves_both_or_neither() -> None:
    """Whatever statement it was at: no email without its sign-up, no sign-up without its email."""
    if connection.vendor == "sqlite" and ":memory:" in str(connection.settings_dict["NAME"]):
        pytest.skip("a database in memory has no second process")
    form = live_form()
    for delay in (0.05, 0.11, 0.23):
        before = Signup.objects.count()
        kill_after(delay, started=timezone.now())
        assert Signup.objects.count() > before
        waiting = Signup.objects.filter(state="waiting")
        assert waiting.count() == Delivery.objects.count() == Mailing.objects.count()
        assert set(waiting.values_list("delivery_id", flat=True)) == set(
            Delivery.objects.values_list("pk", flat=True)
        )
        assert not Signup.objects.filter(code="new").exists()
        sign_up_again(form)
        assert_sum(form)


def sign_up_again(form: SignupForm) -> None:
    """The people whose form the process had when it died: nobody gets a second email."""
    last = Signup.objects.count()
    for number in range(max(last - 3, 0), last + 1):
        sign_up(form, f"a{number}@example.org", ip=None, proved=True)
    addresses = list(Delivery.objects.values_list("address", flat=True))
    assert len(addresses) == len(set(addresses))


def kill_after(delay: float, started: datetime) -> None:
    """Let a process sign people up, and kill it so many seconds after its first ones."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    name = str(connection.settings_dict["NAME"])
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, name],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=settings.BASE_DIR,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        deadline = time.monotonic() + 20
        while not Signup.objects.filter(received_at__gt=started).exists():
            assert time.monotonic() < deadline
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
