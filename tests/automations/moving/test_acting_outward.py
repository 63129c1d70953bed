"""Acts that others hear of: a call of a webhook, a notice to a colleague. Each once."""

from __future__ import annotations

from typing import Any

import pytest

from apps.api.webhooks.models import Webhook
from apps.automations.models import EnrolmentEvent
from apps.automations.services.people import retry_failed
from apps.core.errors import Refused
from apps.reports.notifications import render
from apps.users.models import Notification, User
from tests.automations.stage import staged
from tests.factories import ManagerFactory, UserFactory, WebhookFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def calling(name: str = "vip") -> dict[str, Any]:
    return {"kind": "act", "key": "call", "act": "webhook", "name": name}


def notice(text: str = "Call them", **fields: Any) -> dict[str, Any]:
    return {"kind": "act", "key": "note", "act": "notify", "value": text, **fields}


def listening(owner: User) -> None:
    WebhookFactory.create(owner=owner, automations=True)


def kept() -> list[tuple[str, str, str]]:
    rows = EnrolmentEvent.objects.order_by("pk")
    return list(rows.values_list("kind", "step", "word"))


def test_a_call_is_kept_with_the_step_that_makes_it() -> None:
    owner = UserFactory.create()
    listening(owner)
    stage = staged(calling(), owner=owner)
    stage.enrolled(2)
    stage.turn()
    assert stage.states() == {"finished": 2}
    assert kept() == [
        ("entered", "", ""),
        ("entered", "", ""),
        ("called", "call", "vip"),
        ("called", "call", "vip"),
        ("finished", "call", ""),
        ("finished", "call", ""),
    ]


def test_without_a_webhook_it_is_not_activated_and_fails_until_there_is_one_again() -> None:
    owner = UserFactory.create()
    with pytest.raises(Refused, match="webhook"):
        staged(calling(), owner=owner)
    listening(owner)
    stage = staged(calling(), owner=owner)
    Webhook.objects.filter(owner=owner).update(automations=False)
    (one,) = stage.enrolled()
    stage.turn()
    assert stage.at(one) == "failed no_webhook"
    listening(owner)
    retry_failed(enrolments=stage.automation.enrolments.all(), now=stage.now)
    stage.turn()
    assert stage.at(one) == "finished "


def test_a_notice_names_the_first_of_those_who_came_together() -> None:
    owner = UserFactory.create()
    stage = staged(notice("Call them"), owner=owner)
    stage.enrol(*(stage.person(full_name=name) for name in ("Anna", "Boris", "Vera", "Gleb")))
    stage.turn()
    found = Notification.objects.get(owner=owner)
    shown = render(found).text
    assert "“Welcome”: Call them (" in shown
    assert "Anna" in shown and "4 recipients" in shown and "Gleb" not in shown
    stage.enrolled()
    stage.turn(minutes=1)
    assert Notification.objects.filter(owner=owner).count() == 2


def test_a_manager_may_be_notified_and_nobody_else() -> None:
    owner, manager = UserFactory.create(), ManagerFactory.create(email="boss@example.org")
    stage = staged(notice(to="Boss@example.org"), owner=owner)
    (one,) = stage.enrolled()
    stage.turn()
    assert Notification.objects.get().owner == manager
    other = UserFactory.create(email="other@example.org")
    for email in (other.email, "nobody@example.org"):
        with pytest.raises(Refused, match="managers"):
            staged(notice(to=email), owner=owner)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    (two,) = stage.enrolled()
    stage.turn()
    assert (stage.at(one), stage.at(two)) == ("finished ", "failed not_there")
