"""What of a message is translated, whatever it is made of, and where a language stands with it.

A language has an entry for each string, by its key: ``subject``, ``preheader``, ``text``, ``html``,
or the ``block.field`` of a letter of blocks. An entry holds the ``text`` and, as ``of``, the hash
of the base string that it was made from. What has no entry yet is in the base language.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.core.content.blocks.document import MAX_BYTES, dump, read
from apps.core.content.blocks.editing.storing import without_nul
from apps.core.content.blocks.errors import DocumentInvalid, DocumentTooBig
from apps.core.content.blocks.strings import (
    BaseString,
    State,
    put_in,
    state_of,
    strings,
    with_texts,
)
from apps.core.content.editor_html import stored_html, stored_text
from apps.core.content.rules import CONTROLS
from apps.core.errors import gettext_noop

Entry = Mapping[str, str]
#: One language.
Entries = Mapping[str, Entry]
#: All languages of a message, by their codes.
Translations = Mapping[str, Entries]

#: Languages of one message beside its own.
MOST: Final = 20
#: The strings that stand beside the blocks.
HEAD: Final = ("subject", "preheader", "text", "html")
_KINDS: Final = {"subject": "line", "preheader": "line", "text": "source", "html": "source"}
#: Of a text and HTML as a message may hold them, or of the words of as many blocks.
_MOST_BYTES: Final = 3 * MAX_BYTES
_LONGEST: Final = {"subject": 255, "preheader": 255, "text": 500_000, "html": 500_000}


@dataclass(frozen=True, slots=True)
class Standing:
    """A string of the base, and what there is of it in a language."""

    base: BaseString
    text: str
    state: State


@dataclass(frozen=True, slots=True)
class Progress:
    """How many strings there are, and how many of them a language lacks or has of an older base."""

    total: int
    missing: int
    stale: int

    @property
    def done(self) -> int:
        return self.total - self.missing

    @property
    def is_whole(self) -> bool:
        """False while something would be read in the base language."""
        return not self.missing


def base_strings(content: Mapping[str, Any]) -> list[BaseString]:
    """Every string of a content that has something in it, in the order of reading.

    Raises DocumentInvalid.
    """
    document = content["document"]
    has_preheader = document is not None or content["html"].strip()
    names = [name for name in HEAD if name != "preheader" or has_preheader]
    head = [BaseString(name, content[name], _KINDS[name]) for name in names]
    blocks = strings(read(document)) if document is not None else []
    return [one for one in head if one.text.strip()] + blocks


def standings(content: Mapping[str, Any], entries: Entries) -> list[Standing]:
    """Where a language stands with each string."""
    return [
        Standing(base, (entries.get(base.key) or {}).get("text", ""), state_of(base, entries))
        for base in base_strings(content)
    ]


def progress_of(content: Mapping[str, Any], entries: Entries) -> Progress:
    """Where a language stands with the whole."""
    states = [one.state for one in standings(content, entries)]
    return Progress(len(states), states.count(State.MISSING), states.count(State.STALE))


def in_language(content: Mapping[str, Any], entries: Entries, language: str) -> dict[str, Any]:
    """The content in this language; what is missing stays in the base language.

    Raises DocumentInvalid.
    """
    found = {**content, "language": language}
    for name in HEAD:
        text = (entries.get(name) or {}).get("text", "")
        if text and content[name].strip():
            found[name] = text
    if content["document"] is not None:
        found["document"] = dump(put_in(read(content["document"]), entries))
    return found


def entries_of(content: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Entry]:
    """The texts as they are kept, made from the base as it is now. An empty one makes no entry.

    Keys that are none of the content are passed over. Raises DocumentInvalid for a text that its
    block cannot hold.
    """
    bases = {one.key: one for one in base_strings(content)}
    wanted = {key: text for key, text in without_nul(dict(texts)).items() if key in bases}
    stored = {key: _stored_head(key, text) for key, text in wanted.items() if key in HEAD}
    stored |= _stored_blocks(content, {key: wanted[key] for key in wanted if key not in HEAD})
    return {
        key: {"of": bases[key].hash, "text": text} for key, text in stored.items() if text.strip()
    }


def entries_in_all(
    content: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]
) -> dict[str, Entries]:
    """The same of texts in several languages. What the content has no head of is empty."""
    whole = {**dict.fromkeys(HEAD, ""), **content}
    return {code: entries_of(whole, given) for code, given in texts.items()}


def texts_of(translations: Translations) -> dict[str, dict[str, str]]:
    """The texts of all languages by their keys, as ``entries_in_all`` takes them."""
    return {
        code: {key: entry["text"] for key, entry in entries.items()}
        for code, entries in translations.items()
    }


def _stored_head(key: str, text: str) -> str:
    if _KINDS[key] == "line":
        text = stored_text(CONTROLS.sub(" ", text).strip())
    else:
        text = stored_html(text) if key == "html" else stored_text(text)
    if len(text) > _LONGEST[key]:
        raise DocumentInvalid("it is too long", field=key)
    return text


def _stored_blocks(content: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of blocks in the form in which a document keeps them."""
    filled = {key: text for key, text in texts.items() if text.strip()}
    if not filled:
        return {}
    document = with_texts(read(content["document"]), filled)
    return {one.key: one.text for one in strings(document) if one.key in filled}


def check_size(translations: Translations) -> None:
    """Raises DocumentTooBig for more languages, or for longer ones, than a message may have."""
    if len(translations) > MOST:
        text = gettext_noop("A message has at most %(limit)d translations.")
        raise DocumentTooBig(text, limit=MOST)
    for entries in translations.values():
        if len(json.dumps(entries, ensure_ascii=False).encode("utf-8", "replace")) > _MOST_BYTES:
            text = gettext_noop("The translation is bigger than %(limit)d kB.")
            raise DocumentTooBig(text, limit=_MOST_BYTES // 1000)


def living(content: Mapping[str, Any], entries: Entries) -> dict[str, Entry]:
    """The entries whose block is still there. A string that is only empty now keeps its own."""
    nodes = set(_ids_in(content["document"] or {}))
    return {
        key: entry
        for key, entry in entries.items()
        if key in HEAD or key.partition(".")[0] in nodes
    }


def living_in_all(document: Mapping[str, Any], translations: Translations) -> Translations:
    """The same of every language."""
    content = {"document": document}
    return {code: living(content, entries) for code, entries in translations.items()}


def _ids_in(document: Mapping[str, Any]) -> Iterable[str]:
    for section in document.get("body", ()):
        yield section["id"]
        for column in section.get("columns", ()):  # a saved block has none of its own
            yield column["id"]
            for block in column["blocks"]:
                yield block["id"]
                yield from (inner["id"] for inner in block.get("blocks", ()))
