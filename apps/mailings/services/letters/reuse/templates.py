"""From a message to a template, and from a template to a message: both are copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.content.translation import Entry, Translations
from apps.core.errors import Refused
from apps.mailings.gallery.reading import CATEGORIES, with_media
from apps.mailings.media import files
from apps.mailings.models import MediaFile, Message, MessageTemplate
from apps.mailings.models.letters.templates import TEMPLATE_FIELDS
from apps.mailings.selectors.letters.saved_blocks import whole_content
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.media.uploads import take
from apps.mailings.services.media.uses import (
    media_ids_in,
    picture_in,
    record_template_uses,
    translated_media,
)
from apps.users.models import User

#: The right to make templates for everybody.
PUBLISH: Final = "mailings.publish_templates"


class TemplateForbidden(Refused):
    """The template is for everybody, and this user may not publish templates."""

    code = "template_forbidden"


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a template. ``for_all``: it is the installation's."""

    name: str
    description: str = ""
    category: str = ""
    for_all: bool = False


def may_publish(actor: User) -> bool:
    """May this user make and change templates for everybody?"""
    return actor.has_perm(PUBLISH)


def may_change(template: MessageTemplate, actor: User) -> bool:
    """May this user change the template: one's own, or one for all by the right to publish?"""
    return may_publish(actor) if template.owner_id is None else template.owner_id == actor.pk


@transaction.atomic
def make_template(
    *,
    author: User,
    about: About,
    content: Mapping[str, Any],
    translations: Translations | None = None,
) -> MessageTemplate:
    """Keep content (TEMPLATE_FIELDS) as a template, with its translations.

    One for everybody has copies of the author's saved blocks in it. Raises TemplateForbidden,
    ContentRefused, and ValidationError for a name that is taken.
    """
    if about.for_all and not may_publish(author):
        raise TemplateForbidden(_("You may not make templates for everybody."))
    template = MessageTemplate(owner=None if about.for_all else author)
    _fill(template, author, content, translations or {})
    return _saved(template, about)


def rewrite_template(
    actor: User,
    template: MessageTemplate,
    content: Mapping[str, Any],
    translations: Translations,
) -> MessageTemplate:
    """Put other content into a template, and its name; from now on its pictures are the actor's.

    Raises TemplateForbidden, ContentRefused, ValidationError.
    """
    _demand_change(template, actor)
    _fill(template, actor, content, translations)
    template.revision += 1
    return _saved(template, About(content["name"], template.description, template.category))


def _fill(
    template: MessageTemplate,
    author: User,
    content: Mapping[str, Any],
    translations: Translations,
) -> None:
    if template.owner_id is None:
        content, translations = whole_content(content, translations, author.pk)
    for name in TEMPLATE_FIELDS:
        setattr(template, name, content[name])
    template.author, template.translations = author, dict(translations)


@transaction.atomic
def describe_template(
    *, actor: User, template: MessageTemplate, name: str, description: str, category: str
) -> MessageTemplate:
    """Change what is said of a template. Raises TemplateForbidden, ValidationError."""
    _demand_change(template, actor)
    return _saved(template, About(name, description, category))


def remove_template(*, actor: User, template: MessageTemplate) -> None:
    """Delete a template; messages that were begun from it stay. Raises TemplateForbidden."""
    _demand_change(template, actor)
    template.delete()


def begin_from_template(*, author: User, template: MessageTemplate) -> Message:
    """A new message of the author's: a copy, with copies of pictures that are somebody else's.

    Raises MediaRefused when the author's library is full; then there is no message.
    """
    content, translations = content_for(template, author)
    return begin_letter(author=author, translations=translations, name=template.name, **content)


def content_for(
    template: MessageTemplate, author: User
) -> tuple[dict[str, Any], Mapping[str, Mapping[str, Any]]]:
    """What a message of the author's takes of it, and its translations.

    Pictures that are somebody else's are copied. Raises MediaRefused when the library is full.
    """
    content = {name: getattr(template, name) for name in TEMPLATE_FIELDS}
    if template.author_id == author.pk:
        return content, template.translations
    copies = _copied_pictures(template, author)
    content["document"] = with_media(template.document, copies.get)
    translations = {
        code: {key: _with_copy(key, entry, copies) for key, entry in entries.items()}
        for code, entries in template.translations.items()
    }
    return content, translations


def _with_copy(key: str, entry: Entry, copies: Mapping[int, int]) -> Entry:
    """An entry that shows the copy of a picture; any other as it is."""
    number = picture_in(key, entry)
    return entry if number not in copies else {**entry, "text": str(copies[number])}


def _copied_pictures(template: MessageTemplate, author: User) -> dict[int, int]:
    """The numbers of the template's pictures, each with that of its copy for this author."""
    ids = media_ids_in(template.document) | translated_media(template.translations.values())
    rows = MediaFile.objects.filter(owner_id=template.author_id, pk__in=ids, removed_at=None)
    found: dict[int, int] = {}
    for media in rows.prefetch_related("renditions"):
        whole = next((one for one in media.renditions.all() if one.width == media.width), None)
        if whole is None:
            continue
        whole.media = media
        content = files.content_of(whole)
        if content is not None:
            name = f"{media.name}.{media.extension}"
            found[media.pk] = take(owner=author, content=content, name=name, alt=media.alt).pk
    return found


def _demand_change(template: MessageTemplate, actor: User) -> None:
    if not may_change(template, actor):
        raise TemplateForbidden(_("You may not change this template."))


def _saved(template: MessageTemplate, about: About) -> MessageTemplate:
    template.name, template.description = about.name, about.description
    template.category = about.category
    if about.category and about.category not in CATEGORIES:
        raise ValidationError({"category": _("There is no such category.")})
    template.full_clean(exclude=["owner", "author"])
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:  # a moment ago
        raise ValidationError({"name": _("You have a template of this name.")}) from error
    record_template_uses(template)
    return template
