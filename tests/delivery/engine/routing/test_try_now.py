"""“Try now” tries, or says why not, and never makes the wait longer."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.core.errors import Refused
from apps.core.values.opening_hours import OpeningHours
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Run
from tests import http_service as http
from tests.delivery.engine.channels import go_on
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import send
from tests.factories import MailingFactory, RecipientFactory, mailing_to
from tests.http_service import HttpService

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]
LATER = http.json_reply({"code": 7})
YES = http.json_reply({"code": 0})


def to_phones(count: int) -> Mailing:
    mailing: Mailing = MailingFactory.create(channel="phone", account="sms")
    for number in range(count):
        RecipientFactory.create(owner=mailing.owner, email=None, phone=f"79{number:09d}")
    return mailing


def press(run: Run) -> Run:
    DispatchService().resume(mailing_id=run.mailing_id)
    return go_on(run)


@pytest.fixture
def service(declare: Declare) -> Any:
    with HttpService(LATER) as service:
        declare("sms", kind="gateway", url=service.url, token="t", timeout=5)
        yield service


def test_who_was_deferred_is_tried_at_once(service: HttpService, clock: ShiftedClock) -> None:
    run = send(to_phones(3))
    assert (run.state, run.reason) == ("deferred", "transient_error")
    service.usual = YES
    run = press(run)
    assert (run.state, run.sent) == ("done", 3)


def test_presses_use_up_nobodys_tries_and_make_no_wait_longer(
    service: HttpService, clock: ShiftedClock
) -> None:
    run = send(to_phones(2))
    first = run.deferred_until - clock.now()
    for _ in range(8):
        run = press(run)
        assert (run.state, run.reason) == ("deferred", "transient_error")
        assert run.deferred_until - clock.now() <= first * 1.2  # of the jitter
    assert run.failed == 0
    assert Delivery.objects.filter(run=run, tries=1).count() == 2
    assert len(service.requests) == 2 * 9


def test_a_press_while_the_service_is_away_does_not_lengthen_the_rest(
    declare: Declare, clock: ShiftedClock
) -> None:
    with HttpService(YES) as gone:
        url = gone.url
    declare("sms", kind="gateway", url=url, token="t", timeout=1)
    run = send(to_phones(2))
    until = run.deferred_until
    assert run.reason == "channel_down"
    for _ in range(3):
        run = press(run)
        assert (run.reason, run.deferred_until) == ("channel_down", until)
    assert AccountState.objects.get(name="sms").failures == 1


def limited(declare: Declare) -> None:
    declare(per_hour=2)


def closed(declare: Declare) -> None:
    now = ShiftedClock().now()
    hour = (now.hour + 3) % 24
    declare(hours=OpeningHours(ZoneInfo("UTC"), time(hour), time((hour + 1) % 24)))


@pytest.mark.parametrize(("rule", "reason"), [(limited, "rate_limit"), (closed, "outside_hours")])
def test_what_no_press_can_end_is_said(
    rule: Any, reason: str, declare: Declare, clock: ShiftedClock, client: Client
) -> None:
    rule(declare)
    run = send(mailing_to(5))
    assert (run.state, run.reason) == ("deferred", reason)
    until = run.deferred_until
    with pytest.raises(Refused) as refusal:
        DispatchService().resume(mailing_id=run.mailing_id)
    assert refusal.value.code == "wrong_state"
    assert str(run.get_reason_display()) in str(refusal.value)
    run.refresh_from_db()
    assert (run.state, run.deferred_until) == ("deferred", until)

    client.force_login(run.mailing.owner)
    page = client.post(reverse("delivery:resume", args=[run.mailing_id]), follow=True)
    assert "Mailing resumed." not in page.content.decode()


def test_an_account_out_of_service_is_said(declare: Declare) -> None:
    declare()
    run = send(mailing_to(1))
    Run.objects.update(state="paused", reason="account_disabled")
    AccountState.objects.update_or_create(name="email", defaults={"state": "down"})
    with pytest.raises(Refused) as refusal:
        DispatchService().resume(mailing_id=run.mailing_id)
    assert "email" in str(refusal.value)


def test_a_raised_limit_ends_the_wait(declare: Declare, clock: ShiftedClock) -> None:
    """U21: the next round that puts things in order sees it, and so does every start."""
    declare(per_hour=2)
    run = send(mailing_to(5))
    DispatchService().reconcile()
    run.refresh_from_db()
    assert run.state == "deferred", "nothing has changed"
    declare(per_hour=10)
    DispatchService().reconcile()
    run = go_on(run)
    assert (run.state, run.sent) == ("done", 5)


def test_a_raised_limit_of_the_user_ends_the_wait(
    settings: LazySettings, clock: ShiftedClock
) -> None:
    settings.LIMIT_PER_USER_DAY = 2
    run = send(mailing_to(3))
    assert run.reason == "rate_limit"
    settings.LIMIT_PER_USER_DAY = 0
    DispatchService().reconcile()
    assert go_on(run).sent == 3


def test_removed_working_hours_end_the_wait(declare: Declare, clock: ShiftedClock) -> None:
    closed(declare)
    run = send(mailing_to(2))
    assert run.reason == "outside_hours"
    declare()
    DispatchService().reconcile()
    assert go_on(run).sent == 2


def test_earlier_working_hours_shorten_the_wait(declare: Declare, clock: ShiftedClock) -> None:
    clock.to_whole_hour()
    closed(declare)
    run = send(mailing_to(2))
    hour = (clock.now().hour + 1) % 24
    declare(hours=OpeningHours(ZoneInfo("UTC"), time(hour), time((hour + 2) % 24)))
    DispatchService().reconcile()
    run.refresh_from_db()
    assert run.reason == "outside_hours"
    assert run.deferred_until - clock.now() <= timedelta(hours=1)
