"""Accounts that ``.env`` no longer declares, and what a decision about the unknown needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.delivery.engine.runs.control import NothingToDo, resolve_unknown
from apps.delivery.engine.runs.wait_review import review
from apps.delivery.models import AccountState
from apps.mailings.models import Run
from apps.mailings.wait_reasons import account_limit
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.workers import processing_run, send

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_a_wait_for_the_limit_of_an_account_that_is_gone_stays(settings: LazySettings) -> None:
    run = processing_run(1)
    Run.objects.update(
        state="deferred",
        reason="rate_limit",
        reason_detail=account_limit("hour", 10, "email"),
        deferred_until=timezone.now() + timedelta(hours=1),
    )
    settings.ACCOUNTS = {}
    assert review() == 0
    run.refresh_from_db()
    assert run.state == "deferred"


def test_a_stand_in_that_is_gone_is_none(declare: Declare) -> None:
    declare("email", fallback="gone")
    run = processing_run(1)
    AccountState.objects.update(state="disabled")
    waiting = send(run.mailing)
    assert (waiting.state, waiting.reason) == ("paused", "account_disabled")
    assert waiting.account == "email"


def test_a_stand_in_that_writes_to_other_addresses_is_passed_over(declare: Declare) -> None:
    declare("email", fallback="sms")
    declare("sms", kind="gateway", url="http://127.0.0.1:9", token="t", fallback="spare")
    declare("spare")
    run = processing_run(2)
    AccountState.objects.update(state="disabled")
    done = send(run.mailing)
    assert (done.account, done.sent) == ("spare", 2)


def test_the_unknown_of_no_run_cannot_be_decided_nor_in_a_word_that_is_none(db: None) -> None:
    with pytest.raises(NothingToDo):
        resolve_unknown(run_id=10**9, delivery_ids=[1], verdict="sent", actor="anna")
    with pytest.raises(ValueError, match="delivered"):
        resolve_unknown(run_id=10**9, delivery_ids=[1], verdict="delivered", actor="anna")
