"""The run panel and its buttons."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.delivery.selectors.actions import actions_for
from apps.delivery.selectors.panel import panel_of
from apps.mailings.models import Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.mailings import next_step
from apps.users.models import User
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory
from tests.markup import dense
from tests.people import HTMX, Cast
from tests.recording_dispatcher import RecordingDispatcher, dispatching

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def a_mailing(**fields: Any) -> Mailing:
    """Not saved: the rules about buttons need no database."""
    owner = User(email="anna@example.org", is_active=fields.pop("owner_active", True))
    fields = {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=1)} | fields
    return Mailing(owner=owner, name="Spring", **fields)


def offered(run: Run | None, mailing: Mailing) -> dict[str, bool]:
    return {action.name: action.enabled for action in actions_for(run, mailing, NOW)}


def test_a_new_mailing_can_be_sent_and_held() -> None:
    assert offered(None, a_mailing()) == {
        "send": True,
        "pause": True,
        "stop": False,
        "reset": False,
    }


def test_a_draft_is_reviewed_before_anything_else() -> None:
    draft = a_mailing(scheduled_at=None, starts_at=NOW + timedelta(minutes=1))
    assert offered(None, draft) == {"review": True, "stop": False, "reset": False}


@pytest.mark.parametrize(
    ("run", "primary"),
    [
        (None, "send"),
        (Run(state="processing", failed=2), "pause"),
        (Run(state="deferred", reason="channel_down"), "resume"),
        (Run(state="paused"), "resume"),
        (Run(state="done", failed=2), "retry"),
        (Run(state="done", cancelled=2), "remaining"),
        (Run(state="done"), ""),
    ],
)
def test_one_button_at_most_is_the_primary_one(run: Run | None, primary: str) -> None:
    actions = actions_for(run, a_mailing(), NOW)
    assert "".join(action.name for action in actions if action.primary) == primary


def test_what_only_waits_for_its_start_has_no_primary_button() -> None:
    ahead = a_mailing(starts_at=NOW + timedelta(minutes=1))
    assert not any(action.primary for action in actions_for(None, ahead, NOW))


def test_what_is_closed_is_not_sent() -> None:
    assert offered(None, a_mailing(status="completed"))["send"] is False


@pytest.mark.parametrize("fields", [{"is_active": False}, {"owner_active": False}])
def test_a_paused_mailing_that_may_not_be_sent_says_one_thing(fields: dict[str, Any]) -> None:
    """The advice to resume beside “a manager has disabled it” leads nowhere."""
    run = Run(state="paused", reason="mailing_disabled")
    actions = {one.name: one for one in actions_for(run, a_mailing(**fields), NOW)}
    assert actions["send"].why_not == actions["resume"].why_not != ""


def test_the_time_that_is_over_is_said_of_the_run_that_sent_nothing() -> None:
    over = NOW + timedelta(hours=2)
    assert "run #" not in next_step(a_mailing(), None, over)
    assert "in run #2" in next_step(a_mailing(current_run=2), None, over)


@pytest.mark.parametrize("state", ["preparing", "queued", "processing"])
def test_an_open_run_can_be_paused_and_stopped(state: str) -> None:
    assert offered(Run(state=state), a_mailing()) == {
        "send": False,
        "pause": True,
        "stop": True,
        "reset": False,
    }


def test_a_wait_can_be_ended_but_not_the_one_for_the_start() -> None:
    assert offered(Run(state="deferred", reason="channel_down"), a_mailing())["resume"] is True
    assert "resume" not in offered(Run(state="deferred", reason="before_start"), a_mailing())


def test_a_run_that_is_being_stopped_takes_no_more_orders() -> None:
    for state in ("processing", "deferred", "paused"):
        run = Run(state=state, stopping=True)
        assert not any(offered(run, a_mailing()).values())


def test_a_paused_run_can_be_resumed_and_stopped() -> None:
    assert offered(Run(state="paused"), a_mailing()) == {
        "send": False,
        "resume": True,
        "stop": True,
        "reset": False,
    }


def test_a_done_run_can_only_be_reset() -> None:
    assert offered(Run(state="done"), a_mailing()) == {
        "send": False,
        "pause": False,
        "stop": False,
        "reset": True,
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"is_active": False}, "A manager has disabled this mailing."),
        ({"owner_active": False}, "The owner is blocked."),
        ({"ends_at": NOW}, "The sending window has ended."),
    ],
)
def test_what_forbids_sending_is_said(fields: dict[str, Any], text: str) -> None:
    mailing = a_mailing(**fields)
    send, *_ = actions_for(None, mailing, NOW)
    assert send.why_not == text
    _, resume, *_ = actions_for(Run(state="paused"), mailing, NOW)
    assert resume.why_not == text


def test_sending_before_the_start_asks_first() -> None:
    send, *_ = actions_for(None, a_mailing(starts_at=NOW + timedelta(minutes=1)), NOW)
    assert send.enabled and send.asks
    send, *_ = actions_for(None, a_mailing(), NOW)
    assert send.enabled and not send.asks


def test_every_closed_button_says_why() -> None:
    runs = [None, *(Run(state=state) for state in Run.State.values)]
    for run in runs:
        for action in actions_for(run, a_mailing(), NOW):
            assert action.enabled or action.why_not.endswith((".", "!"))


@pytest.mark.django_db
class TestPanel:
    def page(self, cast: Cast, role: str = "owner", mailing: Mailing | None = None) -> str:
        pk = (mailing or cast.mailing).pk
        response = cast.client(role).get(f"/mailings/{pk}/panel/", headers=HTMX)
        assert response.status_code == 200
        return dense(response.content.decode())

    def test_the_equation_stands_there_with_all_ten_states(self, cast: Cast) -> None:
        page = self.page(cast)
        groups, _fold, states = page.partition("<summary>")
        assert groups.count('class="term"') == 3 and "<b>10</b>" in groups
        places = [states.index(f"/runs/1/?state={state}") for state in STATES]
        assert places == sorted(places)
        assert states.count('class="term zero"') == 6

    def test_it_is_a_fragment_for_htmx_and_a_page_for_people(self, cast: Cast) -> None:
        assert "<html" not in self.page(cast)
        response = cast.client("owner").get(f"/mailings/{cast.mailing.pk}/panel/")
        page = dense(response.content.decode())
        assert "<html" in page
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
        assert "HX-Request" in response["Vary"]

    def test_it_asks_again_every_two_seconds_while_the_run_is_open(self, cast: Cast) -> None:
        assert 'data-poll-every="2000"' in self.page(cast)
        Run.objects.filter(pk=cast.run.pk).update(
            state="done", outcome="success", pending=0, sending=0, unknown=0, sent=10
        )
        page = self.page(cast)
        assert "data-poll-every" not in page and "hx-get=" not in page.split("acts")[0]
        assert "Sent to all" in page

    def test_rate_and_time_left_are_shown_while_sending(self, cast: Cast) -> None:
        panel = panel_of(cast.mailing, now=timezone.now())
        assert panel.percent == 70
        assert panel.left == timedelta(seconds=2)
        assert "2/s" in self.page(cast)

    def test_a_wait_says_why_and_until_when(self, cast: Cast) -> None:
        until = timezone.now() + timedelta(minutes=1)
        Run.objects.filter(pk=cast.run.pk).update(
            state="deferred", reason="channel_down", reason_detail="421", deferred_until=until
        )
        page = self.page(cast)
        assert "mail server unavailable (421)." in page
        assert "Waiting until" in page

    def test_the_rest_of_the_page_gets_the_new_status(self, cast: Cast) -> None:
        assert 'id="mailing-status" hx-swap-oob="true"' in self.page(cast)

    def test_a_manager_sees_no_buttons(self, cast: Cast) -> None:
        page = self.page(cast, "manager")
        assert "<form" not in page and "Only the owner" in page

    def test_a_closed_button_is_reachable_and_explained(self, cast: Cast) -> None:
        page = self.page(cast)
        menu = page.partition('class="menu-sheet"')[2]
        assert 'aria-disabled="true">Send again to everyone<small>' in menu
        assert "This mailing is being sent. Stop it first." in menu
        assert 'id="act-reset"' not in page

    def test_a_mailing_that_was_never_launched_has_a_panel_too(self, cast: Cast) -> None:
        mailing = MailingFactory.create(owner=cast.owner)
        page = self.page(cast, mailing=mailing)
        assert "Starting within a few minutes." in page

    def test_the_bar_is_drawn_without_inline_styles(self, cast: Cast) -> None:
        page = self.page(cast)
        assert '<rect class="fill-sent" x="0.000" width="60.000"' in page
        assert 'aria-valuenow="70"' in page


@pytest.mark.django_db
class TestActs:
    def post(self, cast: Cast, verb: str, **data: str) -> Any:
        url = f"/mailings/{cast.mailing.pk}/{verb}/"
        return cast.client("owner").post(url, data, follow=True)

    def test_send_launches_manually(self, cast: Cast, dispatched: RecordingDispatcher) -> None:
        response = self.post(cast, "send")
        asked = {"mailing_id": cast.mailing.pk, "trigger": "manual", "early": False}
        assert dispatched.calls == [("launch", asked)]
        assert response.redirect_chain == [(f"/mailings/{cast.mailing.pk}/", 302)]
        assert "Sending started: run #1." in response.content.decode()

    def test_early_only_when_confirmed(self, cast: Cast, dispatched: RecordingDispatcher) -> None:
        self.post(cast, "send", early="1")
        assert dispatched.calls[0][1]["early"] is True

    @pytest.mark.parametrize(
        ("verb", "text"),
        [
            ("pause", "The mailing is paused."),
            ("resume", "Mailing resumed."),
            ("stop", "The mailing is stopped."),
            ("reset", "Run #2 created"),
        ],
    )
    def test_the_other_acts(
        self, cast: Cast, dispatched: RecordingDispatcher, verb: str, text: str
    ) -> None:
        response = self.post(cast, verb)
        assert dispatched.calls == [(verb, {"mailing_id": cast.mailing.pk})]
        assert text in response.content.decode()

    @pytest.mark.parametrize("verb", ["send", "pause", "resume", "stop", "reset"])
    def test_a_refusal_becomes_a_sentence(self, cast: Cast, verb: str) -> None:
        with dispatching(RecordingDispatcher(refusal="Not on a Sunday.")):
            response = self.post(cast, verb)
        assert response.status_code == 200
        assert "Not on a Sunday." in response.content.decode()

    def test_without_script_one_returns_to_the_panel(
        self, cast: Cast, dispatched: RecordingDispatcher
    ) -> None:
        response = self.post(cast, "pause", back="panel")
        assert response.redirect_chain[0][0] == f"/mailings/{cast.mailing.pk}/panel/"

    def test_a_post_without_the_csrf_token_does_nothing(
        self, cast: Cast, dispatched: RecordingDispatcher
    ) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.owner)
        assert client.post(f"/mailings/{cast.mailing.pk}/send/").status_code == 403
        assert dispatched.calls == []


@pytest.mark.django_db
class TestConfirm:
    def get(self, cast: Cast, verb: str, **headers: str) -> Any:
        url = f"/mailings/{cast.mailing.pk}/confirm/{verb}/"
        return cast.client("owner").get(url, headers=headers)

    def test_stop_is_asked_for(self, cast: Cast) -> None:
        page = self.get(cast, "stop").content.decode()
        assert f'action="/mailings/{cast.mailing.pk}/stop/"' in page
        assert "<html" not in self.get(cast, "stop", **HTMX).content.decode()

    def test_what_is_not_possible_now_is_explained_and_has_no_button(self, cast: Cast) -> None:
        page = self.get(cast, "reset").content.decode()
        assert "This mailing is being sent. Stop it first." in page
        assert "btn-primary" not in page.split('<form class="ask"')[1]

    @pytest.mark.parametrize("verb", ["pause", "nonsense", "send"])
    def test_acts_that_ask_nothing_have_no_such_page(self, cast: Cast, verb: str) -> None:
        assert self.get(cast, verb).status_code == 404

    def test_an_early_start_is_confirmed(self, cast: Cast) -> None:
        ahead = timezone.now() + timedelta(hours=2)
        mailing = MailingFactory.create(owner=cast.owner, starts_at=ahead)
        page = cast.client("owner").get(f"/mailings/{mailing.pk}/confirm/send/").content.decode()
        assert 'name="early" value="1"' in page


@pytest.mark.django_db
def test_the_percent_is_never_100_before_the_end() -> None:
    run = RunFactory.create(pending=1, sent=999)
    assert panel_of(run.mailing, now=timezone.now()).percent == 99
    assert panel_of(MailingFactory.create(), now=timezone.now()).percent == 0
    empty = RunFactory.create(state="done", outcome="empty", audience=0)
    assert panel_of(empty.mailing, now=timezone.now()).percent == 100


def test_above_ten_thousand_the_number_is_typed(
    cast: Cast, dispatched: RecordingDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.mailings.services.reach.VERY_LARGE", 3)
    monkeypatch.setattr("apps.mailings.services.reach.LARGE", 2)
    mailing = MailingFactory.create(owner=cast.owner)
    RecipientFactory.create_batch(4, owner=cast.owner)
    client, url = cast.client("owner"), f"/mailings/{mailing.pk}"
    with CaptureQueriesContext(connection) as asked:
        assert 'name="typed"' in client.get(f"{url}/confirm/send/").content.decode()
    assert len([one for one in asked if "WITH a AS" in one["sql"]]) == 1  # counted once

    for typed in ("", "4", "55"):
        client.post(f"{url}/send/", {"typed": typed})
    assert dispatched.calls == []

    client.post(f"{url}/send/", {"typed": "5"})
    assert [verb for verb, _asked in dispatched.calls] == ["launch"]


def test_the_fragment_brings_errors_and_runs_up_to_date(cast: Cast) -> None:
    delivery = DeliveryFactory.create(
        run=cast.run, state="failed", code=550, response="5.1.1 no such user"
    )
    Run.objects.filter(pk=cast.run.pk).update(failed=1, audience=F("audience") + 1)
    url = reverse("delivery:panel", args=[cast.mailing.pk])
    part = cast.client("owner").get(url, headers=HTMX).content.decode()
    for name in ("mailing-status", "mailing-failures", "mailing-runs"):
        assert re.search(rf'id="{name}"[^>]* hx-swap-oob="true"', part), name
    assert "Mailbox doesn’t exist" in part and delivery.address not in part
    whole = cast.client("owner").get(reverse("mailings:detail", args=[cast.mailing.pk]))
    for name in ("mailing-status", "mailing-failures", "mailing-runs"):
        assert whole.content.decode().count(f'id="{name}"') == 1, name
    assert "mailing-runs" not in cast.client("owner").get(url).content.decode()


def test_a_retry_asks_whom_and_offers_those_that_may_succeed(
    cast: Cast, dispatched: RecordingDispatcher
) -> None:
    replies = [(552, "5.2.2 full"), (451, "try later"), (550, "5.1.1 no"), (550, "5.1.1 no")]
    for code, text in replies:
        DeliveryFactory.create(run=cast.run, state="failed", code=code, response=text)
    Run.objects.filter(pk=cast.run.pk).update(failed=4, audience=F("audience") + 4)
    ask = reverse("delivery:confirm", args=[cast.mailing.pk, "retry"])
    page = cast.client("owner").get(ask)
    failed = page.context["failed"]
    assert (failed.hopeful_count, failed.count) == (2, 4)
    assert [group.reason for group in failed.others] == ["mailbox_missing"]
    body = page.content.decode()
    assert re.search('value="hopeful"[^>]* checked', body)
    act = reverse("delivery:retry", args=[cast.mailing.pk])
    cast.client("owner").post(act, {"whom": "hopeful"})
    cast.client("owner").post(act, {"whom": "all"})
    assert [call[1] for call in dispatched.calls if call[0] == "retry_failed"] == [
        {"mailing_id": cast.mailing.pk, "hopeful_only": True},
        {"mailing_id": cast.mailing.pk},
    ]
