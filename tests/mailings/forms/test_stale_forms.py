"""Two tabs, two people: a form that was written from an older version overwrites nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Mailing, Recipient
from tests import browser_form
from tests.factories import MailingFactory, RecipientFactory, TagFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def opened(cast: Cast, url: str) -> dict[str, Any]:
    return browser_form.opened(cast.client("owner"), url)


def test_a_second_tab_does_not_bring_the_old_audience_back(cast: Cast) -> None:
    newsletter, vip = (TagFactory.create(owner=cast.owner, name=name) for name in ("news", "vip"))
    mailing = MailingFactory.create(owner=cast.owner, everyone=False, name="two tabs")
    mailing.filter_tags.add(newsletter)
    url, client = reverse("mailings:edit", args=[mailing.pk]), cast.client("owner")
    first, second = opened(cast, url), opened(cast, url)
    assert client.post(url, {**first, "filter_tags": [vip.pk]}).status_code == 302
    answer = client.post(url, {**second, "name": "two tabs renamed"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "two tabs renamed" in page and "vip" in page and "news" in page
    mailing.refresh_from_db()
    assert [tag.name for tag in mailing.filter_tags.all()] == ["vip"]
    assert mailing.name == "two tabs"
    mine = {**second, "name": "two tabs renamed", "base": answer.context["form"]["base"].value()}
    assert client.post(url, mine).status_code == 302
    mailing.refresh_from_db()
    assert mailing.name == "two tabs renamed"


def test_the_same_save_twice_is_no_conflict(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    url, client = reverse("mailings:edit", args=[mailing.pk]), cast.client("owner")
    data = {**opened(cast, url), "name": "Renamed"}
    assert [client.post(url, data).status_code for _click in range(2)] == [302, 302]


def test_what_nobody_edits_is_no_conflict(cast: Cast) -> None:
    """A manager's switch, and the mark of the last change."""
    mailing = MailingFactory.create(owner=cast.owner)
    url, client = reverse("mailings:edit", args=[mailing.pk]), cast.client("owner")
    data = opened(cast, url)
    cast.client("manager").post(reverse("mailings:toggle", args=[mailing.pk]))
    assert client.post(url, {**data, "name": "Renamed"}).status_code == 302


@pytest.mark.parametrize(
    ("field", "theirs", "mine"),
    [
        ("full_name", "Anna B.", "Anna C."),
        ("tag_list", "vip", "news"),
        ("attribute_lines", "city: Moscow", "city: Tver"),
    ],
)
def test_a_recipient_that_somebody_else_saved_is_asked_about(
    cast: Cast, field: str, theirs: str, mine: str
) -> None:
    recipient = RecipientFactory.create(owner=cast.owner)
    url, client = reverse("recipients:edit", args=[recipient.pk]), cast.client("owner")
    first, second = opened(cast, url), opened(cast, url)
    assert client.post(url, {**first, field: theirs}).status_code == 302
    answer = client.post(url, {**second, field: mine})
    assert answer.status_code == 409
    assert theirs in answer.content.decode() and mine in answer.content.decode()
    form = client.get(url).context["form"]
    assert form[field].value() == theirs


def test_a_message_saved_twice_with_the_same_content_is_no_conflict(cast: Cast) -> None:
    message = cast.mailing.message
    url, client = reverse("messages:edit", args=[message.pk]), cast.client("owner")
    data = {"subject": "New", "text": "{{ unsubscribe_url }}", "html": "", "base_revision": 1}
    assert [client.post(url, data).status_code for _click in range(2)] == [302, 302]
    message.refresh_from_db()
    assert message.revision == 2


@pytest.fixture
def chosen_ones(cast: Cast) -> Mailing:
    """Chosen manually: with an e-mail, with a phone only, with a chat only, and in the archive."""
    mailing = MailingFactory.create(owner=cast.owner, everyone=False, name="SMS to some")
    mailing.recipients.set(
        [
            RecipientFactory.create(owner=cast.owner, email="hand@example.org"),
            RecipientFactory.create(owner=cast.owner, email=None, phone="79160000077"),
            RecipientFactory.create(owner=cast.owner, email=None, telegram_chat_id=12345),
            RecipientFactory.create(
                owner=cast.owner, email="gone@example.org", archived_at=timezone.now()
            ),
        ]
    )
    return mailing


def test_renaming_keeps_everybody_who_was_chosen_manually(cast: Cast, chosen_ones: Mailing) -> None:
    url = reverse("mailings:edit", args=[chosen_ones.pk])
    before = set(chosen_ones.recipients.values_list("pk", flat=True))
    data = opened(cast, url)
    assert set(data["addresses"][0].split()) == {
        "hand@example.org",
        "79160000077",
        "telegram:12345",
    }
    assert cast.client("owner").post(url, {**data, "name": "Renamed"}).status_code == 302
    chosen_ones.refresh_from_db()
    assert chosen_ones.name == "Renamed"
    assert set(chosen_ones.recipients.values_list("pk", flat=True)) == before


def test_one_is_removed_and_another_added_by_any_address(cast: Cast, chosen_ones: Mailing) -> None:
    RecipientFactory.create(owner=cast.owner, email=None, phone="79161112233")
    url = reverse("mailings:edit", args=[chosen_ones.pk])
    lines = ["79160000077", "8 (916) 111-22-33"]
    data = {**opened(cast, url), "addresses": "\n".join(lines)}
    assert cast.client("owner").post(url, data).status_code == 302
    phones = set(chosen_ones.recipients.filter(archived_at=None).values_list("phone", flat=True))
    assert phones == {"79160000077", "79161112233"}


@pytest.mark.parametrize("line", ["79169999999", "telegram:777", "who@example.org", "id:1", "x"])
def test_who_is_not_ones_own_is_not_chosen(cast: Cast, line: str) -> None:
    Recipient.objects.filter(pk=1).delete()
    stranger = {"email": "who@example.org", "phone": "79169999999", "telegram_chat_id": 777}
    RecipientFactory.create(owner=cast.stranger, **stranger)
    mailing = MailingFactory.create(owner=cast.owner, everyone=False)
    url = reverse("mailings:edit", args=[mailing.pk])
    answer = cast.client("owner").post(url, {**opened(cast, url), "addresses": line})
    assert answer.status_code == 200 and "addresses" in answer.context["form"].errors


def test_seconds_that_nobody_sees_are_no_change(cast: Cast) -> None:
    start = datetime(2029, 3, 1, 10, 0, 17, tzinfo=UTC)
    mailing = MailingFactory.create(
        owner=cast.owner, starts_at=start, ends_at=start + timedelta(days=1)
    )
    url = reverse("mailings:edit", args=[mailing.pk])
    cast.client("owner").post(url, {**opened(cast, url), "name": "Renamed"})
    mailing.refresh_from_db()
    assert (mailing.name, mailing.starts_at) == ("Renamed", start)
