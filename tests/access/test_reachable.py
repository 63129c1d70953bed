"""Every page is reached by links from home: nobody has to know an address."""

from __future__ import annotations

import re
from collections import deque

import pytest
from django.urls import Resolver404, resolve

from tests.access.rules import ENDPOINTS
from tests.access.rules.types import ROLES
from tests.people import Cast

#: Parts of pages, files, and what a program asks: no pages to be led to.
PARTS = {
    "delivery:healthz",
    "delivery:poll",
    "home_figures",
    "imports:sample",
    "media:picker",
    "messages:samples",
    "recipients:tag_suggestions",
}


def linked(page: str) -> list[str]:
    """Where links, forms and fragments of the page lead, without what is asked."""
    found = re.findall(r'(?:href|action|hx-get)="(/[^"#?]*)', page)
    return list(dict.fromkeys(found))


def reached_by(cast: Cast, role: str) -> set[str]:
    """The names of the pages that links lead to, one page of each name looked at."""
    client, seen, waiting = cast.client(role), set[str](), deque(["/"])
    while waiting:
        path = waiting.popleft()
        try:
            name = resolve(path).view_name
        except Resolver404:
            continue
        if name in seen or name.startswith("admin:"):
            continue
        seen.add(name)
        answer = client.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            waiting.extend(linked(answer.content.decode()))
    return seen


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_every_page_is_linked(role: str, cast: Cast) -> None:
    place = ROLES.index(role)
    pages = {
        name
        for name, endpoint in ENDPOINTS.items()
        if endpoint.get[place] == 200 and not endpoint.kwargs(cast)
    }
    assert pages - reached_by(cast, role) - PARTS == set()
