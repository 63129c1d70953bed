"""Recipients that the form of a mailing names one by one, in every way that they can be named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings.forms import audience
from apps.mailings.models import Mailing, Recipient
from tests.factories import MailingFactory, RecipientFactory
from tests.mailings.views.test_mailing_forms import moment
from tests.people import Cast

pytestmark = pytest.mark.django_db


def _saved(cast: Cast, mailing: Mailing, lines: str) -> Any:
    """The answer to the form of this mailing, with these lines in it."""
    start = timezone.localtime() + timedelta(hours=1)
    data = {
        "name": mailing.name,
        "message": mailing.message_id,
        "channel": "email",
        "account": "email",
        **moment("starts_at", start),
        "stop_after": "24",
        "priority": "100",
        "addresses": lines,
    }
    return cast.client("owner").post(reverse("mailings:edit", args=[mailing.pk]), data)


def _shown(cast: Cast, mailing: Mailing) -> Any:
    """The form as its owner opens it."""
    return cast.client("owner").get(reverse("mailings:edit", args=[mailing.pk])).context["form"]


@pytest.fixture
def mailing(cast: Cast) -> Mailing:
    return MailingFactory.create(owner=cast.owner, everyone=False)


def test_who_has_no_email_is_named_by_phone_chat_or_number(cast: Cast, mailing: Mailing) -> None:
    by_phone = RecipientFactory.create(owner=cast.owner, email=None, phone="79161112233")
    by_chat = RecipientFactory.create(owner=cast.owner, email=None, telegram_chat_id=777)
    by_number = RecipientFactory.create(owner=cast.owner)
    lines = f"8 916 111-22-33\nTelegram:777, id:{by_number.pk}"
    assert _saved(cast, mailing, lines).status_code == 302
    assert set(mailing.recipients.all()) == {by_phone, by_chat, by_number}
    shown = set(_shown(cast, mailing).initial["addresses"].splitlines())
    assert shown == {"79161112233", "telegram:777", by_number.email}


@pytest.mark.parametrize("line", ["telegram:me", "id:none", "zoe@example.org", "12"])
def test_a_line_that_is_nobodys_is_named_in_the_error(
    line: str, cast: Cast, mailing: Mailing
) -> None:
    (error,) = _saved(cast, mailing, line).context["form"].errors["addresses"]
    assert error == f"Not in your recipients: {line}"


def test_too_many_chosen_ones_are_a_case_for_a_tag(
    cast: Cast, mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "MOST_CHOSEN", 2)
    rows = RecipientFactory.create_batch(3, owner=cast.owner)
    form = _saved(cast, mailing, "\n".join(str(row.email) for row in rows)).context["form"]
    assert form.errors["addresses"] == ["Too many addresses; use a tag instead."]


def test_whom_the_form_does_not_show_it_does_not_take_away(cast: Cast, mailing: Mailing) -> None:
    living, archived = RecipientFactory.create_batch(2, owner=cast.owner)
    Recipient.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    mailing.recipients.set([living, archived])
    form = _shown(cast, mailing)
    assert form.initial["addresses"] == living.email
    assert "And 1 more that is not shown here" in str(form.fields["addresses"].help_text)
    assert _saved(cast, mailing, "").status_code == 302
    assert list(mailing.recipients.all()) == [archived]
