"""Before anything is saved: to how many, from when to when, and what some of them have not."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from apps.mailings.ledger.reach import Reach, reach_of
from apps.mailings.models import AttributeDefinition, Mailing, Recipient, Segment
from apps.mailings.rules import reasoned
from apps.mailings.services.local_time import Opening
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe, unsubscribe
from apps.mailings.services.reach import Audience, audience_of
from apps.mailings.services.summary import Planned, Summary, summary_of, summary_of_mailing
from tests.factories import (
    MailingFactory,
    MailingListFactory,
    MessageFactory,
    RecipientFactory,
    SuppressionFactory,
    TagFactory,
)
from tests.people import Cast

pytestmark = pytest.mark.django_db
AT = datetime(2030, 3, 1, 6, 0, tzinfo=UTC)


def everybody(cast: Cast) -> Audience:
    return audience_of(MailingFactory.create(owner=cast.owner, everyone=True))


def mixed(cast: Cast) -> Mailing:
    """Somebody of each kind: on the list, off it, paused, excluded in four ways, suppressed."""
    Recipient.objects.filter(owner=cast.owner).delete()
    now = timezone.now()
    one = MailingListFactory.create(owner=cast.owner)
    vip = TagFactory.create(owner=cast.owner)
    people = RecipientFactory.create_batch(6, owner=cast.owner)
    said = Evidence(source="form", by_person=True, said_at=now)
    for person in people:
        subscribe(recipient=person, lists=[one], evidence=said, now=now)
    unsubscribe(recipient=people[0], lists=[one], evidence=said, now=now)
    people[1].tags.add(vip)
    Recipient.objects.filter(pk=people[2].pk).update(paused_until=now + timedelta(days=1))
    SuppressionFactory.create(owner=cast.owner, address=people[3].email)
    Recipient.objects.filter(pk=people[4].pk).update(attributes={"age": 7})
    tree = {"field": "attribute", "name": "age", "op": "is", "value": 7}
    AttributeDefinition.objects.create(owner=cast.owner, name="age", kind="number")
    seven = Segment.objects.create(
        owner=cast.owner, name="7", tree={"version": 1, "root": {"all": [tree]}}
    )
    mailing = MailingFactory.create(owner=cast.owner, everyone=False, basis="subscription")
    mailing.lists.add(one)
    mailing.exclude_tags.add(vip)
    mailing.exclude_segments.add(seven)
    return mailing


@pytest.mark.engine
@pytest.mark.parametrize("basis", ["subscription", "consent", "stated"])
def test_the_quick_totals_are_those_of_the_reasons(cast: Cast, basis: str) -> None:
    mailing = mixed(cast)
    unconfirmed(cast, mailing)
    Mailing.objects.filter(pk=mailing.pk).update(basis=basis, exclude_mailed_days=7)
    found = Mailing.objects.get(pk=mailing.pk)
    for purpose in Mailing.Purpose.values:
        found.purpose = purpose
        audience = audience_of(found)
        reach, totals = audience.reach(["email"]), audience.totals(["email"])
        assert (totals.matching, totals.by_channel) == (reach.matching, reach.by_channel), purpose
        assert totals.matching == 7 and 0 < totals.reached < 7


def unconfirmed(cast: Cast, mailing: Mailing) -> None:
    """Somebody on its list who is known by an unconfirmed sign-up alone."""
    one = RecipientFactory.create(owner=cast.owner)
    said = Evidence(source="form", by_person=True, said_at=timezone.now())
    subscribe(recipient=one, lists=[mailing.lists.get()], evidence=said, now=timezone.now())
    Recipient.objects.filter(pk=one.pk).update(unconfirmed_since=timezone.now())


def reach_of_all(mailing: Mailing) -> Reach:
    """Everybody counted in one statement."""
    audience = audience_of(mailing)
    rows = reasoned(audience.rule, audience.people())
    return reach_of(rows, audience.rule.rights, mailing.owner_id, ["email"])


def test_of_many_the_reasons_are_about_and_the_totals_exact(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = mixed(cast)
    monkeypatch.setattr("apps.mailings.segments.answers.COUNTED_AT_ONCE", 1)
    about = summary_of(Planned(audience_of(mailing), mailing.routes))
    assert not about.exact and not about.totals_exact
    assert not summary_of_mailing(mailing).totals_exact
    found = summary_of_mailing(mailing, totals=True)
    assert (found.exact, found.totals_exact, found.matching, found.count) == (False, True, 6, 1)
    plain = reach_of_all(mailing)
    monkeypatch.setattr("apps.mailings.services.reach.WINDOW", 2)
    exact = summary_of_mailing(mailing, exact=True)
    assert exact.exact and exact.reach == plain


def test_the_review_asks_for_the_totals_after_the_sample(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing, client = mixed(cast), cast.client("owner")
    monkeypatch.setattr("apps.mailings.segments.answers.COUNTED_AT_ONCE", 1)
    address = f"/mailings/{mailing.pk}/review/"
    page = client.get(address).content.decode()
    assert 'hx-get="?totals=1"' in page and 'href="?exact=1"' in page and "(about)" in page
    assert "Send now to" not in page
    page = client.get(f"{address}?totals=1").content.decode()
    assert 'hx-get="?totals=1"' not in page and "Send now to 1" in page and "(about)" not in page
    page = client.get(f"{address}?exact=1").content.decode()
    assert 'href="?exact=1"' not in page and 'hx-get="?totals=1"' not in page


def test_the_form_asks_for_the_totals_after_the_sample(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing, client = mixed(cast), cast.client("owner")
    monkeypatch.setattr("apps.mailings.segments.answers.COUNTED_AT_ONCE", 1)
    given = {"lists": [mailing.lists.get().pk], "basis": "subscription", "channel": "email"}
    page = client.post("/mailings/count/", given).content.decode()
    assert 'hx-post="/mailings/totals/"' in page and "(about)" in page and "Count exactly" in page
    totals = client.post("/mailings/totals/", given).content.decode()
    assert "<b>3</b> recipients" in totals and "6 match" in totals
    assert "(about)" not in totals and "hx-post" not in totals
    exact = client.post("/mailings/count/", given | {"count_exactly": "1"}).content.decode()
    assert "(about)" not in exact and "Count exactly" not in exact


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
