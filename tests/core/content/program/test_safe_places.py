"""One judgement of what is closed: for a block of HTML as it is written, for a program as it is
made."""

from __future__ import annotations

import pytest

from apps.core.content.blocks.fragments import checked
from apps.core.content.html_contexts import TemplatePlace
from apps.core.content.program import Program, html_steps
from apps.core.content.program.conditions import Condition, Rule
from apps.core.content.program.parts import Fragment, When

#: To anybody who is not asked twice.
_ANYBODY = Condition((Rule("field", "not_empty", "full_name"),))

TAKEN = [
    "<p>one<p>two",
    "<ul><li>a<li>b</ul>",
    "<select><optgroup label='a'><option>x<optgroup label='b'><option>y</select>",
    "<table><tr><td>1<td>2</table>",
    "{% if a %}<b>x</b>{% else %}<i>y</i>{% endif %}",
    "<div>{% for i in (1..3) %}</div><div>{% endfor %}</div>",
    "{% for i in (1..3) %}<b>x</b>{% if a %}{% break %}{% endif %}{% endfor %}",
    "<!--[if mso]><table><tr><td><![endif]--><p>x</p><!--[if mso]></td></tr></table><![endif]-->",
]
REFUSED = [
    "<div>",
    "</td></tr></table>",
    "<div></span></div>",
    "<p title='not closed",
    "<!-- not closed",
    "<style>.a{",
    "{% if a %}<div>{% endif %}",
    "{% if a %}<div>{% else %}</div>{% endif %}",
    "{% for i in (1..3) %}<b>{% break %}</b>{% endfor %}",
    "<a {{ name }}>x</a>",
    "<b>" * 300 + "</b>" * 300,
    # Closed for everybody but Word, which reads what stands in the comment.
    "<!--[if mso]><table><![endif]-->",
]


def _as_fragment(source: str) -> None:
    html_steps(Program((Fragment(source),)))


def _under_condition(source: str) -> None:
    html_steps(Program((When(_ANYBODY, (Fragment(source),)),)))


@pytest.mark.parametrize("entry", [checked, _as_fragment, _under_condition])
@pytest.mark.parametrize("source", TAKEN)
def test_what_is_closed_is_taken_at_every_entry(entry: object, source: str) -> None:
    assert callable(entry)
    entry(source)


@pytest.mark.parametrize("entry", [checked, _as_fragment, _under_condition])
@pytest.mark.parametrize("source", REFUSED)
def test_what_reaches_out_is_refused_at_every_entry(entry: object, source: str) -> None:
    assert callable(entry)
    with pytest.raises(TemplatePlace) as refused:
        entry(source)
    assert refused.value.code == "template_place"


def test_a_refusal_says_what_is_wrong_and_where() -> None:
    with pytest.raises(TemplatePlace, match="closes an element that it has not opened") as refused:
        checked("<p>x</p>\n\n</div>")
    assert refused.value.line == 3
    with pytest.raises(TemplatePlace, match="opens an element that it does not close"):
        checked("<div>")
