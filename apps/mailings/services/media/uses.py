"""Where pictures are shown: found anew with every save, and marked when they are sent."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import unescape
from typing import Final
from urllib.parse import unquote

from django.db.models import Q, Sum, TextField
from django.db.models.functions import Cast

from apps.core.content.blocks.media import media_in
from apps.core.permissions import LARGEST
from apps.mailings.models import ContentUse, MediaFile, Message, Run

#: Overlapping, and without what stands around it: an address can be written in many ways.
_TOKEN: Final = re.compile(r"(?=([a-z2-7]{24}))")


def media_ids_in(document: object) -> set[int]:
    """The ids of the pictures that a letter's document names, at any depth."""
    return {number for number in media_in(document) if 0 < number <= LARGEST}


def record_uses(message: Message) -> None:
    """Keep which of the owner's pictures the message shows. In the transaction of its save.

    They are named by their ids in a document of blocks, and by their tokens in HTML, which a
    block may hold as well.
    """
    written = message.html if message.document is None else json.dumps(message.document)
    named = set(_TOKEN.findall(unquote(unescape(written))))
    ids = media_ids_in(message.document)
    rows = MediaFile.objects.filter(owner_id=message.owner_id, removed_at=None)
    mine = rows.values_list("pk", "token")
    wanted = {pk for pk, token in mine if pk in ids or token in named}
    known = set(ContentUse.objects.filter(message=message).values_list("media_id", flat=True))
    if gone := known - wanted:
        ContentUse.objects.filter(message=message, media__in=gone).delete()
    ContentUse.objects.bulk_create(
        (ContentUse(media_id=pk, message=message) for pk in sorted(wanted - known)),
        ignore_conflicts=True,
    )


def mark_sent(message: Message, now: datetime) -> None:
    """Keep that letters with the pictures of this message go out from now on."""
    uses = ContentUse.objects.filter(message=message)
    MediaFile.objects.filter(pk__in=uses.values("media"), sent_at=None).update(sent_at=now)


def letters_with(media: MediaFile) -> int:
    """How many letters were sent whose run shows the picture."""
    present, earlier = Cast("content", TextField()), Cast("replaced__content", TextField())
    runs = Run.objects.filter(mailing__owner_id=media.owner_id)
    runs = runs.annotate(present=present, earlier=earlier)
    shown = runs.filter(Q(present__contains=media.token) | Q(earlier__contains=media.token))
    found = Run.objects.filter(pk__in=shown.values("pk")).aggregate(sum=Sum("sent"))
    return int(found["sum"] or 0)
