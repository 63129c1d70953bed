"""Who signs up alone sends little until a manager has looked: strangers find no open relay."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.delivery.engine.limits import rate_limiter
from apps.delivery.engine.runs.wait_review import review
from apps.mailings.models import Run
from apps.mailings.wait_reasons import reason_of, user_limit
from apps.users.models import User
from config.environment import Environment
from tests.delivery.engine.channels import go_on
from tests.delivery.engine.conftest import Declare, declare
from tests.delivery.engine.workers import send
from tests.factories import PASSWORD, ManagerFactory, UserFactory, mailing_to

__all__ = ["declare"]
pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def sign_up(email: str = "stranger@example.org") -> User:
    given = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    Client().post(reverse("account_signup"), given)
    return User.objects.get(email=email)


@pytest.fixture(autouse=True)
def few(settings: LazySettings) -> None:
    settings.SIGN_UP, settings.LIMIT_PER_NEW_USER_DAY = "open", 4


def test_a_stranger_sends_little_and_the_page_says_why() -> None:
    run = send(mailing_to(9, owner=sign_up()))
    assert (run.sent, run.state, run.reason) == (4, "deferred", "rate_limit")
    with translation.override("en"):
        text = "(4 of 4 today for a new user, until a manager lifts this limit)"
        assert reason_of(run).endswith(text)
    other = send(mailing_to(9, owner=UserFactory.create()))
    assert other.sent == 9


def test_all_mailings_of_a_stranger_share_the_limit() -> None:
    stranger = sign_up()
    assert [send(mailing_to(3, owner=stranger)).sent for _time in range(2)] == [3, 1]


def test_what_a_manager_lifts_goes_on_on_its_own() -> None:
    stranger = sign_up()
    run = send(mailing_to(9, owner=stranger))
    assert review() == 0
    manager = Client()
    manager.force_login(ManagerFactory.create())
    page = manager.get(reverse("management:users"))
    assert page.content.count(b"/probation/") == 1
    answer: Any = manager.post(reverse("management:end_probation", args=[stranger.pk]))
    assert answer.status_code == 302
    assert review() == 1
    assert go_on(run).sent == 9
    assert b"/probation/" not in manager.get(reverse("management:users")).content


def test_a_limit_that_was_lifted_in_mid_run_holds_no_longer(
    settings: LazySettings, declare: Declare
) -> None:
    """The worker had read it before."""
    stranger = sign_up()
    declare(window=1)
    seen = []
    real = rate_limiter.Limiter.reserve

    def lifted_after_two(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(1)
        if len(seen) == 3:
            User.objects.filter(pk=stranger.pk).update(on_probation=False)
        return real(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limiter.Limiter, "reserve", lifted_after_two)
        run = send(mailing_to(9, owner=stranger))
    assert (run.sent, run.outcome) == (9, "success")


@pytest.mark.parametrize(("usual", "new", "sent"), [(0, 0, 9), (6, 0, 6), (3, 4, 3), (6, 4, 4)])
def test_the_smaller_limit_holds(settings: LazySettings, usual: int, new: int, sent: int) -> None:
    settings.LIMIT_PER_USER_DAY, settings.LIMIT_PER_NEW_USER_DAY = usual, new
    assert send(mailing_to(9, owner=sign_up())).sent == sent


def test_whom_a_manager_lets_in_is_not_new(settings: LazySettings) -> None:
    settings.SIGN_UP = "approved"
    stranger = sign_up()
    assert (stranger.awaits_approval, stranger.on_probation) == (True, False)


def test_a_limit_comes_by_default(settings: LazySettings) -> None:
    assert Environment.model_fields["limit_per_new_user_day"].default == 50


def test_runs_that_wait_are_distinguished_in_the_ledger() -> None:
    send(mailing_to(5, owner=sign_up()))
    assert Run.objects.get().reason_detail == user_limit(4, new=True)
