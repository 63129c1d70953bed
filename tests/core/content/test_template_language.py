"""The template language promises: what it shows, what it never shows, and that it always ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.template_language import (
    MAX_BYTES,
    Template,
    TemplateAttribute,
    TemplateLimits,
    TemplateNotAllowed,
    TemplateRefused,
    TemplateSyntax,
    TemplateTooLong,
    check,
    parse,
)

FIELDS = {"name": "Анна", "void": "", "day": "2026-11-20", "attributes.city": "Омск"}


def render(source: str) -> str:
    return parse(source).render(FIELDS)


class TestPlain:
    """Text and slots."""

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("", ""),
            ("no slot { at } all", "no slot { at } all"),
            ("{{ name }}", "Анна"),
            ("{{name}}{{name}}!", "АннаАнна!"),
            ("{{\u00a0name\u00a0}}", "Анна"),
            ("in {{ attributes.city }}.", "in Омск."),
            ("[{{ missing }}{{ attributes.missing }}]", "[]"),
            ("@media x { a { b } }}", "@media x { a { b } }}"),
            ("{{ missing | default: 'friend' }}", "friend"),
            ("{{ void|default:'a \"b\"' }}", 'a "b"'),
            ('{{ attributes.missing | default: "it\'s" }}', "it's"),
            ("{{ name | default: 'friend' }}", "Анна"),
            ("{{ void | default: '' }}", ""),
        ],
    )
    def test_shows_text_and_values(self, source: str, expected: str) -> None:
        template = parse(source)
        assert template.is_plain
        assert template.render(FIELDS) == expected

    def test_names_what_it_uses(self) -> None:
        template = parse("{{ name }} {{ attributes.city }} {{ name }}")
        assert template.names == {"name", "attributes.city"}
        assert template.slots == ("name", "attributes.city", "name")
        assert template.literals == ("", " ", " ", "")

    def test_keeps_values_apart_from_text(self) -> None:
        assert parse("a{{ name }}b").parts(FIELDS) == ["a", "Анна", "b"]


class TestLogic:
    """Liquid, for those who need it."""

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{% if name %}yes{% else %}no{% endif %}", "yes"),
            ("{% if missing %}yes{% else %}no{% endif %}", "no"),
            ("{% unless name == 'Анна' %}no{% endunless %}", ""),
            ("{% case name %}{% when 'Анна' %}A{% else %}B{% endcase %}", "A"),
            ("{% for i in (1..3) %}{{ i }},{% endfor %}", "1,2,3,"),
            ("{% for i in (1..9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "12"),
            ("{% assign x = name | upcase %}{{ x }}", "АННА"),
            ("{{ missing | default: name }}", "Анна"),
            ("{{ missing | default: 'friend' | upcase }}", "FRIEND"),
            ("{{ missing | default: 7 }}", "7"),
            ("{{ day | date: '%d.%m.%Y' }}", "20.11.2026"),
            ("{{ 'a-b' | replace: '-', '+' }}", "a+b"),
            ("{{ name | truncate: 3, '.' | downcase }}", "ан."),
            ("{{ name | first }}", "А"),
            ("{{ 2 | plus: 3 | minus: 1 }}", "4"),
            ("{{ attributes.city | upcase }}", "ОМСК"),
            ("{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
            ("a{% comment %}{% include 'x' %}{% endcomment %}b{% # word %}c", "abc"),
            ("{% echo name %}", "Анна"),
            ("a {{- name -}} b", "aАннаb"),
        ],
    )
    def test_renders(self, source: str, expected: str) -> None:
        template = parse(source)
        assert not template.is_plain
        assert template.render(FIELDS) == expected

    @pytest.mark.parametrize("name", ["missing", "void", "attributes.missing"])
    @pytest.mark.parametrize("test", ["{0}", "{0} != ''", "{0} != blank", "{0} != empty"])
    def test_empty_and_missing_are_the_same_and_false(self, name: str, test: str) -> None:
        condition = test.format(name)
        assert render(f"{{% if {condition} %}}yes{{% else %}}no{{% endif %}}") == "no"

    def test_names_are_those_from_outside_only(self) -> None:
        source = "{% assign x = name %}{% for y in (1..2) %}{{ y }}{{ x }}{% endfor %}"
        assert parse(source + "{{ attributes.city | upcase }}").names == {"name", "attributes.city"}

    def test_values_stay_apart_from_text(self) -> None:
        parts = parse("<b>{% if name %}{{ name | upcase }}{% endif %}</b>").parts(FIELDS)
        assert parts == ["<b>", "АННА", "</b>"]


_text_of = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=30)
_slots = st.sampled_from(["{{ name }}", "{{attributes.city}}", "{{ missing }}", "{{ day }}"])
_fallbacks = st.sampled_from(["{{ name | default: 'friend' }}", '{{missing|default:""}}'])


@given(
    st.lists(st.one_of(_text_of, _slots, _fallbacks), max_size=12),
    st.dictionaries(_slots, _text_of),
)
def test_both_ways_give_the_same(pieces: list[str], values: dict[str, str]) -> None:
    source = "".join(pieces)
    fields = {slot.strip("{} "): value for slot, value in values.items()}
    plain, logic = parse(source), parse(source + "{% if true %}{% endif %}")
    assert plain.is_plain and not logic.is_plain
    assert logic.render(fields) == plain.render(fields)
    assert logic.names == plain.names


class TestRefusals:
    """What is refused, with which code, in which line."""

    @pytest.mark.parametrize(
        ("source", "error"),
        [
            ("{{ name", TemplateSyntax),
            ("{{ }}", TemplateSyntax),
            ("{% if name %}", TemplateSyntax),
            ("{% endif %}", TemplateSyntax),
            ("{{ name | }}", TemplateSyntax),
            ("{{ 'name }}", TemplateSyntax),
            ("{% raw %}{{ name }}", TemplateSyntax),
            ("{{ name.size }}", TemplateAttribute),
            ("{{ name['x'] }}", TemplateAttribute),
            ("{{ name[0] }}", TemplateAttribute),
            ("{{ [name] }}", TemplateAttribute),
            ("{{ attributes.a.b }}", TemplateAttribute),
            ("{{ attributes['city'] }}", TemplateAttribute),
            ("{{ _name }}", TemplateAttribute),
            ("{{ attributes._name }}", TemplateAttribute),
            ("{% assign _x = 1 %}", TemplateAttribute),
            ("{% if name.x %}{% endif %}", TemplateAttribute),
            ("{{ name | default: user.password }}", TemplateAttribute),
            ("{% for i in name.x %}{% endfor %}", TemplateAttribute),
            ("{% include 'x' %}", TemplateNotAllowed),
            ("{% render 'x' %}", TemplateNotAllowed),
            ("{% capture x %}{% endcapture %}", TemplateNotAllowed),
            ("{% tablerow i in (1..3) %}{% endtablerow %}", TemplateNotAllowed),
            ("{% liquid\n echo name %}", TemplateNotAllowed),
            ("{% load static %}", TemplateNotAllowed),
            ("{{ name | safe }}", TemplateNotAllowed),
            ("{{ name | join: ',' }}", TemplateNotAllowed),
            ("{{ name | split: '' }}", TemplateNotAllowed),
            ("x" * (MAX_BYTES + 1), TemplateTooLong),
            ("ы" * (MAX_BYTES // 2 + 1), TemplateTooLong),
            ("{% if name %}{% endif %}" * 1001, TemplateLimits),
            ("{% if name %}" * 20 + "{% endif %}" * 20, TemplateLimits),
        ],
    )
    def test_refuses(self, source: str, error: type[TemplateRefused]) -> None:
        with pytest.raises(error) as refusal:
            parse(source)
        assert refusal.value.code == error.code

    @pytest.mark.parametrize("source", ["\n\n{{ name.size }}", "a\r\nb\n{% load x %}"])
    def test_names_the_line(self, source: str) -> None:
        with pytest.raises(TemplateRefused) as refusal:
            parse(source)
        assert refusal.value.line == 3
        assert str(refusal.value).startswith("line 3: ")
        assert str(refusal.value.within("HTML")).startswith("HTML, line 3: ")

    def test_reports_when_it_breaks_only_in_rendering(self) -> None:
        template = parse("{{ name | date: 5 }}")
        with pytest.raises(TemplateSyntax):
            check(template, FIELDS)


GROW = " | replace: 'a', 'aaaaaaaaaa'"
EVER = [
    "{% for i in (1..99999999) %}x{% endfor %}",
    "{% for i in (1..99999999) %}{% endfor %}",
    "{% for i in (1..99999999) limit: 3 %}x{% endfor %}",
    "{% for i in (1..99999999) offset: 99999990 %}x{% endfor %}",
    "{% for i in (1..99999999) reversed %}x{% endfor %}",
    "{% for i in (1..99999999999999999999999999) %}x{% endfor %}",
    "{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}",
    "{% for i in (1..1999) %}{% endfor %}" * 500,
    "{% for i in (1..1999) %}" + "{{ missing }}" * 1000 + "{% endfor %}",
    "{% for i in (1..1999) %}" + "{% if true %}{% endif %}" * 400 + "{% endfor %}",
    "{% case 1 %}{% when " + "1," * 200 + "1 %}" * 1
    + "{% case 1 %}{% when " + "1," * 200 + "1 %}{% assign x = 1 %}{% endcase %}{% endcase %}",
    "{{ 'aaaaaaaaaa'" + GROW * 9 + " }}",
    "{% assign x = 'aa' %}" + "{% assign x = x | replace: 'a', 'aaaa' %}" * 30,
    "{{ 'a' | replace: '', 'bbbbbbbbbb'" + " | replace: '', 'bbbbbbbbbb'" * 9 + " }}",
    "{% for i in (1..1999) %}{{ long }}{% endfor %}",
    "".join(f"{{% assign x{n} = long %}}" for n in range(30)),
]  # fmt: skip


@pytest.mark.parametrize("source", EVER, ids=range(len(EVER)))
def test_what_never_ends_or_grows_is_refused_by_its_limits(source: str) -> None:
    template = parse(source)
    with pytest.raises(TemplateLimits):
        check(template, {"long": "y" * 10_000})


def test_a_limit_holds_for_each_recipient() -> None:
    template = parse("{% for i in (1..attributes.n) %}x{% endfor %}")
    assert template.render({"attributes.n": "3"}) == "xxx"
    with pytest.raises(TemplateLimits):
        template.render({"attributes.n": "99999999"})


@pytest.mark.parametrize(
    "source",
    [
        "{{ (1..5000000) | size }}",
        "{% if (1..9999999999) contains 'x' %}{% endif %}",
        "{{ day | date: '%999999999d' }}",
        "{{ day | date: '" + "%c" * 100 + "' }}",
        "{{" + " " * 100_000 + "}}",
        "{% if" + " " * 400 + "%}",
        "{{" * 50_000,
        "{% raw %}" * 20_000,
        "{{ " + "(" * 400 + "1..2" + ")" * 400 + " }}",
        "{{ a | replace: " + "'x'," * 200 + " }}",
    ],
    ids=range(10),
)
def test_other_ways_to_keep_it_busy_are_refused(source: str) -> None:
    with pytest.raises(TemplateRefused):
        check(parse(source), FIELDS)


@pytest.mark.parametrize(
    "source",
    [
        "{{ env }}{{ request }}{{ settings }}{{ self }}{{ forloop }}{{ now }}",
        "{% if settings %}{{ settings | default: env }}{% endif %}",
        "{% for x in env %}{{ x }}{% endfor %}",
        "{% for i in (1..2) %}{{ parentloop }}{% endfor %}{{ template }}",
        "{{ env | first }}{{ env | last }}",
    ],
)
def test_nothing_but_the_fields_can_be_seen(source: str) -> None:
    assert render(source) == ""


@pytest.mark.parametrize(
    "path",
    [
        "name.__class__.__mro__", "settings.SECRET_KEY", "user.delete", "self.__dict__",
        "name.__init__.__globals__", "request.environ", "__builtins__", "forloop.parentloop",
    ],
)  # fmt: skip
def test_no_path_leads_out(path: str) -> None:
    for source in (
        f"{{{{ {path} }}}}",
        f"{{% if {path} %}}{{% endif %}}",
        f"{{{{ 1 | plus: {path} }}}}",
    ):
        with pytest.raises(TemplateRefused):
            parse(source)


@given(st.text(st.sampled_from("{%}| ab'\"(1..9)[]-=,:#endifor\n"), max_size=80))
def test_any_source_is_a_template_or_is_refused(source: str) -> None:
    try:
        template = parse(source)
        check(template, FIELDS)
    except TemplateRefused as refusal:
        assert refusal.code.startswith("template_")
    else:
        assert isinstance(template, Template)
