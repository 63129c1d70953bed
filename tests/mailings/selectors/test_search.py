"""The search of the whole site finds by name, subject and address, and only what one may see."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.mailings.selectors.search import SHOWN, found_everywhere
from apps.users.models import User
from tests.factories import MailingFactory, MessageFactory, RecipientFactory
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


def labels(actor: User, query: str) -> list[str]:
    return [hit.label for group in found_everywhere(actor, query) for hit in group.hits]


def test_all_kinds_are_found(cast: Cast) -> None:
    owner = cast.owner
    message = MessageFactory.create(owner=owner, subject="Июньское меню")
    MailingFactory.create(owner=owner, name="Меню на июнь", message=message)
    RecipientFactory.create(owner=owner, full_name="Анна Меню", email="menu@example.org")
    assert labels(owner, "меню") == ["Меню на июнь", "Июньское меню", "Анна Меню"]
    assert labels(owner, "menu@") == ["Анна Меню"]
    assert labels(owner, "МЕНЮ на") == ["Меню на июнь"]
    [group] = found_everywhere(owner, "меню на")
    assert group.hits[0].note == "Scheduled"


def test_nothing_of_others_is_found_but_by_a_manager(cast: Cast) -> None:
    assert labels(cast.owner, "Весенние") == ["Весенние новости"]
    assert labels(cast.stranger, "Весенние") == []
    assert labels(cast.manager, "Весенние") == ["Весенние новости"]


def test_an_empty_search_asks_nothing(cast: Cast) -> None:
    for query in ("", "  ", "\x00"):
        assert found_everywhere(cast.owner, query) == []


def test_more_than_are_shown_lead_to_the_list(cast: Cast) -> None:
    for number in range(SHOWN + 1):
        MessageFactory.create(owner=cast.owner, subject=f"Digest & more {number}")
    [group] = found_everywhere(cast.owner, "digest &")
    assert len(group.hits) == SHOWN and group.more == "/messages/?q=digest+%26"


def test_it_is_a_page_and_a_part_of_the_dialog(cast: Cast) -> None:
    client: Client = cast.client("owner")
    page = client.get("/find/", {"q": "Весенние"}).content.decode()
    assert "<html" in page and f"/mailings/{cast.mailing.pk}/" in page
    part = client.get("/find/", {"q": "<b>"}, headers=HTMX).content.decode()
    assert "<html" not in part and "No results" in part
