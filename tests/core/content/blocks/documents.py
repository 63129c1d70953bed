"""Documents for the tests of blocks: one of every kind, and the means to read what they become."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import Document, read
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter, Part
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.core.content.html_contexts import escape_parts

PICTURE: Final = {"media": 7, "alt": "A heron"}
CONDITION: Final = {"match": "all", "rules": [{"kind": "tag", "id": 5}]}
LANGUAGE: Final = {"match": "any", "rules": [{"kind": "language", "value": "ru"}]}
ITEM: Final = {
    "title": "First",
    "html": "<p>One <strong>word</strong></p>",
    "link": "https://example.org/first",
    "link_label": "Read",
    "picture": PICTURE,
}
#: The least of every kind that shows all of it.
BLOCKS: Final[dict[str, dict[str, Any]]] = {
    "heading": {"text": "A heading", "level": 1},
    "text": {"html": '<p>Words <a href="https://example.org/a">here</a></p><ul><li>one</li></ul>'},
    "image": {"picture": PICTURE, "link": "https://example.org/i", "caption": "By the river"},
    "button": {"label": "Open", "link": "https://example.org/b"},
    "divider": {},
    "spacer": {},
    "list": {"items": [ITEM, ITEM], "mark": "number"},
    "cards": {"items": [ITEM, ITEM, ITEM], "across": 2},
    "product": {
        "picture": PICTURE,
        "name": "Kettle",
        "html": "<p>Boils</p>",
        "price": "10",
        "old_price": "12",
        "badge": "New",
        "label": "Buy",
        "link": "https://example.org/p",
    },
    "quote": {"html": "<p>Good.</p>", "author": "Anna", "about": "Tula", "picture": PICTURE},
    "menu": {"entries": [{"label": "Home", "link": "https://example.org/"}]},
    "social": {"networks": [{"network": "vk", "link": "https://example.org/vk"}]},
    "header": {"name": "House", "link": "https://example.org/"},
    "footer": {"company": "House", "address": "Tula", "reason": "You asked.", "mark": "erid: 1"},
    "code": {"value": "{{ code }}", "note": "Until Sunday"},
    "table": {"head": ["What", "How much"], "rows": [["Tea", "2"], ["Cake"]]},
    "video": {"picture": PICTURE, "link": "https://example.org/v"},
    "html": {"source": "<div><b>{{ name }}</b>{% if name %}<i>!</i>{% endif %}</div>"},
    "repeat": {
        "source": "goods",
        "blocks": [{"type": "text", "id": "repeated1", "html": "<p>{{ item.title }}</p>"}],
        "empty": "<p>Nothing today</p>",
    },
}


def block(kind: str, id_: str = "block0001", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": id_, **BLOCKS[kind], **fields}


def section(*blocks: dict[str, Any], id_: str = "section01", **fields: Any) -> dict[str, Any]:
    """A section of one column, unless ``columns`` are given."""
    columns = [{"id": f"column{id_[-2:]}", "blocks": list(blocks)}]
    return {"type": "section", "id": id_, "columns": columns, **fields}


def stored(*body: dict[str, Any], **theme: Any) -> dict[str, Any]:
    return {"schema": 1, "theme": theme, "body": list(body)}


def document(*body: dict[str, Any], **theme: Any) -> Document:
    return read(stored(*body, **theme))


def surroundings(**fields: Any) -> Surroundings:
    given: dict[str, Any] = {"phrases": phrases_of("en"), "picture": address, **fields}
    return Surroundings(**given)


def address(media: int, width: int) -> str:
    return f"https://pictures.example/{media}/{width}.png"


def compiled(*body: dict[str, Any], title: str = "News", **fields: Any) -> CompiledLetter:
    """The letter of these sections."""
    return compile_letter(document(*body), surroundings(**fields), title=title, preheader="Soon")


def alone(kind: str, **fields: Any) -> CompiledLetter:
    """The letter of one block."""
    return compiled(section(block(kind, **fields)))


Shown = Callable[[int], bool]


def flat(
    parts: Sequence[Part], values: Mapping[str, str], shown: Shown = bool, items: int = 2
) -> list[str]:
    """Literal, value, literal, …: the parts as they would be filled in, by the plainest means."""
    found = [""]
    for part in parts:
        if isinstance(part, str):
            found[-1] += part
        elif "placeholder" in part:
            name, _, fallback = part["placeholder"].strip("{} ").partition("|")
            constant = fallback.strip().removeprefix("default:").strip("\"' ")
            found += [values.get(name.strip()) or constant, ""]
        elif "liquid" in part:
            found += [values.get("liquid", ""), ""]
        else:
            for inner in _times(part, shown, items):
                first, *rest = flat(inner, values, shown, items)
                found[-1] += first
                found += rest
    return found


def _times(part: Mapping[str, Any], shown: Shown, items: int) -> list[list[Part]]:
    if "each" in part:
        return [part["parts"]] * min(items, part["limit"]) if items else [part["empty"]]
    return [part["parts"]] if "if" not in part or shown(part["if"]) else []


def html_of(
    letter: CompiledLetter,
    values: Mapping[str, str] | None = None,
    shown: Shown = lambda number: True,
    items: int = 2,
) -> str:
    """The HTML of one recipient."""
    return escape_parts(flat(letter.html, values or {}, shown, items))


def text_of(
    letter: CompiledLetter,
    values: Mapping[str, str] | None = None,
    shown: Shown = lambda number: True,
    items: int = 2,
) -> str:
    """The text of one recipient."""
    return "".join(flat(letter.text, values or {}, shown, items))


def kept(letter: CompiledLetter) -> Any:
    """The parts as they are kept in a table of JSON."""
    return json.loads(json.dumps([letter.html, letter.text, letter.conditions]))
