"""What the pages ask about messages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Left
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.core.content.blocks.links import PLACEHOLDER
from apps.core.content.html_text import html_to_text
from apps.core.content.template_language import TemplateRefused, parse
from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet
from apps.mailings.fields import BASIC, LINKS, RECIPIENT_FIELDS, fields_of
from apps.mailings.models import Mailing, Message, MessageDraft, Recipient, Run
from apps.mailings.models.content import NO_COPY, Form
from apps.mailings.prefixes import begins
from apps.mailings.selectors.mailings import listed
from apps.users.models import User

#: Recipients whose attributes are looked through for the menu of names.
_LOOKED_AT: Final = 200
#: Characters of a message that a list shows.
_HEAD: Final = 160
#: Where links of a recipient lead in a preview.
SHOWN_LINK: Final = "https://example.com/"
#: Recipients that a search for a sample offers.
_OFFERED: Final = 10


def shown_messages(*, archived: bool | None = None) -> OwnedQuerySet[Message]:
    """Messages with how many mailings use them: all, or one half by whether they are archived."""
    using = listed(Mailing.objects.filter(message=OuterRef("pk"), archived_at=None)).order_by()
    used = Coalesce(Subquery(using.values("message").annotate(n=Count("pk")).values("n")), 0)
    rows = Message.objects.select_related("owner")
    if archived is not None:
        rows = rows.filter(NO_COPY, archived_at__isnull=not archived)
    return rows.annotate(used=used)


def restorable_messages() -> OwnedQuerySet[Message]:
    """Messages that may come out of the archive, and so be written anew.

    Not those of confirmations: who writes where their link goes could act in others' names.
    """
    return Message.objects.exclude(mailings__purpose=Mailing.Purpose.CONFIRMATION)


def with_preview(rows: OwnedQuerySet[Message], author: Actor) -> OwnedQuerySet[Message]:
    """Each row as a list shows it: how it begins, when it was last sent, and a draft of its own.

    The content itself is left where it is: a page of messages may weigh megabytes.
    """
    runs = Run.objects.filter(mailing__message=OuterRef("pk")).order_by("-pk")
    drafts = MessageDraft.objects.filter(
        owner_id=author.pk, message=OuterRef("pk"), updated_at__gt=OuterRef("updated_at")
    )
    return rows.defer("text", "html", "document").annotate(
        head_of_text=Left("text", _HEAD),
        head_of_html=Left("html", 10 * _HEAD),
        last_used=Subquery(runs.values("created_at")[:1]),
        has_draft=Exists(drafts),
    )


def beginning_of(message: Any) -> str:
    """The first words of a message of ``with_preview``, in one line."""
    text = message.head_of_text or html_to_text(message.head_of_html)
    if message.form == Form.BLOCKS:
        text = text or message.preheader or _("Made of blocks")
    return " ".join(text.split())[:_HEAD]


def messages_like(rows: OwnedQuerySet[Message], query: str) -> OwnedQuerySet[Message]:
    """Those whose name or subject contains the words, in any case."""
    query = query.replace("\x00", "").strip()
    if not query:
        return rows
    pattern = re.escape(query)
    return rows.filter(Q(name__iregex=pattern) | Q(subject__iregex=pattern))


def field_choices(owner_id: int) -> list[tuple[str, str]]:
    """The fields that can be inserted into a message, by name, with what people call them."""
    named = {one.name: one.heading for one in RECIPIENT_FIELDS if one.in_template}
    named |= {"unsubscribe_url": _("Unsubscribe link"), "view_url": _("Link to view in browser")}
    named["preferences_url"] = _("Email preferences link")
    return [
        (name, named.get(name) or capfirst(name.replace("_", " ")))
        for name in template_names(owner_id)
    ]


def template_names(owner_id: int) -> list[str]:
    """The names that a template of this owner may use, the newest recipients' attributes last."""
    names = dict.fromkeys((*BASIC, "unsubscribe_url", "preferences_url", "view_url"))
    rows = Recipient.objects.filter(owner_id=owner_id, archived_at=None).order_by("-pk")
    for attributes in rows.values_list("attributes", flat=True)[:_LOOKED_AT]:
        names.update(dict.fromkeys(attributes))
    return list(names)


def samples_like(owner_id: int, query: str) -> list[Recipient]:
    """The newest of the owner's recipients whose email, phone or name begins so."""
    query = query.replace("\x00", "").strip()
    rows = Recipient.objects.filter(owner_id=owner_id, archived_at=None).order_by("-pk")
    digits = re.sub(r"\D", "", query)
    found = list(rows.filter(begins("email", query.lower()))[:_OFFERED])
    if len(digits) > 2:
        found += rows.filter(begins("phone", digits))[:_OFFERED]
    found += rows.filter(full_name__startswith=query)[:_OFFERED]
    return list({one.pk: one for one in found}.values())[:_OFFERED]


def sample_recipient(message: Message) -> Recipient | None:
    """Whose data show the message best: with an address, and with all the fields that it uses."""
    rows = Recipient.objects.filter(owner_id=message.owner_id, archived_at=None).order_by("-pk")
    blocks = "".join(PLACEHOLDER.findall(json.dumps(message.document or {}, ensure_ascii=False)))
    used = names_in(message.subject, message.text, message.html, blocks.replace('\\"', '"'))
    newest = list(rows[:_LOOKED_AT])
    if not any(one.email for one in newest):
        newest += rows.filter(email__isnull=False)[:_LOOKED_AT]
    return max(newest, key=lambda one: (bool(one.email), _share(used, one)), default=None)


def names_in(*parts: str) -> set[str]:
    """The fields of a recipient that these templates use; none of what cannot be read."""
    found: set[str] = set()
    for part in parts:
        try:
            found |= parse(part).names
        except TemplateRefused:
            continue
    return found - set(LINKS)


def _share(used: set[str], recipient: Recipient) -> int:
    fields = fields_of(recipient)
    return sum(bool(fields.get(name)) for name in used)


def sample_fields(message: Message, query: str) -> dict[str, str]:
    """The fields for a preview: of the recipient found, or of the one who fills most of them."""
    return fields_shown(shown_sample(message, query))


def shown_sample(message: Message, query: str) -> Recipient:
    """Whose data a preview shows: the recipient found, or the one who fills most of the fields."""
    named = samples_like(message.owner_id, query) if query.strip() else []
    found = named[0] if named else sample_recipient(message)
    return found or Recipient(owner_id=message.owner_id)


def fields_shown(recipient: Recipient) -> dict[str, str]:
    """A recipient's fields with links that lead nowhere."""
    fields = fields_of(recipient)
    return {**fields, **dict.fromkeys(LINKS, SHOWN_LINK)}


def draft_of(message: Message | None, author: User) -> MessageDraft | None:
    """What this writer typed and did not save, when it is newer than what is saved."""
    draft = MessageDraft.objects.filter(
        owner=author, message=message, document__isnull=True
    ).first()
    saved = message.updated_at if message is not None else datetime.min.replace(tzinfo=UTC)
    return draft if draft is not None and draft.updated_at > saved else None
