"""The list of mailings, one mailing, one run, and the managers' switch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.mailings import next_step
from apps.users.models import User
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)
from tests.markup import dense
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


def text_of(cast: Cast, url: str, role: str = "owner", **headers: str) -> str:
    response = cast.client(role).get(url, headers=headers)
    assert response.status_code == 200
    return dense(response.content.decode())


class TestList:
    def test_a_card_has_the_id_in_its_title_and_says_what_comes_next(self, cast: Cast) -> None:
        page = text_of(cast, "/mailings/")
        assert f"(id:{cast.mailing.pk})" in page
        assert "Sending: 7 of 10." in page
        assert "anna@example.org" not in page.split("<main")[1]

    def test_those_who_oversee_see_the_owner(self, cast: Cast) -> None:
        assert "anna@example.org" in text_of(cast, "/mailings/", "manager")

    def test_a_disabled_mailing_stays_dimmed_with_a_badge(self, cast: Cast) -> None:
        Mailing.objects.update(is_active=False)
        page = text_of(cast, "/mailings/", **{"Accept-Language": "ru"})
        assert f'<tr id="mailing-{cast.mailing.pk}" class="off">' in page and "Отключена" in page

    @pytest.mark.parametrize(
        "url",
        [
            "/",
            "/queue/",
            "/mailings/",
            "/mailings/{mailing}/",
            "/messages/{message}/",
            "/recipients/{recipient}/",
            "/attempts/",
            "/reports/",
            "/reports/{mailing}/",
        ],
    )
    @pytest.mark.parametrize("role", ["owner", "manager"])
    def test_a_disabled_mailing_has_its_badge_wherever_it_is_named(
        self, cast: Cast, url: str, role: str
    ) -> None:
        AttemptFactory.create(delivery=cast.delivery)
        url = url.format(
            mailing=cast.mailing.pk,
            message=cast.mailing.message_id,
            recipient=cast.delivery.recipient_id,
        )
        russian = {"Accept-Language": "ru"}
        assert "Отключена" not in text_of(cast, url, role, **russian).split("<main")[1]
        Mailing.objects.update(is_active=False)
        assert "Отключена" in text_of(cast, url, role, **russian).split("<main")[1]

    def test_a_disabled_mailing_stays_among_those_to_come(self, cast: Cast) -> None:
        ahead = timezone.now() + timedelta(hours=1)
        MailingFactory.create(owner=cast.owner, name="Off", starts_at=ahead, is_active=False)
        for url in ("/", "/queue/"):
            coming = text_of(cast, url).split('id="coming-title"')[1]
            assert '<li class="row-item off">' in coming and "Disabled" in coming

    @pytest.mark.parametrize("text", ["ВЕСЕННИЕ", "весенние", "Весенние новости", " новости "])
    def test_search_knows_no_case_in_any_alphabet(self, cast: Cast, text: str) -> None:
        MailingFactory.create(owner=cast.owner, name="Autumn")
        page = cast.client("owner").get("/mailings/", {"q": text}).content.decode()
        assert "Весенние новости" in page and "Autumn" not in page

    @pytest.mark.parametrize("text", ["100%", "a.c", "(", "\x00", "\\", "x" * 1000])
    def test_search_takes_every_character_literally(self, cast: Cast, text: str) -> None:
        MailingFactory.create(owner=cast.owner, name="abc")
        page = cast.client("owner").get("/mailings/", {"q": text})
        assert page.status_code == 200
        assert ("No results" in page.content.decode()) is (text != "\x00")

    def test_the_empty_list_says_what_to_do_first(self, cast: Cast) -> None:
        assert "A mailing sends a message to an audience" in text_of(cast, "/mailings/", "stranger")

    def test_archived_mailings_have_a_filter_and_can_be_read_and_restored(self, cast: Cast) -> None:
        url = f"/mailings/{cast.mailing.pk}/"
        assert "Restore" not in text_of(cast, url)
        assert "?status=archived" in text_of(cast, "/mailings/")
        Mailing.objects.update(archived_at=timezone.now())
        assert "No mailings yet" in text_of(cast, "/mailings/")
        assert cast.mailing.name in text_of(cast, "/mailings/?status=archived")
        page = text_of(cast, url)
        assert f'action="{url}restore/"' in page
        acts = ("edit", "duplicate", "toggle", "delete", "panel")
        assert [act for act in acts if f"{url}{act}/" in page] == []
        for end in ("runs/1/", f"runs/1/deliveries/{cast.delivery.pk}/", "runs/1/export/csv/"):
            assert cast.client("owner").get(url + end).status_code == 200, end
        for role in ("stranger", "manager"):
            seen = cast.client(role).get(url)
            assert seen.status_code == (404 if role == "stranger" else 200)
            assert "/restore/" not in seen.content.decode()
        assert cast.client("owner").post(f"{url}edit/").status_code == 404
        cast.client("owner").post(f"{url}restore/")
        assert cast.mailing.name in text_of(cast, "/mailings/")

    def test_the_button_says_what_it_does(self, cast: Cast) -> None:
        url = f"/mailings/{cast.mailing.pk}/"
        asked = text_of(cast, f"{url}delete/")
        assert "Stop it first" in asked and "btn-danger" not in asked
        Run.objects.update(state="done", outcome="partial", pending=0, sending=0, audience=7)
        assert "Archive…</a>" in text_of(cast, url)
        asked = text_of(cast, f"{url}delete/")
        assert "Archive this mailing?" in asked and "Archive</button>" in asked
        fresh = MailingFactory.create(owner=cast.owner)
        asked = text_of(cast, f"/mailings/{fresh.pk}/delete/")
        assert "Delete this mailing?" in asked and "Delete</button>" in asked

    def test_htmx_gets_only_the_results(self, cast: Cast) -> None:
        part = text_of(cast, "/mailings/", **HTMX)
        assert part.strip().startswith('<div id="results">')
        whole = text_of(cast, "/mailings/", **HTMX, **{"HX-History-Restore-Request": "true"})
        assert "<html" in whole

    def test_paging_by_key_goes_there_and_back(self, cast: Cast) -> None:
        MailingFactory.create_batch(50, owner=cast.owner)
        seen: list[int] = []
        query = ""
        for _ in range(3):
            context = cast.client("owner").get(f"/mailings/?{query}").context
            seen += [card.mailing.pk for card, _ in context["cards"]]
            query = context["page"].next
        assert query == ""
        assert seen == sorted(Mailing.objects.values_list("pk", flat=True), reverse=True)
        back = cast.client("owner").get(f"/mailings/?{context['page'].previous}").context["cards"]
        assert [card.mailing.pk for card, _ in back] == seen[24:48]

    @pytest.mark.parametrize("query", ["after=x", "before=-1", "after=" + "9" * 30, "after=²"])
    def test_nonsense_in_the_page_key_shows_the_first_page(self, cast: Cast, query: str) -> None:
        assert "Весенние новости" in text_of(cast, f"/mailings/?{query}")


class TestDetail:
    def test_it_shows_what_to_whom_and_when_and_loads_the_panel(self, cast: Cast) -> None:
        page = text_of(cast, f"/mailings/{cast.mailing.pk}/")
        assert "All recipients of the owner" in page
        assert "Europe/Moscow, UTC+03:00" in page
        assert f'hx-get="/mailings/{cast.mailing.pk}/panel/"' in page
        assert f"/mailings/{cast.mailing.pk}/runs/1/" in page

    def test_the_audience_is_reported_in_words(self, cast: Cast) -> None:
        mailing = MailingFactory.create(
            owner=cast.owner, everyone=False, filter_operator_codes=["916", "917"]
        )
        url = f"/mailings/{mailing.pk}/"
        mailing.filter_tags.add(TagFactory.create(owner=cast.owner, name="vip"))
        mailing.recipients.add(RecipientFactory.create(owner=cast.owner))
        page = text_of(cast, url)
        for text in ("Tags: vip", "Operator codes: 916, 917", "1 individual recipient"):
            assert text in page
        nobody = MailingFactory.create(owner=cast.owner, everyone=False)
        assert "Nobody yet" in text_of(cast, f"/mailings/{nobody.pk}/")


class TestRun:
    def test_deliveries_are_filtered_by_state_and_show_the_reply(self, cast: Cast) -> None:
        DeliveryFactory.create(
            run=cast.run, state="failed", code=550, response="5.1.1 <No> such user"
        )
        url = f"/mailings/{cast.mailing.pk}/runs/1/"
        assert cast.delivery.address in text_of(cast, url)
        failed = text_of(cast, f"{url}?state=failed")
        assert "550 5.1.1 &lt;No&gt; such user" in failed
        assert cast.delivery.address not in failed
        assert cast.delivery.address in text_of(cast, f"{url}?state=nonsense")
        assert "No deliveries with this status." in text_of(cast, f"{url}?state=expired")

    def test_a_run_that_is_not_there(self, cast: Cast) -> None:
        url = f"/mailings/{cast.mailing.pk}/runs/2/"
        assert cast.client("owner").get(url).status_code == 404


class TestSwitch:
    def toggle(self, actor: User, mailing: Mailing, cast: Cast, **headers: str) -> Any:
        client = cast.client("anonymous")
        client.force_login(actor)
        return client.post(f"/mailings/{mailing.pk}/toggle/", headers=headers)

    def is_on(self, mailing: Mailing) -> bool:
        return Mailing.objects.get(pk=mailing.pk).is_active

    def test_a_manager_switches_off_and_on_again(self, cast: Cast) -> None:
        assert self.toggle(cast.manager, cast.mailing, cast).status_code == 302
        assert not self.is_on(cast.mailing)
        self.toggle(cast.manager, cast.mailing, cast)
        assert self.is_on(cast.mailing)

    def test_htmx_gets_the_card_back(self, cast: Cast) -> None:
        part = self.toggle(cast.manager, cast.mailing, cast, **HTMX).content.decode()
        assert f'id="mailing-{cast.mailing.pk}"' in part and 'aria-checked="false"' in part
        assert "<html" not in part

    def test_the_switch_is_shown_only_to_managers(self, cast: Cast) -> None:
        assert 'role="switch"' in text_of(cast, "/mailings/", "manager")
        assert 'role="switch"' not in text_of(cast, "/mailings/", "owner")

    def test_owners_and_strangers_may_not(self, cast: Cast) -> None:
        assert self.toggle(cast.owner, cast.mailing, cast).status_code == 403
        assert self.toggle(cast.stranger, cast.mailing, cast).status_code == 404
        assert self.is_on(cast.mailing)

    def test_a_manager_may_not_switch_another_manager_or_a_superuser(self, cast: Cast) -> None:
        colleague = MailingFactory.create(owner=ManagerFactory.create())
        root = MailingFactory.create(
            owner=User.objects.create_superuser("root@example.org", "x", is_staff=True)
        )
        own = MailingFactory.create(owner=cast.manager)
        assert self.toggle(cast.manager, colleague, cast).status_code == 403
        assert self.toggle(cast.manager, root, cast).status_code == 403
        assert self.toggle(cast.manager, own, cast).status_code == 302
        assert self.toggle(root.owner, colleague, cast).status_code == 302
        assert not self.is_on(colleague)

    def test_a_blocked_owners_mailing_stays_switchable(self, cast: Cast) -> None:
        mailing = MailingFactory.create(owner=cast.blocked)
        User.objects.filter(pk=cast.blocked.pk).update(is_active=False)
        assert self.toggle(cast.manager, mailing, cast).status_code == 302


class TestNextStep:
    @pytest.mark.parametrize(
        ("run", "text"),
        [
            ({"state": "preparing"}, "Preparing the recipient list."),
            ({"state": "queued"}, "Queued."),
            ({"state": "paused", "reason": "paused_by_user"}, "Paused manually."),
            (
                {"state": "paused", "reason": "account_disabled"},
                "Paused: sending account disabled.",
            ),
            ({"state": "deferred"}, "Waiting: no reason given."),
            ({"state": "done"}, "Finished."),
        ],
    )
    def test_a_run_says_what_it_does(self, cast: Cast, run: dict[str, str], text: str) -> None:
        assert next_step(cast.mailing, Run(**run), timezone.now()) == text

    def test_before_the_launch(self, cast: Cast) -> None:
        mailing, now = cast.mailing, timezone.now()
        assert "Starting within" in next_step(mailing, None, now)
        tomorrow = timezone.localtime(mailing.starts_at - timedelta(days=1))
        assert "Scheduled for tomorrow" in next_step(mailing, None, tomorrow)
        assert "Scheduled for" in next_step(mailing, None, now - timedelta(days=400))
        assert "The sending window ended" in next_step(mailing, None, mailing.ends_at)
        mailing.owner.is_active = False
        assert "the owner is blocked" in next_step(mailing, None, now)
        mailing.is_active = False
        assert "Disabled by a manager" in next_step(mailing, None, now)

    def test_a_finished_run_says_when_and_what_is_left(self, cast: Cast) -> None:
        now = timezone.now()
        run = RunFactory.create(mailing__owner=cast.owner, state="done", sent=1, finished_at=now)
        assert next_step(run.mailing, run, now).startswith("Finished: ")
        run.unknown = 2
        assert next_step(run.mailing, run, now).startswith("Outcome unknown for 2 deliveries.")


def test_a_failed_mailing_shows_what_happened_to_whom_and_what_comes_next(cast: Cast) -> None:
    """A wrong address, and a server that went away: nobody has to open a log."""
    resumes = timezone.now() + timedelta(minutes=5)
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=cast.owner),
        state="deferred",
        reason="channel_down",
        reason_detail="connection refused",
        deferred_until=resumes,
        pending=7,
        sent=2,
        failed=1,
    )
    gone = RecipientFactory.create(owner=cast.owner, email="gone@example.org")
    DeliveryFactory.create(
        run=run, recipient=gone, state="failed", code=550, response="5.1.1 No such user"
    )
    client = cast.client("owner")
    client.cookies["django_language"] = "en"

    page = client.get(f"/mailings/{run.mailing_id}/").content.decode()
    assert "550 5.1.1 No such user" in page
    panel = client.get(f"/mailings/{run.mailing_id}/panel/").content.decode()
    assert "mail server unavailable (connection refused)" in panel
    assert f"{timezone.localtime(resumes):%H:%M}" in panel
    who = client.get(f"/mailings/{run.mailing_id}/runs/1/?state=failed").content.decode()
    assert "gone@example.org" in who and "5.1.1 No such user" in who
