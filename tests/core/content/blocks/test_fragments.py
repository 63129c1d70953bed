"""A block of HTML: one balanced fragment, or none."""

from __future__ import annotations

from contextlib import suppress

import pytest

from apps.core.content.blocks.fragments import checked, is_code, text_of
from apps.core.content.html_contexts import TemplatePlace
from apps.core.content.template_language import TemplateRefused
from tests.effort import effort

#: Rounds (tests/effort.py); by the square it would be more than ten times as much.
MOST = 1_500


@pytest.mark.parametrize(
    "source",
    [
        "",
        "words",
        "<div><p>one<p>two</div>",
        "<ul><li>a<li>b</ul>",
        "<table><tr><td>1<td>2</table>",
        "<img src='https://example.org/{{ name }}.png'><br/>",
        "{% if a %}<b>x</b>{% else %}<i>y</i>{% endif %}",
        "<table>{% for i in (1..3) %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>",
        "<!--[if mso]><table><tr><td><![endif]--><p><!--[if mso]></td></tr></table><![endif]-->",
        "{{ item.title | upcase }}",
        "<div>{% for i in (1..3) %}</div><div>{% endfor %}</div>",
        "<td-x {% if a %}title='x'{% endif %}>y</td-x>",
        "{% case a %}{% when 1 %}<p>x{% else %}<p>y{% endcase %}",
        "{% raw %}{{ <b>x</b> }}{% endraw %}",
        "<style>.a{color:red}</style>",
        "<!-- a word --><!--[if !mso]><!--><b>x</b><!--<![endif]-->",
    ],
)
def test_a_balanced_fragment_is_taken(source: str) -> None:
    assert checked(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "</td></tr></table>",
        "<div>",
        "<b>bold",
        "<div></span></div>",
        "<!-- not closed",
        "<!--[if mso]><b>x</b>",
        "<![endif]-->",
        "<!--[if mso]><!--[if mso]><![endif]-->",
        "<!--> <b> -->",
        "<!-- x --!> <b> -->",
        "<![CDATA[",
        "<!doctype html>",
        "<p title='not closed",
        "<style>.a{",
        "<a href=",
        "{% if a %}<div>{% endif %}",
        "{% if a %}<div>{% else %}</div>{% endif %}",
        '{% if "{{" == a %}<div>{% endif %}}}',
        "{% raw %}{{ <div> }}{% endraw %}",
        "<a {% if a %}href='https://example.org/'>x</a>{% endif %}",
        "<script>alert(1)</script>",
        "<iframe src='https://example.org/'></iframe>",
        "</body></html>",
        "<a {{ name }}>x</a>",
        "<p onclick='{{ name }}'>x</p>",
    ],
)
def test_what_would_reach_out_of_its_block_is_refused(source: str) -> None:
    with pytest.raises(TemplatePlace) as refused:
        checked(source)
    assert refused.value.code == "template_place"


def test_a_broken_template_keeps_its_own_reason() -> None:
    with pytest.raises(TemplateRefused) as refused:
        checked("{% if %}")
    assert refused.value.code == "template_syntax"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ name }} and {{ attributes.city }}", False),
        ("<b>{{name}}</b>", False),
        ("{{ name | upcase }}", True),
        ("{% if a %}x{% endif %}", True),
        ("no braces", False),
    ],
)
def test_only_what_is_more_than_a_placeholder_is_code(source: str, code: bool) -> None:
    assert is_code(source) is code


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a {% if x %}<b>b</b>{% endif %}</p>", "a {% if x %}b{% endif %}"),
        ("<p {% if x %}class='y'{% endif %}>a</p>", "a"),
        ("<a href='{% if x %}https://a.example/{% else %}b{% endif %}'>link</a>", "link"),
        ("<p {% if x %}>a{% endif %}</p>", "a"),
    ],
)
def test_its_text_keeps_the_code_that_stays_whole(source: str, text: str) -> None:
    assert text_of(source).startswith(text)


@pytest.mark.parametrize("unit", ["{{", "{%", "{{ <b>", "<!--", "<!--[if mso]>", "<div>", "<a "])
def test_hostile_html_is_judged_at_once(unit: str) -> None:
    source = (unit * 100_000)[:100_000]

    def judge() -> None:
        for act in (checked, text_of, is_code):
            with suppress(TemplateRefused):
                act(source)

    assert effort(judge, MOST) <= MOST


@pytest.mark.parametrize(
    "source", ["<div/>", '<a href="https://e.x"/>', "<plaintext/>", "<template/>", "<xmp>a</xmp>"]
)
def test_a_slash_at_the_end_of_a_tag_closes_nothing(source: str) -> None:
    with pytest.raises(TemplateRefused):
        checked(source)


def test_elements_stand_in_each_other_to_a_depth_only() -> None:
    with pytest.raises(TemplateRefused, match="too deep"):
        checked("<b>" * 300 + "</b>" * 300)
