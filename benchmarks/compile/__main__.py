"""How long a letter takes to be compiled, and how big it becomes: ``python -m benchmarks.compile``.

    python -m benchmarks.compile [--rounds 200]

Every letter of the gallery, and a made one of 150 nodes: bytes of HTML and of text, milliseconds of
processor time for a document that is compiled for the first time and for one whose layout is known
(another language, another word), and of MJML alone for the same layout. The floor is 8 ms for
150 nodes, for the first time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any, Final
from unittest.mock import patch

import mjml

from apps.core.content.blocks import compile as compiling
from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import Document, read, walk
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.parts import Part
from apps.core.content.blocks.letter.phrases import phrases_of
from apps.mailings.gallery.reading import templates
from benchmarks.send import table

FLOOR: Final = 8.0  # milliseconds
NODES: Final = 150
_TEXT: Final = (
    "<p>Three stories, one <strong>walk</strong> for the weekend and"
    ' <a href="https://example.org/a?b=1&amp;c=2">an offer</a> until Sunday.</p>'
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.compile")
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    rows = [_row(one.slug, one.document("ru"), rounds) for one in templates()]
    rows.append(_row(f"{NODES} nodes", made(), rounds))
    table([["letter", "nodes", "HTML, B", "text, B", "new, ms", "known, ms", "MJML, ms"], *rows])
    slowest = float(rows[-1][4])
    print(f"floor for {NODES} nodes: {FLOOR} ms, measured {slowest} ms")
    sys.exit(slowest > FLOOR)


def made() -> Document:
    """150 nodes: sections of two columns with the blocks that letters are mostly made of."""
    sections: list[dict[str, Any]] = []
    number = 0

    def node(**fields: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        return {"id": f"node{number:05}", **fields}

    def column(width: int) -> dict[str, Any]:
        picture = {"media": number + 1, "alt": "A picture of the week"}
        blocks = [
            node(type="image", picture=picture, link="https://example.org/i"),
            node(type="heading", text="{{ name }}, what is new"),
            node(type="text", html=_TEXT),
            node(type="button", label="Read", link="https://example.org/r"),
            node(type="divider"),
        ]
        return node(width=width, blocks=blocks)

    while number + 13 <= NODES - 4:
        sections.append(node(type="section", columns=[column(50), column(50)]))
    footer = node(type="footer", company="House", address="Tula")
    rest = [node(type="spacer") for _ in range(NODES - number - 2)]
    sections.append(node(type="section", columns=[node(blocks=[*rest, footer])]))
    document = read({"schema": 1, "body": sections})
    assert sum(1 for _ in walk(document)) == NODES
    return document


def _row(name: str, document: Document, rounds: int) -> list[str]:
    surroundings = Surroundings(
        phrases_of("ru"), lambda media, width: f"https://m.example/{media}/{width}"
    )

    def compiled() -> Any:
        return compile_letter(document, surroundings, title="News", preheader="What is new")

    def new() -> Any:
        compiling.forget_layouts()
        return compiled()

    layout = _layout(new)
    letter = compiled()
    return [
        name,
        str(sum(1 for _ in walk(document))),
        str(_bytes(letter.html)),
        str(_bytes(letter.text)),
        _milliseconds(new, rounds),
        _milliseconds(compiled, rounds),
        _milliseconds(lambda: mjml.mjml2html(layout), rounds),
    ]


def _layout(new: Callable[[], Any]) -> str:
    """What MJML is given for this letter."""
    given: list[str] = []
    real = mjml.mjml2html

    def seen(source: str) -> str:
        given.append(source)
        return real(source)

    with patch.object(mjml, "mjml2html", seen):
        new()
    return given[0]


def _bytes(parts: list[Part]) -> int:
    total = 0
    for part in parts:
        if isinstance(part, str):
            total += len(part.encode())
        else:
            total += _bytes(part.get("parts", [])) + _bytes(part.get("empty", []))
    return total


def _milliseconds(act: Callable[[], Any], rounds: int) -> str:
    """The median, so that what else runs on the machine counts little."""
    spent = []
    for _ in range(rounds):
        begin = time.process_time()
        act()
        spent.append(time.process_time() - begin)
    return f"{sorted(spent)[rounds // 2] * 1000:.2f}"


if __name__ == "__main__":
    main()
