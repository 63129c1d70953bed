"""Writing a message in further languages. A letter of blocks is saved with its draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from apps.core.content.translation import Entries, Translations, base_strings, entries_of
from apps.core.errors import ContentRefused
from apps.core.values.languages import language
from apps.mailings.models import Message, MessageDraft
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import (
    LanguageUnknown,
    further_language,
    merged,
    translations_of,
)
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.draft_operations import Writer, draft_for
from apps.mailings.services.letters.language_acts import OP
from apps.mailings.services.letters.saving import save_letter
from apps.mailings.services.messages import MessageService
from apps.users.models import User


class TextUnknown(ContentRefused):
    """The message has no text with this key."""

    code = "text_unknown"


def written_by(message: Message, author: User) -> Message | MessageDraft:
    """What its writer sees of it: the draft of a letter of blocks, else the message as it is."""
    return message if message.document is None else draft_for(message, author)


def translate(writer: Writer, code: str, texts: Mapping[str, str], *, now: datetime) -> None:
    """Save these texts in this language; an empty one is missing again.

    Raises DraftMoved, MessageChanged, LanguageUnknown, DocumentInvalid, and ValidationError where
    the draft itself cannot be saved: then the texts are kept in it.
    """
    _done(writer, [{"op": OP, "language": code, "texts": dict(texts)}], now)


def add_language(writer: Writer, code: str, *, own: str, now: datetime) -> None:
    """Begin a translation. ``own``: the language of the message, where it has said none yet.

    Raises as ``translate`` does.
    """
    acts: list[dict[str, Any]] = [{"op": OP, "language": code, "texts": {}}]
    if own:
        base = language(own)
        if not base or len(base) > 10:
            raise LanguageUnknown(_("Write the code of a language, such as ru or en."))
        acts.insert(0, {"op": "letter", "field": "language", "value": base})
    _done(writer, acts, now)


def drop_language(writer: Writer, code: str, *, now: datetime) -> None:
    """Remove a translation. Versions keep it. Raises as ``translate`` does."""
    _done(writer, [{"op": OP, "language": code, "gone": True}], now)


def _done(writer: Writer, acts: Sequence[dict[str, Any]], now: datetime) -> None:
    if writer.message.document is None:
        _done_to_source(writer, acts)
        return
    applied = draft_operations.act(writer, acts, now=now)
    if applied.label:
        save_letter(draft=applied.draft, author=writer.author, base_revision=writer.base_revision)


def _done_to_source(writer: Writer, acts: Sequence[dict[str, Any]]) -> None:
    """The same for a text or HTML, which has no draft of its own in the editor of blocks."""
    message, translations = writer.message, translations_of(writer.message)
    for one in acts:
        if one["op"] != OP:
            message.language = one["value"]
        elif one.get("gone"):
            translations.pop(one["language"], None)
        else:
            translations = _with_texts(message, translations, one["language"], one["texts"])
    service = MessageService(writer.author)
    service.save(message, base_revision=writer.base_revision, translations=translations)


def write_language(
    message: Message,
    author: User,
    code: str,
    texts: Mapping[str, str] | None,
    *,
    base_revision: int | None = None,
    whole: bool = False,
) -> None:
    """Save texts of a message as it is saved, whatever its form; None removes the language.

    ``whole``: what is not among them is missing then. Raises MessageChanged, TextUnknown,
    LanguageUnknown, DocumentInvalid.
    """
    translations = translations_of(message)
    if texts is None:
        translations.pop(code, None)
    else:
        code = further_language(message, code)
        known = {one.key for one in base_strings(content_of(message))}
        if unknown := sorted(texts.keys() - known):
            text = _("The message has no text with this key: %(key)s.")
            raise TextUnknown(text, key=unknown[0][:60])
        begun = {**translations, code: {}} if whole else translations
        translations = _with_texts(message, begun, code, texts)
    service = MessageService(author)
    service.save(message, base_revision=base_revision, translations=translations)


def _with_texts(
    message: Message, translations: Translations, code: str, texts: Mapping[str, str]
) -> dict[str, Entries]:
    """The translations with these texts of one language."""
    code = further_language(message, code)
    entries = entries_of(content_of(message), texts)
    return merged(translations, code, {key: entries.get(key) for key in texts})
