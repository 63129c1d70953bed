"""Saved blocks in a document: each reference gives way to the section that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from apps.core.content.blocks.document import (
    MAX_NODES,
    SCHEMA,
    Document,
    Saved,
    Section,
    sections,
    too_many_nodes,
    walk,
)
from apps.core.content.blocks.schema import Block, Repeat
from apps.core.content.blocks.strings import BaseString, State, put_in, state_of, strings

_LENGTH = 12  # characters of an id
_Entries = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class SavedSection:
    """A section with its translations: entries by language, beside those of its own language."""

    section: Section
    language: str = ""
    translations: Mapping[str, _Entries] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        return Document(schema=SCHEMA, body=(self.section,))

    def written_in(self, language: str) -> Section:
        """The section in this language; what is missing there stays in its own.

        Raises DocumentInvalid.
        """
        entries = self.translations.get(language)
        if entries is None or language == self.language:
            return self.section
        return sections(put_in(self.document, entries))[0]

    def entries_beside(self, base: str, language: str) -> dict[str, dict[str, str]]:
        """What it has in a language, as entries of a letter that is written in ``base``."""
        own = {one.key: one for one in strings(self.document)}
        shown = Document(schema=SCHEMA, body=(self.written_in(base),))
        found = {}
        for one in strings(shown):
            text, is_stale = self._text(own.get(one.key), language)
            if text:
                found[one.key] = {"of": "" if is_stale else one.hash, "text": text}
        return found

    def missing_in(self, base: str, language: str) -> int:
        """How many of its strings a letter that is written in ``base`` lacks in a language."""
        shown = Document(schema=SCHEMA, body=(self.written_in(base),))
        return len(strings(shown)) - len(self.entries_beside(base, language))

    def _text(self, own: BaseString | None, language: str) -> tuple[str, bool]:
        """One of its strings in this language, and whether its own has changed since."""
        if own is None:
            return "", False
        if language == self.language:
            return own.text, False
        entries = self.translations.get(language, {})
        entry = entries.get(own.key, {})
        return entry.get("text", ""), state_of(own, entries) == State.STALE


@dataclass(frozen=True, slots=True)
class Resolved:
    """The document with its saved blocks in it.

    ``homes``: for every part that came with one, the id of the reference that it came by.
    """

    document: Document
    homes: dict[str, str] = field(default_factory=dict)


def references(document: Document) -> set[int]:
    """The numbers of the saved blocks that the document names."""
    return {part.block for part in document.body if isinstance(part, Saved)}


def with_saved(
    document: Document, known: Mapping[int, SavedSection], language: str = ""
) -> Resolved:
    """Put in the sections that are known, in this language; any other reference stays.

    The same block may stand in a document twice: its parts get ids of the place where they are,
    the same ones every time. Raises DocumentTooBig.
    """
    homes: dict[str, str] = {}
    body: list[Section | Saved] = []
    for part in document.body:
        if isinstance(part, Saved) and part.block in known:
            section = _placed(known[part.block].written_in(language), part)
            homes |= {node_id: part.id for node_id in _ids(section)}
            body.append(section)
        else:
            body.append(part)
    found = document.model_copy(update={"body": tuple(body)})
    if sum(1 for _node in walk(found)) > MAX_NODES:
        raise too_many_nodes()
    return Resolved(found, homes)


def translations_with_saved(
    document: Document,
    known: Mapping[int, SavedSection],
    language: str,
    translations: Mapping[str, _Entries],
) -> dict[str, _Entries]:
    """The translations of a letter in ``language``, with those of the sections that are put in."""
    placed = list(_known_parts(document, known))
    return {
        code: dict(entries)
        | {
            _key_in(part, saved.section, key): entry
            for part, saved in placed
            for key, entry in saved.entries_beside(language, code).items()
        }
        for code, entries in translations.items()
    }


def _known_parts(
    document: Document, known: Mapping[int, SavedSection]
) -> Iterator[tuple[Saved, SavedSection]]:
    for part in document.body:
        if isinstance(part, Saved) and part.block in known:
            yield part, known[part.block]


def _placed(section: Section, reference: Saved) -> Section:
    columns = tuple(
        column.model_copy(
            update={
                "id": _id_in(reference, column.id),
                "blocks": tuple(_block(block, reference) for block in column.blocks),
            }
        )
        for column in section.columns
    )
    visibility = reference.visibility or section.visibility
    change = {"id": reference.id, "columns": columns, "visibility": visibility}
    return section.model_copy(update=change)


def _block(block: Block, reference: Saved) -> Block:
    change: dict[str, object] = {"id": _id_in(reference, block.id)}
    if isinstance(block, Repeat):
        change["blocks"] = tuple(_block(one, reference) for one in block.blocks)
    return block.model_copy(update=change)


def _key_in(reference: Saved, section: Section, key: str) -> str:
    """The key of a string in the letter that the section is put into."""
    node, _dot, rest = key.partition(".")
    placed = reference.id if node == section.id else _id_in(reference, node)
    return f"{placed}.{rest}"


def _id_in(reference: Saved, node_id: str) -> str:
    made = hashlib.sha256(f"{reference.id}.{node_id}".encode()).hexdigest()
    return made[:_LENGTH]


def _ids(section: Section) -> list[str]:
    return [node.id for node in walk(Document(schema=1, body=(section,)))]
