"""Random letters with hostile words in every field: each of them is read without a fault."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import read
from tests.core.content.blocks.documents import BLOCKS, flat, html_of, stored, surroundings, text_of
from tests.core.content.blocks.strict_html import browser, word

HOSTILE = [
    '"><script>alert(1)</script>', "<!--", "-->", "<![endif]-->", "<!--[if mso]>", "]]>", "\\",
    "\u00a0", "👩‍👩‍👧", "é́", "</td></tr></table>", "<mj-raw>", "<!--row0-->", "<!--cut-->",
    "https://backdrop.invalid/0", "letter-title", "&amp;&", "'", "{{", "{% if x %}", "\u202e",
    "{{ name }}", '{{ name | default: "x" }}', "javascript:alert(1)", "<style>", "x" * 200,
]  # fmt: skip
LINE = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(
    lambda one: "".join(one)[:300]
)
RICH = st.lists(
    st.sampled_from([*HOSTILE, "<p>", "</p>", "<ul><li>", "</ul>", "<b>", "<div>", "<br>",
                     '<a href="https://example.org/?a=1&b={{ name }}">', "</a>", "<td>"]),
    max_size=8,
).map("".join)  # fmt: skip
LINK = st.sampled_from(
    ["", "https://example.org/?a=1&b={{ name }}", "{{ link }}", "mailto:a@example.org", "#here",
     "https://example.org/a)b(c;d"]
)  # fmt: skip
FRAGMENTS = st.sampled_from(
    [
        "",
        "<b>x</b>",
        "<p>{{ name }}</p>",
        "{% if name %}<i>{{ name }}</i>{% endif %}",
        "& a < b",
        "<!--[if mso]><b>x</b><![endif]-->",
    ]
)
PICTURE = st.fixed_dictionaries(
    {"media": st.sampled_from([None, 1]), "url": LINK, "alt": LINE, "decorative": st.booleans()},
    optional={"embed": st.booleans(), "dark_media": st.just(2)},
)
COLOUR = st.sampled_from(["text", "accent", "#fff4dc", "#102030"])
ITEM = st.fixed_dictionaries(
    {"title": LINE, "html": RICH, "link": LINK, "link_label": LINE},
    optional={"picture": PICTURE},
)
VISIBILITY = st.one_of(
    st.none(),
    st.builds(lambda n: {"rules": [{"kind": "tag", "id": n}]}, st.integers(1, 3)),
)
#: A strategy for every field whose example is not to stay what it is.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("text", "caption", "label", "name", "price", "old_price", "badge"), LINE),
    **dict.fromkeys(("author", "about", "company", "address", "reason", "value", "note"), LINE),
    **dict.fromkeys(("html", "empty"), RICH),
    "link": LINK,
    "picture": PICTURE,
    "items": st.lists(ITEM, max_size=3),
    "head": st.lists(LINE, max_size=3),
    "rows": st.lists(st.lists(LINE, max_size=3), max_size=3),
    "entries": st.lists(
        st.fixed_dictionaries({"label": LINE.map(lambda s: s[:120]), "link": LINK}), max_size=3
    ),
}
#: Attributes by which something is fetched.
LOADED = ("src", "background", "style")
VALUES = {"name": "\"'><img src=x onerror=alert(1)>\u00a0\\", "link": "https://example.org/?q=<>&'"}


@st.composite
def blocks(draw: st.DrawFn, number: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(BLOCKS)))
    given: dict[str, Any] = {"type": kind, "id": f"block{number:04}", **BLOCKS[kind]}
    if kind == "repeat":
        given["blocks"] = [draw(blocks(number * 10 + 1000))] if number < 100 else []
        given["blocks"] = [one for one in given["blocks"] if one["type"] != "repeat"]
    for field in sorted(given.keys() & FIELDS.keys()):
        given[field] = draw(FIELDS[field])
        if field == "label":
            given[field] = given[field][:120]
    if kind == "html":
        given["source"] = draw(FRAGMENTS)
    given["visibility"] = draw(VISIBILITY)
    given["device"] = draw(st.sampled_from(["all", "phone", "desktop"]))
    given["background"] = draw(st.one_of(st.none(), COLOUR))
    return given


@st.composite
def sections(draw: st.DrawFn, number: int) -> dict[str, Any]:
    widths = draw(st.sampled_from([[100], [50, 50], [30, 40, 30]]))
    columns = [
        {
            "id": f"column{number:02}{place}",
            "width": width,
            "valign": draw(st.sampled_from(["top", "middle"])),
            "background": draw(st.one_of(st.none(), COLOUR)),
            "blocks": [draw(blocks(number * 6 + place * 2))] if draw(st.booleans()) else [],
        }
        for place, width in enumerate(widths)
    ]
    return {
        "type": "section",
        "id": f"section{number:02}",
        "columns": columns,
        "visibility": draw(VISIBILITY),
        "backdrop": draw(st.one_of(st.none(), PICTURE)),
        "full_width": draw(st.booleans()),
        "stack_on_phone": draw(st.booleans()),
        "reverse_on_phone": draw(st.booleans()),
    }


@st.composite
def letters(draw: st.DrawFn) -> dict[str, Any]:
    return stored(*(draw(sections(number)) for number in range(draw(st.integers(1, 3)))))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(letters(), LINE, st.integers(0, 7), st.integers(0, 2))
def test_every_letter_is_read_without_a_fault(
    given: dict[str, Any], line: str, bits: int, items: int
) -> None:
    letter = compile_letter(read(given), surroundings(), title=line, preheader=line)

    def shown(number: int) -> bool:
        return bool(bits >> number & 1)

    source = html_of(letter, VALUES, shown, items)
    for reader in (browser(source), word(source)):
        assert reader.faults == []
        assert not {tag for tag, _ in reader.tags} & {"script", "mj-raw"}
        assert all("onerror" not in attributes for _, attributes in reader.tags)
        addresses = [attributes.get("href", "") for _, attributes in reader.tags]
        assert not [one for one in addresses if one.startswith("javascript:")]
        places = [value for _, tag in reader.tags for name, value in tag.items() if name in LOADED]
        assert not [one for one in places if "backdrop.invalid" in one]
    assert isinstance(text_of(letter, VALUES, shown, items), str)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(letters())
def test_html_and_text_ask_the_same_conditions(given: dict[str, Any]) -> None:
    """What is hidden from a reader of HTML is hidden from a reader of text."""
    letter = compile_letter(read(given), surroundings(), title="", preheader="")
    assert _asked(letter.text) <= _asked(letter.html) <= set(range(len(letter.conditions)))
    for parts in (letter.html, letter.text):
        assert flat(parts, VALUES, lambda number: True)[0] is not None


def _asked(parts: Any) -> set[int]:
    found: set[int] = set()
    for part in parts:
        if isinstance(part, dict):
            found |= {part["if"]} if "if" in part else set()
            found |= _asked(part.get("parts", ())) | _asked(part.get("empty", ()))
    return found
