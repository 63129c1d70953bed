"""Remembers, across a kill, that an import was committed before it could say so.

The rejects file is written before the database's commit and gets its name after it. A process
killed in between leaves either nothing committed or everything; the next run of the same import
must know which, because in the second case every row would look like a duplicate. So, before the
commit, a receipt with one row of the import as a witness is laid beside the rejects file, and taken
away when all is done. Ids are never given twice, so a witness that is found in the database proves
the commit.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.mailings.models import Recipient


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One recipient that exists if, and only if, the import was committed."""

    recipient_id: int
    owner_id: int
    email: str | None
    phone: str | None
    telegram_chat_id: int | None
    max_user_id: int | None = None
    vk_user_id: int | None = None


class CommitMarker:
    """Lies beside ``rejects`` from just before the commit until the very end."""

    def __init__(self, rejects: Path, fingerprint: str) -> None:
        self._path = rejects.with_name(f".{rejects.name}.{fingerprint}.receipt")

    def write(self, proof_row: ProofRow | None, figures: dict[str, Any]) -> None:
        """Lay it down. Without a witness nothing was added: running again then does no harm."""
        if proof_row is None:
            return
        whole = {"witness": {name: getattr(proof_row, name) for name in ProofRow.__slots__}}
        part = self._path.with_name(f"{self._path.name}.part")
        with part.open("w", encoding="utf-8") as file:
            json.dump(whole | {"figures": figures}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)

    def figures(self) -> dict[str, Any] | None:
        """What the killed run had to report, when it had been committed; else None."""
        try:
            whole = json.loads(self._path.read_text(encoding="utf-8"))
            proof_row = ProofRow(**whole["witness"])
            figures: dict[str, Any] = whole["figures"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        proof = Recipient.objects.filter(
            pk=proof_row.recipient_id,
            owner_id=proof_row.owner_id,
            email=proof_row.email,
            phone=proof_row.phone,
            telegram_chat_id=proof_row.telegram_chat_id,
            max_user_id=proof_row.max_user_id,
            vk_user_id=proof_row.vk_user_id,
        )
        return figures if proof.exists() else None

    def exists(self) -> bool:
        return self._path.exists()

    def destroy(self) -> None:
        self._path.with_name(f"{self._path.name}.part").unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
