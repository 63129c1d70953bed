"""A message of blocks on the canvas of its editor: the whole of it, and what has changed.

After an act the page gets the sections and blocks that look otherwise, and no more than these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.core.content.blocks.document import Document, Section, sections
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.changes import Changes
from apps.core.content.blocks.editing.excerpts import block_html, section_html
from apps.core.content.blocks.letter.compilation import Surroundings
from apps.core.content.blocks.letter.showing import written_html
from apps.core.errors import ContentRefused
from apps.mailings.services.languages.translations import Written, owner_of
from apps.mailings.services.letters.bodies import compiled_letter, has_code, surroundings_of
from apps.mailings.services.letters.draft_operations import Applied
from apps.mailings.services.letters.previews import own_pictures
from apps.mailings.services.letters.whole import Whole, whole_of
from apps.mailings.services.media.uses import media_ids_in

_MARK: Final = re.compile(r' data-node="(\w+)"')


@dataclass(frozen=True, slots=True)
class Canvas:
    """A message to be written in: safe HTML, its ground, and the colour of its links."""

    html: str
    ground: str
    link: str


def canvas_of(written: Written) -> Canvas:
    """The message with its placeholders as they are written, and the id of each part at it.

    Raises ContentRefused where a part of it cannot be compiled.
    """
    made = whole_of(written)
    pictures = own_pictures(owner_of(written), made.media)
    compiled = compiled_letter(written, made.document, picture=pictures, marks=True, scheme="light")
    colours = made.document.theme.light
    return Canvas(_chosen(written_html(compiled.html), made), colours.page, colours.link)


def canvas_changes(applied: Applied, made: Whole, changes: Changes) -> dict[str, Any]:
    """What has to be done to the canvas: ``reload``, or ``order``, ``sections`` and ``blocks``.

    ``made`` is the draft as it would be sent. ``order`` holds the ids of all sections, the
    other two HTML by id.
    """
    if applied.label == "letter.language" or _is_another(applied, changes):
        return {"reload": True}
    document = made.document
    changed, blocks = _outdated(document, changes)
    nodes = [*(one.model_dump() for one in changed), *(one[2].model_dump() for one in blocks)]
    surroundings = surroundings_of(
        applied.draft,
        document,
        picture=own_pictures(applied.draft.owner_id, media_ids_in(nodes)),
        marks=True,
        scheme="light",
    )
    try:
        found = _drawn(made, surroundings, changed, blocks)
    except ContentRefused:  # the canvas says which
        return {"reload": True}
    return found | ({"order": changes.lists[""]} if "" in changes.lists else {})


def _chosen(html: str, made: Whole) -> str:
    """The HTML with the marks of what can be chosen: a saved block is chosen as a whole.

    It is written where it is kept, and not in a message that names it: it has a mark of its own.
    """

    def mark(found: re.Match[str]) -> str:
        home = made.homes.get(found[1], "")
        if not home:
            return found[0]
        return f"{found[0]} data-saved" if home == found[1] else ""

    return _MARK.sub(mark, html) if made.homes else html


def _is_another(applied: Applied, changes: Changes) -> bool:
    """True if more than single parts look otherwise."""
    codes = {
        any(places.kind_of(place.node) == "code" for place in places.each(applied.before)),
        has_code(applied.document),
    }
    empty = not applied.before["body"] or not applied.document.body
    return changes.theme or len(codes) > 1 or empty


def _drawn(
    made: Whole,
    surroundings: Surroundings,
    changed: list[Section],
    blocks: list[tuple[Section, int, Any]],
) -> dict[str, Any]:
    document = made.document
    return {
        "sections": {
            one.id: _chosen(section_html(document, surroundings, one), made) for one in changed
        },
        "blocks": {
            block.id: block_html(document, surroundings, section, number, block)
            for section, number, block in blocks
        },
    }


def _outdated(
    document: Document, changes: Changes
) -> tuple[list[Section], list[tuple[Section, int, Any]]]:
    """Sections that are drawn anew, and in all others the blocks that are, with their columns."""
    shaped = {*changes.added, *changes.lists}
    altered = {*changes.altered, *shaped}
    changed, blocks = [], []
    for section in sections(document):
        if {section.id, *(column.id for column in section.columns)} & altered:
            changed.append(section)
            continue
        blocks += [
            (section, number, block)
            for number, column in enumerate(section.columns)
            for block in column.blocks
            if set(_ids(block)) & altered
        ]
    return changed, blocks


def _ids(block: Any) -> Iterator[str]:
    yield block.id
    for one in getattr(block, "blocks", ()):
        yield one.id
