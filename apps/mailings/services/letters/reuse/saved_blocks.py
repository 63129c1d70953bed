"""What an owner does to saved blocks: keep, change, bring back, remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.content.translation import Entries, Translations, entries_in_all
from apps.core.contracts import Actor
from apps.core.errors import ContentRefused, Refused, gettext_noop
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Run, SavedBlock, SavedBlockVersion
from apps.mailings.models.letters.saved_blocks import alone
from apps.mailings.selectors.letters.uses import places_with_block
from apps.mailings.services.media.uses import record_block_uses
from apps.users.models import User


class SavedBlockUsed(Refused):
    """Messages have the block: it stays until they have it no more. ``uses`` names them."""

    code = "saved_block_used"

    def __init__(self, text: str, uses: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.uses = tuple(uses)


class SavedBlockGone(ContentRefused):
    """The saved block does not exist any more, or is somebody else's."""

    code = "saved_block_gone"


class SavedBlockChanged(Refused):
    """Another version of the block was saved since the one that was read."""

    code = "saved_block_changed"


class SavedBlockService(BaseCRUDService[SavedBlock]):
    """An owner's saved blocks that are not in the archive."""

    def rows(self) -> OwnedQuerySet[SavedBlock]:
        return SavedBlock.objects.filter(archived_at=None)

    @transaction.atomic
    def save(self, row: SavedBlock) -> SavedBlock:
        """Keep a block, a new one or one with another name. Raises ValidationError."""
        row.full_clean(exclude=["owner"])
        is_new = row.pk is None
        # Of a known one the name alone: its section may have been replaced since it was read.
        written = None if is_new else ["name", "archived_at", "updated_at"]
        try:
            with transaction.atomic():
                row.save(update_fields=written)
        except IntegrityError as error:  # a moment ago
            raise ValidationError(_("You have a saved block of this name.")) from error
        if is_new:
            self._keep_version(row)
        return row

    @transaction.atomic
    def change(
        self,
        row: SavedBlock,
        section: Mapping[str, Any],
        *,
        base_revision: int | None = None,
        language: str | None = None,
        translations: Translations | None = None,
    ) -> SavedBlock:
        """Put another section into the block: every letter that is not launched shows it.

        ``language`` and ``translations`` stay as they are where they are not given. Raises
        ValidationError, and SavedBlockChanged when the revision is not the one read.
        """
        found = self.own().select_for_update().get(pk=row.pk)
        if base_revision is not None and found.revision != base_revision:
            raise SavedBlockChanged(
                _("Somebody has saved another version of this block meanwhile.")
            )
        found.document = _document_of(section)
        if language is not None:
            found.language = language
        if translations is not None:
            found.translations = dict(translations)
        found.full_clean(exclude=["owner"])
        found.revision += 1
        found.save()
        self._keep_version(found)
        return found

    def restore_version(self, version: SavedBlockVersion) -> SavedBlock:
        """Make an older version the newest one. Nothing is lost: the present one stays."""
        return self.change(
            version.block,
            version.document["body"][0],
            language=version.language,
            translations=version.translations,
        )

    @transaction.atomic
    def remove(self, row: SavedBlock, *, now: datetime) -> bool:
        """Delete a block; archive one that was sent. True when deleted.

        Raises SavedBlockUsed when messages have it.
        """
        block = self.own().select_for_update().get(pk=row.pk)
        uses = [str(one) for one in places_with_block(block)]
        if uses:
            text = _("This block is in use: %(names)s. Remove it there first.")
            raise SavedBlockUsed(text % {"names": ", ".join(uses)}, uses)
        if was_sent(block):
            block.archived_at = now
            block.save(update_fields=["archived_at", "updated_at"])
            return False
        block.delete()
        return True

    def restore(self, row: SavedBlock) -> SavedBlock:
        """Take a block out of the archive. Raises ValidationError when its name is taken."""
        row.archived_at = None
        return self.save(row)

    def _keep_version(self, block: SavedBlock) -> None:
        record_block_uses(block)
        SavedBlockVersion.objects.create(
            block=block,
            number=block.revision,
            document=block.document,
            language=block.language,
            translations=block.translations,
            author_id=self.actor.pk,
        )


def keep_section(
    *,
    owner: User,
    name: str,
    section: Mapping[str, Any],
    language: str = "",
    translations: Translations | None = None,
) -> SavedBlock:
    """Keep a section as a new block, with its translations. Raises ValidationError."""
    block = SavedBlock(
        owner=owner,
        name=name,
        document=_document_of(section),
        language=language,
        translations=dict(translations or {}),
    )
    return SavedBlockService(owner).save(block)


def section_entries(
    section: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]
) -> dict[str, Entries]:
    """The texts of a section in other languages as they are kept. Raises ValidationError."""
    try:
        return entries_in_all({"document": _document_of(section)}, texts)
    except ContentRefused as refusal:
        raise ValidationError(refusal_text(refusal), code=refusal.code) from refusal


def was_sent(block: SavedBlock) -> bool:
    """True if a run was launched with the block: its versions say what was sent."""
    key = str(block.pk)
    present = Q(content__made_of__saved__has_key=key)
    further = Q(contents__content__made_of__saved__has_key=key)
    runs = Run.objects.filter(mailing__owner_id=block.owner_id)
    return runs.filter(present | further).exists()


def block_of(actor: Actor, number: int) -> SavedBlock:
    """One of the actor's blocks, one in the archive too. Raises SavedBlockGone."""
    rows = SavedBlock.objects.editable_by(actor).filter(pk=number)
    found: SavedBlock | None = rows.first() if 0 < number < 2**63 else None
    if found is None:
        raise SavedBlockGone(gettext_noop("This saved block no longer exists. Delete it here."))
    return found


def _document_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """A document of the section alone; its parts stay who they are. Raises ValidationError."""
    if section.get("type") != "section":
        raise ValidationError(_("A saved block is one section."), code="document_invalid")
    try:
        return alone(dict(section))
    except ContentRefused as refusal:
        raise ValidationError(str(refusal), code=refusal.code) from refusal
