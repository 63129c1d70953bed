"""Links of a letter: found in all forms, numbered in order, changed in one place."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.core.content.program import (
    Program,
    Text,
    Values,
    from_html,
    from_text,
    html_steps,
    pieces_of,
    readable_steps,
    text_steps,
    values_of,
)
from apps.core.content.program.conditions import Condition, Rule
from apps.core.content.program.links import Found, Walk
from apps.core.content.program.parts import Each, Link, Part, Placeholder, When
from apps.core.content.program.utm import tagged

UTM = {"source": "news", "medium": "email"}
TAGS = "utm_source=news&amp;utm_medium=email"
PLAIN = TAGS.replace("&amp;", "&")


def kept(found: Found) -> Sequence[Part]:
    return found.parts


def links(html: str = "", text: str = "") -> list[str]:
    walk = Walk()
    walk.html(from_html(html), kept)
    walk.text(from_text(text), kept)
    assert [one.number for one in walk.found] == list(range(1, len(walk.found) + 1))
    return [one.address for one in walk.found]


def html_with(source: str, values: dict[str, str] | None = None, utm: dict[str, str] = UTM) -> str:
    program = Walk().html(from_html(source), tagged(utm, (), in_html=True))
    return pieces_of(html_steps(program), Text()).fill(values_of(values or {}))


def text_with(source: str, values: dict[str, str] | None = None, utm: dict[str, str] = UTM) -> str:
    program = Walk().text(from_text(source), tagged(utm, (), in_html=False))
    return pieces_of(text_steps(program), Text()).fill(values_of(values or {}))


# --- finding


@pytest.mark.parametrize(
    "html",
    [
        "<p>no link</p>",
        '<a href="mailto:a@e.org">a</a><a href="tel:+7">b</a><a href="#x">c</a><a href="">d</a>',
        "<a href=\"{{ unsubscribe_url }}\">a</a><a href='{{ preferences_url }}'>b</a>",
        '<a href="{{ view_url }}">a</a><a href="https://e.org/?u={{ unsubscribe_url }}">b</a>',
        '<img src="https://e.org/a.png"><link href="https://e.org/a.css">',
        '<!-- <a href="https://e.org/">a</a> -->',
        "<p title=\"<a href='https://e.org/'>\">a</p>",
        '<a data-href="https://e.org/">a</a>',
        '<a href="https://e.org/{% if a %}b{% endif %}">a</a>',
    ],
)
def test_what_is_no_web_link_has_no_number(html: str) -> None:
    assert links(html) == []


def test_links_of_the_html_are_numbered_as_they_stand() -> None:
    html = (
        '<a href="https://e.org/1">a</a><A class="x" HREF = \'HTTP://e.org/2\'>b</A>'
        '{% if vip %}<a href="https://e.org/3?a=1&amp;b={{ id }}">c</a>{% else %}'
        '<a href="https://e.org/4">d</a>{% endif %}<map><area href="{{ shop }}"></map>'
        '<!--[if mso]><v:roundrect href="https://e.org/6"></v:roundrect><![endif]-->'
    )
    assert links(html) == [
        "https://e.org/1",
        "HTTP://e.org/2",
        "https://e.org/3?a=1&amp;b={{ id }}",
        "https://e.org/4",
        "{{ shop }}",
        "https://e.org/6",
    ]


def test_links_of_a_text_end_before_what_ends_the_sentence() -> None:
    text = (
        "See https://e.org/a, or (http://e.org/b?x=1). Yours: https://e.org/{{ id }}/c!\n"
        "{% if vip %}And https://e.org/{{ id }} too{% endif %} https://e.org/end."
    )
    assert links(text=text) == [
        "https://e.org/a",
        "http://e.org/b?x=1",
        "https://e.org/{{ id }}/c",
        "https://e.org/{{ id }}",
        "https://e.org/end",
    ]


def test_a_link_of_the_text_has_the_number_of_the_same_one_in_the_html() -> None:
    html = '<a href="https://e.org/?a=1&amp;b=2">a</a><a href="https://e.org/b">b</a>'
    assert len(links(html, "https://e.org/b https://e.org/c https://e.org/?a=1&b=2")) == 3


def test_links_of_blocks_keep_one_number_each_wherever_they_stand() -> None:
    def link(number: int, address: str) -> Link:
        return Link(number, (address,))

    first, letter = link(3, "https://e.org/a"), link(1, "mailto:a@e.org")
    html = Program(('<a href="', letter, '"><a href="', first, '"></a><a href="', first, '"></a>'))
    walk = Walk()
    made = walk.html(html, kept)
    walk.text(Program(("Shop: ", first, "\n", link(4, "https://e.org/b"))), kept)
    assert [(one.number, one.kept) for one in walk.found] == [(1, 3), (2, 4)]
    assert "".join(str(part) for part in made.parts).count("https://e.org/a") == 2


# --- UTM


@pytest.mark.parametrize(
    ("address", "tagged_address"),
    [
        ("https://e.org", f"https://e.org?{TAGS}"),
        ("https://e.org/a", f"https://e.org/a?{TAGS}"),
        ("https://e.org/a?", f"https://e.org/a?{TAGS}"),
        ("https://e.org/a?b=1", f"https://e.org/a?b=1&amp;{TAGS}"),
        ("https://e.org/a?b=1&amp;c=2#top", f"https://e.org/a?b=1&amp;c=2&amp;{TAGS}#top"),
        ("https://e.org/#/path?x", f"https://e.org/?{TAGS}#/path?x"),
        ("https://e.org/a?n=&#39;b&#39;", f"https://e.org/a?n=&#39;b&#39;&amp;{TAGS}"),
        ("https://e.org/a ", f"https://e.org/a?{TAGS} "),
        ("https://e.org/?utm_source=x", "https://e.org/?utm_source=x"),
        ("https://e.org/?a=1&amp;utm_term=x", "https://e.org/?a=1&amp;utm_term=x"),
        ("mailto:a@e.org", "mailto:a@e.org"),
    ],
)
def test_utm_stands_before_the_fragment_of_links_that_have_none(
    address: str, tagged_address: str
) -> None:
    html = html_with(f'<p>x</p><a href="{address}">a</a>')
    assert html == f'<p>x</p><a href="{tagged_address}">a</a>'


def test_a_link_with_placeholders_is_filled_as_before() -> None:
    html = html_with("<a href='https://e.org/{{ id }}/b#{{ id }}'>a</a>", {"id": "a b&"})
    assert html == f"<a href='https://e.org/a%20b%26/b?{TAGS}#a%20b%26'>a</a>"


@pytest.mark.parametrize(
    ("value", "href"),
    [
        ("https://e.org/a?b=1&c=2#d", f"https://e.org/a?b=1&amp;c=2&amp;{TAGS}#d"),
        ("http://e.org", f"http://e.org?{TAGS}"),
        ("https://e.org/?utm_campaign=own", "https://e.org/?utm_campaign=own"),
        ("mailto:a@e.org", "mailto:a@e.org"),
        ("", ""),
    ],
)
def test_an_address_that_is_a_placeholder_gets_it_when_it_is_one_of_the_web(
    value: str, href: str
) -> None:
    for source in (
        '<a href="{{ url }}">a</a>',
        '<a href="{{ url | strip }}">a</a>',
        '{% if url %}<a href="{{ url }}">a</a>{% else %}<a href="">a</a>{% endif %}',
        '{% assign u = url %}<a href="{{ u }}">a</a>',
    ):
        assert html_with(source, {"url": value}) == f'<a href="{href}">a</a>'


def test_what_follows_such_a_placeholder_belongs_to_the_address() -> None:
    html = html_with(
        '<a href="{{ site }}/{{ id }}?q=1#x">a</a>', {"site": "https://e.org", "id": "7"}
    )
    assert html == f'<a href="https://e.org/7?q=1&amp;{TAGS}#x">a</a>'


def test_the_text_of_the_html_has_it_too() -> None:
    source = '<a href="https://e.org/a">one</a> <a href="{{ url }}">two</a>'
    html = Walk().html(from_html(source), tagged(UTM, (), in_html=True))
    steps = readable_steps(from_text(""), html)
    text = pieces_of(steps, Text()).fill(values_of({"url": "https://e.org/b"}))
    assert text == f"one (https://e.org/a?{PLAIN}) two (https://e.org/b?{PLAIN})"


def test_every_branch_and_round_has_it() -> None:
    both = '<a href="https://e.org/a">a</a>{% else %}<a href="https://e.org/b">b</a>'
    source = f"{{% if a %}}{both}{{% endif %}}"
    assert html_with(source, {"a": "1"}) == f'<a href="https://e.org/a?{TAGS}">a</a>'
    assert html_with(source) == f'<a href="https://e.org/b?{TAGS}">b</a>'


def test_conditions_and_repeats_have_it() -> None:
    condition = Condition((Rule("field", "not_empty", name="vip"),))
    inner: tuple[Part, ...] = ('<a href="', Link(1, (Placeholder("{{ item.url }}"),)), '">a</a>')
    shown = ('<a href="https://e.org/vip">b</a>',)
    program = Program((Each("goods", 5, inner), When(condition, shown)))
    program = Walk().html(program, tagged(UTM, ("block0001",), in_html=True))
    values = values_of({"vip": "1"}, lists={"goods": [{"item.url": "https://e.org/g"}]})
    assert pieces_of(html_steps(program), Text()).fill(values) == (
        f'<a href="https://e.org/g?utm_source=news&amp;utm_medium=email&amp;utm_content=block0001">'
        f'a</a><a href="https://e.org/vip?{TAGS}">b</a>'
    )


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("See https://e.org/a.", f"See https://e.org/a?{PLAIN}."),
        ("(https://e.org/a?b=1)", f"(https://e.org/a?b=1&{PLAIN})"),
        ("https://e.org/{{ id }}, {{ id }}", f"https://e.org/7?{PLAIN}, 7"),
        ("{% if id %}At https://e.org/{{ id }} now{% endif %}", f"At https://e.org/7?{PLAIN} now"),
        ("{{ unsubscribe_url }} and {{ id }}", "https://e.org/u/ and 7"),
        ("https://e.org/{% if id %}a{% endif %}", "https://e.org/a"),
    ],
)
def test_a_text_has_it_at_its_addresses(text: str, filled: str) -> None:
    assert text_with(text, {"id": "7", "unsubscribe_url": "https://e.org/u/"}) == filled


def test_its_values_may_be_fields_and_are_encoded_everywhere() -> None:
    utm = {"source": "а&b", "campaign": 'to {{ city | default: "no city" }}'}
    query = "utm_source=%D0%B0%26b&amp;utm_campaign=to%20"
    values = {"city": "Н/Н", "url": "https://e.org/u"}
    for address in ("https://e.org/u", "{{ url }}"):
        html = html_with(f'<a href="{address}">a</a>', values, utm)
        assert html == f'<a href="https://e.org/u?{query}%D0%9D%2F%D0%9D">a</a>'
    block = html_with('{% if url %}<a href="{{ url }}">a</a>{% endif %}', values, utm)
    assert block == f'<a href="https://e.org/u?{query}%D0%9D%2F%D0%9D">a</a>'
    plain = query.replace("&amp;", "&")
    assert text_with("https://e.org/u.", {}, utm) == f"https://e.org/u?{plain}no%20city."
    in_block = text_with("{% if url %}https://e.org/u, {% endif %}", values, utm)
    assert in_block == f"https://e.org/u?{plain}%D0%9D%2F%D0%9D, "


def test_a_letter_without_it_is_the_program_that_it_was() -> None:
    source = '<p>x</p><a href="https://e.org/{{ id }}">a</a>{% if a %}<b>b</b>{% endif %}'
    before = pieces_of(html_steps(from_html(source)), Text()).fill(Values(id="7"))
    after = Walk().html(from_html(source), kept)
    assert pieces_of(html_steps(after), Text()).fill(Values(id="7")) == before
