"""What a screen reader hears after an act: what was done, and where the part is now."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.places import Node
from apps.mailings.forms.letters import words
from apps.mailings.services.letters.draft_operations import Applied
from apps.mailings.views.letters.outline import words_of_way

_SENTENCES: Final = {
    "insert": gettext_lazy("%(part)s added: %(place)s."),
    "duplicate": gettext_lazy("%(part)s duplicated: %(place)s."),
    "move": gettext_lazy("%(part)s moved: %(place)s."),
    "remove": gettext_lazy("%(part)s deleted."),
    "layout": gettext_lazy("Columns changed."),
}


def announcement(applied: Applied, played: str = "") -> str:
    """One sentence; nothing while somebody types. ``played``: ``undo`` or ``redo``."""
    if not applied.label:
        return ""
    if played:
        text = _("Undone: %(act)s.") if played == "undo" else _("Redone: %(act)s.")
        return text % {"act": words.act_label(applied.label)}
    act, _dot, kind = applied.label.partition(".")
    if act not in _SENTENCES:
        return ""
    place = place_of(applied.draft.document or {}, applied.focus)
    return str(_SENTENCES[act]) % {"part": words.KINDS.get(kind, kind), "place": place}


def place_of(document: Node, node_id: str) -> str:
    """Where a part lies: “Section 2, Column 1, place 1 of 3”."""
    place = places.find(document, node_id)
    if place is None:
        return ""
    number = _("place %(at)d of %(count)d") % {
        "at": place.at + 1,
        "count": len(place.siblings),
    }
    return ", ".join(filter(None, (words_of_way(document, place.parent), number)))
