"""Tokens that open nothing: whatever they are, the answer and the work for it are the same.

Time would be another measure of the same, and one that other programs disturb: here it is counted
what is done. ``python -m benchmarks.forged`` measures the time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.values.letter_seals import LetterSeals
from apps.feedback.engagement.destinations import Destinations
from apps.mailings import links
from apps.mailings.links import PREFERENCES, SENDER, LetterLinks, sealed
from apps.mailings.models import Delivery
from tests.feedback.engagement.readers import sent_run
from tests.feedback.engagement.test_front import Visitor, visitor

__all__ = ["visitor"]
pytestmark = pytest.mark.django_db

#: More deliveries, runs and users than there are.
_GONE = 10**9
#: What stands in a page for this request alone: the token of its forms.
_OF_REQUEST = re.compile(r'value="\w{64}"')


@pytest.fixture
def letter() -> Delivery:
    return sent_run()[1][0]


@pytest.fixture(autouse=True)
def older_keys(settings: LazySettings) -> None:
    """With keys of before there is more that could be left out."""
    settings.SECRET_KEY_FALLBACKS = ["older" * 10, "oldest" * 10]


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """What is done inside: hashes of both kinds, statements, asking for links and for the cache."""
    done: Counter[str] = Counter()

    def counting(name: str, owner: Any, attribute: str) -> Any:
        original = getattr(owner, attribute)

        def counted_call(*args: Any, **kwargs: Any) -> Any:
            done[name] += 1
            return original(*args, **kwargs)

        return mock.patch.object(owner, attribute, counted_call)

    with (
        counting("letter hashes", LetterSeals, "opened"),
        counting("other hashes", links, "_mask"),
        counting("links asked for", Destinations, "find"),
        counting("counts of forgeries", cache, "incr"),
        CaptureQueriesContext(connection) as statements,
    ):
        yield done
    done["statements"] = len(statements)


def changed(token: str) -> str:
    return ("A" if token[0] != "A" else "B") + token[1:]


def of_another_site(settings: LazySettings, letter: Delivery, which: int) -> str:
    """As an installation with another key makes it."""
    own = settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 8
    try:
        return LetterLinks(letter.run_id, 1).tokens(letter.pk)[which]
    finally:
        settings.SECRET_KEY = own


def invented(settings: LazySettings, letter: Delivery, which: int) -> dict[str, str]:
    """By what they are; ``which``: of the two tokens of a letter the one that would open it."""
    both = LetterLinks(letter.run_id, 1).tokens(letter.pk)
    token = both[which]
    return {
        "forged": changed(token),
        "truncated": token[:-1],
        "longer": token + "A",
        "no base64": token[:-1] + "!",
        "empty but for a sign": "x",
        "of another purpose": sealed(SENDER, letter.pk),
        "of another page": both[1 - which],
        "of another site": of_another_site(settings, letter, which),
    }


def test_measured_links_and_pixels(
    visitor: Visitor, letter: Delivery, settings: LazySettings
) -> None:
    own = LetterLinks(letter.run_id, 1).tokens(letter.pk)[0]
    gone = LetterLinks(_GONE, 1).tokens(_GONE)[0]
    tokens = invented(settings, letter, 0)
    paths = {
        "link": {
            **{kind: f"/l/{token}/1" for kind, token in tokens.items()},
            "of a run that is gone": f"/l/{gone}/1",
            "out of range": f"/l/{own}/4",
            "no number": f"/l/{own}/-1",
            "too long a number": f"/l/{own}/999999",
        },
        "pixel": {
            **{kind: f"/o/{token}.gif" for kind, token in tokens.items()},
            "no picture": f"/o/{own}.png",
        },
    }
    for each in paths.values():
        seen = {}
        for kind, path in each.items():
            visitor.ask(path)  # from then on it is known that there are no links
            with counted() as done:
                answer = visitor.ask(path)
            seen[kind] = (answer, dict(done))
        first = seen["forged"]
        assert first[0][0] == "404" and first[1]["statements"] == 0
        assert first[1]["letter hashes"] == 3
        assert {kind: one for kind, one in seen.items() if one != first} == {}
    assert visitor.written == []


@pytest.mark.parametrize("page", ["u", "v", "preferences"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_of_letters(letter: Delivery, settings: LazySettings, page: str, method: str) -> None:
    tokens = invented(settings, letter, 1 if page == "v" else 0)
    if page == "u":
        tokens["of a letter that is gone"] = LetterLinks(_GONE, 1).tokens(_GONE)[0]
    if page == "preferences":
        tokens["of a user who is gone"] = sealed(PREFERENCES, _GONE)
    seen = {}
    for number, (kind, token) in enumerate(tokens.items()):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")  # inventing is limited for each address
        path = f"/{page}/{token}/"
        getattr(client, method)(path)
        with counted() as done:
            answer = getattr(client, method)(path)
        body = _OF_REQUEST.sub("", answer.content.decode().replace(path, ""))
        seen[kind] = (answer.status_code, body, dict(done))
    first = seen["forged"]
    assert first[0] == (405 if (page, method) == ("v", "post") else 404)
    assert {kind: one for kind, one in seen.items() if one != first} == {}
