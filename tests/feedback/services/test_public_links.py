"""Fresh links: for one person and purpose, for an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.feedback.models import PublicLink
from apps.feedback.services.public_links import LinkExpired, make_link, opened, url_of, use
from apps.mailings.links import PUBLIC, UNSUBSCRIBE, sealed
from apps.mailings.models import Recipient
from tests.factories import RecipientFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def made(purpose: str = "data") -> PublicLink:
    return make_link(recipient=RecipientFactory.create(), purpose=purpose, now=NOW)


def token_of(link: PublicLink) -> str:
    return url_of(link).rstrip("/").rpartition("/")[2]


def test_a_link_opens_for_an_hour() -> None:
    link = made()
    almost = NOW + timedelta(minutes=59)
    assert opened(token=token_of(link), now=almost) == link
    with pytest.raises(LinkExpired):
        opened(token=token_of(link), now=NOW + timedelta(hours=1))


def test_a_link_is_used_once_and_its_page_stays_for_the_hour() -> None:
    link = made()
    assert (use(link=link, now=NOW), use(link=link, now=NOW)) == (True, False)
    assert opened(token=token_of(link), now=NOW) == link


def test_a_newer_link_closes_the_one_before() -> None:
    first = made()
    second = make_link(recipient=first.recipient, purpose="data", now=NOW)
    with pytest.raises(LinkExpired):
        opened(token=token_of(first), now=NOW)
    assert opened(token=token_of(second), now=NOW) == second


@pytest.mark.parametrize("gone", [{"archived_at": NOW}, None])
def test_a_link_of_a_person_who_is_gone_opens_nothing(gone: dict[str, Any] | None) -> None:
    link = made()
    person = Recipient.objects.filter(pk=link.recipient_id)
    if gone:
        person.update(**gone)
    else:
        person.delete()
    with pytest.raises(LinkExpired):
        opened(token=sealed(PUBLIC, link.pk), now=NOW)


def test_a_token_of_another_purpose_is_forged() -> None:
    link = made()
    assert opened(token=sealed(UNSUBSCRIBE, link.pk), now=NOW) is None
    assert opened(token="x", now=NOW) is None
