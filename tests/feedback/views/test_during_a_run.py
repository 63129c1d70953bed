"""What each act at the public pages does to the run that is being sent at that moment.

One run of the real engine, two at a time. After its first claim everybody acts; who has acted is
met by a later claim of the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from apps.core.contracts import Claimed
from apps.delivery.engine import render
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.worker import worker
from apps.delivery.service import DispatchService
from apps.feedback.services.events import receive
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.links import CONFIRM, sealed, unsubscribe_token
from apps.mailings.models import Consent, Delivery, Mailing, MailingList, Recipient, Run
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from config.account_settings import AccountSettings
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    RunFactory,
)
from tests.feedback.signups import live_form, sign_up

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

#: Each person by what they do, and what becomes of their letter: reason and response.
FATES = {
    "first": ("", ""),
    "second": ("", ""),
    "one_click": ("unsubscribed", "@left_unsubscribed"),
    "one_list_off": ("", ""),
    "lists_off": ("unsubscribed", "@left_unsubscribed"),
    "everything": ("unsubscribed", "@left_unsubscribed"),
    "channel_off": ("suppressed", "@barred unsubscribed"),
    "pause": ("paused", "@left_paused"),
    "every_week": ("", "@cap_waits"),
    "new_address": ("gone", "@address_changed"),
    "complaint": ("suppressed", "@barred complained"),
    "undone": ("", ""),
    "back_too_late": ("unsubscribed", "@left_unsubscribed"),
}


class Scene:
    """A mailing to two lists that is being sent, and its people by what they do."""

    def __init__(self) -> None:
        self.mailing: Mailing = MailingFactory.create(
            everyone=False, basis="subscription", ends_at=timezone.now() + timedelta(days=30)
        )
        owner = self.mailing.owner
        self.updates, self.offers = (
            MailingListFactory.create(owner=owner, title=title) for title in ("Updates", "Offers")
        )
        self.mailing.lists.set([self.updates, self.offers])
        self.people = {name: self._on(name, self.updates, self.offers) for name in FATES}
        self.late: Recipient = RecipientFactory.create(owner=owner, full_name="late")
        self._got_something(self.people["every_week"])
        launched = DispatchService().launch(mailing_id=self.mailing.pk, trigger="manual")
        freeze_audience(launched.run_id)
        self.run = Run.objects.get(pk=launched.run_id)

    def _on(self, name: str, *lists: MailingList) -> Recipient:
        phone = f"7916{len(name):07}" if name in ("everything", "channel_off") else None
        one = RecipientFactory.create(owner=self.mailing.owner, full_name=name, phone=phone)
        said = Evidence(source="form", by_person=True, said_at=timezone.now())
        subscribe(recipient=one, lists=lists, evidence=said, now=timezone.now())
        return one

    def _got_something(self, one: Recipient) -> None:
        earlier = MailingFactory.create(owner=one.owner, message=self.mailing.message)
        run = RunFactory.create(
            mailing=earlier, state="done", sent=1, finished_at=timezone.now(), frozen_at=self.ago
        )
        DeliveryFactory.create(run=run, recipient=one, state="sent", sent_at=self.ago)

    ago = timezone.now() - timedelta(days=2)

    def row(self, name: str) -> Delivery:
        return Delivery.objects.get(run=self.run, recipient=self.people[name])

    def post(self, name: str, **fields: Any) -> str:
        token = unsubscribe_token(self.row(name).pk)
        answer = Client().post(f"/u/{token}/", fields)
        assert answer.status_code == 200
        return answer.content.decode()

    # --- who does what ---

    def everybody_acts(self) -> None:
        both = [self.updates.pk, self.offers.pk]
        self.post("one_click", **{"List-Unsubscribe": "One-Click"})
        self.post("one_list_off", act="save", list=[self.offers.pk])
        self.post("lists_off", act="save")
        self.post("everything", act="all")
        self.post("channel_off", act="save", list=both, channels_shown="1", channel=["phone"])
        self.post("pause", act="save", list=both, pause="2")
        self.post("every_week", act="save", list=both, every_days="7")
        Recipient.objects.filter(full_name="new_address").update(email="moved@example.org")
        self.complain()
        page = self.post("undone", act="all")
        self.undo("undone", page)
        self.page = self.post("back_too_late")
        self.join()

    def undo(self, name: str, page: str) -> None:
        token = page.partition('name="undo" value="')[2].partition('"')[0]
        assert "You are subscribed again" in self.post(name, act="undo", undo=token)

    def complain(self) -> None:
        """About an earlier letter, which the provider reports now."""
        one = self.people["complaint"]
        earlier = RunFactory.create(mailing__owner=one.owner, sent=1)
        letter = DeliveryFactory.create(run=earlier, recipient=one, state="sent")
        report = TrackingEvent(
            source="esp",
            event_id="1",
            kind="complained",
            trusted=True,
            message_id=f"<{letter.pk}.{earlier.key}@example.org>",
        )
        receive(report, now=timezone.now())

    def join(self) -> None:
        """Confirmed while the run goes: that run is frozen."""
        form = live_form(self.mailing.owner, lists=[self.updates])
        signup = sign_up(form, str(self.late.email))
        path = f"/c/{sealed(CONFIRM, signup.pk)}/"
        assert Client().post(path).status_code == 200
        assert self.late.subscriptions.get().status == "subscribed"


def after_the_first_claim(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Act once, when the first letters are claimed and not written yet."""
    acted: list[bool] = []

    def acting(compiled: Any, claimed: list[Claimed], **more: Any) -> Any:
        if claimed and not acted:
            acted.append(True)
            act()
        return render.render(compiled, claimed, **more)

    monkeypatch.setattr(worker, "render", acting)


def test_each_act_is_heeded_by_the_next_claim(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    account = AccountSettings(kind="outbox", from_email="news@example.org", window=2)
    settings.ACCOUNTS = {**settings.ACCOUNTS, "email": account}
    scene = Scene()
    after_the_first_claim(monkeypatch, scene.everybody_acts)
    run = send(scene.mailing)
    assert {
        name: (scene.row(name).left_out, scene.row(name).response)
        for name in FATES
        if (scene.row(name).state != "sent")
    } == {name: fate for name, fate in FATES.items() if fate != ("", "")}
    assert not Delivery.objects.filter(run=run, recipient=scene.late).exists()
    moved = scene.row("one_list_off").subscription_id
    assert moved == scene.people["one_list_off"].subscriptions.get(list=scene.offers).pk
    waits = scene.row("every_week")
    assert (waits.state, waits.not_before) == ("pending", Scene.ago + timedelta(days=7))
    assert (run.state, run.reason) == ("deferred", "frequency_cap")
    scene.undo("back_too_late", scene.page)
    DispatchService().dispatch_due()
    assert scene.row("back_too_late").left_out == "unsubscribed", "it is not caught up"
    assert_equation(run)
    said = Consent.objects.filter(recipient=scene.people["complaint"]).latest("pk")
    assert (said.act, said.source, said.channel) == ("withdrawn", "provider", "email")
