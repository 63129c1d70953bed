"""The acts of an owner on the pictures of the library."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.media import files
from apps.mailings.media.errors import MediaRefused, MediaUsed
from apps.mailings.models import MediaFile
from apps.mailings.selectors.letters.uses import places_with
from apps.mailings.services.media.uploads import clean_alt, names_of


class MediaService(BaseCRUDService[MediaFile]):
    """An owner's pictures, the hidden ones too; none of those that are gone for good."""

    def rows(self) -> OwnedQuerySet[MediaFile]:
        return MediaFile.objects.filter(removed_at=None)

    def rename(self, row: MediaFile, *, name: str, alt: str) -> MediaFile:
        """Change what a picture is called and its proposed alternative text.

        Raises MediaRefused for no name.
        """
        name = " ".join(name.replace("\x00", "").split())[:200]
        if not name:
            raise MediaRefused(_("Give the picture a name."))
        row.name, row.alt = name, clean_alt(alt)
        row.save(update_fields=["name", "alt", "updated_at"])
        return row

    @transaction.atomic
    def remove(self, row: MediaFile, *, now: datetime) -> bool:
        """Delete a picture that no letter has shown; hide one that some did. True when deleted.

        Raises MediaUsed when messages show it.
        """
        media = self._free(row)
        if media.sent_at is None:
            gone = names_of(media)
            media.delete()
            transaction.on_commit(partial(files.delete, gone))
            return True
        media.archived_at = media.archived_at or now
        media.save(update_fields=["archived_at", "updated_at"])
        return False

    @transaction.atomic
    def remove_for_good(self, row: MediaFile, *, now: datetime) -> None:
        """Delete the files of a picture, sent or not: letters show a gap where it was.

        Raises MediaUsed when messages show it.
        """
        media = self._free(row)
        gone = names_of(media)
        if media.sent_at is None:
            media.delete()
        else:
            media.renditions.all().delete()
            media.archived_at, media.removed_at = media.archived_at or now, now
            media.save(update_fields=["archived_at", "removed_at", "updated_at"])
        transaction.on_commit(partial(files.delete, gone))

    def restore(self, row: MediaFile) -> None:
        """Show a hidden picture in the library again. Raises MediaRefused."""
        row.archived_at = None
        try:
            with transaction.atomic():
                row.save(update_fields=["archived_at", "updated_at"])
        except IntegrityError as error:
            text = _("The same picture was added anew: it is in your library already.")
            raise MediaRefused(text) from error

    def _free(self, row: MediaFile) -> MediaFile:
        """The row, held; it is shown nowhere. Raises MediaUsed."""
        media = self.own().select_for_update().get(pk=row.pk)
        uses = [str(one) for one in places_with(media)]
        if uses:
            text = _("This picture is in use: %(names)s. Remove it there first.")
            raise MediaUsed(text % {"names": ", ".join(uses)}, uses)
        return media
