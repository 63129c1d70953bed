"""What every field asks, and of whom it is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.mailings.models import (
    Activity,
    Consent,
    Engagement,
    LinkEngagement,
    MailingList,
    Recipient,
    RecipientImport,
    RecipientTag,
    Subscription,
    Term,
    TrackedLink,
)
from apps.mailings.segments import checked, members
from apps.users.models import User
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    TagFactory,
    UserFactory,
)
from tests.mailings.segments.trees import NOW, ground, tree

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def owner() -> User:
    return UserFactory.create()


@pytest.fixture
def anna(owner: User) -> Recipient:
    return RecipientFactory.create(
        owner=owner,
        email="anna@mail.example.org",
        full_name="Анна Ёлкина",
        comment="Любит рыбу",
        phone="79161234567",
        language="ru",
        source="import",
        time_zone="Europe/Moscow",
    )


@pytest.fixture
def bob(owner: User) -> Recipient:
    """Somebody of whom nothing is known but the number of a chat."""
    return RecipientFactory.create(
        owner=owner, email=None, telegram_chat_id=5, full_name="", time_zone=""
    )


def ask(owner: User, op: str, value: Any = None, field: str = "email", **more: Any) -> set[int]:
    """The ids of those who meet one condition; the others meet its negation."""
    node = {"field": field, "op": op, **more}
    if value is not None:
        node["value"] = value
    node = checked(tree(node), owner)["root"]
    met = set(members(tree(node), ground(owner)).values_list("pk", flat=True))
    others = set(members(tree({"not": node}), ground(owner)).values_list("pk", flat=True))
    everybody = set(
        Recipient.objects.filter(owner=owner, archived_at=None).values_list("pk", flat=True)
    )
    assert met | others == everybody and not met & others
    return met


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        ("email", "is", "Anna@mail.example.org"),
        ("email", "in", ["anna@mail.example.org", "x@example.org"]),
        ("email", "starts", "anna@"),
        ("email", "contains", "MAIL.example"),
        ("email", "known", None),
        ("full_name", "is", "Анна Ёлкина"),
        ("full_name", "contains", "ёлк"),
        ("full_name", "starts", "Анна"),
        ("full_name", "known", None),
        ("comment", "contains", "РЫБ"),
        ("comment", "known", None),
        ("domain", "is", "mail.example.org"),
        ("domain", "in", ["mail.example.org", "example.com"]),
        ("domain", "starts", "mail."),
        ("phone", "is", "+7 916 123-45-67"),
        ("phone", "in", ["79161234567"]),
        ("phone", "starts", "7916"),
        ("operator_code", "is", "916"),
        ("operator_code", "starts", "91"),
        ("language", "is", "ru"),
        ("language", "in", ["ru", "en"]),
        ("time_zone", "starts", "Europe/"),
        ("source", "is", "import"),
        ("source", "in", ["import", "api"]),
        ("channel", "has_address", "email"),
        ("channel", "has_address", "phone"),
    ],
)
def test_a_condition_on_a_column_is_true_of_anna_and_not_of_bob(
    owner: User, anna: Recipient, bob: Recipient, field: str, op: str, value: Any
) -> None:
    assert ask(owner, op, value, field) == {anna.pk}


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        ("email", "starts", "Anna_"),
        ("email", "contains", "%"),
        ("domain", "is", "example.org"),
        ("domain", "starts", "example"),
        ("full_name", "starts", "анна"),
        ("phone", "starts", "495"),
        ("language", "is", "en"),
    ],
)
def test_what_does_not_fit_finds_nobody(
    owner: User, anna: Recipient, bob: Recipient, field: str, op: str, value: Any
) -> None:
    assert ask(owner, op, value, field) == set()


def test_archived_people_and_those_of_others_are_no_members(owner: User, anna: Recipient) -> None:
    RecipientFactory.create()
    Recipient.objects.filter(pk=anna.pk).update(archived_at=NOW)
    assert ask(owner, "known") == set()


def test_a_tag_and_an_import(owner: User, anna: Recipient, bob: Recipient) -> None:
    vip, other = TagFactory.create(owner=owner), TagFactory.create(owner=owner)
    RecipientTag.objects.create(recipient=anna, tag=vip)
    brought = RecipientImport.objects.create(owner=owner, source="list.csv")
    Recipient.objects.filter(pk=bob.pk).update(added_by=brought)
    assert ask(owner, "any_of", [vip.pk, other.pk], "tag") == {anna.pk}
    assert ask(owner, "in", [brought.pk], "import") == {bob.pk}


def subscribed(
    person: Recipient, weekly: MailingList, status: str, consent: Consent | None = None, **more: Any
) -> Subscription:
    ended = NOW if status in ("unsubscribed", "sunset") else None
    given: dict[str, Any] = {"since": NOW - timedelta(days=10), "ended_at": ended} | more
    return Subscription.objects.create(
        list=weekly, recipient=person, status=status, consent=consent, **given
    )


def consent_of(owner: User, person: Recipient | None, **fields: Any) -> Consent:
    given = {"act": "given", "source": "form", "said_at": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    return Consent.objects.create(owner=owner, recipient=person, **(given | fields))


def test_the_status_on_a_list(owner: User, anna: Recipient, bob: Recipient) -> None:
    weekly = MailingList.objects.create(owner=owner, title="News", slug="news")
    subscribed(anna, weekly, "subscribed", consent_of(owner, anna))
    carl = RecipientFactory.create(owner=owner)
    subscribed(carl, weekly, "unsubscribed")
    assert ask(owner, "subscribed", [weekly.pk], "list") == {anna.pk}
    assert ask(owner, "unsubscribed", [weekly.pk], "list") == {carl.pk}
    assert ask(owner, "unconfirmed", [weekly.pk], "list") == set()
    assert ask(owner, "sunset", [weekly.pk], "list") == set()
    assert ask(owner, "never", [weekly.pk], "list") == {bob.pk}


def test_since_when_somebody_is_subscribed(owner: User, anna: Recipient, bob: Recipient) -> None:
    weekly = MailingList.objects.create(owner=owner, title="News", slug="news")
    subscribed(anna, weekly, "subscribed", consent_of(owner, anna))
    subscribed(bob, weekly, "unsubscribed")
    since = "subscribed_since"
    assert ask(owner, "known", None, since) == {anna.pk}
    assert ask(owner, "last", 10, since) == {anna.pk}
    assert ask(owner, "last", 9, since) == set()
    assert ask(owner, "between", ["2026-11-18", "2026-11-18"], since) == {anna.pk}
    assert ask(owner, "before", "2026-11-18", since) == set()
    assert ask(owner, "after", "2026-11-18", since) == {anna.pk}


def test_consents_of_ones_own_and_the_statement_that_many_share(
    owner: User, anna: Recipient, bob: Recipient
) -> None:
    weekly = MailingList.objects.create(owner=owner, title="News", slug="news")
    consent_of(owner, anna, texts=[{"id": 3, "sha256": "a"}])
    stated = consent_of(owner, None, act="stated", source="import", texts=[])
    subscribed(bob, weekly, "subscribed", stated)
    carl = RecipientFactory.create(owner=owner)
    consent_of(owner, carl, act="withdrawn")
    assert ask(owner, "none", None, "consent") == {carl.pk}
    assert ask(owner, "source", ["form"], "consent") == {anna.pk}
    assert ask(owner, "source", ["import"], "consent") == {bob.pk}
    assert ask(owner, "before", "2026-03-02", "consent") == {anna.pk, bob.pk}
    assert ask(owner, "after", "2026-03-02", "consent") == set()
    node = {"field": "consent", "op": "text", "value": [3]}
    assert set(members(tree(node), ground(owner))) == {anna}


def test_the_day_on_which_somebody_was_added_is_the_owners(owner: User, anna: Recipient) -> None:
    Recipient.objects.filter(pk=anna.pk).update(
        created_at=datetime(2025, 11, 30, 22, 30, tzinfo=UTC)  # 1 December in Moscow
    )
    there = ground(owner, zone="Europe/Moscow")
    for node, met in (
        ({"op": "after", "value": "2025-12-01"}, True),
        ({"op": "before", "value": "2025-12-01"}, False),
        ({"op": "between", "value": ["2025-12-01", "2025-12-01"]}, True),
        ({"op": "anniversary", "value": 3}, True),
        ({"op": "anniversary", "value": 2}, False),
        ({"op": "last", "value": 30}, False),
        ({"op": "next", "value": 30}, False),
        ({"op": "known"}, True),
    ):
        asked = tree({"field": "created", **node})
        assert members(asked, there).exists() is met, node


def test_a_suppressed_address_of_one_channel(owner: User, anna: Recipient, bob: Recipient) -> None:
    SuppressionFactory.create(owner=owner, channel="telegram", address="5")
    SuppressionFactory.create(address="anna@mail.example.org")  # another owner's
    assert ask(owner, "suppressed", "telegram", "channel") == {bob.pk}
    assert ask(owner, "suppressed", "email", "channel") == set()


def test_what_somebody_got_in_a_mailing(owner: User, anna: Recipient, bob: Recipient) -> None:
    mailing = MailingFactory.create(owner=owner)
    done = RunFactory.create(mailing=mailing, state="done", outcome="success")
    states = {"sent": anna, "delivered": bob}
    for state in ("bounced", "unknown", "suppressed", "failed"):
        states[state] = RecipientFactory.create(owner=owner)
    for state, person in states.items():
        address = person.email or "5"
        DeliveryFactory.create(run=done, recipient=person, state=state, address=address)
    got = {anna.pk, bob.pk}
    may = got | {states["bounced"].pk, states["unknown"].pk}
    for open_run in (False, True):
        if open_run:
            done.state, done.outcome = "processing", ""
            done.save()
        asked: dict[str, Any] = {"field": "did", "mailings": [mailing.pk]}
        assert ask(owner, "got", **asked) == got
        assert ask(owner, "may_have_got", **asked) == may
        assert ask(owner, "bounced", **asked) == {states["bounced"].pk}


def test_pending_people_of_an_open_run_have_got_nothing(owner: User, anna: Recipient) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner))
    DeliveryFactory.create(run=run, recipient=anna, state="pending")
    assert ask(owner, "may_have_got", field="did", mailings=[run.mailing_id]) == set()
    run.deliveries.update(state="sending", token=1)
    assert ask(owner, "may_have_got", field="did", mailings=[run.mailing_id]) == {anna.pk}
    assert ask(owner, "got", field="did", mailings=[run.mailing_id]) == set()


def test_openings_and_clicks_count_persons_unless_machines_are_asked_for(
    owner: User, anna: Recipient, bob: Recipient
) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner))
    Engagement.objects.create(run=run, recipient=anna, opened_at=NOW, clicked_at=NOW)
    Engagement.objects.create(run=run, recipient=bob, opened_at=NOW, term=Term.MACHINE)
    asked: dict[str, Any] = {"field": "did", "mailings": [run.mailing_id]}
    assert ask(owner, "opened", **asked) == {anna.pk}
    assert ask(owner, "opened", machine=True, **asked) == {anna.pk, bob.pk}
    assert ask(owner, "clicked", **asked) == {anna.pk}
    assert ask(owner, "opened", field="did", days=1, machine=True) == {anna.pk, bob.pk}


def test_a_click_is_an_opening_too(owner: User, anna: Recipient, bob: Recipient) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner))
    Engagement.objects.create(run=run, recipient=anna, clicked_at=NOW)
    asked: dict[str, Any] = {"field": "did", "mailings": [run.mailing_id]}
    assert ask(owner, "opened", **asked) == ask(owner, "opened", days=2, **asked) == {anna.pk}


def test_the_number_of_a_run_asks_for_that_run_alone(
    owner: User, anna: Recipient, bob: Recipient
) -> None:
    mailing = MailingFactory.create(owner=owner)
    for number, person in ((1, anna), (2, bob)):
        run = RunFactory.create(mailing=mailing, number=number, state="done", outcome="success")
        DeliveryFactory.create(run=run, recipient=person, state="sent", address=f"{number}")
        Engagement.objects.create(run=run, recipient=person, opened_at=NOW)
    asked: dict[str, Any] = {"field": "did", "mailings": [mailing.pk]}
    for op in ("got", "opened"):
        assert ask(owner, op, run=2, **asked) == {bob.pk}
        assert ask(owner, op, **asked) == {anna.pk, bob.pk}


def test_a_link_of_a_mailing_is_asked_for_by_its_number(
    owner: User, anna: Recipient, bob: Recipient
) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner))
    for number, person in ((1, anna), (2, bob)):
        link = TrackedLink.objects.create(run=run, version=1, number=number, address="https://a.b")
        row = DeliveryFactory.create(run=run, recipient=person, state="sent", address=f"{number}")
        Engagement.objects.create(
            run=run, recipient=person, delivery_id=row.pk, opened_at=NOW, clicked_at=NOW
        )
        past = NOW - timedelta(days=5)
        LinkEngagement.objects.create(link=link, delivery_id=row.pk, clicks=1, first_at=past)
    asked: dict[str, Any] = {"field": "did", "mailings": [run.mailing_id]}
    assert ask(owner, "clicked", link=2, **asked) == {bob.pk}
    assert ask(owner, "clicked", link=2, days=6, **asked) == {bob.pk}
    assert ask(owner, "clicked", link=2, days=4, **asked) == set()
    assert ask(owner, "clicked", link=3, **asked) == set()


def test_days_are_asked_of_the_roll_up(owner: User, anna: Recipient, bob: Recipient) -> None:
    Activity.objects.create(
        recipient=anna,
        last_sent_at=NOW - timedelta(days=3),
        last_opened_at=NOW - timedelta(days=40),
    )
    assert ask(owner, "got", field="did", days=3) == {anna.pk}
    assert ask(owner, "got", field="did", days=2) == set()
    assert ask(owner, "opened", field="did", days=30) == set()
    assert ask(owner, "opened", field="did") == {anna.pk}
    assert ask(owner, "clicked", field="did") == set()
    assert ask(owner, "bounced", field="did", days=300) == set()
