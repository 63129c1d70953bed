"""A mailing with one of each fault: each row says so, and after it is fixed all of them pass."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import IntegrityError
from django.utils import timezone

from apps.delivery.engine.runs.preflights import fingerprint_of, finished_for
from apps.delivery.models import Preflight
from apps.delivery.preflight.checks import CHECKS
from apps.delivery.preflight.running import PreflightRunning, ask, carry_out
from apps.mailings.models import Mailing
from tests.delivery.preflight.faults import (
    faulty_mailing,
    looked_at,
    repair,
    results,
    said,
    tools,
)
from tests.factories import MailingFactory, mailing_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"


def test_every_fault_has_its_row() -> None:
    found = results(looked_at(faulty_mailing()))
    assert list(found) == [check.name for check in CHECKS]
    assert found == {
        "content": "pass",
        "subject": "warn",
        "unsubscribe": "fail",
        "postal_address": "warn",
        "text": "warn",
        "weight": "fail",
        "contrast": "warn",
        "audience": "warn",
        "placeholders": "fail",
        "languages": "pass",
        "repeat": "pass",
        "files": "pass",
        "forecast": "pass",
        "sender": "fail",
        "links": "fail",
        "pictures": "fail",
        "spam": "unchecked",
        "probe": "unchecked",
    }


def test_repaired_it_passes_but_for_what_nobody_can_know() -> None:
    mailing = faulty_mailing()
    assert looked_at(mailing).worst == "fail"
    repair(mailing)
    again = looked_at(Mailing.objects.get(pk=mailing.pk))
    found = results(again)
    assert found.pop("postal_address") == "warn"
    assert {name: one for name, one in found.items() if one not in ("pass", "unchecked")} == {}
    assert again.worst == "warn" and again.finished_at is not None


def test_each_link_is_judged_by_its_answer() -> None:
    assert sorted(said(looked_at(faulty_mailing()), "links")) == sorted(
        [
            ("fail", "no address is no address that a reader can open."),
            ("fail", "https://shop.test/gone does not exist (404)."),
            ("fail", "https://shop.test/over does not exist (410)."),
            ("fail", "The server of https://shop.test/broken fails (503)."),
            ("fail", "There is no server of the name in https://nohost.test/."),
            ("fail", "The certificate of https://badtls.test/ is not valid."),
            ("warn", "https://shop.test/private does not let us in (401); readers may see more."),
            ("warn", "https://shop.test/often does not let us in (429); readers may see more."),
            ("warn", "http://shop.test/plain is not https."),
            ("pass", "Links that work: 2."),
            ("unchecked", "Links with placeholders, not checked: 1."),
        ]
    )


def test_pictures_are_judged_one_by_one() -> None:
    assert said(looked_at(faulty_mailing()), "pictures") == [
        ("fail", "Pictures without alternative text: 1."),
        ("warn", "The picture http://localhost/here.png is on this machine: no reader can see it."),
        ("warn", "The picture https://shop.test/pictures/none.png does not load."),
        ("warn", "The picture https://shop.test/pictures/heavy.png is heavier than 200 kB."),
        ("unchecked", "Pictures with placeholders in their address, not checked: 1."),
    ]


def test_a_change_makes_it_outdated_and_the_time_alone_does_not() -> None:
    mailing = mailing_to(1)
    looked_at(mailing)
    assert finished_for(mailing) is not None
    mailing.message.subject = "Other words"
    mailing.message.save()
    assert finished_for(mailing) is None


@pytest.mark.parametrize(
    "change",
    [{"account": "other"}, {"ends_at": timezone.now() + timedelta(days=9)}, {"everyone": False}],
)
def test_what_a_start_goes_by_is_in_the_fingerprint(change: dict[str, object]) -> None:
    mailing = mailing_to(1)
    before = fingerprint_of(mailing)
    for name, value in change.items():
        setattr(mailing, name, value)
    assert fingerprint_of(mailing) != before


def test_the_next_start_of_a_repeated_mailing_is_no_other_mailing() -> None:
    mailing = mailing_to(1, repeat="FREQ=DAILY")
    before = fingerprint_of(mailing)
    mailing.starts_at += timedelta(days=1)
    mailing.ends_at += timedelta(days=1)
    assert fingerprint_of(mailing) == before


def test_it_is_asked_for_once_at_a_time() -> None:
    mailing = mailing_to(1)
    first = ask(mailing, asked_by=None)
    assert ask(mailing, asked_by=None).pk == first.pk
    with pytest.raises(IntegrityError):
        Preflight.objects.create(mailing=mailing)


def test_a_second_worker_leaves_it_alone_until_the_first_is_dead() -> None:
    made = ask(mailing_to(1), asked_by=None)
    now = timezone.now()
    Preflight.objects.update(state="running", started_at=now)
    assert carry_out(made.pk, tools()) is False
    Preflight.objects.update(started_at=now - timedelta(minutes=5))
    PreflightRunning(tools=tools()).run(now, lambda: False)
    assert Preflight.objects.get().state == "done"


def test_a_worker_that_was_taken_over_writes_nothing_more() -> None:
    made = ask(mailing_to(1), asked_by=None)

    def taken_over(*_: object) -> dict[str, object]:
        Preflight.objects.update(started_at=timezone.now() + timedelta(seconds=1), findings=[])
        return {}

    mailing = made.mailing
    mailing.message.html = "<a href='https://shop.test/'>x</a>"
    mailing.message.save()
    assert carry_out(made.pk, tools(ask_all=taken_over)) is False
    assert Preflight.objects.get().findings == []


def test_what_has_no_time_left_says_so() -> None:
    found = looked_at(mailing_to(1), seconds=0.0)
    assert set(results(found).values()) == {"unchecked"}
    assert said(found, "links") == [("unchecked", "There was no time left for it.")]


def test_a_message_that_cannot_be_read_fails_its_row_and_no_other() -> None:
    mailing = MailingFactory.create()
    mailing.message.html = "<p>{% nonsense %}</p>"
    mailing.message.save()
    found = results(looked_at(mailing))
    assert (found["content"], found["audience"], found["links"]) == ("fail", "fail", "unchecked")


def test_a_service_message_needs_no_link_to_unsubscribe() -> None:
    mailing = mailing_to(1, purpose="service")
    mailing.message.html, mailing.message.text = "<p>Your order is ready.</p>", ""
    mailing.message.save()
    assert results(looked_at(mailing))["unsubscribe"] == "pass"


def test_html_beyond_measure_is_not_read_for_ever() -> None:
    mailing = mailing_to(1)
    mailing.message.html = "<p><a href='x'>" + "<i " * 60_000 + "</p>"
    mailing.message.save()
    found = looked_at(mailing)
    assert found.state == "done"
