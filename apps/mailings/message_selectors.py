"""What the pages ask about messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.core.models import OwnedQuerySet
from apps.mailings.fields import BASIC, fields_of
from apps.mailings.models import Mailing, Message, MessageDraft, Recipient
from apps.mailings.selectors import listed
from apps.users.models import User

#: Recipients whose attributes are looked through for the menu of names.
_LOOKED_AT: Final = 200


def living_messages() -> OwnedQuerySet[Message]:
    """Messages that are not in the archive, with how many mailings use them."""
    using = listed(Mailing.objects.filter(message=OuterRef("pk"), archived_at=None)).order_by()
    used = Coalesce(Subquery(using.values("message").annotate(n=Count("pk")).values("n")), 0)
    rows = Message.objects.filter(archived_at=None).select_related("owner")
    return rows.annotate(used=used)


def messages_like(rows: OwnedQuerySet[Message], words: str) -> OwnedQuerySet[Message]:
    """Those whose subject contains the words, in any case."""
    words = words.replace("\x00", "").strip()
    return rows.filter(subject__iregex=re.escape(words)) if words else rows


def template_names(owner_id: int) -> list[str]:
    """The names that a template of this owner may use, the newest recipients' attributes last."""
    names = dict.fromkeys((*BASIC, "unsubscribe_url"))
    rows = Recipient.objects.filter(owner_id=owner_id, archived_at=None).order_by("-pk")
    for attributes in rows.values_list("attributes", flat=True)[:_LOOKED_AT]:
        names.update(dict.fromkeys(attributes))
    return list(names)


def sample_fields(owner_id: int, words: str) -> dict[str, str]:
    """The fields of one of the owner's recipients: whose address begins so, or the newest."""
    rows = Recipient.objects.filter(owner_id=owner_id, archived_at=None).order_by("-pk")
    words = words.replace("\x00", "").strip().lower()
    found = rows.filter(email__startswith=words).first() if words else rows.first()
    fields = fields_of(found or Recipient())
    return {**fields, "unsubscribe_url": "https://example.com/", "view_url": ""}


def draft_of(message: Message | None, author: User) -> MessageDraft | None:
    """What this writer typed and did not save, when it is newer than what is saved."""
    draft = MessageDraft.objects.filter(owner=author, message=message).first()
    saved = message.updated_at if message is not None else datetime.min.replace(tzinfo=UTC)
    return draft if draft is not None and draft.updated_at > saved else None
