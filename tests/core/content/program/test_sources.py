"""What people write as templates becomes programs that write what Liquid would have written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.html_contexts import TemplatePlace, escape_parts
from apps.core.content.html_text import html_to_text
from apps.core.content.program import (
    Text,
    Values,
    from_html,
    from_text,
    html_steps,
    pieces_of,
    readable_steps,
    text_steps,
)
from apps.core.content.program.parts import Fragment, Placeholder
from apps.core.content.template_language import TemplateRefused, parse
from apps.core.errors import DomainError


def html_of(source: str, **values: str) -> str:
    return pieces_of(html_steps(from_html(source)), Text()).fill(Values(values))


def text_of(source: str, html: str = "", **values: str) -> str:
    steps = readable_steps(from_text(source), from_html(html))
    return pieces_of(steps, Text()).fill(Values(values))


def test_a_block_between_tags_is_a_fragment_of_its_own() -> None:
    program = from_html("<p>{{ a }}</p>\n{% if b %}<b>{{ b | upcase }}</b>{% endif %}<p>x</p>")
    assert program.parts == (
        "<p>",
        Placeholder("{{ a }}"),
        "</p>\n",
        Fragment("{% if b %}<b>{{ b | upcase }}</b>{% endif %}", 2),
        "<p>x</p>",
    )
    assert not program.whole


@pytest.mark.parametrize(
    "source",
    [
        "{% assign x = a %}<p>{{ x }}</p>",
        "<p>{% if a %}{% assign x = a %}{% endif %}</p>{{ x }}",
        "<p> {%- if a %}x{% endif %} </p>",
        "<p> {{- a -}} </p>",
        "<p {% if a %}class='x'{% endif %}>x</p>",
        "{% if a %}<b>{% endif %}x{% if a %}</b>{% endif %}",
        "{% for i in (1..4) limit: 2 %}{{ i }}{% endfor %}"
        "{% for i in (1..4) offset: continue %}{{ i }}{% endfor %}",
        "{% raw -%} {{ a }} {%- endraw %}",
    ],
)
def test_what_is_felt_outside_is_written_as_a_whole(source: str) -> None:
    program = from_html(source)
    assert program.whole and program.parts == (Fragment(source),)
    for values in ({}, {"a": "<A>"}):
        assert html_of(source, **values) == escape_parts(parse(source).parts(values))


def test_a_break_outside_a_loop_is_refused_as_ever() -> None:
    source = "<p>{% if a %}{% break %}{% endif %}</p>more"
    assert from_html(source).whole
    assert html_of(source) == "<p></p>more"
    with pytest.raises(TemplateRefused):
        html_of(source, a="A")


def test_many_blocks_are_written_as_one() -> None:
    """Each has a budget of its own, and a message has one."""
    assert from_html("{% if a %}x{% endif %}" * 51).whole
    assert not from_html("{% if a %}x{% endif %}" * 50).whole


def test_a_filtered_value_may_stand_in_an_address() -> None:
    shown = html_of("<a href='https://x.ru/{{ a | downcase }}'>x</a>", a="Я/?")
    assert shown == "<a href='https://x.ru/%D1%8F%2F%3F'>x</a>"


def test_comments_and_raw_text_cost_nothing() -> None:
    source = (
        "<p>{% comment %}{% nonsense %}{% endcomment %}{% raw %}{{ a }}{% endraw %}{% # x %}</p>"
    )
    assert all(isinstance(part, str) for part in from_html(source).parts)
    assert html_of(source, a="A") == "<p>{{ a }}</p>"


def test_a_value_where_none_may_stand_is_refused() -> None:
    with pytest.raises(TemplatePlace):
        from_html("{% if a %}<b>x</b>{% endif %}\n<script>{{ a | upcase }}</script>")


def test_a_refusal_for_one_recipient_names_the_line_of_the_source() -> None:
    source = "a\n\n{% if n %}\n{% for i in (1..n) %}x{% endfor %}{% endif %}"
    alone = pieces_of(text_steps(from_text(source)), Text())
    with pytest.raises(TemplateRefused) as refusal:
        alone.fill(Values({"n": "999999"}))
    with pytest.raises(TemplateRefused) as whole:
        parse(source).render({"n": "999999"})
    assert refusal.value.line == whole.value.line


@pytest.mark.parametrize(
    "html",
    [
        "<h1>{{ a }}</h1><p>Dear {{ a | upcase }}, <a href='{{ b }}'>here</a></p>",
        "<p>{% if a %}{{ a }}, {% endif %}hello</p><ul><li>x{{ a }}</li></ul>",
        "{% if a %}<p>{{ a }}</p><p>x</p>{% endif %}<p>y</p>",
        "<p>one</p>{% for i in (1..2) %}<p>{{ i }}</p>{% endfor %}<p>two</p>",
    ],
)
def test_the_text_of_html_is_what_its_reader_would_read(html: str) -> None:
    for values in ({}, {"a": "Anna", "b": "https://x.ru/"}):
        expected = html_to_text(escape_parts(parse(html).parts(values)))
        if values or "<a " not in html:  # a link without an address is not shown at all
            assert text_of("", html, **values).rstrip() == expected


_pieces = st.lists(
    st.sampled_from(
        [
            "text ", "<p>", "</p>", "<b>", "</b>", "<br>", "<a href='", "'>", "</a>", "\n", "&amp;",
            "{{ a }}", "{{ a | default: 'x<y' }}", "{{ b | upcase }}", "{{- a -}}",
            "{% if a %}", "{% unless b %}", "{% else %}", "{% endif %}", "{% endunless %}",
            "{% for i in (1..3) %}", "{% endfor %}", "{% break %}", "{{ i }}", "{% assign i = b %}",
            "{% comment %}", "{% endcomment %}", "{% raw %}", "{% endraw %}", "{% # note %}",
            "{% if a -%}", "{% echo a %}", "<style>p{color:", "}</style>", "<!-- ", " -->",
        ]
    ),
    max_size=14,
)  # fmt: skip
_values = st.fixed_dictionaries(
    {}, optional={"a": st.sampled_from(["", "A<b>", "https://x.ru/?a=1&b=2"]), "b": st.just("Bé")}
)


@given(_pieces, _values)
def test_a_program_writes_what_liquid_writes(pieces: list[str], values: dict[str, str]) -> None:
    source = "".join(pieces)
    try:
        template = parse(source)
    except TemplateRefused:
        return
    text = pieces_of(text_steps(from_text(source)), Text())
    try:
        assert template.render(values) == text.fill(Values(values))
        expected = escape_parts(template.parts(values))
    except DomainError as refusal:
        with pytest.raises(type(refusal)):
            html_of(source, **values)
        return
    try:
        program = from_html(source)
    except TemplatePlace:  # a place that this recipient's letter does not have
        return
    assert pieces_of(html_steps(program), Text()).fill(Values(values)) == expected
