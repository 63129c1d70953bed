"""The translations of a message: kept beside it, in its versions and in its drafts.

A message has a row for each language, a version and a draft have all of them in one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, TypeVar

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_noop as _

from apps.core.content.translation import (
    HEAD,
    Entries,
    Entry,
    Progress,
    Translations,
    check_size,
    in_language,
    living,
    progress_of,
)
from apps.core.errors import ContentRefused
from apps.core.text.languages import language_name
from apps.core.values.languages import language
from apps.mailings.models import Message, MessageDraft, MessageTranslation, MessageVersion
from apps.mailings.models.content import content_of
from apps.mailings.selectors.letters.saved_blocks import whole_content

Written = Message | MessageVersion | MessageDraft
W = TypeVar("W", bound=Message | MessageVersion | MessageDraft)


class LanguageUnknown(ContentRefused):
    """It is no language, or nobody has said in which language the message is written."""

    code = "language_unknown"


def translations_of(written: Written) -> dict[str, Entries]:
    """Its languages but its own, in the order of their codes."""
    if not isinstance(written, Message):
        return dict(sorted(written.translations.items()))
    rows = MessageTranslation.objects.filter(message_id=written.pk).order_by("language")
    return {row.language: _entries(row) for row in rows}


def owner_of(written: Written) -> int:
    """Whose brand, blocks and pictures it shows."""
    owner_id: int = (
        written.message.owner_id if isinstance(written, MessageVersion) else written.owner_id
    )
    return owner_id


def languages_of(written: Written) -> list[tuple[str, str, Progress]]:
    """Its further languages: code, name, and how complete each is."""
    return [
        (code, capfirst(language_name(code)), progress)
        for code, progress in progress_in_all(written).items()
    ]


def progress_in_all(written: Written) -> dict[str, Progress]:
    """How complete each further language is, with the saved blocks that stand in it.

    Raises DocumentInvalid.
    """
    content, translations = whole_content(
        content_of(written), translations_of(written), owner_of(written)
    )
    return {code: progress_of(content, entries) for code, entries in translations.items()}


def written_in(written: W, code: str) -> W:
    """The same in this language, not to be saved; itself where there is none.

    Raises DocumentInvalid.
    """
    entries = translations_of(written).get(code)
    return written if entries is None else with_entries(written, entries, code)


def with_entries(written: W, entries: Entries, code: str) -> W:
    """The same with the entries of this language, not to be saved. Raises DocumentInvalid."""
    found = copy(written)
    for name, value in in_language(content_of(written), entries, code).items():
        setattr(found, name, value)
    return found


def further_language(written: Written, code: str) -> str:
    """The code of a language that the message may be translated into. Raises LanguageUnknown."""
    found = language(code)
    if not found or len(found) > 10:
        raise LanguageUnknown(_("Write the code of a language, such as ru or en."))
    if not written.language:
        text = _("Say first in which language the message is written.")
        raise LanguageUnknown(text)
    if found == written.language:
        raise LanguageUnknown(_("The message is written in this language."))
    return found


@transaction.atomic
def keep_translations(message: Message, translations: Translations) -> None:
    """Make these the message's translations: what is not among them is no longer there.

    What was translated of a block that is gone is dropped.
    """
    check_size(translations)
    content = content_of(message)
    MessageTranslation.objects.filter(message=message).exclude(language__in=translations).delete()
    for code, entries in translations.items():
        kept = living(content, entries)
        MessageTranslation.objects.update_or_create(
            message=message, language=code, defaults=_columns(kept)
        )


def _entries(row: MessageTranslation) -> dict[str, Entry]:
    head = {name: text for name in HEAD if (text := getattr(row, name))}
    found = {name: {"of": row.bases.get(name, ""), "text": text} for name, text in head.items()}
    return {**found, **row.strings}


def _columns(entries: Entries) -> dict[str, Any]:
    head = {name: entries.get(name) or {} for name in HEAD}
    return {
        **{name: entry.get("text", "") for name, entry in head.items()},
        "bases": {name: entry["of"] for name, entry in head.items() if entry.get("text")},
        "strings": {key: entry for key, entry in entries.items() if key not in HEAD},
    }


def merged(
    translations: Translations, code: str, entries: Mapping[str, Entry | None]
) -> dict[str, Entries]:
    """The translations with these entries of one language; None takes an entry out."""
    found = {**(translations.get(code) or {}), **entries}
    whole = {key: entry for key, entry in found.items() if entry is not None}
    return {**translations, code: whole}
