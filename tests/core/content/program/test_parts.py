"""Parts as a run keeps them: read back whole, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.core.content.html_contexts import TemplatePlace
from apps.core.content.program import (
    Condition,
    Program,
    Text,
    asked_by,
    html_steps,
    pieces_of,
    text_steps,
    values_of,
)
from apps.core.content.template_language import TemplateRefused, TemplateSyntax

TAGGED = Condition.from_json({"rules": [{"kind": "tag", "id": 5, "op": "is"}]})


def program(*parts: Any) -> Program:
    kept = json.loads(json.dumps(parts))
    return Program.from_json(kept, [TAGGED], asked_by([TAGGED]))


def html(*parts: Any, bits: int = 0, lists: Any = None, **texts: str) -> str:
    values = values_of(texts, bits, lists or {})
    return pieces_of(html_steps(program(*parts)), Text()).fill(values)


def test_a_program_is_filled_part_by_part() -> None:
    parts = (
        "<p>Hi, ",
        {"placeholder": "{{ name | default: 'friend & all' }}"},
        "</p>",
        {"if": 0, "parts": ["<b>", {"placeholder": "{{ name | upcase }}"}, "</b>"]},
        {
            "each": "orders",
            "limit": 2,
            "parts": [
                '<a href="',
                {"href": 3, "parts": ["https://x.ru/", {"placeholder": "{{ item.id }}"}]},
                '">',
                {"placeholder": "{{ item.name }}"},
                "</a>",
                {"liquid": "{% if item.id != '1' %}<i>{{ item.id }}</i>{% endif %}"},
            ],
            "empty": ["<p>nothing</p>"],
        },
    )
    assert html(*parts) == "<p>Hi, friend &amp; all</p><p>nothing</p>"
    items = [{"item.id": str(n), "item.name": f"<{n}>"} for n in (1, 2, 3)]
    assert html(*parts, bits=1, lists={"orders": items}, name="a<b") == (
        "<p>Hi, a&lt;b</p><b>A&lt;B</b>"
        '<a href="https://x.ru/1">&lt;1&gt;</a>'
        '<a href="https://x.ru/2">&lt;2&gt;</a><i>2</i>'
    )


def test_a_text_is_not_escaped() -> None:
    text = program("Hi, ", {"placeholder": "{{ name }}"}, {"if": 0, "parts": ["!"]})
    filled = pieces_of(text_steps(text), Text()).fill(values_of({"name": "<b>"}, 1))
    assert filled == "Hi, <b>!"


def test_what_is_assigned_in_a_fragment_ends_with_it() -> None:
    shown = html({"liquid": "{% assign x = 'in' %}<p>{{ x }}</p>"}, {"liquid": "<p>{{ x }}</p>"})
    assert shown == "<p>in</p><p></p>"


def test_names_of_items_are_known_in_a_repeat_only() -> None:
    for part in ({"placeholder": "{{ item.id }}"}, {"liquid": "<p>{{ item.id }}</p>"}):
        with pytest.raises(TemplateRefused):
            html(part)


@pytest.mark.parametrize(
    "parts",
    [
        [5],
        [None],
        [["a"]],
        [{}],
        [{"placeholder": 5}],
        [{"placeholder": "{{ a }}", "more": 1}],
        [{"placeholder": "no value"}],
        [{"if": 1, "parts": []}],
        [{"if": -1, "parts": []}],
        [{"if": 0}],
        [{"if": 0, "parts": "text"}],
        [{"each": "", "limit": 5, "parts": []}],
        [{"each": "a", "limit": 0, "parts": []}],
        [{"each": "a", "limit": 51, "parts": []}],
        [{"each": "a", "limit": 5, "parts": [], "more": []}],
        [{"each": "a", "limit": 5, "parts": [{"each": "b", "limit": 5, "parts": []}]}],
        [{"href": "1", "parts": []}],
        [{"liquid": "{% include 'x' %}"}],
    ],
)
def test_what_nothing_of_ours_has_written_is_refused(parts: list[Any]) -> None:
    with pytest.raises(TemplateRefused):
        html_steps(program(*parts))


def test_parts_do_not_stand_in_each_other_without_end() -> None:
    part: Any = "x"
    for _ in range(20):
        part = {"if": 0, "parts": [part]}
    with pytest.raises(TemplateSyntax):
        program(part)


CLOSED = ["", "text", "<p>a</p>", "<p>a", "<br>", "<ul><li>a<li>b</ul>", "<img alt='>'>", "&amp;"]
OPEN = ["<b>", "</b>", "<b><i></b></i>", "<p", "<!-- ", "<style>", "<b>x</b></i>", "</p><b>x"]
BLOCKS = ["if", "each", "empty", "liquid"]


def block(kind: str, inner: str) -> Any:
    return {
        "if": {"if": 0, "parts": [inner]},
        "each": {"each": "a", "limit": 1, "parts": [inner]},
        "empty": {"each": "a", "limit": 1, "parts": [], "empty": [inner]},
        "liquid": {"liquid": inner},
    }[kind]


@pytest.mark.parametrize("kind", BLOCKS)
class TestClosed:
    @pytest.mark.parametrize("inner", CLOSED)
    @pytest.mark.parametrize(
        "around",
        [("", ""), ("<div>", "</div>"), ("<p>a", "</p>"), ("<!--[if mso]><p><![endif]-->", "")],
    )
    def test_a_whole_stretch_may_be_left_out(
        self, kind: str, inner: str, around: tuple[str, str]
    ) -> None:
        assert html_steps(program(around[0], block(kind, inner), around[1], "<p>x</p>"))

    @pytest.mark.parametrize("inner", OPEN)
    def test_half_an_element_may_not(self, kind: str, inner: str) -> None:
        with pytest.raises(TemplatePlace) as refusal:
            html_steps(program("<div><b>", block(kind, inner), "</b></div>", "<p>x</p>"))
        assert refusal.value.code == "template_place"

    @pytest.mark.parametrize(
        "before",
        ["<p ", "<p title='", '<a href="', "<style>", "<title>", "<textarea>", "<!-- ", "<", "<!x"],
    )
    def test_nothing_is_left_out_inside_a_tag(self, kind: str, before: str) -> None:
        with pytest.raises(TemplatePlace):
            html_steps(program(before, block(kind, "x"), "<p>x</p>"))

    def test_ghost_tables_are_elements_too(self, kind: str) -> None:
        begun, ended = "<table><tr><td>", "</td></tr></table>"
        ghost = f"<!--[if mso]>{begun}<![endif]-->{{}}<!--[if mso]>{ended}<![endif]-->"
        assert html_steps(program(block(kind, ghost.format("<div>x</div>")), "<p>x</p>"))
        with pytest.raises(TemplatePlace):
            html_steps(program(block(kind, ghost.partition("{}")[0]), "<p>x</p>"))

    def test_a_drawing_for_outlook_may_close_itself(self, kind: str) -> None:
        drawn = "<!--[if mso]><v:rect><v:fill src='x' /></v:rect><![endif]-->"
        assert html_steps(program(block(kind, drawn), "<p>x</p>"))


@pytest.mark.parametrize(
    "source",
    [
        "{% if a %}<b>{% endif %}x{% if a %}</b>{% endif %}",
        "{% if a %}<p class='{% endif %}",
        "<b>{% for x in (1..3) %}</b>{% endfor %}",
        "{% for x in (1..3) %}<b>{% if a %}{% break %}{% endif %}</b>{% endfor %}",
        "{% case a %}{% when 'x' %}<b>{% when 'y' %}</b>{% endcase %}",
        "{% if a %}<style>{% else %}</style>{% endif %}",
        "<script>{{ a }}</script>",
        "<p {{ a }}>x</p>",
    ],
)
def test_every_branch_of_a_fragment_is_whole(source: str) -> None:
    with pytest.raises(TemplatePlace):
        html_steps(program({"liquid": source}, "<p>x</p>"))


@pytest.mark.parametrize(
    "source",
    [
        "<p {% if a %}class='x'{% endif %} title='{% if a %}{{ a }}{% else %}no{% endif %}'>x</p>",
        "{% for x in (1..3) %}<b>{{ x }}</b>{% if a %}{% break %}{% endif %}{% endfor %}",
        "{% case a %}{% when 'x' %}<b>x</b>{% else %}y{% endcase %}",
        "<a href='{{ a }}'>{% comment %}<b>{% endcomment %}{% raw %}{% x %}{% endraw %}</a>",
        "{% # nothing %}<p>{% echo a %}</p>",
    ],
)
def test_a_fragment_may_decide_inside_its_own_tags(source: str) -> None:
    assert html_steps(program({"liquid": source}, "<p>x</p>"))


def test_a_value_in_no_place_is_refused_with_its_line() -> None:
    with pytest.raises(TemplatePlace) as refusal:
        html("<p>\n</p>\n<script>", {"placeholder": "{{ a }}"}, "</script>")
    assert refusal.value.line == 3
