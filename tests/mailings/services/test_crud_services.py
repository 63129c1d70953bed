"""The plain services: the same acts on four kinds of owned rows, each with its own type."""

from __future__ import annotations

from typing import Any, assert_type

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.models import Mailing, Message, Recipient, Tag
from apps.mailings.services.mailings import MailingService
from apps.mailings.services.messages import MessageService
from apps.mailings.services.recipients import RecipientService
from apps.mailings.services.tags import TagService
from apps.users.models import User
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

KINDS = [
    pytest.param(RecipientService, RecipientFactory, id="recipients"),
    pytest.param(MessageService, MessageFactory, id="messages"),
    pytest.param(TagService, TagFactory, id="tags"),
    pytest.param(MailingService, MailingFactory, id="mailings"),
]
of_every_kind = pytest.mark.parametrize(("service", "factory"), KINDS)


@pytest.fixture
def anna() -> User:
    return UserFactory.create()


def test_every_answer_has_the_concrete_type(anna: User) -> None:
    """``mypy`` reads the types; here the values are what they say."""
    tags, mailings = TagService(anna), MailingService(anna)
    assert assert_type(tags.get(1), Tag | None) is None
    assert list(assert_type(tags.list(), OwnedQuerySet[Tag])) == []
    assert assert_type(mailings.pick([1]), list[Mailing]) == []
    assert_type(MessageService(anna).get(1), Message | None)
    assert_type(RecipientService(anna).pick([]), list[Recipient])


@of_every_kind
def test_a_look_passes_the_gate(
    anna: User, service: type[BaseCRUDService[Any]], factory: Any
) -> None:
    mine, others = factory.create(owner=anna), factory.create()
    own, overseeing = service(anna), service(ManagerFactory.create())
    assert own.get(mine.pk) == mine and own.get(others.pk) is None
    assert overseeing.get(others.pk) == others
    assert [*own.list()] == [mine] and {*overseeing.list()} == {mine, others}
    assert own.pick([others.pk, mine.pk]) == [mine] and overseeing.pick([mine.pk]) == []


@of_every_kind
def test_what_is_not_visible_is_404_and_what_is_not_ones_own_403(
    anna: User, service: type[BaseCRUDService[Any]], factory: Any
) -> None:
    mine = factory.create(owner=anna)
    stranger, overseeing = service(UserFactory.create()), service(ManagerFactory.create())
    assert service(anna).editable_or_403(mine.pk) == mine
    assert overseeing.visible_or_404(mine.pk) == mine
    with pytest.raises(PermissionDenied):
        overseeing.editable_or_403(mine.pk)
    for ask in (stranger.visible_or_404, stranger.editable_or_403):
        with pytest.raises(Http404):
            ask(mine.pk)


@of_every_kind
@pytest.mark.parametrize("number", [0, 2**63, 10**30])
def test_a_number_that_no_row_can_have_finds_nothing(
    anna: User, service: type[BaseCRUDService[Any]], factory: Any, number: int
) -> None:
    assert service(anna).get(number) is None


@of_every_kind
def test_what_nothing_needs_is_deleted(
    anna: User, service: type[BaseCRUDService[Any]], factory: Any
) -> None:
    row = factory.create(owner=anna)
    assert service(anna).remove(row, now=timezone.now()) is True
    assert not type(row).objects.filter(owner=anna).exists()


def test_what_has_a_history_or_is_in_use_goes_to_the_archive_and_comes_back(anna: User) -> None:
    message = MessageFactory.create(owner=anna)
    mailing = MailingFactory.create(owner=anna, message=message)
    run = RunFactory.create(mailing=mailing, state="done", sent=1)
    recipient = RecipientFactory.create(owner=anna)
    DeliveryFactory.create(run=run, recipient=recipient, state="sent")
    kept: list[tuple[Any, Any]] = [
        (MailingService(anna), mailing),
        (MessageService(anna), message),
        (RecipientService(anna), recipient),
    ]
    for service, row in kept:
        assert service.remove(row, now=timezone.now()) is False
        row.refresh_from_db()
        assert row.archived_at is not None
        service.restore(row)
        row.refresh_from_db()
        assert row.archived_at is None
