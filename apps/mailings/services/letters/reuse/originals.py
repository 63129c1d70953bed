"""Saved blocks and templates are edited like messages: each in a copy, whose saves change it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.content.translation import Translations
from apps.mailings.models import Message, MessageTemplate, SavedBlock
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.reuse.saved_blocks import SavedBlockService
from apps.mailings.services.letters.reuse.templates import content_for, rewrite_template
from apps.mailings.services.messages import MessageChanged, MessageService
from apps.users.models import User

Original = SavedBlock | MessageTemplate


@transaction.atomic
def copy_of(original: Original, author: User) -> Message:
    """Return the message in which the author edits the original, level with it.

    Raises MediaRefused when its pictures are somebody else's, and the author's library is full.
    """
    which = _which(original)
    found = Message.objects.filter(owner=author, **which).first()
    if found is not None:
        return level(found)
    content, translations = _content(original, author)
    try:
        with transaction.atomic():
            return begin_letter(
                author=author,
                translations=translations,
                name=original.name,
                of_revision=original.revision,
                **{**which, **content},
            )
    except IntegrityError:  # another tab has begun at the same moment
        return Message.objects.get(owner=author, **which)


@transaction.atomic
def level(message: Message) -> Message:
    """The message; of a copy whose original has changed elsewhere, what that is now.

    It is the copy's newest version then, and a draft is one of an older one.
    """
    original: Original | None = message.of_block or message.of_template
    if original is None or (original.revision, original.name) == (
        message.of_revision,
        message.name,
    ):
        return message
    author: User = message.owner
    content, translations = _content(original, author)
    for name, value in {"name": original.name, **content}.items():
        setattr(message, name, value)
    MessageService(author).save(message, translations=translations)
    return _leveled(message, original)


def keep_in_original(message: Message, author: User) -> None:
    """Make a copy that was saved the newest state of its original.

    Raises MessageChanged when that has changed since, ValidationError for a name that is taken,
    TemplateForbidden.
    """
    if message.of_block_id is not None:
        blocks = SavedBlockService(author)
        block = blocks.own().select_for_update().filter(pk=message.of_block_id).first()
        _demand_level(message, block)
        _leveled(message, _kept_block(blocks, block, message))
        return
    templates = MessageTemplate.objects.select_for_update()
    template: Any = templates.filter(pk=message.of_template_id).first()
    _demand_level(message, template)
    content, translations = content_of(message), translations_of(message)
    _leveled(message, rewrite_template(author, template, content, translations))


def _kept_block(blocks: SavedBlockService, block: Any, message: Message) -> SavedBlock:
    document: dict[str, Any] = message.document or {}
    changed = blocks.change(
        block,
        document["body"][0],
        language=message.language,
        translations=translations_of(message),
    )
    if changed.name != message.name:
        changed.name = message.name
        blocks.save(changed)
    return changed


def _demand_level(message: Message, original: Original | None) -> None:
    """Raises MessageChanged for an original that has changed, or is gone."""
    if original is None or original.revision != message.of_revision:
        raise MessageChanged(_("Somebody has saved another version of this message meanwhile."))


def _leveled(message: Message, original: Original) -> Message:
    message.of_revision = original.revision
    message.save(update_fields=["of_revision"])
    return message


def _which(original: Original) -> dict[str, Any]:
    """The column of the copy that names the original."""
    column = "of_block" if isinstance(original, SavedBlock) else "of_template"
    return {column: original}


def _content(original: Original, author: User) -> tuple[dict[str, Any], Translations]:
    """What a copy of this author's holds."""
    if isinstance(original, MessageTemplate):
        return content_for(original, author)
    theme = {**original.document["theme"], "follows_brand": True}
    document = {**original.document, "theme": theme}
    return {"language": original.language, "document": document}, original.translations
