"""What has come of an import, in its row."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from apps.mailings.models import RecipientImport

#: What is said beside its files.
_SAID: Final = (
    *("state", "error", "error_code", "preview", "options", "total_rows", "done_rows", "added"),
    *("updated", "unchanged", "suppressed", "rejected", "kept", "warned", "finished_at"),
)


def say_outcome(found: RecipientImport) -> None:
    """Say it, and that it has ended, unless it is no more this import that runs.

    Meanwhile it may have been given up, or be gone with its owner.
    """
    found.finished_at = timezone.now()
    values = {name: getattr(found, name) for name in _SAID}
    values |= {"file": found.file.name or "", "rejects": found.rejects.name or ""}
    mine = RecipientImport.objects.filter(pk=found.pk, state=RecipientImport.State.RUNNING)
    if not mine.update(**values, updated_at=found.finished_at) and found.rejects:
        found.rejects.delete(save=False)
