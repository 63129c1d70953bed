"""A recipient is active, unconfirmed, suppressed or archived; the reason is said in words."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.selectors.recipient_status import RecipientStatus, statuses_of
from tests.factories import RecipientFactory, SuppressionFactory, UserFactory

pytestmark = pytest.mark.django_db


def status(*stops: tuple[str, str], **fields: object) -> RecipientStatus:
    """Of a recipient with an email and a phone, of which these channels are suppressed, and why."""
    row = RecipientFactory.create(email="a@example.org", phone="79161234567", **fields)
    SuppressionFactory.create(owner=UserFactory.create(), address="a@example.org")
    for channel, reason in stops:
        address = {"email": row.email, "phone": row.phone}[channel]
        SuppressionFactory.create(owner=row.owner, channel=channel, address=address, reason=reason)
    return statuses_of([row])[row.pk]


def test_nobody_elses_suppression_counts() -> None:
    found = status()
    assert (found.code, found.label, found.detail) == ("active", "Active", "")


def test_one_reason_for_all_addresses_is_said_once() -> None:
    found = status(("email", "bounced"), ("phone", "bounced"))
    assert (found.code, found.whole, found.detail) == ("suppressed", True, "bounces")


def test_a_reason_for_one_of_two_addresses_names_the_channel() -> None:
    found = status(("email", "complained"))
    assert (found.code, found.whole, found.detail) == (
        "suppressed",
        False,
        "Email: spam complaint",
    )


def test_who_is_known_by_an_unconfirmed_sign_up_alone_is_not_active() -> None:
    found = status(unconfirmed_since=timezone.now())
    assert (found.code, found.label, found.tone) == ("unconfirmed", "Unconfirmed", "warn")


def test_the_archive_comes_first() -> None:
    found = status(("email", "unsubscribed"), archived_at=timezone.now())
    assert (found.code, found.label) == ("archived", "Archived")


def test_no_number_of_rows_costs_more_queries(django_assert_num_queries: object) -> None:
    rows = [RecipientFactory.create(phone=f"7916000000{n}") for n in range(5)]
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert {one.code for one in statuses_of(rows).values()} == {"active"}
