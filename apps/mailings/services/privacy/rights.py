"""Who may erase somebody, and who may take a copy of what is kept of them."""

from __future__ import annotations

from typing import Final

from apps.users.models import User

ERASE: Final = "mailings.erase_recipient"
COPY: Final = "mailings.export_personal_data"


def may(user: User, right: str, *, owner_id: int) -> bool:
    """The owner may; somebody who sees all may with this right."""
    return user.pk == owner_id or (user.sees_all and user.has_perm(right))
