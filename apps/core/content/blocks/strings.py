"""What of a document is translated: words, links, alts and pictures, by ``block.field``.

The structure exists once. A language holds for each string the text and the hash of the base
string that it was made from, so that it can be said which ones are missing or stale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from apps.core.content.blocks.document import Document, dump, read, walk

#: What holds words or addresses, wherever it stands in a node.
FIELDS: Final = frozenset(
    "text html caption label title link link_label name price old_price badge author about"
    " company address reason mark value note empty head rows cells source alt media url".split()
)
#: Of these kinds a field of such a name is no string of the letter.
_NOT_OF: Final = {"source": frozenset(["repeat", "table"]), "mark": frozenset(["list"])}
_HASH: Final = 16  # hexadecimal digits


class State(StrEnum):
    """Where a string of a language stands."""

    MISSING = "missing"
    STALE = "stale"  # the base string has changed since
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BaseString:
    """One string of the base language, and what it is: line, rich, html, link or picture."""

    key: str
    text: str
    kind: str

    @property
    def hash(self) -> str:
        """What a translation notes of the string that it was made from."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:_HASH]


def strings(document: Document) -> list[BaseString]:
    """Every string that has something in it, in the order of reading."""
    found: list[BaseString] = []
    for node in walk(document):
        found += _of_node(node.model_dump(mode="json"))
    return found


def states(document: Document, translated: Mapping[str, Mapping[str, str]]) -> dict[str, State]:
    """For each string of the document, where this language stands with it."""
    return {base.key: state_of(base, translated) for base in strings(document)}


def state_of(base: BaseString, translated: Mapping[str, Mapping[str, str]]) -> State:
    """Where this language stands with one string."""
    entry = translated.get(base.key)
    if entry is None or not entry.get("text"):
        return State.MISSING
    return State.DONE if entry.get("of") == base.hash else State.STALE


def put_in(document: Document, translated: Mapping[str, Mapping[str, str]]) -> Document:
    """The document in this language; what is missing stays in the base language.

    Raises DocumentInvalid for a translation that its field cannot hold.
    """
    texts = {key: entry["text"] for key, entry in translated.items() if entry.get("text")}
    return with_texts(document, texts)


def with_texts(document: Document, texts: Mapping[str, str]) -> Document:
    """The document with these texts in the places of its own. Raises DocumentInvalid."""
    stored = dump(document)
    for node in _nodes(stored):
        for key, holder, field in _places(node, str(node["id"])):
            if key in texts:
                holder[field] = _typed(field, texts[key])
    return read(stored)


def _typed(field: Any, text: str) -> Any:
    return int(text) if field == "media" and text.isdecimal() else text


def _nodes(stored: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for section in stored["body"]:
        yield section
        for column in section.get("columns", ()):
            yield column
            for block in column["blocks"]:
                yield block
                yield from block.get("blocks", ())


def _of_node(node: dict[str, Any]) -> Iterator[BaseString]:
    for key, holder, field in _places(node, node["id"]):
        value = holder[field]
        if value not in ("", None):
            yield BaseString(key, str(value), _kind(key.rsplit(".", 1)[-1]))


def _kind(field: str) -> str:
    if field in ("html", "empty"):
        return "rich"
    if field in ("link", "url"):
        return "link"
    return {"media": "picture", "source": "html"}.get(field, "line")


def _places(
    node: dict[str, Any], path: str, kind: str | None = None
) -> Iterator[tuple[str, Any, Any]]:
    """Key, holder and field of every string in a node; those of its inner nodes are their own."""
    kind = kind or str(node.get("type", ""))
    for field, value in node.items():
        if field in ("columns", "blocks", "visibility", "id", "type"):
            continue
        if kind in _NOT_OF.get(field, ()):
            continue
        if isinstance(value, dict):
            yield from _places(value, f"{path}.{field}", kind)
        elif isinstance(value, list):
            yield from _listed(value, f"{path}.{field}", kind)
        elif field in FIELDS and not isinstance(value, bool):
            yield f"{path}.{field}", node, field


def _listed(values: list[Any], path: str, kind: str) -> Iterator[tuple[str, Any, Any]]:
    for number, value in enumerate(values):
        if isinstance(value, dict):
            yield from _places(value, f"{path}.{number}", kind)
        elif isinstance(value, list):
            yield from _listed(value, f"{path}.{number}", kind)
        elif isinstance(value, str):
            yield f"{path}.{number}", values, number
