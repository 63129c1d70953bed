"""A run's snapshot: sources or parts, what their conditions ask, and the page that shows them."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import time
from typing import Any

import pytest

from apps.core.content.program import from_html, from_text
from apps.mailings.models import Recipient
from apps.mailings.run_content import (
    Choice,
    Split,
    asked_of,
    bodies_of,
    chosen_by,
    has_page,
    links_to_page,
    own_hours_of,
    with_version,
)
from tests.factories import RecipientFactory

TAGGED = {"match": "all", "rules": [{"kind": "tag", "id": 5, "op": "is"}]}
OF_SEGMENT = {"match": "any", "rules": [{"kind": "segment", "id": 7, "op": "is_not"}]}


def test_sources_of_before_are_read_as_they_were() -> None:
    bodies = bodies_of({"text": "Hi {{ name }}", "html": "<b>{{ name }}</b>"})
    assert (bodies.text, bodies.html) == (
        from_text("Hi {{ name }}"),
        from_html("<b>{{ name }}</b>"),
    )
    assert not bodies.of_blocks


def test_parts_have_the_bits_that_the_run_has_kept() -> None:
    content = {
        "text": ["Hi"],
        "html": [{"if": 1, "parts": ["x"]}],
        "conditions": [TAGGED, OF_SEGMENT],
    }
    assert asked_of(content) == (("tag", 5), ("segment", 7))
    kept = [{"kind": "segment", "id": 7, "tree": {}}, {"kind": "tag", "id": 5}]
    bodies = bodies_of({**content, "asked": kept})
    assert bodies.of_blocks
    assert bodies.html.bits == {("segment", 7): 1, ("tag", 5): 2}


WRITTEN = {"subject": "News", "text": "Words", "html": "<p>Words</p>"}
OF_BLOCKS = {"subject": "News", "text": ["Words"], "html": ["<p>", "Words", "</p>"]}
LINK = [{"href": 1, "parts": [{"placeholder": "{{ view_url }}"}]}]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (WRITTEN, True),
        ({**WRITTEN, "view_page": False}, False),
        (OF_BLOCKS, False),
        ({**OF_BLOCKS, "view_page": True}, True),
        ({**OF_BLOCKS, "view_page": False}, False),
    ],
)
def test_what_is_shown_to_who_has_the_link(content: dict[str, Any], shown: bool) -> None:
    assert has_page(content) is shown
    assert links_to_page({**content, "html": content["html"]}) is False
    assert links_to_page({**content, "text": "At {{ view_url }}"}) is shown


@pytest.mark.parametrize(
    "content",
    [
        {**WRITTEN, "subject": "{{ view_url }}"},
        {**WRITTEN, "html": "{% if full_name %}{{view_url}}{% endif %}"},
        {**OF_BLOCKS, "view_page": True, "html": [{"if": 0, "parts": LINK}]},
        {**OF_BLOCKS, "view_page": True, "text": LINK},
    ],
)
def test_a_link_is_found_wherever_it_stands(content: dict[str, Any]) -> None:
    assert links_to_page(content)


def part_of(split: Split, pk: int, *, first: int) -> float:
    """Where the person lies between 0 and 1, by eight digits of the hash."""
    digest = hashlib.md5(f"{split.key}{pk}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[first : first + 8], 16) / 16**8


@pytest.mark.django_db
def test_the_database_splits_by_the_hash_of_the_key_and_the_person() -> None:
    split = Split(count=3, step=2, share=40, key="0123456789abcdef")
    people = RecipientFactory.create_batch(60)
    rows: Any = with_version(Recipient.objects.all(), Choice({}, 1, split))
    found = dict(rows.values_list("pk", "content_version"))
    assert found == {one.pk: 1 + 2 * int(3 * part_of(split, one.pk, first=0)) for one in people}
    sampled = dict(rows.values_list("pk", "sampled"))
    assert sampled == {one.pk: int(part_of(split, one.pk, first=8) < 0.4) for one in people}
    assert set(found.values()) == {1, 3, 5} and set(sampled.values()) == {0, 1}


def test_every_version_of_a_variant_has_its_hours() -> None:
    evening = (time(18), time(21))
    split = Split.made(step=2, share=40, hours=[None, evening, None])
    content = chosen_by({}, Choice({}, 1, split))
    assert own_hours_of(content, None) == {3: evening, 4: evening}
    assert own_hours_of(content, {1: 4, 3: 5}) == {1: evening, 4: evening}
    plain = Split.made(step=1, share=40, hours=[None, None])
    assert own_hours_of(chosen_by({}, Choice({}, 1, plain)), {}) == {}
    assert "hours" not in plain.as_json()


def test_a_million_people_are_split_uniformly() -> None:
    count = 5
    split = Split(count=count, step=1, share=20, key="fedcba9876543210")
    cells = Counter(
        (int(count * part_of(split, pk, first=0)), part_of(split, pk, first=8) < 0.2)
        for pk in range(1_000_000)
    )
    expected = {
        (variant, sampled): 1_000_000 / count * (0.2 if sampled else 0.8)
        for variant in range(count)
        for sampled in (True, False)
    }
    chi_square = sum((cells[cell] - n) ** 2 / n for cell, n in expected.items())
    assert chi_square < 27.88  # p = 0.001 of nine degrees of freedom
