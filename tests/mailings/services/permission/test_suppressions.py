"""Suppressions and their events: each way in and out leaves one; only the right people lift."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from apps.mailings.models import Suppression, SuppressionEvent
from apps.mailings.services.permission import suppressions
from apps.mailings.suppression import suppressing
from apps.mailings.suppression.suppressing import Blocked
from tests.factories import ManagerFactory, RecipientFactory, SuppressionFactory, UserFactory

pytestmark = pytest.mark.django_db


def events() -> list[tuple[str, str, str, str]]:
    rows = SuppressionEvent.objects.order_by("pk")
    return list(rows.values_list("address", "act", "reason", "actor"))


def test_the_first_reason_stays_and_only_what_is_new_leaves_an_event() -> None:
    owner = UserFactory.create()
    SuppressionFactory.create(owner=owner, address="old@example.org", reason="bounced")
    rows = [
        Blocked(owner.pk, "email", address, "complained")
        for address in ("old@example.org", "new@example.org", "new@example.org")
    ]
    added = suppressing.suppress(rows, actor="someone")
    assert [row.address for row in added] == ["new@example.org"]
    assert events() == [("new@example.org", "added", "complained", "someone")]
    reasons = Suppression.objects.values_list("address", "reason")
    assert dict(reasons) == {"old@example.org": "bounced", "new@example.org": "complained"}
    assert suppressing.suppress(rows, actor="someone") == []
    assert len(events()) == 1


def test_thousands_of_addresses_are_added_and_lifted_each_with_its_event() -> None:
    owner = UserFactory.create()
    rows = [Blocked(owner.pk, "email", f"a{n}@example.org", "blocked") for n in range(1_203)]
    assert len(suppressing.suppress(rows, actor="x")) == 1_203
    assert len(suppressing.lift(Suppression.objects.filter(owner=owner), actor="x")) == 1_203
    assert not Suppression.objects.exists()
    assert SuppressionEvent.objects.filter(act="lifted").count() == 1_203


@pytest.mark.parametrize(
    ("reason", "owner_may", "manager_may"),
    [
        ("blocked", True, False),
        ("bounced", True, False),
        ("complained", False, True),
        ("unsubscribed", False, False),
    ],
)
def test_who_may_have_an_address_written_to_again(
    reason: str, owner_may: bool, manager_may: bool
) -> None:
    owner, manager = UserFactory.create(), ManagerFactory.create()
    row = SuppressionFactory.create(owner=owner, reason=reason)
    assert suppressions.may_lift(row, owner) is owner_may
    assert suppressions.may_lift(row, manager) is manager_may
    for actor, may in ((owner, owner_may), (manager, manager_may)):
        if not may:
            with pytest.raises(suppressions.SuppressionFinal):
                suppressions.lift(suppression=row, actor=actor, note="because")
    assert Suppression.objects.exists() and events() == []


def test_a_bounced_address_is_lifted_only_for_a_reason_that_is_kept() -> None:
    row = SuppressionFactory.create(reason="bounced")
    with pytest.raises(suppressions.LiftReasonMissing):
        suppressions.lift(suppression=row, actor=row.owner, note="  ")
    suppressions.lift(suppression=row, actor=row.owner, note="the mailbox works again")
    suppressions.lift(suppression=row, actor=row.owner, note="pressed twice")
    event = SuppressionEvent.objects.get()
    assert (event.act, event.actor, event.note) == (
        "lifted",
        row.owner.email,
        "the mailbox works again",
    )


def test_a_person_who_comes_back_is_freed_of_their_own_unsubscribing_alone() -> None:
    one = RecipientFactory.create(phone="79161234567")
    for channel, address, reason in (
        ("email", one.email, "unsubscribed"),
        ("phone", one.phone, "bounced"),
        ("email", "other@example.org", "unsubscribed"),
    ):
        SuppressionFactory.create(owner=one.owner, channel=channel, address=address, reason=reason)
    SuppressionFactory.create(address=one.email, reason="unsubscribed")  # another owner's
    assert suppressions.lift_own(recipient=one, now=timezone.now()) == 1
    left = Suppression.objects.filter(owner=one.owner).values_list("address", flat=True)
    assert set(left) == {one.phone, "other@example.org"}
    assert Suppression.objects.count() == 3
    assert events() == [(one.email, "lifted", "unsubscribed", "recipient")]


def test_nothing_else_writes_suppressions() -> None:
    """An event would be missing."""
    writes = re.compile(
        r"Suppression\.objects\.(?:create|bulk_create|get_or_create|update_or_create)"
        r"|(?<![\w.])Suppression\(|INTO mailings_suppression\b"
    )
    apps = Path(settings.BASE_DIR) / "apps"
    found = {
        str(path.relative_to(apps))
        for path in apps.rglob("*.py")
        if "migrations" not in path.parts and writes.search(path.read_text(encoding="utf-8"))
    }
    allowed = {"mailings/suppression/suppressing.py", "mailings/models/audience.py"}
    assert found <= allowed
