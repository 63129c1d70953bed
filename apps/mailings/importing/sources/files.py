"""A file that lies on the server, of any kind that an import reads."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.utils.translation import gettext as _

from apps.mailings.importing.sources.contract import Bounds, RecipientSource, SourceRefused
from apps.mailings.importing.sources.declaration import Declaration


class FileSource(RecipientSource):
    """A file as another program leaves it."""

    def __init__(self, declaration: Declaration) -> None:
        self._path = declaration.path

    def save(self, target: Path, bounds: Bounds) -> None:
        self.check(bounds)
        shutil.copyfile(self._path, target)

    def check(self, bounds: Bounds) -> None:
        try:
            with self._path.open("rb"):
                size = self._path.stat().st_size
        except OSError as error:
            text = _("The file of the source cannot be read: %(error)s.")
            raise SourceRefused(text % {"error": error.strerror or type(error).__name__}) from error
        bounds.look_at_size(size)
