"""The one entry to sending wakes the scheduler in one place."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.core.contracts import RunControl
from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing
from tests.factories import MailingFactory

#: These leave less to be sent, or nothing new before somebody acts again.
QUIET = {"pause", "reset", "replace_content"}


@pytest.mark.parametrize("name", sorted(RunControl.__abstractmethods__))
def test_an_act_upon_a_run_wakes_unless_it_brings_no_work(name: str) -> None:
    assert hasattr(getattr(DispatchService, name), "__wrapped__") == (name not in QUIET)


@pytest.mark.django_db(transaction=True)
def test_it_wakes_after_the_commit_and_never_after_a_rollback() -> None:
    woken: list[str] = []
    service = DispatchService(lambda: woken.append("look"))
    mailing: Mailing = MailingFactory.create()
    with transaction.atomic():
        service.owner_changed(owner_id=mailing.owner_id)
        assert woken == []
    assert woken == ["look"]
    with transaction.atomic():
        service.owner_changed(owner_id=mailing.owner_id)
        transaction.set_rollback(True)
    assert woken == ["look"]
