"""Links that pass by this site: in the HTML, and by choice in the text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.core.content.program import (
    Text,
    from_html,
    from_text,
    pieces_of,
    readable_steps,
    text_steps,
    values_of,
)
from apps.core.content.program.links import Found
from apps.core.content.program.parts import Part
from apps.core.content.program.steps import Literal, Token
from apps.core.content.program.tracked import Tracker, filling, tracked
from apps.core.content.program.utm import tagged
from apps.core.content.program.values import TOKEN

BASE = "https://go.example"
VALUES = {TOKEN: "t", "city": "Нижний Новгород", "unsubscribe_url": "https://go.example/u/x/"}


def kept(found: Found) -> Sequence[Part]:
    return found.parts


def text_of(text: str, html: str = "", *, with_text: bool = True) -> tuple[str, list[str]]:
    """The text with its links tracked, and where these lead."""
    tracker = Tracker(BASE)
    both = from_text(text), from_html(html)
    made, _html = tracked(*both, (kept, kept), tracker, with_text=with_text)
    found = pieces_of(text_steps(made), Text()).fill(values_of(VALUES))
    return found, [one.address for one in tracker.destinations]


def test_links_of_the_text_stay_where_they_are_not_chosen() -> None:
    html = '<a href="https://e.org/a">A</a>'
    assert text_of("https://e.org/a", html, with_text=False)[0] == "https://e.org/a"


def test_a_link_of_both_is_one_link_and_numbers_go_on() -> None:
    html = '<a href="https://e.org/a">A</a><a href="https://e.org/?b=1&amp;c=2">B</a>'
    text, addresses = text_of("https://e.org/new https://e.org/?b=1&c=2", html)
    assert text == f"{BASE}/l/t/3 {BASE}/l/t/2"
    assert addresses == ["https://e.org/a", "https://e.org/?b=1&c=2", "https://e.org/new"]


def test_what_the_html_says_is_not_to_be_tracked_is_not_in_the_text() -> None:
    html = '<a href="https://e.org/a" data-track="off">A</a>'
    assert text_of("https://e.org/a", html) == ("https://e.org/a", [])


def test_the_links_of_the_recipient_alone_stay() -> None:
    text, addresses = text_of("{{ unsubscribe_url }} {{ city }} mailto:a@e.org")
    assert text == f"{VALUES['unsubscribe_url']} {VALUES['city']} mailto:a@e.org"
    assert not addresses


@pytest.mark.parametrize(
    ("text", "shown", "address"),
    [
        ("See https://e.org/a.", "See {}.", "https://e.org/a"),
        ("«https://e.org/a», (https://e.org/a)!", "«{}», ({})!", "https://e.org/a"),
        ("(https://e.org/A_(b)).", "({}).", "https://e.org/A_(b)"),
        ("https://e.org/A_(b)?", "{}?", "https://e.org/A_(b)"),
        ("[https://e.org/?a[]=1]", "[{}]", "https://e.org/?a[]=1"),
        ("https://e.org/{{ city }}).", "{}).", "https://e.org/{{ city }}"),
        ("https://e.org/a)))" + ")" * 20_000, "{})))" + ")" * 20_000, "https://e.org/a"),
    ],
)
def test_what_ends_the_sentence_stays_outside(text: str, shown: str, address: str) -> None:
    found, addresses = text_of(text)
    assert found == shown.replace("{}", f"{BASE}/l/t/1") and set(addresses) == {address}


def test_parameters_that_differ_are_filled_in_when_the_link_is_followed() -> None:
    utm, tracker = {"source": "news", "term": "{{ city }}"}, Tracker(BASE)
    changes = tagged(utm, (), in_html=True), tagged(utm, (), in_html=False)
    made, _html = tracked(
        from_text("https://e.org/?a=1#top"), from_html(""), changes, tracker, with_text=True
    )
    assert pieces_of(text_steps(made), Text()).fill(values_of(VALUES)) == f"{BASE}/l/t/1"
    (one,) = tracker.destinations
    assert one.address == "https://e.org/?a=1&utm_source=news&utm_term={{ city }}#top"
    assert "%20" in filling(one.address)(values_of(VALUES))


def test_a_text_made_of_the_html_is_made_once_for_all() -> None:
    tracker = Tracker(BASE)
    html = '<p><a href="https://e.org/a">Shop</a></p><p>Bye</p>'
    text, made = tracked(from_text(""), from_html(html), (kept, kept), tracker, with_text=True)
    steps = readable_steps(text, made)
    assert steps == (Literal(f"Shop ({BASE}/l/"), Token(), Literal("/1)\n\nBye"))
