"""The pages: the list, what a second person looks at, and the decision, which no token takes."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.service import service
from apps.mailings.models import Approval, Mailing, Run, Trigger
from apps.users.models import User
from tests.delivery.engine.runs.approvals.approved import READ_AGAIN, approve
from tests.factories import ManagerFactory, UserFactory, mailing_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always(settings: LazySettings) -> None:
    settings.APPROVAL, settings.LANGUAGE_CODE = "always", "en"
    settings.ZEAL_ALLOWLIST = READ_AGAIN


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, mailing: Mailing, query: str = "") -> str:
    url = reverse("delivery:approval", args=[mailing.pk])
    answer = signed_in(user).get(f"{url}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def decide(user: User, mailing: Mailing, verdict: str, approval: Approval) -> int:
    url = reverse("delivery:decide", args=[mailing.pk])
    form = {"verdict": verdict, "approval": str(approval.pk), "word": "Well"}
    return signed_in(user).post(url, form).status_code


def test_the_author_asks_and_a_manager_approves() -> None:
    mailing, manager = mailing_to(2), ManagerFactory.create()
    assert "act-ask" in page(mailing.owner, mailing)
    assert "act-ask" not in page(manager, mailing)
    signed_in(mailing.owner).post(reverse("delivery:approval", args=[mailing.pk]))
    asked = Approval.objects.get()
    assert "act-approve" not in page(mailing.owner, mailing)
    text = page(manager, mailing)
    assert "act-approve" in text and mailing.message.subject in text
    assert reverse("messages:frame", args=[mailing.message_id]) in text
    assert decide(manager, mailing, "approve", asked) == 302
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    kept = page(mailing.owner, mailing, "?run=1")
    assert manager.email in kept and "Well" in kept
    run = signed_in(mailing.owner).get(reverse("mailings:run", args=[mailing.pk, 1]))
    assert "/approval/?run=1" in run.content.decode()
    assert Run.objects.count() == 1


def test_a_manager_sees_what_differs_from_the_last_approved_state() -> None:
    mailing, manager = mailing_to(1), ManagerFactory.create()
    approve(mailing)
    mailing.message.subject = "Quite <b>another</b> subject"
    mailing.message.save()
    assert "has changed since" in page(manager, mailing)
    approvals.ask(mailing.pk, asked_by=None)
    text = page(manager, mailing)
    assert "+ Quite &lt;b&gt;another&lt;/b&gt; subject" in text


def test_a_copy_differs_in_nothing() -> None:
    mailing = mailing_to(1, repeat="FREQ=DAILY", repeat_zone="UTC")
    approve(mailing)
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    Approval.objects.create(
        mailing=mailing,
        fingerprint=Approval.objects.get().fingerprint,
        parts=Approval.objects.get().parts,
    )
    assert "Nothing differs." in page(mailing.owner, mailing)


def test_sent_back_it_may_be_asked_for_again() -> None:
    mailing, manager = mailing_to(1), ManagerFactory.create()
    asked = approvals.ask(mailing.pk, asked_by=None)
    assert decide(manager, mailing, "return", asked) == 302
    text = page(mailing.owner, mailing)
    assert "Sent back" in text and "Well" in text and "act-ask" in text


def test_who_may_not_decide_changes_nothing() -> None:
    mailing = mailing_to(1)
    asked = approvals.ask(mailing.pk, asked_by=None)
    assert decide(UserFactory.create(), mailing, "approve", asked) == 404
    assert decide(mailing.owner, mailing, "approve", asked) == 302
    manager = ManagerFactory.create()
    assert decide(manager, mailing, "perhaps", asked) == 404
    assert decide(manager, mailing, "approve", Approval(pk=0)) == 404
    asked.refresh_from_db()
    assert asked.state == "waiting"
    assert (
        signed_in(manager).post(reverse("delivery:approval", args=[mailing.pk])).status_code == 403
    )


def test_the_list_has_what_waits_and_what_was_decided() -> None:
    waiting, decided = mailing_to(1, name="Waiting one"), mailing_to(1, name="Decided one")
    approvals.ask(waiting.pk, asked_by=None)
    approve(decided)
    text = signed_in(ManagerFactory.create()).get(reverse("delivery:approvals")).content.decode()
    assert "Waiting one" in text and "Decided one" in text and "Name the price" in text
    text = signed_in(waiting.owner).get(reverse("delivery:approvals")).content.decode()
    assert "Waiting one" in text and "Decided one" not in text


def test_the_review_says_that_it_waits_and_a_start_asks_for_it() -> None:
    mailing = mailing_to(1, scheduled_at=None)
    client = signed_in(mailing.owner)
    text = client.get(reverse("mailings:review", args=[mailing.pk])).content.decode()
    assert "once a manager has approved it" in text and "act-send" in text
    answer = client.post(reverse("delivery:send", args=[mailing.pk]), follow=True)
    assert "A manager has to approve this mailing" in answer.content.decode()
    assert Approval.objects.get().state == "waiting"


def test_a_run_that_nobody_approved_has_no_such_page() -> None:
    mailing = mailing_to(1)
    url = reverse("delivery:approval", args=[mailing.pk])
    assert signed_in(mailing.owner).get(f"{url}?run=1").status_code == 404
    assert "Nobody has asked" in page(mailing.owner, mailing)


def test_where_nothing_is_asked_for_the_page_says_so(settings: LazySettings) -> None:
    settings.APPROVAL = "off"
    mailing = mailing_to(1)
    assert "needs no approval" in page(mailing.owner, mailing)
