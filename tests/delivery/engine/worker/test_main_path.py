"""From a due mailing to files in the outbox, with everybody accounted for."""

from __future__ import annotations

import threading
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs.launch import freeze_all
from apps.delivery.service import DispatchService
from apps.mailings.fields import BASIC, TEXT_COLUMNS
from apps.mailings.ledger import freeze
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient, Run
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import RecipientFactory, SuppressionFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_everybody_gets_one_personal_message(tmp_path: Path) -> None:
    mailing = mailing_to(30)
    run = send(mailing)
    assert (run.state, run.outcome, run.sent) == ("done", "success", 30)
    assert_equation(run)
    files = sorted((tmp_path / "outbox").glob("*.eml"))
    assert len(files) == 30
    seen = set()
    for file in files:
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        seen.add(str(message["To"]))
        assert message["Subject"].startswith("Новости для Анна")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert [part.get_content_type() for part in message.iter_parts()] == [
            "text/plain",
            "text/html",
        ]
    assert len(seen) == 30
    assert Attempt.objects.filter(status="success", run_number=1, trigger="manual").count() == 30
    mailing.refresh_from_db()
    assert mailing.status == "completed"


def test_a_letter_shows_every_field_that_a_template_may_ask_for(tmp_path: Path) -> None:
    mailing = mailing_to(1)
    mailing.message.text = "\n".join(f"{name}: {{{{ {name} }}}}" for name in (*BASIC, "city"))
    mailing.message.save()
    anna = Recipient.objects.get(owner=mailing.owner)
    texts = {name: f"some {name}" for name in TEXT_COLUMNS} | {"time_zone": "Asia/Omsk"}
    texts["language"] = "ru"
    for name, text in {**texts, "phone": "79161234567", "attributes": {"city": "Omsk"}}.items():
        setattr(anna, name, text)
    anna.save()
    send(mailing)
    (file,) = (tmp_path / "outbox").glob("*.eml")
    body = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
    assert body is not None
    shown = dict(line.split(": ", 1) for line in body.get_content().splitlines() if line)
    assert shown == {name: str(getattr(anna, name)) for name in BASIC} | {"city": "Omsk"}


def test_who_is_suppressed_gets_nothing_and_is_counted(tmp_path: Path) -> None:
    mailing = mailing_to(3)
    gone = RecipientFactory(owner=mailing.owner)
    SuppressionFactory(owner=mailing.owner, address=gone.email)
    RecipientFactory(owner=mailing.owner, email=None, phone="79161234567")
    run = send(mailing)
    assert (run.audience, run.sent, run.suppressed) == (5, 3, 2)
    assert run.outcome == "partial"
    reasons = Delivery.objects.filter(run=run, state="suppressed").values_list(
        "response", flat=True
    )
    assert sorted(reasons) == ["@barred blocked", "@no_address"]
    assert_equation(run)


def test_a_process_that_is_to_leave_does_not_finish_a_large_preparation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailing = mailing_to(30)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    stop = threading.Event()
    real, chunks = freeze.freeze_chunk, []

    def asked_to_stop_in_the_first(*arguments: Any) -> int | None:
        stop.set()
        chunks.append(real(*arguments))
        return chunks[-1]

    monkeypatch.setattr(freeze, "CHUNK", 10)
    monkeypatch.setattr(freeze, "freeze_chunk", asked_to_stop_in_the_first)
    freeze_all(stop, lambda: None)
    run = Run.objects.get(pk=launched.run_id)
    assert (len(chunks), run.state, run.audience) == (1, "preparing", 10)

    monkeypatch.undo()
    assert send(mailing).sent == 30


def test_a_second_launch_of_a_done_run_is_refused() -> None:
    mailing = mailing_to(1)
    send(mailing)
    with pytest.raises(Refused) as refusal:
        send(mailing)
    assert refusal.value.code == "already_done"


def test_a_reset_opens_the_next_run_and_keeps_the_old_attempts() -> None:
    mailing = mailing_to(2)
    send(mailing)
    assert DispatchService().reset(mailing_id=mailing.pk) == 2
    mailing.refresh_from_db()
    assert mailing.status == "created"
    run = send(mailing)
    assert run.number == 2
    assert list(Attempt.objects.order_by("id").values_list("run_number", flat=True)) == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_active": False}, "mailing_disabled"),
        ({"starts_at": timedelta(days=-1), "ends_at": timedelta(seconds=-1)}, "window_ended"),
        ({"starts_at": timedelta(hours=1)}, "before_start"),
        ({"account": "nowhere"}, "account_unknown"),
        ({"everyone": False}, "audience_empty"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_a_row_is_written(
    change: dict[str, object], code: str
) -> None:
    mailing = mailing_to(1)
    now = timezone.now()
    fields = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in change.items()
    }
    Mailing.objects.filter(pk=mailing.pk).update(**fields)
    with pytest.raises(Refused) as refusal:
        send(mailing)
    assert refusal.value.code == code
    assert not Run.objects.exists()
    assert Mailing.objects.get().status == "created"


@pytest.mark.parametrize(
    ("channel", "typed", "stored"),
    [
        ("email", "R0@Example.org", "r0@example.org"),
        ("email", "k@xn--80a1acny.xn--p1ai", "k@почта.рф"),
        ("email", "'a@example.org", "a@example.org"),
        ("phone", "+7 916 000-00-01", "79160000001"),
        ("phone", "8 (916) 000-00-01", "79160000001"),
        ("telegram", "'-1001234", "-1001234"),
    ],
)
def test_a_block_typed_manually_blocks_in_every_spelling(
    channel: str, typed: str, stored: str
) -> None:
    name = {"email": "email", "phone": "phone", "telegram": "telegram_chat_id"}[channel]
    mailing = mailing_to(0, channel=channel)
    RecipientFactory(owner=mailing.owner, **{"email": None, name: stored})
    SuppressionFactory(owner=mailing.owner, channel=channel, address=typed)
    run = send(mailing)
    assert (run.sent, run.suppressed) == (0, 1)
