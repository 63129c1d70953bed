"""Before anything is saved: to how many, from when to when, and what some of them have not."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from apps.mailings.ledger.reach import Reach
from apps.mailings.models import Recipient
from apps.mailings.services.local_time import Opening
from apps.mailings.services.reach import Audience, audience_of
from apps.mailings.services.summary import Planned, Summary, summary_of, summary_of_mailing
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, SuppressionFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db
AT = datetime(2030, 3, 1, 6, 0, tzinfo=UTC)


def everybody(cast: Cast) -> Audience:
    return audience_of(MailingFactory.create(owner=cast.owner, everyone=True))


def test_it_counts_as_the_freeze_does(cast: Cast) -> None:
    Recipient.objects.filter(owner=cast.owner).delete()
    RecipientFactory.create_batch(3, owner=cast.owner)
    gone = RecipientFactory.create(owner=cast.owner)
    SuppressionFactory.create(owner=cast.owner, channel="email", address=gone.email)
    summary = summary_of_mailing(MailingFactory.create(owner=cast.owner, everyone=True))
    assert (summary.count, summary.reach.matching, summary.reach.suppressed) == (3, 4, 1)
    assert summary.openings == [] and summary.forecast is not None


def test_the_recipients_hours_say_when_the_first_and_the_last_get_it(cast: Cast) -> None:
    Recipient.objects.filter(owner=cast.owner).delete()
    for zone in ("Asia/Vladivostok", "Europe/Moscow", "Europe/Moscow", "America/New_York"):
        RecipientFactory.create(owner=cast.owner, time_zone=zone)
    day = datetime(2030, 3, 1, 0, 0, tzinfo=UTC)
    mailing = MailingFactory.create(
        owner=cast.owner,
        everyone=True,
        starts_at=day,
        ends_at=day + timedelta(hours=10),
        local_from=time(10),
        local_to=time(13),
    )
    summary = summary_of_mailing(mailing)
    assert summary.first is not None and summary.last is not None
    assert (summary.first.zone, summary.first.at) == ("Asia/Vladivostok", day)
    assert (summary.last.zone, summary.last.count) == ("Europe/Moscow", 2)
    assert summary.too_late == 1
    assert summary.done_at == summary.last.at


def test_fields_that_some_have_not_are_named_with_their_number(cast: Cast) -> None:
    Recipient.objects.filter(owner=cast.owner).delete()
    RecipientFactory.create(owner=cast.owner, attributes={"город": "Самара"}, full_name="")
    RecipientFactory.create(owner=cast.owner, attributes={"город": ""}, full_name="Анна")
    RecipientFactory.create(owner=cast.owner, attributes={}, full_name="Борис")
    message = MessageFactory.create(
        owner=cast.owner, subject="{{ full_name }}", text="{{ город }} {{ email }}", html=""
    )
    planned = Planned(everybody(cast), [("email", "email")], message)
    assert dict(summary_of(planned).lacking) == {"name": 1, "город": 2}


def test_nobody_is_a_summary_too(cast: Cast) -> None:
    now = timezone.now()
    Recipient.objects.filter(owner=cast.owner).delete()
    until = now + timedelta(1)
    planned = Planned(everybody(cast), [], None, now, until, time(9), time(12))
    summary = summary_of(planned)
    assert (summary.count, summary.first, summary.lacking) == (0, None, [])


def test_who_gets_it_a_day_later_is_one_sentence(cast: Cast) -> None:
    late = [Opening(zone, 2, AT) for zone in ("Asia/Omsk", "Asia/Tomsk", "Asia/Chita", "Asia/Hovd")]
    summary = Summary(Reach((8,)), [], None, late, late, [])
    ((day, count, cities),) = summary.late_days
    assert (day, count, cities) == (AT.date(), 8, "Omsk, Tomsk, Chita and 1 more")
