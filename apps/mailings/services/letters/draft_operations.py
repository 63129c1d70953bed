"""What is done to a letter of blocks while it is written, act by act, and taken back.

The server holds the truth. An act names the ``sequence`` of the draft that it was meant for; it is
applied, judged by the schema, and kept with what takes it back, all in one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.content.blocks.document import Document, read, sections, within_size
from apps.core.content.blocks.editing import operations, places
from apps.core.content.blocks.editing.operations import PlaceUnfit
from apps.core.content.blocks.editing.storing import kept, without_nul
from apps.core.content.translation import Translations
from apps.core.errors import Refused, gettext_noop
from apps.mailings.models import DraftStep, Message, MessageDraft
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters import language_acts
from apps.users.models import User

#: Steps of a draft that can be taken back.
STEPS: Final = 200
#: What is typed into one field within this time is taken back at once.
TOGETHER: Final = timedelta(seconds=5)
#: What stands above the blocks, and its longest value while it is written.
HEAD: Final = {"name": 400, "subject": 1000, "preheader": 1000, "language": 10, "text": 400_000}

#: What a header has none of.
_BREAKS: Final = re.compile(r"[\r\n\t]+")

Act = dict[str, Any]


class DraftMoved(Refused):
    """The draft has changed since the page was made: by another tab, or on another device."""

    code = "draft_moved"


@dataclass(frozen=True, slots=True)
class Applied:
    """A draft after an act, and its document ``before`` it and now.

    ``focus``: the part that it was about, or the one nearest to it. ``label``: what was done, empty
    when nothing was.
    """

    draft: MessageDraft
    before: dict[str, Any]
    document: Document
    focus: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes which letter, and the draft that is seen: its sequence and its revision."""

    author: User
    message: Message
    sequence: int
    base_revision: int


def draft_for(message: Message, author: User) -> MessageDraft:
    """The author's draft of this letter; one that is not kept yet, as the letter is saved."""
    found = MessageDraft.objects.filter(owner=author, message=message, document__isnull=False)
    return found.first() or _begun(message, author)


def _begun(message: Message, author: User) -> MessageDraft:
    return MessageDraft(
        owner=author,
        message=message,
        base_revision=message.revision,
        translations=translations_of(message),
        **content_of(message),
    )


@transaction.atomic
def act(
    writer: Writer,
    asked: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    carried: Translations | None = None,
) -> Applied:
    """Do what is asked as one step. Raises DraftMoved, and ContentRefused where it cannot be.

    ``carried``: translations of the parts that are put in.
    """
    draft, asked = _locked(writer), without_nul(list(asked))
    before, first = _state(draft), _doc(draft)
    forward: list[Act] = []
    backward: list[Act] = []
    kinds = _label(draft, asked[0]) if asked else ""
    focus = ""
    for one in asked:
        for each in _plain(draft, one, carried or {}):
            focus = _focus(_doc(draft), each, focus)
            backward.insert(0, _apply(draft, each))
            forward.append(each)
            within_size(_doc(draft))  # at once: fifty copies of half a letter are many
    document = _judged(draft)
    if _state(draft) == before:
        _drop_unused(draft)
        return Applied(draft, first, document, focus)
    _keep(draft, DraftStep(label=kinds, forward=forward, backward=backward, made_at=now))
    _save(draft)
    return Applied(draft, first, document, focus, kinds)


@transaction.atomic
def undo(writer: Writer) -> Applied:
    """Take the last step back; nothing when there is none. Raises DraftMoved."""
    draft = _locked(writer)
    step = draft.steps.filter(undone=False).order_by("-number").first()
    return _played(draft, step, undone=True)


@transaction.atomic
def redo(writer: Writer) -> Applied:
    """Do the step again that was taken back last. Raises DraftMoved."""
    draft = _locked(writer)
    step = draft.steps.filter(undone=True).order_by("number").first()
    return _played(draft, step, undone=False)


def _played(draft: MessageDraft, step: DraftStep | None, *, undone: bool) -> Applied:
    before = _doc(draft)
    if step is None:
        _drop_unused(draft)
        return Applied(draft, before, read(before))
    focus = ""
    for one in step.backward if undone else step.forward:
        focus = _focus(_doc(draft), one, focus)
        _apply(draft, one)
    document = _judged(draft)
    step.undone = undone
    step.save(update_fields=["undone"])
    _save(draft)
    return Applied(draft, before, document, focus, step.label)


def _judged(draft: MessageDraft) -> Document:
    """The draft's document, cleaned and put back. Raises ContentRefused."""
    document = read(_doc(draft))
    message = draft.message
    is_block = message is not None and message.of_block_id is not None
    if is_block and (len(document.body) != 1 or not sections(document)):
        raise PlaceUnfit(gettext_noop("A saved block is one section."))
    draft.document = kept(document)
    return document


def _locked(writer: Writer) -> MessageDraft:
    """The draft that the writer has seen, for this transaction alone."""
    rows = MessageDraft.objects.select_for_update().filter(
        owner=writer.author, message=writer.message
    )
    draft = rows.first()
    if draft is None or draft.document is None:
        if not _saved_is_seen(writer) or writer.message.document is None:
            raise _moved()
        return _made(writer, draft)
    if draft.sequence != writer.sequence:
        raise _moved()
    return draft


def demand_unmoved(draft: MessageDraft, writer: Writer) -> None:
    """Raises DraftMoved when this draft is not the one that the writer has seen.

    What is asked of a page that is behind is not looked at: its part may be gone.
    """
    unmoved = draft.sequence == writer.sequence if draft.pk else _saved_is_seen(writer)
    if not unmoved:
        raise _moved()


def _saved_is_seen(writer: Writer) -> bool:
    return writer.sequence == 0 and writer.base_revision == writer.message.revision


def _made(writer: Writer, old: MessageDraft | None) -> MessageDraft:
    """A draft of the letter as it is saved; in the place of one from when it was no letter."""
    draft = _begun(writer.message, writer.author)
    if old is not None:
        old.delete()
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError:  # another tab has begun at the same moment
        raise _moved() from None
    return draft


def _drop_unused(draft: MessageDraft) -> None:
    """A draft that was begun for an act that changed nothing is none."""
    if draft.sequence == 0:
        draft.delete()


def _moved() -> DraftMoved:
    return DraftMoved(_("This message was changed elsewhere. Here is its current state."))


def _doc(draft: MessageDraft) -> dict[str, Any]:
    assert draft.document is not None
    return draft.document


def _state(draft: MessageDraft) -> tuple[Any, ...]:
    return (draft.document, draft.translations, *(getattr(draft, name) for name in HEAD))


def _apply(draft: MessageDraft, one: Act) -> Act:
    """Apply one act to the draft. Returns the act that takes it back."""
    if one["op"] == language_acts.OP:
        return language_acts.apply(draft, one)
    if one["op"] != "letter":
        draft.document, back = operations.apply(_doc(draft), one)
        return back
    field, before = one["field"], getattr(draft, one["field"])
    setattr(draft, field, one["value"])
    return {"op": "letter", "field": field, "value": before}


def _head_act(asked: Mapping[str, Any]) -> Act:
    """The act on a word above the letter, and nothing else that came with it."""
    field, value = asked.get("field"), asked.get("value")
    if not isinstance(field, str) or field not in HEAD or not isinstance(value, str):
        raise PlaceUnfit(gettext_noop("This block can’t be put there or changed like this."))
    if field != "text":
        value = _BREAKS.sub(" ", value)
    return {"op": "letter", "field": field, "value": value.replace("\x00", "")[: HEAD[field]]}


def _save(draft: MessageDraft) -> None:
    draft.sequence += 1
    draft.save()


def _keep(draft: MessageDraft, step: DraftStep) -> None:
    """Keep the step as the newest; one field typed on into is the same step as before."""
    behind = draft.steps.filter(undone=True)
    last = draft.steps.filter(undone=False).order_by("-number").first()
    if last is not None and _goes_on(last, step) and not behind.exists():
        last.forward = step.forward
        last.save(update_fields=["forward"])
        return
    behind.delete()
    step.draft, step.number = draft, last.number + 1 if last is not None else 1
    step.save()
    draft.steps.filter(number__lte=step.number - STEPS).delete()


def _goes_on(last: DraftStep, step: DraftStep) -> bool:
    if len(last.forward) != 1 or len(step.forward) != 1:
        return False
    was, now = last.forward[0], step.forward[0]
    typed = now["op"] in ("set", "theme", "letter") and "by" not in now
    same = all(was.get(name) == now.get(name) for name in ("op", "id", "field"))
    return typed and same and step.made_at - last.made_at <= TOGETHER


def _label(draft: MessageDraft, asked: Mapping[str, Any]) -> str:
    """What is done, and to what kind of part: ``move.heading``, ``letter.subject``."""
    name = str(asked.get("op"))
    if name in ("theme", "letter", language_acts.OP):
        return f"{name}.{asked.get('field') if name == 'letter' else ''}"[:40]
    node = asked.get("node")
    kind = asked.get("type") or (node.get("type") if isinstance(node, dict) else None)
    place = places.find(_doc(draft), str(asked.get("id")))
    if not kind and place is not None:
        kind = places.kind_of(place.node)
    return f"{name}.{kind or ''}"[:40]


def _plain(draft: MessageDraft, one: Mapping[str, Any], carried: Translations) -> list[Act]:
    """The acts that do what was asked of the head, of a language or of the blocks."""
    if one.get("op") == "letter":
        return [_head_act(one)]
    if one.get("op") == language_acts.OP:
        return [language_acts.plain(draft, one)]
    found = operations.plain(_doc(draft), one)
    return found + language_acts.copied(draft, one, found[0], carried)


def _focus(document: dict[str, Any], one: Act, before: str) -> str:
    """The part that an act is about; of one that goes, the part that is nearest to it.

    An act on a language is about the same part as the act ``before`` it.
    """
    if one["op"] == language_acts.OP:
        return before
    if one["op"] == "insert":
        return str(one["node"]["id"])
    place = places.find(document, str(one.get("id")))
    if place is None:
        return ""
    if one["op"] != "remove":
        return str(one["id"])
    others = place.siblings
    if len(others) == 1:
        return place.parent
    return str(others[place.at + 1 if place.at + 1 < len(others) else place.at - 1]["id"])
