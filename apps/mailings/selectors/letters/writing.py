"""What the editor of blocks asks: what a writer may choose from, and the steps of a draft."""

from __future__ import annotations

from typing import Final

from apps.core.contracts import Actor
from apps.mailings.models import MessageDraft, Segment, Tag
from apps.mailings.selectors.media import shown_media
from apps.mailings.selectors.messages import field_choices

#: Tags and segments that a condition offers, the newest first to be dropped.
_OFFERED: Final = 500
#: Pictures that a select offers; the library has all of them.
_PICTURES: Final = 200


def tags_of(actor: Actor) -> list[tuple[int, str]]:
    """The actor's tags by name."""
    rows = Tag.objects.editable_by(actor).order_by("name")
    return list(rows.values_list("pk", "name")[:_OFFERED])


def segments_of(actor: Actor) -> list[tuple[int, str]]:
    """The actor's segments by name."""
    rows = Segment.objects.editable_by(actor).filter(archived_at=None).order_by("name")
    return list(rows.values_list("pk", "name")[:_OFFERED])


def fields_for_conditions(actor: Actor) -> list[tuple[str, str]]:
    """The fields of a recipient that a condition may compare; links are none."""
    return [one for one in field_choices(actor.pk) if not one[0].endswith("_url")]


def pictures_of(actor: Actor) -> list[tuple[int, str]]:
    """The actor's newest pictures, by id and name."""
    rows = shown_media().editable_by(actor).order_by("-pk")
    return [(one.pk, f"{one.name} (id:{one.pk})") for one in rows[:_PICTURES]]


def owns_picture(actor: Actor, picture: int) -> bool:
    """True if this is one of the actor's pictures, however old."""
    return 0 < picture < 2**63 and shown_media().editable_by(actor).filter(pk=picture).exists()


def step_labels(draft: MessageDraft) -> tuple[str, str]:
    """What can be taken back, and what can be done again; empty where there is nothing."""
    if draft.pk is None:
        return "", ""
    labels = draft.steps.values_list("label", flat=True)
    undo = labels.filter(undone=False).order_by("-number").first()
    redo = labels.filter(undone=True).order_by("number").first()
    return undo or "", redo or ""
