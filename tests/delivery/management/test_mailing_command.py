"""``manage.py mailing``: whatever the pages do to a mailing, with exit codes for scripts."""

from __future__ import annotations

import io
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.responses.stored import coded
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.models import Heartbeat
from apps.delivery.service import DispatchService
from apps.mailings.models import (
    Attempt,
    Delivery,
    Mailing,
    Message,
    Recipient,
    Run,
    RunExperiment,
)
from apps.mailings.services.experiments.running import judge_due
from apps.mailings.wait_reasons import account_limit
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import (
    ManagerFactory,
    MessageFactory,
    SuppressionFactory,
    UserFactory,
    VariantFactory,
    mailing_to,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def mailing(*args: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``manage.py mailing`` with these words."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("mailing", *map(str, args), stdout=out, stderr=err)
    except SystemExit as left:
        assert isinstance(left.code, int)
        return left.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def shown(target: Mailing) -> Any:
    return json.loads(mailing("show", target.pk, "--json")[1])


def current(target: Mailing) -> Run:
    return Run.objects.filter(mailing=target).latest("number")


def work(target: Mailing) -> Run:
    """Send as a scheduler's worker would."""
    run = current(target)
    DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    return run


def start(target: Mailing) -> None:
    """Launch, and freeze the audience as the first worker would."""
    assert mailing("start", target.pk)[0] == 0
    freeze_audience(current(target).pk)


def in_state(run: Run, state: str, count: int) -> list[int]:
    """Let it have ended so for some of a sent run."""
    rows = Delivery.objects.filter(run=run, state="sent").order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:count])
    Delivery.objects.filter(pk__in=ids).update(state=state)
    Run.objects.filter(pk=run.pk).update(**{"sent": run.sent - count, state: count})
    return ids


def test_it_starts_and_leaves_the_sending_to_the_workers() -> None:
    target = mailing_to(3)
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now())
    code, out, err = mailing("start", target.pk)
    assert (code, err) == (0, "")
    assert "#1" in out
    assert current(target).trigger == "command"
    assert mailing("start", target.pk)[1] == "The mailing was already being sent: run #1.\n"
    assert work(target).sent == 3


def test_it_says_that_nobody_is_there_to_send() -> None:
    code, out, err = mailing("start", mailing_to(1).pk)
    assert code == 0
    assert "run_scheduler" in err


def test_before_the_start_it_must_be_asked_so() -> None:
    target = mailing_to(1, starts_at=timezone.now() + timedelta(hours=1))
    code, out, err = mailing("start", target.pk)
    assert (code, out) == (2, "")
    assert "[before_start]" in err
    assert mailing("start", target.pk, "--now")[0] == 0


def test_pause_resume_and_stop_do_what_the_buttons_do() -> None:
    target = mailing_to(2)
    start(target)
    assert mailing("pause", target.pk)[0] == 0
    assert work(target).state == "paused"
    assert mailing("resume", target.pk)[0] == 0
    assert current(target).state == "queued"
    assert mailing("stop", target.pk)[0] == 0
    run = work(target)
    assert (run.outcome, run.cancelled) == ("cancelled", 2)
    assert_equation(run)


@pytest.mark.parametrize(
    "act", ["resume", "stop", "reset", "retry-failed", "send-remaining", "skip"]
)
def test_what_cannot_be_done_now_is_refused_and_changes_nothing(act: str) -> None:
    target = mailing_to(1)
    code, out, err = mailing(act, target.pk)
    assert (code, out) == (2, "")
    assert "[wrong_state]" in err
    assert not Run.objects.exists()


def test_a_mailing_that_is_not_there_is_refused_by_every_action() -> None:
    assert mailing("show", 999)[0] == mailing("pause", 999)[0] == 2
    assert "[mailing_unknown]" in mailing("stop", 999)[2]


def test_a_completed_mailing_is_opened_again() -> None:
    target = mailing_to(1)
    send(target)
    assert "#2" in mailing("reset", target.pk)[1]
    target.refresh_from_db()
    assert (target.current_run, target.status) == (2, "created")


def test_the_failed_get_another_chance_in_the_same_run() -> None:
    target = mailing_to(3)
    in_state(send(target), "failed", 2)
    assert mailing("retry-failed", target.pk)[1].startswith("2 recipients")
    run = work(target)
    assert (run.number, run.sent) == (1, 3)


def test_those_whom_a_stop_left_out_are_sent_to() -> None:
    target = mailing_to(2)
    start(target)
    mailing("stop", target.pk)
    work(target)
    assert mailing("send-remaining", target.pk)[0] == 0
    assert work(target).sent == 2


def test_a_person_decides_about_the_unknown() -> None:
    target = mailing_to(4)
    ids = in_state(send(target), "unknown", 3)
    code, out, _ = mailing("resolve-unknown", target.pk, "--as", "sent", "--delivery", ids[0])
    assert (code, out) == (0, "Decided: 1.\n")
    # The first one is decided already: what was asked for is not wholly done.
    args = ["resolve-unknown", target.pk, "--as", "failed", "--delivery", ids[0], ids[1]]
    assert mailing(*args)[:2] == (1, "Decided: 1.\n")
    assert mailing("resolve-unknown", target.pk, "--as", "sent", "--run", 1)[0] == 0
    run = current(target)
    assert (run.sent, run.failed, run.unknown) == (3, 1, 0)
    assert_equation(run)
    assert mailing("resolve-unknown", target.pk, "--as", "sent", "--run", 7)[0] == 2


def test_a_person_chooses_the_variant_that_the_others_get(settings: LazySettings) -> None:
    settings.TRACKING = "persons"
    target = mailing_to(40)
    plan = {"experiment__share": 50, "experiment__if_undecided": "ask"}
    VariantFactory.create(experiment__mailing=target, **plan)
    assert mailing("choose", target.pk, "B")[0] == 2  # there is no run
    start(target)
    work(target)
    assert "[experiment_not_asked]" in mailing("choose", target.pk, "B")[2]
    RunExperiment.objects.filter(run=current(target)).update(due_at=timezone.now())
    assert judge_due() == 1
    assert "[variant_unknown]" in mailing("choose", target.pk, "C")[2]
    code, out, err = mailing("choose", target.pk, "B")
    assert (code, "get B" in out, "run_scheduler" in err) == (0, True, True)
    assert mailing("choose", target.pk, "A")[0] == 2
    assert RunExperiment.objects.get(run=current(target)).person == "command line"
    run = work(target)
    others = Delivery.objects.filter(run=run, position__gt=0)
    assert set(others.values_list("content_version", flat=True)) == {2}
    assert run.sent == 40


def test_the_rest_of_a_paused_run_gets_the_edited_message() -> None:
    target = mailing_to(2)
    start(target)
    mailing("pause", target.pk)
    assert "[wrong_state]" in mailing("replace-content", target.pk)[2]
    Message.objects.filter(pk=target.message_id).update(subject="Другая тема", revision=7)
    assert mailing("replace-content", target.pk)[0] == 0
    assert current(target).content["subject"] == "Другая тема"


def test_a_missed_start_of_a_series_is_passed_over() -> None:
    target = mailing_to(1, repeat="FREQ=DAILY", ends_at=timezone.now() + timedelta(hours=1))
    assert mailing("skip", target.pk)[0] == 0
    before = target.starts_at.replace(microsecond=0)
    target.refresh_from_db()
    assert target.starts_at == before + timedelta(days=1)


def test_a_status_is_set_manually_with_its_audit() -> None:
    target = mailing_to(2)
    assert "2" in mailing("set-status", target.pk, "running")[1]
    assert Attempt.objects.filter(kind="audit").count() == 2
    assert (
        Attempt.objects.filter(
            response=coded("status_changed", "created", "running", "command line")
        ).count()
        == 2
    )


def test_a_manager_switches_and_nobody_else() -> None:
    target, manager = mailing_to(1), ManagerFactory.create()
    assert mailing("disable", target.pk, "--by", manager.email)[0] == 0
    assert mailing("disable", target.pk, "--by", manager.email)[0] == 0
    target.refresh_from_db()
    assert not target.is_active
    assert "[mailing_disabled]" in mailing("start", target.pk)[2]
    for somebody in (target.owner, UserFactory.create()):
        refused = mailing("enable", target.pk, "--by", somebody.email)
        assert (refused[0], "[toggle_forbidden]" in refused[2]) == (2, True)
    assert "[user_unknown]" in mailing("enable", target.pk, "--by", "nobody@example.org")[2]
    assert mailing("enable", target.pk, "--by", manager.email)[0] == 0
    assert mailing("start", target.pk)[0] == 0


def test_one_message_goes_to_one_address_with_its_fields() -> None:
    message = MessageFactory.create(text="Code {{ code }}", html="")
    to = ["--email", "Anna@Example.org", "--field", "code=a=b", "--expires-in", "60"]
    code, out, err = mailing("send", message.pk, *to)
    delivery = Delivery.objects.select_related("run__mailing").get()
    single = delivery.run.mailing
    assert (code, out) == (0, f"Delivery {delivery.pk} (id:{single.pk}): Pending.\n")
    assert "run_scheduler" in err
    assert (single.kind, single.owner, single.fields) == (
        "transactional",
        message.owner,
        {"code": "a=b"},
    )
    assert (delivery.address, delivery.run.trigger) == ("anna@example.org", "command")
    assert work(single).sent == 1

    logged = json.loads(
        mailing("send", message.pk, "--recipient", delivery.recipient_id, "--json")[1]
    )
    assert logged["state"] == "pending"
    assert mailing("list")[1].count("\n") == 1
    listed = json.loads(mailing("list", "--kind", "transactional", "--json")[1])
    assert [row["id"] for row in listed] == [logged["mailing_id"], single.pk]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--email", "gone@example.org"], "suppressed"),
        (["--email", "nobody"], "address_unfit"),
        (["--phone", "12"], "address_unfit"),
        (["--recipient", "999999"], "recipient_unknown"),
        (["--email", "anna@example.org", "--account", "nowhere"], "account_unknown"),
        (["--email", "anna@example.org", "--channel", "phone"], "no_address"),
    ],
)
def test_one_message_that_cannot_be_sent_is_refused_and_leaves_nothing(
    args: list[str], code: str
) -> None:
    message = MessageFactory.create()
    SuppressionFactory.create(owner=message.owner, address="gone@example.org")
    exit_code, out, err = mailing("send", message.pk, *args)
    assert (exit_code, out) == (2, "")
    assert f"[{code}]" in err
    assert not Mailing.objects.exists() and not Recipient.objects.exists()


def test_one_message_needs_a_message_one_recipient_and_sound_words() -> None:
    assert "[message_unknown]" in mailing("send", 999, "--email", "anna@example.org")[2]
    for args in (
        [],
        ["--email", "a@example.org", "--phone", "79161234567"],
        ["--email", "a@example.org", "--field", "1 2=x"],
        ["--email", "a@example.org", "--expires-in", "59"],
    ):
        with pytest.raises(CommandError):
            mailing("send", 1, *args)


def test_a_mailing_is_copied_and_removed() -> None:
    target = mailing_to(1)
    assert "(id:" in mailing("duplicate", target.pk)[1]
    assert Mailing.objects.count() == 2
    send(target)
    assert "archived" in mailing("remove", target.pk)[1]
    copy = Mailing.objects.exclude(pk=target.pk).get()
    assert "deleted" in mailing("remove", copy.pk)[1]
    open_one = mailing_to(1)
    mailing("start", open_one.pk)
    assert "[mailing_open]" in mailing("remove", open_one.pk)[2]


def test_show_shows_the_equation_the_reason_and_the_time_of_going_on() -> None:
    target = mailing_to(4)
    run = send(target)
    until = timezone.now() + timedelta(minutes=5)
    Run.objects.filter(pk=run.pk).update(
        state="deferred",
        outcome="",
        reason="rate_limit",
        reason_detail=account_limit("hour", 100, "email"),
        deferred_until=until,
    )
    page = mailing("show", target.pk)[1]
    assert "audience 4 = sent 4" in page
    assert "100 of 100 this hour" in page
    assert timezone.localtime(until).strftime("%H:%M:%S") in page
    (facts,) = shown(target)["runs"]
    assert (facts["sent"], facts["total"], facts["reason_code"]) == (4, 4, "rate_limit")
    assert facts["deferred_until"][:19] == until.isoformat()[:19]


def test_show_shows_whether_it_starts_on_its_own_and_in_which_zone_it_repeats() -> None:
    target = mailing_to(1)
    plan = {"repeat": "FREQ=WEEKLY;BYDAY=MO", "repeat_zone": "Asia/Kamchatka"}
    Mailing.objects.filter(pk=target.pk).update(**plan, scheduled_at=None)
    facts = shown(target)
    assert {name: facts[name] for name in plan} == plan
    assert facts["scheduled"] is False and facts["repeat_until"] is None
    assert "every week: Mon (Asia/Kamchatka)" in mailing("show", target.pk)[1]
    Mailing.objects.filter(pk=target.pk).update(scheduled_at=timezone.now())
    assert shown(target)["scheduled"] is True
    (listed,) = json.loads(mailing("list", "--json")[1])
    assert (listed["scheduled"], listed["repeat_zone"]) == (True, "Asia/Kamchatka")


def test_the_list_is_a_line_each_and_can_be_narrowed() -> None:
    first, second = mailing_to(1, name="Весна\n2026"), mailing_to(1)
    send(second)
    lines = mailing("list")[1].splitlines()
    assert len(lines) == 3
    assert "Весна 2026" in lines[2]
    (only,) = json.loads(mailing("list", "--json", "--status", "completed")[1])
    assert (only["id"], only["runs"][0]["sent"]) == (second.pk, 1)
    assert len(mailing("list", "--limit", "1")[1].splitlines()) == 2
    mine = json.loads(mailing("list", "--owner", first.owner.email, "--json")[1])
    assert [row["id"] for row in mine] == [first.pk]
    assert mailing("list", "--owner", "nobody@example.org")[0] == 2
