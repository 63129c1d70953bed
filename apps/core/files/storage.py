"""Where uploads lie: a file is there whole, or not at all."""

from __future__ import annotations

from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from apps.core.resources import disk_full_refused


class WholeFileStorage(FileSystemStorage):
    """Leaves no half of a file behind, and says in words when the disk is full."""

    def _save(self, name: str, content: File[Any]) -> str:
        was_there = self.exists(name)
        with disk_full_refused():
            try:
                return str(super()._save(name, content))  # type: ignore[misc]
            except BaseException:
                if not was_there:
                    self.delete(name)
                raise
