"""A letter as a whole: its head, its sections, what MJML is given, and its limits."""

from __future__ import annotations

import json
from typing import Any

import mjml
import pytest

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import read
from apps.core.content.blocks.errors import DocumentTooBig
from apps.core.content.blocks.letter.phrases import phrases_of
from tests.core.content.blocks.documents import (
    BLOCKS,
    CONDITION,
    LANGUAGE,
    block,
    compiled,
    document,
    html_of,
    section,
    stored,
    surroundings,
    text_of,
)
from tests.core.content.blocks.strict_html import browser, word

TWO = [
    {"id": "column001", "width": 40, "blocks": [block("heading", text="Left")]},
    {"id": "column002", "width": 60, "blocks": [block("heading", "block0002", text="Right")]},
]


def test_no_word_of_a_users_reaches_mjml(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the process at what is nested deeply, and writes attributes as Rust's debug form."""
    given: list[str] = []
    real = mjml.mjml2html

    def seen(source: str) -> str:
        given.append(source)
        return str(real(source))

    monkeypatch.setattr(mjml, "mjml2html", seen)
    blocks = [{**BLOCKS[kind], "type": kind, "id": f"node{kind}"} for kind in BLOCKS]
    shown = section(*blocks, visibility=CONDITION, backdrop={"url": "https://example.org/Zq.png"})
    marked = _marked(stored(shown, width=517))  # a width that no other test has: nothing is kept
    compile_letter(read(marked), surroundings(), title="Zq title", preheader="Zq preheader")
    assert len(given) == 1
    assert "zq" not in given[0].lower()
    assert "{{" not in given[0] and "example.org" not in given[0]


def _marked(value: Any, key: str = "") -> Any:
    """Every word of a person's with a mark in it."""
    if isinstance(value, dict):
        return {name: _marked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner, key) for inner in value]
    texts = ("text", "html", "title", "label", "name", "caption", "alt", "company", "value", "head")
    return f"Zq {value}" if isinstance(value, str) and key in texts else value


def test_the_head_says_language_title_and_scheme() -> None:
    letter = compiled(section(), title='Прайс <"{{ name }}"> & всё', phrases=phrases_of("ru"))
    source = html_of(letter)
    reader = browser(source)
    (page,) = reader.found("html")
    assert (page["lang"], page["dir"]) == ("ru", "ltr")
    assert "<title>Прайс &lt;&quot;&quot;&gt; &amp; всё</title>" in source
    metas = {
        meta["name"]: meta.get("content", "") for meta in reader.found("meta") if "name" in meta
    }
    assert metas["color-scheme"] == "light dark"
    assert "telephone=no" in metas["format-detection"]
    article = next(div for div in reader.found("div") if div.get("role") == "article")
    assert article["lang"] == "ru"
    assert article["aria-label"] == 'Прайс <""> & всё'
    assert article["aria-roledescription"] == "письмо"


def test_a_letter_without_a_title_has_no_empty_label() -> None:
    assert "aria-label" not in html_of(compiled(section(), title="{{ name }}"))


def test_the_preheader_is_hidden_and_escaped() -> None:
    letter = compile_letter(
        document(section(block("heading", text="Body"))),
        surroundings(),
        title="",
        preheader="For <{{ name }}>",
    )
    source = html_of(letter, {"name": "A&B"})
    assert "For &lt;A&amp;B&gt;" in source
    assert (
        source.index("display:none;max-height:0") < source.index("For &lt;") < source.index("Body")
    )


def test_a_letter_that_is_light_alone_says_so_and_has_no_dark_rule() -> None:
    letter = compile_letter(
        document(section(block("heading")), dark=None), surroundings(), title=""
    )
    source = html_of(letter)
    assert "color-scheme:light only" in source
    assert "prefers-color-scheme" not in source and "data-ogsc" not in source


def test_every_dark_rule_stands_twice() -> None:
    source = html_of(compiled(section(block("button"), background="#fff4dc")))
    media, outlook = source.split("@media (prefers-color-scheme:dark){", 1)[1].split("}}", 1)
    rules = [rule for rule in f"{media}}}".split("}") if rule]
    assert rules
    assert all(f"[data-ogsc] {rule}}}" in outlook for rule in rules)


def test_a_preview_shows_the_light_or_the_dark_whatever_its_page_is() -> None:
    light = html_of(compiled(section(block("button")), scheme="light"))
    dark = html_of(compiled(section(block("button")), scheme="dark"))
    assert "prefers-color-scheme" not in light + dark
    assert ".cbuttontext{color:" in dark
    assert ".cbuttontext{color:" not in light


def test_a_hidden_section_goes_with_its_ghost_tables() -> None:
    letter = compiled(
        section(block("heading", text="Always")),
        section(block("heading", "block0002", text="Club"), id_="section02", visibility=CONDITION),
    )
    source = html_of(letter, shown=lambda number: False)
    assert "Always" in source and "Club" not in source
    assert browser(source).faults == word(source).faults == []
    assert "Club" not in text_of(letter, shown=lambda number: False)


def test_equal_conditions_are_one_and_text_has_the_same() -> None:
    letter = compiled(
        section(
            block("heading", visibility=CONDITION), block("text", "block0002", visibility=LANGUAGE)
        ),
        section(block("text", "block0003", visibility=CONDITION), id_="section02"),
    )
    assert [condition["match"] for condition in letter.conditions] == ["all", "any"]
    assert letter.conditions[0]["rules"][0]["id"] == 5
    assert _conditions(letter.html) == _conditions(letter.text) == [0, 1, 0]


def _conditions(parts: Any) -> list[int]:
    return [part["if"] for part in parts if isinstance(part, dict) and "if" in part]


def test_columns_stand_side_by_side_for_word_as_well() -> None:
    source = html_of(compiled(section(columns=TWO)))
    cells = [cell for cell in word(source).found("td") if "width:240px" in cell.get("style", "")]
    assert len(cells) == 1
    assert source.index("Left") < source.index("Right")


def test_the_last_column_comes_first_on_a_phone_and_stays_right_elsewhere() -> None:
    source = html_of(compiled(section(columns=TWO, reverse_on_phone=True)))
    assert source.index("Right") < source.index("Left")
    assert 'dir="rtl" style="direction:rtl' in source
    assert browser(source).faults == word(source).faults == []
    assert all(
        cell.get("dir") == "ltr"
        for cell in word(source).found("td")
        if "vertical-align" in cell.get("style", "")[:20]
    )


def test_columns_that_do_not_stack_are_a_group() -> None:
    stacked = html_of(compiled(section(columns=TWO)))
    beside = html_of(compiled(section(columns=TWO, stack_on_phone=False)))
    assert "display:inline-block;vertical-align:top;width:100%" in stacked
    assert "display:inline-block;vertical-align:top;width:40%" in beside


def test_a_backdrop_is_there_for_word_too() -> None:
    letter = compiled(
        section(block("heading"), backdrop={"media": 9, "alt": "", "decorative": True})
    )
    source = html_of(letter)
    (fill,) = word(source).found("v:fill")
    assert letter.pictures[0].media == 9
    assert fill["src"] == letter.pictures[0].address
    assert source.count("</v:fill>") == 1  # left open it would unbalance what is around it
    assert f"url('{letter.pictures[0].address}')" in source
    assert "backdrop.invalid" not in source


def test_a_backdrop_cannot_leave_its_place() -> None:
    letter = compiled(section(backdrop={"url": "https://example.org/a)b;c{{ name }}", "alt": "x"}))
    source = html_of(letter, {"name": "');color:red"})
    assert "color:red" not in source and "a)b" not in source
    assert browser(source).faults == []


def test_a_full_width_section_reaches_the_edges() -> None:
    source = html_of(compiled(section(full_width=True, background="#123456")))
    outer = next(t for t in browser(source).found("table") if "g123456" in t.get("class", ""))
    assert "max-width" not in outer["style"]


def test_a_letter_that_gmail_would_cut_is_warned_of() -> None:
    letter = compiled(section(*_much(11)))
    assert [warning.code for warning in letter.warnings] == ["html_clipped"]
    assert compiled(section(*_much(1))).warnings == []


def test_a_letter_of_half_a_megabyte_is_refused() -> None:
    with pytest.raises(DocumentTooBig, match="500 kB"):
        compiled(*(section(*_entities(n), id_=f"section{n:02}") for n in range(8)))


def _much(count: int) -> list[dict[str, Any]]:
    return [block("html", f"block{n:04}", source="x" * 10_000) for n in range(count)]


def _entities(start: int) -> list[dict[str, Any]]:
    """Quotation marks are one byte in a document and five in a letter."""
    return [
        block("list", f"block{start:02}{n:02}", items=[{"title": "'" * 300}] * 20) for n in range(4)
    ]


@pytest.mark.parametrize(
    ("font", "heading_font", "rule"),
    [
        ("system", "system", "td,a,p,h1,h2,h3{"),
        ("system", "georgia", "td,a,p{"),
        ("georgia", "system", "h1,h2,h3{"),
        ("georgia", "verdana", ""),
    ],
)
def test_word_gets_a_font_that_it_knows(font: str, heading_font: str, rule: str) -> None:
    letter = document(section(block("heading")), font=font, heading_font=heading_font)
    source = html_of(compile_letter(letter, surroundings(), title=""))
    assert (f"<style>{rule}" in source) if rule else ("font-family:Arial,sans-serif!" not in source)


def test_the_same_document_gives_the_same_parts() -> None:
    first, second = (compiled(section(block("cards"), columns=TWO)) for _ in range(2))
    assert json.dumps(first.html) == json.dumps(second.html)
    assert first == second
