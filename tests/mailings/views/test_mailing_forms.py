"""Mailings on pages: made, changed, counted, copied, deleted; and decisions about a run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Mailing, PublicArchive, Run
from apps.mailings.services.mailings import duplicate_mailing
from apps.mailings.services.publishing.archive import public_url
from apps.mailings.services.reach import LARGE, audience_of
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher

pytestmark = pytest.mark.django_db


def moment(name: str, value: datetime) -> dict[str, str]:
    """A day and a time as they are typed."""
    return {f"{name}_0": value.strftime("%d.%m.%Y"), f"{name}_1": value.strftime("%H:%M")}


def fields(cast: Cast, **changed: Any) -> dict[str, Any]:
    start = timezone.localtime() + timedelta(hours=1)
    values = {
        "name": "Весна",
        "message": MessageFactory.create(owner=cast.owner).pk,
        "channel": "email",
        "account": "email",
        **moment("starts_at", start),
        **moment("ends_at", start + timedelta(days=1)),
        "priority": "100",
    }
    return {**values, **changed}


def create(cast: Cast, **changed: Any) -> Any:
    return cast.client("owner").post(reverse("mailings:create"), fields(cast, **changed))


def test_who_has_no_tags_is_offered_everyone(cast: Cast) -> None:
    """There is nothing else to choose by; the review follows all the same."""
    url = reverse("mailings:create")
    form = cast.client("owner").get(url).context["form"]
    assert form["everyone"].value() is True
    TagFactory.create(owner=cast.owner)
    form = cast.client("owner").get(url).context["form"]
    assert form["everyone"].value() is False


def test_a_mailing_reaches_tags_codes_and_who_was_named_manually(cast: Cast) -> None:
    tag = TagFactory.create(owner=cast.owner)
    RecipientFactory.create(owner=cast.owner, email="tag@example.org").tags.add(tag)
    RecipientFactory.create(owner=cast.owner, email="hand@example.org")
    create(cast, filter_tags=[tag.pk], addresses="Hand@example.org")
    mailing = Mailing.objects.get(name="Весна")
    assert mailing.owner == cast.owner
    assert {row.email for row in audience_of(mailing).people()} == {
        "tag@example.org",
        "hand@example.org",
    }


def test_the_stored_times_and_people_come_back_and_a_change_is_kept(cast: Cast) -> None:
    RecipientFactory.create(owner=cast.owner, email="hand@example.org")
    create(cast, addresses="hand@example.org", operator_codes="916, 925")
    mailing = Mailing.objects.get(name="Весна")
    url = reverse("mailings:edit", args=[mailing.pk])
    form = cast.client("owner").get(url).context["form"]
    shown = timezone.localtime(mailing.starts_at)
    assert f'value="{shown:%Y-%m-%d}"' in str(form["starts_at"])
    assert f'value="{shown:%H:%M}"' in str(form["starts_at"])
    assert form["addresses"].value() == "hand@example.org"
    assert form["operator_codes"].value() == "916, 925"
    cast.client("owner").post(url, fields(cast, name="Лето", message=mailing.message_id))
    mailing.refresh_from_db()
    assert mailing.name == "Лето"
    assert not mailing.recipients.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("addresses", "stranger@example.org"),
        ("operator_codes", "91"),
        ("account", "nobody"),
        ("ends_at_0", "01.01.2020"),
        ("starts_at_0", "32.01.2030"),
        ("starts_at_1", ""),
        ("priority", "99"),
        ("priority", "-32768"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_its_field(cast: Cast, field: str, value: str) -> None:
    RecipientFactory.create(owner=cast.stranger, email="stranger@example.org")
    answer = create(cast, **{field: value})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Mailing.objects.filter(name="Весна").exists()


def test_somebody_elses_message_and_tags_cannot_be_chosen(cast: Cast) -> None:
    foreign = MessageFactory.create(owner=cast.stranger)
    assert "message" in create(cast, message=foreign.pk).context["form"].errors
    tag = TagFactory.create(owner=cast.stranger)
    assert "filter_tags" in create(cast, filter_tags=[tag.pk]).context["form"].errors


def test_the_audience_is_counted_before_anything_is_saved(cast: Cast) -> None:
    RecipientFactory.create_batch(3, owner=cast.owner)
    url = reverse("mailings:count")
    answer = cast.client("owner").post(url, {"everyone": "on"})
    assert answer.context["summary"].count == 4  # and the one of the cast
    assert cast.client("owner").post(url, {}).context["summary"].count == 0
    assert cast.client("owner").post(url, {"addresses": "x@y.zz"}).context["summary"] is None


def test_while_a_run_is_open_only_what_it_has_not_frozen_changes(cast: Cast) -> None:
    other = MessageFactory.create(owner=cast.owner)
    url = reverse("mailings:edit", args=[cast.mailing.pk])
    before = cast.mailing.message_id
    cast.client("owner").post(url, fields(cast, name="Новое имя", message=other.pk))
    cast.mailing.refresh_from_db()
    assert (cast.mailing.name, cast.mailing.message_id) == ("Новое имя", before)
    assert cast.mailing.everyone


def test_a_mailing_that_is_being_sent_is_not_deleted_and_a_sent_one_is_archived(cast: Cast) -> None:
    url = reverse("mailings:delete", args=[cast.mailing.pk])
    cast.client("owner").post(url)
    cast.mailing.refresh_from_db()
    assert cast.mailing.archived_at is None
    Run.objects.filter(pk=cast.run.pk).update(
        state="done", outcome="partial", pending=0, sending=0, sent=9
    )
    assert cast.client("owner").get(url).status_code == 200
    cast.client("owner").post(url)
    cast.mailing.refresh_from_db()
    assert cast.mailing.archived_at is not None
    fresh = MailingFactory.create(owner=cast.owner)
    cast.client("owner").post(reverse("mailings:delete", args=[fresh.pk]))
    assert not Mailing.objects.filter(pk=fresh.pk).exists()


def test_a_copy_has_the_same_audience_and_is_not_sent_at_once(cast: Cast) -> None:
    tag = TagFactory.create(owner=cast.owner)
    cast.mailing.filter_tags.add(tag)
    cast.client("owner").post(reverse("mailings:duplicate", args=[cast.mailing.pk]))
    copy = Mailing.objects.exclude(pk=cast.mailing.pk).get(owner=cast.owner)
    assert list(copy.filter_tags.all()) == [tag]
    assert copy.starts_at > timezone.now()


@pytest.mark.parametrize(("verb", "state"), [("retry", "failed"), ("remaining", "cancelled")])
def test_the_buttons_for_another_chance_stand_where_somebody_was_left(
    cast: Cast, dispatched: RecordingDispatcher, verb: str, state: str
) -> None:
    done = RunFactory.create(
        mailing__owner=cast.owner, state="done", outcome="partial", sent=1, **{state: 2}
    )
    client = cast.client("owner")
    page = client.get(reverse("delivery:panel", args=[done.mailing_id])).content.decode()
    assert f'id="act-{verb}"' in page
    client.post(reverse(f"delivery:{verb}", args=[done.mailing_id]))
    assert [call[0] for call in dispatched.calls] == [
        "retry_failed" if verb == "retry" else "send_remaining"
    ]


def test_the_unknown_are_decided_by_their_owner_one_by_one_or_all(
    cast: Cast, dispatched: RecordingDispatcher
) -> None:
    row = DeliveryFactory.create(
        run=cast.run, recipient=RecipientFactory.create(owner=cast.owner), state="unknown"
    )
    page = reverse("mailings:run", args=[cast.mailing.pk, 1]) + "?state=unknown"
    url = reverse("delivery:resolve", args=[cast.mailing.pk, 1])
    assert url in cast.client("owner").get(page).content.decode()
    assert url not in cast.client("manager").get(page).content.decode()
    cast.client("owner").post(url, {"verdict": "sent", "ids": [row.pk, "x"]})
    cast.client("owner").post(url, {"verdict": "pending", "scope": "all"})
    assert [call[1]["delivery_ids"] for call in dispatched.calls] == [[row.pk], None]
    assert cast.client("owner").post(url, {"verdict": "lost"}).status_code == 404


def test_a_large_audience_is_asked_about_once_more(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    url = reverse("delivery:panel", args=[mailing.pk])
    confirm = reverse("delivery:confirm", args=[mailing.pk, "send"])
    assert confirm not in cast.client("owner").get(url).content.decode()
    RecipientFactory.create_batch(LARGE + 1, owner=cast.owner)
    assert confirm in cast.client("owner").get(url).content.decode()
    assert cast.client("owner").get(confirm).context["audience"] == LARGE + 2


def test_the_page_says_what_went_wrong_to_whom_and_what_comes_next(cast: Cast) -> None:
    """Wrong address and a server that is down: nobody has to open a log."""
    ahead = timezone.now() + timedelta(minutes=5)
    Run.objects.filter(pk=cast.run.pk).update(
        state="deferred", reason="channel_down", deferred_until=ahead, failed=2, audience=12
    )
    for _ in range(2):
        DeliveryFactory.create(
            run=cast.run,
            recipient=RecipientFactory.create(owner=cast.owner),
            state="failed",
            code=550,
            response="5.1.1 No such user",
        )
    url = reverse("mailings:detail", args=[cast.mailing.pk])
    page = cast.client("owner").get(url)
    (failure,) = page.context["failures"]
    assert (failure.state, failure.reply, failure.count) == ("failed", "550 5.1.1 No such user", 2)
    text = page.content.decode()
    assert "mail server unavailable" in text and "Waiting until" in text


def test_deliveries_are_found_by_address_and_taken_away(cast: Cast) -> None:
    recipient = RecipientFactory.create(owner=cast.owner)
    DeliveryFactory.create(run=cast.run, recipient=recipient, address="find@example.org")
    url = reverse("mailings:run", args=[cast.mailing.pk, 1])
    rows = cast.client("owner").get(url, {"q": "FIND@"}).context["page"].rows
    assert [row.address for row in rows] == ["find@example.org"]
    export = reverse("mailings:run_export", args=[cast.mailing.pk, 1, "csv"])
    answer: Any = cast.client("owner").get(export, {"q": "find@"})
    text = b"".join(answer.streaming_content).decode()
    assert text.count("\n") == 2 and "find@example.org" in text
    wrong = reverse("mailings:run_export", args=[cast.mailing.pk, 1, "exe"])
    assert cast.client("owner").get(wrong).status_code == 404


def test_the_list_is_filtered_by_status(cast: Cast) -> None:
    MailingFactory.create(owner=cast.owner, status="completed", name="Готовая")
    page = cast.client("owner").get(reverse("mailings:list"), {"status": "completed"})
    assert [card.mailing.name for card, _switch in page.context["cards"]] == ["Готовая"]


def test_a_priority_that_a_manager_gave_stays_when_its_owner_saves(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner, priority=5)
    url = reverse("mailings:edit", args=[mailing.pk])
    given = fields(cast, name="Лето", message=mailing.message_id, everyone="on")
    answer = cast.client("owner").post(url, {**given, "priority": "5"})
    assert answer.status_code == 302, answer.context["form"].errors
    refused = cast.client("owner").post(url, {**given, "priority": "4"})
    assert "priority" in refused.context["form"].errors
    mailing.refresh_from_db()
    assert (mailing.name, mailing.priority) == ("Лето", 5)


# --- links and the archive


def test_link_parameters_are_kept_shown_and_checked(cast: Cast) -> None:
    create(cast, utm_source="news", utm_term="{{ city }}")
    mailing = Mailing.objects.get(name="Весна")
    assert mailing.utm == {"source": "news", "term": "{{ city }}"}
    url = reverse("mailings:edit", args=[mailing.pk])
    form = cast.client("owner").get(url).context["form"]
    assert form["utm_source"].value() == "news" and form.opens_utm and not form.opens_archive
    page = cast.client("owner").get(reverse("mailings:review", args=[mailing.pk]))
    shown = "utm_source=news&amp;utm_campaign=vesna&amp;utm_term={{ city }}"
    assert shown in page.content.decode()
    refused = create(cast, utm_medium="{% if a %}")
    assert "utm_medium" in refused.context["form"].errors


def test_what_is_measured_is_chosen_shown_and_copied(cast: Cast, settings: LazySettings) -> None:
    settings.TRACKING = "persons"
    create(cast, tracking="totals", tracking_text="true")
    mailing = Mailing.objects.get(name="Весна")
    assert (mailing.tracking, mailing.tracking_text) == ("totals", True)
    owner, url = cast.client("owner"), reverse("mailings:edit", args=[mailing.pk])
    form = owner.get(url).context["form"]
    assert form.opens_measuring
    assert dict(form.fields["tracking"].choices)[""] == "As usual: Each person"
    usual = dict(form.fields["tracking_text"].widget.choices)["unknown"]
    assert usual == "As usual: Not measured"
    review, detail = (
        reverse(f"mailings:{page}", args=[mailing.pk]) for page in ("review", "detail")
    )
    for page in (review, detail):
        assert "Totals only, including links of the text" in owner.get(page).content.decode()
    copy = duplicate_mailing(mailing=mailing, now=timezone.now())
    assert (copy.tracking, copy.tracking_text) == ("totals", True)
    settings.TRACKING_CHOICE = False
    assert not {"tracking", "tracking_text"} & owner.get(url).context["form"].fields.keys()
    assert "Each person" in owner.get(review).content.decode()


def test_a_public_mailing_is_published_and_withdrawn(cast: Cast) -> None:
    create(cast, public="on")
    mailing = Mailing.objects.get(name="Весна")
    assert mailing.public and mailing.slug == "vesna"
    client, detail = cast.client("owner"), reverse("mailings:detail", args=[mailing.pk])
    assert public_url(mailing) in client.get(detail).content.decode()
    archive = reverse("mailings:archive")
    assert "Весна" in client.get(archive).content.decode()
    act = reverse("mailings:publish", args=[mailing.pk])
    assert client.post(act, {"public": "0", "back": "1"})["Location"] == archive
    assert "no longer" in client.get(archive).content.decode()
    assert "Весна" not in client.get(archive).content.decode()
    assert client.post(act, {"public": "1"})["Location"] == detail
    mailing.refresh_from_db()
    assert mailing.public


def test_two_mailings_of_one_owner_have_two_names_in_addresses(cast: Cast) -> None:
    create(cast, slug="spring")
    again = create(cast, name="Лето", slug="spring")
    assert "Another mailing of yours" in str(again.context["form"].errors)


def test_an_archive_has_a_title_and_an_address_of_ones_own(cast: Cast) -> None:
    client, url = cast.client("owner"), reverse("mailings:archive")
    assert client.post(url, {"title": "News of Kofein", "slug": "kofein"}).status_code == 302
    row = PublicArchive.objects.get()
    assert (row.owner, row.title, row.slug) == (cast.owner, "News of Kofein", "kofein")
    taken = cast.client("stranger").post(url, {"title": "", "slug": "kofein"})
    assert taken.status_code == 200 and "slug" in taken.context["form"].errors
    assert "/archive/kofein/" in client.get(url).content.decode()
