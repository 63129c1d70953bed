"""What a search does otherwise in a large list, it finds alike."""

from __future__ import annotations

import pytest

from apps.mailings.models import Attempt, Recipient
from apps.mailings.selectors import recipient_search
from apps.mailings.selectors.recipient_search import search
from apps.reports.selectors import attempts
from apps.reports.selectors.attempts import AttemptFilters, found_attempts
from tests.factories import AttemptFactory, ManagerFactory, RecipientFactory

pytestmark = pytest.mark.django_db


def names(text: str, *, everywhere: bool = False) -> set[str]:
    found = search(Recipient.objects.all(), text, everywhere=everywhere)
    return set(found.rows.values_list("full_name", flat=True))


@pytest.fixture
def listed() -> None:
    for name, email in (("Zoe", "z@example.org"), ("Anna", "zoe@example.org"), ("Bob", "b@c.org")):
        RecipientFactory.create(full_name=name, email=email)


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(("name", "most"), [("FEW", 0), ("_OWNERS", 0)])
def test_many_hits_and_many_owners_change_nothing(
    name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names("zoe") == {"Zoe", "Anna"}
    monkeypatch.setattr(recipient_search, name, most)
    assert names("zoe") == {"Zoe", "Anna"}


@pytest.mark.usefixtures("listed")
def test_names_are_looked_for_among_the_newest_unless_it_is_asked_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recipient_search, "NAMES", 1)
    found = search(Recipient.objects.all(), "zoe")
    assert found.partly and found.count == 1
    assert names("zoe") == {"Anna"}, "an address is found wherever it stands"
    assert names("zoe", everywhere=True) == {"Zoe", "Anna"}


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zoe@", {"Anna"}),
        ("b@c", {"Bob"}),
        ("916", set()),
        ("+7 (916) 1", {"Zoe 79"}),
        ("e79@c", set()),
        ("79", {"Zoe 79"}),
        ("zoe79", {"zoe79"}),
    ],
)
def test_what_only_an_address_has_is_looked_for_in_addresses(query: str, found: set[str]) -> None:
    RecipientFactory.create(full_name="Zoe 79", email="x@c.org", phone="79161112233")
    RecipientFactory.create(full_name="zoe79", email="zoe79@c.org")
    assert names(query) == found


@pytest.mark.usefixtures("listed")
def test_a_name_that_looks_like_an_address_is_found_when_no_address_is() -> None:
    RecipientFactory.create(full_name="J.Smith", email="q@c.org")
    assert names("J.Smith") == {"J.Smith"}


def test_attempts_to_very_many_addresses_are_found_by_their_recipients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hit = AttemptFactory.create(delivery__recipient__email="zoe@example.org")
    AttemptFactory.create(delivery__recipient__email="anna@example.org")
    among = Recipient.objects.visible_to(ManagerFactory.create())

    def found() -> list[Attempt]:
        return list(
            found_attempts(Attempt.objects.all(), AttemptFilters({"address": "zoe"}), among=among)
        )

    assert found() == [hit]
    monkeypatch.setattr(attempts, "FEW", 0)
    assert found() == [hit]
