"""Consents as they are taken away: each act with what proves it."""

from __future__ import annotations

import json
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.exports.tables import Column
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Consent

#: The columns for programs; ``texts`` are the wordings as JSON, by id and sha256.
EXPORT: Final[dict[str, Column]] = {
    "id": lambda row: row.pk,
    "recipient": lambda row: row.recipient_id,
    "email": lambda row: row.recipient.email if row.recipient else "",
    "phone": lambda row: row.recipient.phone if row.recipient else "",
    "list": lambda row: row.list.title if row.list else "",
    "channel": lambda row: str(row.channel),
    "act": lambda row: str(row.act),
    "source": lambda row: str(row.source),
    "said_at": lambda row: row.said_at,
    "recorded_at": lambda row: row.recorded_at,
    "statement": lambda row: row.statement,
    "actor": lambda row: row.actor,
    "ip": lambda row: row.ip,
    "user_agent": lambda row: row.user_agent,
    "page": lambda row: row.page,
    "language": lambda row: row.language,
    "texts": lambda row: json.dumps(row.texts, ensure_ascii=False) if row.texts else "",
    "evidence": lambda row: row.evidence,
}
#: The same for people.
WORDED: Final[dict[str, Column]] = {
    **EXPORT,
    "channel": lambda row: str(row.get_channel_display()),
    "act": lambda row: str(row.get_act_display()),
    "source": lambda row: str(row.get_source_display()),
}
HEADINGS: Final = {
    "id": "ID",
    "recipient": _("Recipient’s ID"),
    "email": _("Email"),
    "phone": _("Phone"),
    "list": _("List"),
    "channel": _("Channel"),
    "act": pgettext_lazy("consent", "Act"),
    "source": pgettext_lazy("consent", "Source"),
    "said_at": _("Consented"),
    "recorded_at": pgettext_lazy("consent", "Recorded"),
    "statement": _("Statement"),
    "actor": pgettext_lazy("consent", "Stated by"),
    "ip": _("IP address"),
    "user_agent": pgettext_lazy("consent", "Browser"),
    "page": pgettext_lazy("consent", "Page"),
    "language": _("Language"),
    "texts": pgettext_lazy("consent", "Wordings"),
    "evidence": pgettext_lazy("consent", "Digest of the imported row"),
}


def consents_to_export(
    rows: OwnedQuerySet[Consent], list_id: int | None = None
) -> QuerySet[Consent]:
    """The consents with whom and what they are about; those of one list, or all."""
    found = rows if list_id is None else rows.filter(list_id=list_id)
    return found.select_related("recipient", "list")
