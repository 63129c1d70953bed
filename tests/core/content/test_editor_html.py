"""What an editor of text did to code and blanks is undone before it is stored."""

from __future__ import annotations

import pytest

from apps.core.content.editor_html import stored_html, stored_text
from apps.core.content.rules import check_content

SENTENCE = "<p>Hello, {{ full_name }}! It is long enough.</p>"
HOSTILE = (
    "<p><a href=\"https://x.example/'\">…'><script>alert(1)</script></a></p><p>kept</p>"
    "<img src=x onerror=alert(1)><iframe src='https://x.example/'></iframe>"
    "<style>p{}</style><p onclick='x()' style='color:red'>b</p><a href='javascript:x'>c</a>"
)


def quill(html: str) -> str:
    """As getSemanticHTML writes it: every blank in the text, also inside braces."""
    return html.replace(" ", "&nbsp;")


@pytest.mark.parametrize("visual", [True, False])
def test_the_editors_blanks_become_blanks(visual: bool) -> None:
    """Also where nobody says that it is the editor's: so it was stored until now."""
    assert stored_html(quill(SENTENCE), visual=visual) == SENTENCE


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("a&nbsp;b", "a b"),
        ("a&nbsp;&nbsp;b", "a&nbsp; b"),
        ("a&nbsp;&nbsp;&nbsp;b", "a&nbsp;&nbsp; b"),
        ("a&nbsp; b", "a&nbsp; b"),
        ("<p></p>", "<p><br></p>"),
        ("<p>{{&nbsp;full_<strong>name</strong>&nbsp;}}</p>", "<p>{{ full_name }}</p>"),
        ("<p>{{ x | default: &quot;y&quot; }}</p>", '<p>{{ x | default: "y" }}</p>'),
        ("<p>{% if a &gt; 1 %}b{% endif %}</p>", "<p>{% if a > 1 %}b{% endif %}</p>"),
        ('<a href="{{ unsubscribe_url }}">x</a>', '<a href="{{ unsubscribe_url }}">x</a>'),
        ('<a href="https://x.ru/?a={{ b }}">x</a>', '<a href="https://x.ru/?a={{ b }}">x</a>'),
    ],
)
def test_in_the_visual_editor(given: str, stored: str) -> None:
    assert stored_html(given, visual=True) == stored
    assert stored_html(stored, visual=True) == stored


@pytest.mark.parametrize(
    "source",
    [
        "<p>10&nbsp;кг</p>",
        "<p>10&nbsp;кг, и&nbsp;т.&nbsp;д. и ещё</p>",
        "<td>10&nbsp;кг</td>\n<td>20&nbsp;кг</td>\n<td>1&nbsp;000&nbsp;000&nbsp;руб.</td>",
        "<p>10\u00a0кг\u00a0и\u00a0т.\u00a0д.</p>",
        "<table><tr><td style='color:red'>a &amp; b</td></tr></table><script>x</script>",
    ],
)
def test_what_is_written_in_the_source_stays(source: str) -> None:
    assert stored_html(source) == source


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("{{&nbsp;full_name&nbsp;}} 10&nbsp;кг", "{{ full_name }} 10&nbsp;кг"),
        ("{{\u00a0full_name\u00a0}} a", "{{ full_name }} a"),
        ("{{ x | default: &quot;y&#39;&quot; }} a", '{{ x | default: "y\'" }} a'),
        ("{% if age &gt; 18 and age &lt; 99 %} a", "{% if age > 18 and age < 99 %} a"),
        ("{{ x", "{{ x"),
        ("{ a } &gt; {{ b }} &gt;", "{ a } &gt; {{ b }} &gt;"),
    ],
)
def test_braces_are_code_wherever_they_come_from(given: str, stored: str) -> None:
    assert stored_html(given) == stored


def test_a_subject_and_a_text_have_plain_blanks_in_braces() -> None:
    assert stored_text("10\u00a0кг {{\u00a0full_name\u00a0}}") == "10\u00a0кг {{ full_name }}"


def test_the_editors_html_is_cleaned() -> None:
    html = stored_html(HOSTILE, visual=True)
    assert "<p>kept</p>" in html and "<p>b</p>" in html
    for part in (
        "<script",
        "alert",
        "<img",
        "<iframe",
        "<style",
        "onclick",
        "style=",
        "javascript",
    ):
        assert part not in html


def test_what_was_saved_with_the_editors_blanks_can_be_sent() -> None:
    check_content("s", "", stored_html(quill(SENTENCE)))
