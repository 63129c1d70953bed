"""What the big receivers know mailings by: List-Id, Feedback-ID and Precedence, and List-Archive.

Fixed when a run is launched and kept with it: the same in all its letters, whatever sends them.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2s
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from apps.mailings.models import Mailing
from apps.mailings.services.publishing.archive import archive_url_of


def bulk_headers_of(mailing: Mailing, *, lists: Collection[int], domain: str) -> dict[str, Any]:
    """What a run keeps for these headers. ``lists``: the audience's; ``domain``: of From.

    The identifier of a list stays when it is renamed. A transactional message is of no list, and
    its mailing is one person's: its message stands for it, or every letter had a Feedback-ID of
    its own.
    """
    if mailing.kind == Mailing.Kind.TRANSACTIONAL:
        of_message = f"message-{mailing.message_id}"
        return {"feedback_id": _feedback_id(of_message, mailing.owner_id, mailing.kind)}
    label = f"list-{min(lists)}" if lists else f"owner-{mailing.owner_id}"
    headers = {
        "list_id": f"{label}.{domain}",
        "feedback_id": _feedback_id(f"mailing-{mailing.pk}", mailing.owner_id, mailing.purpose),
        "bulk": True,
    }
    archive = archive_url_of(mailing)
    return {**headers, "archive": archive} if archive else headers


def feedback_sender() -> str:
    """The last part of every Feedback-ID: this installation, by its address. No secret."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"v{blake2s(host.encode(), digest_size=5).hexdigest()}"


def _feedback_id(campaign: str, owner_id: int, kind: str) -> str:
    """Gmail's format: at most three fields to group by, and who sends in 5 to 15 characters."""
    return f"{campaign}:owner-{owner_id}:{kind}:{feedback_sender()}"
